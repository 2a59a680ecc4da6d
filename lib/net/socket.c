/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of open sockets that take more than one call of setsockopt(2). */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <vow/socket.h>

/* The largest that Linux takes for a pause, in seconds, and how many probes there are in the second half. */
#define LONGEST_PAUSE 32767.
#define PROBES 4

#ifndef TCP_USER_TIMEOUT
#define TCP_USER_TIMEOUT 18
#endif

/* Each of these gives 0, or an errno value. */

static int set(int fd, int level, int option, double value)
{
    const int number = value < INT_MAX ? (int) value : INT_MAX;

    return setsockopt(fd, level, option, &number, sizeof number) < 0 ? errno : 0;
}

static int set_pause(int fd, int option, double seconds)
{
    return set(fd, IPPROTO_TCP, option, seconds < 1 ? 1 : seconds > LONGEST_PAUSE ? LONGEST_PAUSE : seconds);
}

/* Silence for half of the time, then probes until the rest is over. TCP_USER_TIMEOUT ends it then, whether
 * probes or data were not answered; the count is for systems that have no such thing. */
static int set_timeout(int fd, double seconds)
{
    int code = set_pause(fd, TCP_KEEPIDLE, seconds / 2);

    if (!code)
        code = set_pause(fd, TCP_KEEPINTVL, seconds / 2 / PROBES);
    if (!code)
        code = set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    if (!code)
        code = set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ceil(seconds * 1000));
    return code;
}

/* The part that fails on what is no TCP socket comes first, so that nothing is changed then. */
int vow_socket_set_peer_timeout(int fd, double seconds)
{
    int code;

    if (!(seconds >= 0))
        return EINVAL;
    code = seconds > 0 ? set_timeout(fd, seconds) : set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
    return code ? code : set(fd, SOL_SOCKET, SO_KEEPALIVE, seconds > 0);
}
