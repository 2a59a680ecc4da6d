/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three standard streams of a new process. They block, as every program expects. A descriptor that is
 * lent with O_NONBLOCK set is opened anew for the child, so that the flag stays as it is for all others. Only
 * if that cannot be done, as with a socket, is the flag cleared for all.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "process/process-private.h"
#include "os/fd-private.h"

/* Each of these gives 0, or an errno value. */

static int use_opened(vow__process_streams *self, int i, int fd)
{
    self->opened[i] = self->fds[i] = vow__fd_above_stdio(fd);
    return self->opened[i] < 0 ? errno : 0;
}

static int open_null(vow__process_streams *self, int i)
{
    return use_opened(self, i, open("/dev/null", O_RDWR | O_CLOEXEC));
}

/* The two ends of a pipe are two open files, so only ours gets O_NONBLOCK. */
static int open_pipe(vow__process_streams *self, int i)
{
    int ours = i == STDIN_FILENO ? 1 : 0;
    int ends[2];
    int code = vow__fd_pipe(ends);

    if (code)
        return code;
    code = use_opened(self, i, ends[!ours]);
    self->process->pipes[i] = vow__fd_above_stdio(ends[ours]);
    if (!code && self->process->pipes[i] < 0)
        code = errno;
    return code ? code : vow__fd_set_nonblocking(self->process->pipes[i]);
}

/* ---- What is lent -------------------------------------------------------------------------------------- */

/* Whether O_NONBLOCK may stay. A regular file waits for nothing. With a listening socket we need the flag
 * ourselves: accept(2) cannot be told in each call not to wait. */
static bool may_stay(int fd)
{
    struct stat status;
    int is_listening = 0;
    socklen_t length = sizeof is_listening;

    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return true;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) == 0 && is_listening;
}

/* Whether poll(2) tells less of a pipe that was opened again. If its writers had all gone before that,
 * poll(2) does not report its end: there might come others. */
static bool is_told_less(int fd, int again)
{
    struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = again, .events = POLLIN}};

    return poll(both, 2, 0) < 0 || (both[0].revents & ~both[1].revents & POLLHUP);
}

/* The same pipe or terminal, blocking; -1 where that cannot be had. */
static int open_blocking(int fd, int flags)
{
    int again = vow__fd_open_again(fd);

    if (again >= 0 && !is_told_less(fd, again) && fcntl(again, F_SETFL, flags & ~O_NONBLOCK) == 0)
        return again;
    if (again >= 0)
        close(again);
    return -1;
}

static int lend(vow__process_streams *self, int i, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    int again;

    self->fds[i] = fd;
    if (flags < 0)
        return errno;
    if (!(flags & O_NONBLOCK) || may_stay(fd))
        return 0;
    again = open_blocking(fd, flags);
    if (again >= 0)
        return use_opened(self, i, again);
    return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? errno : 0;
}

/* In a program that was started without a standard stream, a descriptor of ours or of libev's may have its
 * number. Those are close-on-exec, so a child does not inherit them. */
static bool is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* ---- All three ----------------------------------------------------------------------------------------- */

static int open_stream(vow__process_streams *self, int i, vow_stdio stream)
{
    switch (stream.kind) {
    case VOW_STDIO_INHERIT:
        return is_inherited(i) ? lend(self, i, i) : open_null(self, i);
    case VOW_STDIO_NULL:
        return open_null(self, i);
    case VOW_STDIO_PIPE:
        return open_pipe(self, i);
    case VOW_STDIO_FD:
        return lend(self, i, stream.fd);
    case VOW_STDIO_STDOUT:
        self->fds[i] = self->fds[STDOUT_FILENO];
        return i == STDERR_FILENO ? 0 : EINVAL;
    default:
        return EINVAL;
    }
}

int vow__process_streams_open(vow__process_streams *self, const vow_process_options *options, int *which)
{
    const vow_stdio streams[] = {options->in, options->out, options->err};
    int code = 0;

    for (int i = 0; i < 3 && !code; i++) {
        *which = i;
        code = open_stream(self, i, streams[i]);
    }
    return code;
}

void vow__process_streams_close(const vow__process_streams *self)
{
    for (int i = 0; i < 3; i++)
        if (self->opened[i] >= 0)
            close(self->opened[i]);
}
