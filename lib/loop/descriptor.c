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
#include <sys/socket.h>
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

bool vow__fd_would_block(int fd, short events)
{
    struct pollfd ask = {.fd = fd, .events = events};
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && !(flags & O_NONBLOCK) && poll(&ask, 1, 0) == 0;
}

static ssize_t read_plain(int fd, void *buffer, size_t size)
{
    ssize_t count;

    if (vow__fd_would_block(fd, POLLIN)) {
        errno = EAGAIN;
        return -1;
    }
    do
        count = read(fd, buffer, size);
    while (count < 0 && errno == EINTR);
    return count;
}

ssize_t vow__fd_read(int fd, void *buffer, size_t size)
{
    ssize_t count;

    do
        count = recv(fd, buffer, size, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == ENOTSOCK)
        return read_plain(fd, buffer, size);
    return count;
}

/* The SIGPIPE that a write of this thread has just raised, and only that, is taken back. */
static ssize_t write_without_signal(int fd, const void *buffer, size_t size)
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
        count = write(fd, buffer, size);
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
static ssize_t write_plain(int fd, const void *buffer, size_t size)
{
    int flags = fcntl(fd, F_GETFL);

    if (vow__fd_would_block(fd, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    if (flags >= 0 && !(flags & O_NONBLOCK) && size > PIPE_BUF)
        size = PIPE_BUF;
    return write_without_signal(fd, buffer, size);
}

ssize_t vow__fd_write(int fd, const void *buffer, size_t size)
{
    ssize_t count;

    do
        count = send(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == ENOTSOCK)
        return write_plain(fd, buffer, size);
    return count;
}
