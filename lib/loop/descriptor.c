/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes that never block and never raise SIGPIPE, on sockets and on everything else. A socket can
 * be asked for both in each call; for the rest poll(2) and the signal mask stand in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "loop/io-private.h"

bool vow__is_again(int code)
{
#if EWOULDBLOCK != EAGAIN
    if (code == EWOULDBLOCK)
        return true;
#endif
    return code == EAGAIN;
}

/* What cannot be asked may block. */
static bool may_block(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || !(flags & O_NONBLOCK);
}

int vow__fd_set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return errno;
    return fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

/* If poll(2) cannot tell, for lack of memory, it is left to the watcher: blocking would be worse. */
bool vow__fd_would_block(int fd, short events)
{
    struct pollfd ask = {.fd = fd, .events = events};
    int ready;

    if (!may_block(fd))
        return false;
    do
        ready = poll(&ask, 1, 0);
    while (ready < 0 && errno == EINTR);
    return ready <= 0;
}

/* Whether a read failed because the last who had the other end of a pseudo-terminal open has closed it. Only
 * the end that made it has a number. */
static VOW__RARE bool is_end_of_terminal(int fd)
{
    int code = errno, number;
    bool is_end = code == EIO && !ioctl(fd, TIOCGPTN, &number);

    errno = code;
    return is_end;
}

ssize_t vow__fd_read_plain(int fd, const vow__fd_nature *nature, void *buffer, size_t size)
{
    ssize_t count;

    if (!nature->is_nonblocking && vow__fd_would_block(fd, POLLIN)) {
        errno = EAGAIN;
        return -1;
    }
    do
        count = read(fd, buffer, size);
    while (count < 0 && errno == EINTR);
    return count < 0 && is_end_of_terminal(fd) ? 0 : count;
}

ssize_t vow__fd_read(int fd, void *buffer, size_t size)
{
    vow__fd_nature nature = {false, false};

    return vow__fd_read_as(fd, &nature, buffer, size);
}

/* The SIGPIPE that a write of this thread has just raised, and only that, is taken back. */
static ssize_t write_without_signal(int fd, const struct iovec *parts, int parts_count)
{
    const struct timespec at_once = {0, 0};
    sigset_t pipe_only, before, pending;
    bool was_pending;
    ssize_t count;
    int code;

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    do
        count = writev(fd, parts, parts_count);
    while (count < 0 && errno == EINTR);
    code = errno;
    if (count < 0 && code == EPIPE && !was_pending)
        while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return count;
}

/* A pipe without O_NONBLOCK takes PIPE_BUF bytes at once if it is writable at all; more could block. */
static ssize_t write_plain(int fd, const vow__fd_nature *nature, const struct iovec *parts, int parts_count)
{
    struct iovec first = parts[0];

    if (nature->is_nonblocking)
        return write_without_signal(fd, parts, parts_count);
    if (vow__fd_would_block(fd, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    if (first.iov_len > PIPE_BUF && may_block(fd))
        first.iov_len = PIPE_BUF;
    return write_without_signal(fd, &first, 1);
}

static ssize_t send_parts(int fd, const struct iovec *parts, int parts_count)
{
    struct msghdr message = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) parts_count};

    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* sendmsg(2) costs more than send(2), so it is for what needs it. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count)
{
    if (!nature->is_plain) {
        ssize_t count;

        do
            count = parts_count == 1 ? send(fd, parts->iov_base, parts->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL)
                                     : send_parts(fd, parts, parts_count);
        while (count < 0 && errno == EINTR);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
        nature->is_plain = true;
    }
    return write_plain(fd, nature, parts, parts_count);
}

ssize_t vow__fd_write(int fd, const void *buffer, size_t size)
{
    vow__fd_nature nature = {false, false};
    const struct iovec part = {(void *) buffer, size};

    return vow__fd_write_as(fd, &nature, &part, 1);
}
