/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes that never block and never raise SIGPIPE, on sockets and on everything else. They leave
 * O_NONBLOCK to its owner wherever that is possible: see vow__fd_way.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "base/compiler-private.h"
#include "os/fd-private.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

bool vow__is_again(int code)
{
#if EWOULDBLOCK != EAGAIN
    if (code == EWOULDBLOCK)
        return true;
#endif
    return code == EAGAIN;
}

int vow__fd_set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return errno;
    return !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

/* ---- Calls --------------------------------------------------------------------------------------------- */

/* One system call; `flags` as in preadv2(2), or 0. */
typedef ssize_t call_fn(int fd, const struct iovec *parts, int parts_count, int flags);

/* Not preadv2() and pwritev2(), which some C libraries are too old for. The offset, in two halves: where the
 * descriptor stands. */
static ssize_t read_parts(int fd, const struct iovec *parts, int parts_count, int flags)
{
    return flags ? syscall(SYS_preadv2, fd, parts, parts_count, -1L, -1L, flags)
                 : readv(fd, parts, parts_count);
}

static ssize_t write_parts(int fd, const struct iovec *parts, int parts_count, int flags)
{
    return flags ? syscall(SYS_pwritev2, fd, parts, parts_count, -1L, -1L, flags)
                 : writev(fd, parts, parts_count);
}

/* The SIGPIPE that a write of this thread has just raised, and only that, is taken back. */
static ssize_t write_without_signal(int fd, const struct iovec *parts, int parts_count, int flags)
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
    count = write_parts(fd, parts, parts_count, flags);
    code = errno;
    if (count < 0 && code == EPIPE && !was_pending)
        while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return count;
}

/* With O_NONBLOCK set, whatever others have made of it meanwhile. */
static ssize_t call_with_flag(call_fn *call, int fd, bool takes_back, const struct iovec *parts,
                              int parts_count)
{
    int flags = fcntl(fd, F_GETFL);
    bool is_set = flags >= 0 && (flags & O_NONBLOCK);
    ssize_t count;
    int code;

    if (flags < 0 || (!is_set && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
        return -1;
    count = call(fd, parts, parts_count, 0);
    code = errno;
    if (!is_set && takes_back)
        (void) fcntl(fd, F_SETFL, flags);
    errno = code;
    return count;
}

/* ---- What a descriptor is ------------------------------------------------------------------------------ */

/* Not the master of a pseudo-terminal: /dev/ptmx makes a new one for each who opens it. */
static bool is_terminal(int fd, const struct stat *status)
{
    struct termios ignored;

    return S_ISCHR(status->st_mode) && status->st_rdev != makedev(5, 2) && tcgetattr(fd, &ignored) == 0;
}

int vow__fd_open_again(int fd)
{
    char path[32];
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &status) < 0 || (!S_ISFIFO(status.st_mode) && !is_terminal(fd, &status)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return vow__fd_above_stdio(
        open(path, (flags & (O_ACCMODE | O_APPEND | O_DIRECT)) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

void vow__fd_forget(vow__fd_nature *nature)
{
    if (nature->way == VOW__FD_OWN)
        close(nature->own);
    nature->way = VOW__FD_SOCKET;
    nature->own = 0;
}

/* It is no socket. RWF_NOWAIT on a file would mean: only what is in memory already. */
static enum vow__fd_way way_of(int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return VOW__FD_SHARED;
    return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || S_ISDIR(status.st_mode) ? VOW__FD_FILE
                                                                                         : VOW__FD_NOWAIT;
}

/* It does not know RWF_NOWAIT. What is nobody else's terminal can be opened again; a refusal, such as of one
 * that belongs to another user, is no reason to leave the terminal changed. */
static void learn_more(int fd, vow__fd_nature *nature)
{
    struct stat status;

    nature->own = vow__fd_open_again(fd);
    nature->way = VOW__FD_OWN;
    if (nature->own >= 0)
        return;
    nature->own = 0;
    nature->way = fstat(fd, &status) == 0 && is_terminal(fd, &status) ? VOW__FD_TERMINAL : VOW__FD_SHARED;
}

static bool is_unknown(int code)
{
    return code == EOPNOTSUPP || code == ENOSYS;
}

static ssize_t attempt(call_fn *call, int fd, vow__fd_nature *nature, const struct iovec *parts,
                       int parts_count)
{
    ssize_t count;

    if (nature->way == VOW__FD_SOCKET)
        nature->way = (unsigned char) way_of(fd);
    if (nature->way == VOW__FD_NOWAIT) {
        count = call(fd, parts, parts_count, RWF_NOWAIT);
        if (count >= 0 || !is_unknown(errno))
            return count;
        learn_more(fd, nature);
    }
    switch (nature->way) {
    case VOW__FD_OWN:
        return call(nature->own, parts, parts_count, 0);
    case VOW__FD_FILE:
        return call(fd, parts, parts_count, 0);
    default:
        return call_with_flag(call, fd, nature->way == VOW__FD_TERMINAL, parts, parts_count);
    }
}

/* ---- Reading and writing ------------------------------------------------------------------------------- */

/* Whether a read failed because the last who had the other end of a pseudo-terminal open has closed it. Only
 * the end that made it has a name for the other. */
static VOW__RARE bool is_end_of_terminal(int fd)
{
    char name[64];
    int code = errno;
    bool is_end = code == EIO && !ptsname_r(fd, name, sizeof name);

    errno = code;
    return is_end;
}

ssize_t vow__fd_read_plain(int fd, vow__fd_nature *nature, void *buffer, size_t size)
{
    const struct iovec part = {buffer, size};
    ssize_t count;

    do
        count = attempt(read_parts, fd, nature, &part, 1);
    while (count < 0 && errno == EINTR);
    return count < 0 && is_end_of_terminal(fd) ? 0 : count;
}

ssize_t vow__fd_read(int fd, void *buffer, size_t size)
{
    vow__fd_nature nature = {0, VOW__FD_SOCKET};
    ssize_t count = vow__fd_read_as(fd, &nature, buffer, size);
    int code = errno;

    vow__fd_forget(&nature);
    errno = code;
    return count;
}

static ssize_t send_parts(int fd, const struct iovec *parts, int parts_count)
{
    struct msghdr message = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) parts_count};

    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* sendmsg(2) costs more than send(2), so it is for what needs it. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count)
{
    ssize_t count;

    if (nature->way == VOW__FD_SOCKET) {
        do
            count = parts_count == 1 ? send(fd, parts->iov_base, parts->iov_len, MSG_DONTWAIT | MSG_NOSIGNAL)
                                     : send_parts(fd, parts, parts_count);
        while (count < 0 && errno == EINTR);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
    }
    do
        count = attempt(write_without_signal, fd, nature, parts, parts_count);
    while (count < 0 && errno == EINTR);
    return count;
}

ssize_t vow__fd_write(int fd, const void *buffer, size_t size)
{
    vow__fd_nature nature = {0, VOW__FD_SOCKET};
    const struct iovec part = {(void *) buffer, size};
    ssize_t count = vow__fd_write_as(fd, &nature, &part, 1);
    int code = errno;

    vow__fd_forget(&nature);
    errno = code;
    return count;
}
