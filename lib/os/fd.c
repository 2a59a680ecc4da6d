/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes that never block and never raise SIGPIPE, on sockets and on everything else. They leave
 * O_NONBLOCK to its owner wherever that is possible: see vow__fd_way.
 */
#include "os/system-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#if VOW__LINUX
#include <sys/syscall.h>
#endif

#include "base/compiler-private.h"
#include "os/fd-private.h"
#include "os/send-private.h"
#include "os/signals-private.h"
#include "os/terminal-private.h"

bool vow__fd_has_packets(int fd)
{
    int type;
    socklen_t length = sizeof type;

    return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) && type != SOCK_STREAM;
}

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

/* Without pipe2(2), a process that another thread starts between the two steps inherits the ends. */
int vow__fd_pipe(int ends[2])
{
#ifdef HAVE_PIPE2
    return pipe2(ends, O_CLOEXEC) < 0 ? errno : 0;
#else
    if (pipe(ends) < 0)
        return errno;
    for (int i = 0; i < 2; i++)
        (void) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int vow__fd_find_room(void)
{
    int ends[2];
    int code = vow__fd_pipe(ends);

    if (code)
        return code;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* ---- Calls --------------------------------------------------------------------------------------------- */

/* One system call: readv(2) or writev(2). `is_told`: asks the call itself not to wait, where the system can
 * do so. */
typedef ssize_t call_fn(int fd, const struct iovec *parts, int parts_count, bool is_told);

#if VOW__LINUX
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* Without preadv2() and pwritev2(), which some C libraries are too old for. The offset of -1, in two halves,
 * stands for the position of the descriptor. */
static ssize_t read_parts(int fd, const struct iovec *parts, int parts_count, bool is_told)
{
    return is_told ? syscall(SYS_preadv2, fd, parts, parts_count, -1L, -1L, RWF_NOWAIT)
                   : readv(fd, parts, parts_count);
}

static ssize_t fd_write_parts(int fd, const struct iovec *parts, int parts_count, bool is_told)
{
    return is_told ? syscall(SYS_pwritev2, fd, parts, parts_count, -1L, -1L, RWF_NOWAIT)
                   : writev(fd, parts, parts_count);
}
#else
static ssize_t not_known(void)
{
    errno = ENOSYS;
    return -1;
}

static ssize_t read_parts(int fd, const struct iovec *parts, int parts_count, bool is_told)
{
    return is_told ? not_known() : readv(fd, parts, parts_count);
}

static ssize_t fd_write_parts(int fd, const struct iovec *parts, int parts_count, bool is_told)
{
    return is_told ? not_known() : writev(fd, parts, parts_count);
}
#endif

static ssize_t write_without_signal(int fd, const struct iovec *parts, int parts_count, bool is_told)
{
    vow__sigpipe signal;
    ssize_t count;

    vow__sigpipe_hold(&signal);
    count = fd_write_parts(fd, parts, parts_count, is_told);
    vow__sigpipe_release(&signal, count < 0 && errno == EPIPE);
    return count;
}

/* Makes a call with O_NONBLOCK set, whatever others have made of the flag meanwhile. */
static ssize_t call_with_flag(call_fn *call, int fd, bool takes_back, const struct iovec *parts,
                              int parts_count)
{
    int flags = fcntl(fd, F_GETFL);
    bool is_set = flags >= 0 && (flags & O_NONBLOCK);
    ssize_t count;
    int code;

    if (flags < 0 || (!is_set && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
        return -1;
    count = call(fd, parts, parts_count, false);
    code = errno;
    if (!is_set && takes_back)
        (void) fcntl(fd, F_SETFL, flags);
    errno = code;
    return count;
}

/* ---- What a descriptor is ------------------------------------------------------------------------------ */

void vow__fd_nature_close(vow__fd_nature *nature)
{
    if (nature->way == VOW__FD_OWN)
        close(nature->own);
    nature->way = VOW__FD_SOCKET;
    nature->own = 0;
}

/* For what is no socket. On a file, RWF_NOWAIT would mean: only what is in memory already. */
static enum vow__fd_way way_of(int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return VOW__FD_SHARED;
    return S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || S_ISDIR(status.st_mode) ? VOW__FD_FILE
                                                                                         : VOW__FD_NOWAIT;
}

/* For what does not know RWF_NOWAIT. Opens a pipe or terminal again. That may be refused, say for a terminal
 * of another user: even then the flag of that terminal must not stay changed. */
static void learn_more(int fd, vow__fd_nature *nature)
{
    nature->own = vow__fd_open_again(fd);
    nature->way = VOW__FD_OWN;
    if (nature->own >= 0)
        return;
    nature->own = 0;
    nature->way = vow__is_terminal(fd) ? VOW__FD_TERMINAL : VOW__FD_SHARED;
}

static bool is_unknown(int code)
{
    return code == EOPNOTSUPP || code == ENOSYS;
}

static ssize_t fd_attempt(call_fn *call, int fd, vow__fd_nature *nature, const struct iovec *parts,
                          int parts_count)
{
    ssize_t count;

    if (nature->way == VOW__FD_SOCKET)
        nature->way = (unsigned char) way_of(fd);
    if (nature->way == VOW__FD_NOWAIT) {
        count = call(fd, parts, parts_count, true);
        if (count >= 0 || !is_unknown(errno))
            return count;
        learn_more(fd, nature);
    }
    switch (nature->way) {
    case VOW__FD_OWN:
        return call(nature->own, parts, parts_count, false);
    case VOW__FD_FILE:
        return call(fd, parts, parts_count, false);
    default:
        return call_with_flag(call, fd, nature->way == VOW__FD_TERMINAL, parts, parts_count);
    }
}

/* ---- Reading and writing ------------------------------------------------------------------------------- */

/* Whether a read failed because nobody has the other end of a pseudo-terminal open any more. */
static VOW__RARE bool is_end_of_terminal(int fd)
{
    int code = errno;
    bool is_end = code == EIO && vow__is_terminal_master(fd);

    errno = code;
    return is_end;
}

ssize_t vow__fd_read_as(int fd, vow__fd_nature *nature, void *buffer, size_t size)
{
    const struct iovec part = {buffer, size};
    ssize_t count;

    if (nature->way == VOW__FD_SOCKET) {
        do
            count = recv(fd, buffer, size, MSG_DONTWAIT);
        while (count < 0 && errno == EINTR);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
    }
    do
        count = fd_attempt(read_parts, fd, nature, &part, 1);
    while (count < 0 && errno == EINTR);
    return count < 0 && is_end_of_terminal(fd) ? 0 : count;
}

ssize_t vow__fd_read(int fd, void *buffer, size_t size)
{
    vow__fd_nature nature = {0, VOW__FD_SOCKET};
    ssize_t count = vow__fd_read_as(fd, &nature, buffer, size);
    int code = errno;

    vow__fd_nature_close(&nature);
    errno = code;
    return count;
}

/* sendmsg(2) costs more than send(2), so it is only used for several parts. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count)
{
    ssize_t count;

    if (nature->way == VOW__FD_SOCKET) {
        count = parts_count == 1 ? vow__send(fd, parts->iov_base, parts->iov_len)
                                 : vow__send_parts(fd, parts, parts_count);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
    }
    do
        count = fd_attempt(write_without_signal, fd, nature, parts, parts_count);
    while (count < 0 && errno == EINTR);
    return count;
}

ssize_t vow__fd_write(int fd, const void *buffer, size_t size)
{
    vow__fd_nature nature = {0, VOW__FD_SOCKET};
    const struct iovec part = {(void *) buffer, size};
    ssize_t count = vow__fd_write_as(fd, &nature, &part, 1);
    int code = errno;

    vow__fd_nature_close(&nature);
    errno = code;
    return count;
}
