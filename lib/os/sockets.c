/* SPDX-License-Identifier: BSD-2-Clause */
/* See sockets-private.h. */
#include "os/system-private.h"

#include "os/sockets-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "os/fd-private.h"

/* ---- Making them --------------------------------------------------------------------------------------- */

#if defined SOCK_CLOEXEC && defined SOCK_NONBLOCK && !defined VOW_NO_LINUX_CALLS
#define MAKES_READY 1
#else
#define MAKES_READY 0
#endif

#if !MAKES_READY || !defined HAVE_ACCEPT4
/* A process that another thread starts before this call inherits the descriptor. */
static int make_ready(int fd)
{
    int code;

    if (fd < 0)
        return fd;
    code = fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? errno : vow__fd_set_nonblocking(fd);
    if (!code)
        return fd;
    close(fd);
    errno = code;
    return -1;
}
#endif

int vow__socket(int family, int type)
{
#if MAKES_READY
    return vow__fd_above_stdio(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
#else
    return vow__fd_above_stdio(make_ready(socket(family, type, 0)));
#endif
}

int vow__socket_accept(int listener, struct sockaddr *peer, socklen_t *length)
{
#if MAKES_READY && defined HAVE_ACCEPT4
    return vow__fd_above_stdio(accept4(listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC));
#else
    return vow__fd_above_stdio(make_ready(accept(listener, peer, length)));
#endif
}

bool vow__is_gone_connection(int code)
{
    static const int codes[] = {
        EINTR,        ECONNABORTED, EPROTO,     ENETDOWN,  ENOPROTOOPT,
        EHOSTUNREACH, ENETUNREACH,  ECONNRESET, ETIMEDOUT, EPERM,
#ifdef EHOSTDOWN
        EHOSTDOWN,
#endif
#ifdef ENONET
        ENONET,
#endif
    };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* ---- Asking them --------------------------------------------------------------------------------------- */

int vow__socket_family(int fd)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof own;

    return getsockname(fd, (struct sockaddr *) (void *) &own, &length) < 0 ? -1 : own.ss_family;
}

#if VOW__LINUX
int vow__socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
    struct ucred found;
    socklen_t length = sizeof found;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &length) < 0)
        return errno;
    if (found.uid == (uid_t) -1) /* what Linux says if there is no peer */
        return ENOTCONN;
    *pid = found.pid;
    *uid = found.uid;
    *gid = found.gid;
    return 0;
}
#elif defined HAVE_GETPEEREID
int vow__socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
    *pid = 0;
    if (getpeereid(fd, uid, gid) < 0)
        return errno == EINVAL ? ENOTCONN : errno;
#ifdef LOCAL_PEERPID /* macOS */
    {
        socklen_t length = sizeof *pid;

        if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, &length) < 0)
            *pid = 0;
    }
#endif
    return 0;
}
#else
int vow__socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
    (void) fd;
    (void) pid;
    (void) uid;
    (void) gid;
    return ENOSYS;
}
#endif

/* ---- Setting them -------------------------------------------------------------------------------------- */

int vow__socket_share_port(int fd)
{
#ifdef SO_REUSEPORT
    const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ? errno : 0;
#else
    (void) fd;
    return ENOPROTOOPT;
#endif
}

/* Bound to an address that has a family and nothing else, a socket gets a name: on Linux alone. */
int vow__socket_name(int fd)
{
#if VOW__LINUX
    const struct sockaddr any = {.sa_family = AF_UNIX};

    return bind(fd, &any, sizeof any.sa_family) < 0 ? errno : 0;
#else
    (void) fd;
    return 0;
#endif
}

/* The longest pause that Linux takes, in seconds; and how many probes there are in the second half of the
 * time. */
#define LONGEST_PAUSE 32767.
#define PROBES 4

#if VOW__LINUX && !defined TCP_USER_TIMEOUT
#define TCP_USER_TIMEOUT 18
#endif
/* The option that says how long what was sent may stay unanswered, and how many of its units make a
 * second. */
#if VOW__LINUX
#define UNANSWERED TCP_USER_TIMEOUT
#define UNITS 1000
#elif defined TCP_RXT_CONNDROPTIME /* macOS */
#define UNANSWERED TCP_RXT_CONNDROPTIME
#define UNITS 1
#elif defined TCP_MAXUNACKTIME /* FreeBSD */
#define UNANSWERED TCP_MAXUNACKTIME
#define UNITS 1
#endif
#if !defined TCP_KEEPIDLE && defined TCP_KEEPALIVE /* macOS */
#define TCP_KEEPIDLE TCP_KEEPALIVE
#endif

static int sockets_set(int fd, int option, double value)
{
    const int number = value < INT_MAX ? (int) value : INT_MAX;

    return setsockopt(fd, IPPROTO_TCP, option, &number, sizeof number) < 0 ? errno : 0;
}

static int set_unanswered(int fd, double seconds)
{
#ifdef UNANSWERED
    return sockets_set(fd, UNANSWERED, ceil(seconds * UNITS));
#else
    int any;
    socklen_t length = sizeof any;

    (void) seconds; /* only fails on what is no TCP socket */
    return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &any, &length) < 0 ? errno : 0;
#endif
}

#ifdef TCP_KEEPIDLE
static int set_pause(int fd, int option, double seconds)
{
    return sockets_set(fd, option, seconds < 1 ? 1 : seconds > LONGEST_PAUSE ? LONGEST_PAUSE : seconds);
}

/* Silence for half of the time, then probes until the rest is over. */
static int set_probes(int fd, double seconds)
{
    int code = set_pause(fd, TCP_KEEPIDLE, seconds / 2);

    if (!code)
        code = set_pause(fd, TCP_KEEPINTVL, seconds / 2 / PROBES);
    return code ? code : sockets_set(fd, TCP_KEEPCNT, PROBES);
}
#else
/* The system does not let us say when it probes. */
static int set_probes(int fd, double seconds)
{
    (void) fd;
    (void) seconds;
    return 0;
}
#endif

/* On what is no TCP socket the first call fails, so nothing is changed then. Probes count as unanswered, too,
 * and end the connection when the time is over. The number of probes is for systems without such a limit. */
int vow__socket_end_silence(int fd, double seconds)
{
    const int on = seconds > 0;
    int code = on ? set_probes(fd, seconds) : 0;

    if (!code)
        code = set_unanswered(fd, seconds);
    if (!code && setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0)
        code = errno;
    return code;
}

/* ---- Names --------------------------------------------------------------------------------------------- */

bool vow__is_no_family(int status)
{
#ifdef EAI_ADDRFAMILY
    return status == EAI_ADDRFAMILY;
#else
    (void) status;
    return false;
#endif
}

bool vow__is_no_address(int status)
{
#if defined EAI_NODATA && EAI_NODATA != EAI_NONAME
    if (status == EAI_NODATA)
        return true;
#endif
    return status == EAI_NONAME;
}
