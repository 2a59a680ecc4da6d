/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that stand in for the C library's: see faults.h. A program's own functions come before those
 * of every shared library, even of the sanitizers.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64 /* as in the library: the functions are those with 64 in their names then */

#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags); /* GNU's */

/* The original function behind the one that stands in for it. */
#define ORIGINAL_NAMED(found, type, ...)        \
    static type (*_Atomic known_)(__VA_ARGS__); \
    type (*original)(__VA_ARGS__) = known_;     \
    if (!original)                              \
    faults_find(found, (void *) &original), known_ = original
#define ORIGINAL(type, name, ...) ORIGINAL_NAMED(#name, type, __VA_ARGS__)
#ifdef __GLIBC__
#define ORIGINAL_64(type, name, ...) ORIGINAL_NAMED(#name "64", type, __VA_ARGS__)
#else
#define ORIGINAL_64(type, name, ...) ORIGINAL_NAMED(#name, type, __VA_ARGS__)
#endif

/* What is wrong with a descriptor that is none, the system says itself. */
#define TAKE(call, fd) ((fd) < 0 ? 0 : faults_take((call), __builtin_return_address(0)))
/* Of a call that may wait, unless it is told not to. */
#define TAKE_ON(call, fd, is_told) faults_take_on((call), (fd), (is_told), __builtin_return_address(0))

static int fail(int code)
{
    errno = code;
    return -1;
}

/* A datagram is sent and received whole. */
static size_t one_byte(int fd, size_t size)
{
    int type = 0;
    socklen_t length = sizeof type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type != SOCK_STREAM)
        return size;
    return size ? 1 : 0;
}

/* ---- Buffers ------------------------------------------------------------------------------------------- */

STANDS_IN ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    ORIGINAL(ssize_t, recv, int, void *, size_t, int);
    int code = TAKE_ON(CALL_RECV, fd, flags & MSG_DONTWAIT);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags);
}

STANDS_IN ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    ORIGINAL(ssize_t, send, int, const void *, size_t, int);
    int code = TAKE_ON(CALL_SEND, fd, flags & MSG_DONTWAIT);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags);
}

/* Asked of the system by another way than the functions of this file. */
static bool is_file(int fd)
{
    return fd >= 0 && lseek(fd, 0, SEEK_CUR) >= 0;
}

STANDS_IN ssize_t read(int fd, void *buffer, size_t size)
{
    ORIGINAL(ssize_t, read, int, void *, size_t);
    int code = TAKE_ON(is_file(fd) ? CALL_FILE_READ : CALL_READ, fd, false);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size);
}

STANDS_IN ssize_t write(int fd, const void *buffer, size_t size)
{
    ORIGINAL(ssize_t, write, int, const void *, size_t);
    int code = TAKE_ON(is_file(fd) ? CALL_FILE_WRITE : CALL_WRITE, fd, false);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size);
}

/* ---- Parts --------------------------------------------------------------------------------------------- */

STANDS_IN ssize_t readv(int fd, const struct iovec *parts, int count)
{
    ORIGINAL(ssize_t, readv, int, const struct iovec *, int);
    int code = TAKE_ON(CALL_READ, fd, false);
    struct iovec one = parts[0];

    one.iov_len = one_byte(fd, one.iov_len);
    return code > 0 ? fail(code) : code ? original(fd, &one, 1) : original(fd, parts, count);
}

STANDS_IN ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ORIGINAL(ssize_t, writev, int, const struct iovec *, int);
    int code = TAKE_ON(CALL_WRITE, fd, false);
    struct iovec one = parts[0];

    one.iov_len = one_byte(fd, one.iov_len);
    return code > 0 ? fail(code) : code ? original(fd, &one, 1) : original(fd, parts, count);
}

STANDS_IN ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ORIGINAL(ssize_t, sendmsg, int, const struct msghdr *, int);
    int code = TAKE_ON(CALL_SEND, fd, flags & MSG_DONTWAIT);
    struct msghdr shorter = *message;
    struct iovec one = message->msg_iov[0];

    one.iov_len = one_byte(fd, one.iov_len);
    if (one.iov_len == 1)
        shorter = (struct msghdr){message->msg_name,    message->msg_namelen,    &one, 1,
                                  message->msg_control, message->msg_controllen, 0};
    return code > 0 ? fail(code) : original(fd, code ? &shorter : message, flags);
}

STANDS_IN ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ORIGINAL(ssize_t, recvmsg, int, struct msghdr *, int);
    int code = TAKE_ON(CALL_RECV, fd, flags & MSG_DONTWAIT);

    return code > 0 ? fail(code) : original(fd, message, flags);
}

STANDS_IN ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
                         socklen_t length)
{
    ORIGINAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    int code = TAKE_ON(CALL_SEND, fd, flags & MSG_DONTWAIT);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags, to, length);
}

STANDS_IN ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from,
                           socklen_t *length)
{
    ORIGINAL(ssize_t, recvfrom, int, void *, size_t, int, struct sockaddr *, socklen_t *);
    int code = TAKE_ON(CALL_RECV, fd, flags & MSG_DONTWAIT);

    return code > 0 ? fail(code)
                    : original(fd, buffer, code ? one_byte(fd, size) : size, flags, from, length);
}

/* ---- Sockets ------------------------------------------------------------------------------------------- */

/* A connect() that is interrupted goes on by itself. */
STANDS_IN int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    ORIGINAL(int, connect, int, const struct sockaddr *, socklen_t);
    int code = TAKE_ON(CALL_CONNECT, fd, false);
    int result = code && code != EINTR ? -1 : original(fd, to, length);

    return code > 0 ? fail(code) : result;
}

STANDS_IN int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    ORIGINAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
    int code = TAKE_ON(CALL_ACCEPT, fd, false);

    return code > 0 ? fail(code) : original(fd, address, length, flags);
}

STANDS_IN int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    ORIGINAL(int, accept, int, struct sockaddr *, socklen_t *);
    int code = TAKE_ON(CALL_ACCEPT, fd, false);

    return code > 0 ? fail(code) : original(fd, address, length);
}

STANDS_IN int shutdown(int fd, int how)
{
    ORIGINAL(int, shutdown, int, int);
    int code = TAKE(CALL_SHUTDOWN, fd);

    return code > 0 ? fail(code) : original(fd, how);
}

STANDS_IN int socket(int domain, int type, int protocol)
{
    ORIGINAL(int, socket, int, int, int);
    int code = TAKE(CALL_SOCKET, 0);

    return code > 0 ? fail(code) : original(domain, type, protocol);
}

STANDS_IN int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    ORIGINAL(int, bind, int, const struct sockaddr *, socklen_t);
    int code = TAKE(CALL_BIND, fd);

    return code > 0 ? fail(code) : original(fd, address, length);
}

STANDS_IN int listen(int fd, int backlog)
{
    ORIGINAL(int, listen, int, int);
    int code = TAKE(CALL_LISTEN, fd);

    return code > 0 ? fail(code) : original(fd, backlog);
}

STANDS_IN int poll(struct pollfd *ask, nfds_t count, int timeout)
{
    ORIGINAL(int, poll, struct pollfd *, nfds_t, int);
    int code = TAKE(CALL_POLL, count ? ask->fd : -1); /* libev asks of none, too */

    return code > 0 ? fail(code) : original(ask, count, timeout);
}

/* ---- Files --------------------------------------------------------------------------------------------- */

STANDS_IN ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
    ORIGINAL_64(ssize_t, pread, int, void *, size_t, off_t);
    int code = TAKE(CALL_FILE_READ, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code && size ? 1 : size, offset);
}

STANDS_IN ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
    ORIGINAL_64(ssize_t, pwrite, int, const void *, size_t, off_t);
    int code = TAKE(CALL_FILE_WRITE, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code && size ? 1 : size, offset);
}

STANDS_IN int close(int fd)
{
    ORIGINAL(int, close, int);
    bool is_written =
        is_file(fd) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY && lseek(fd, 0, SEEK_CUR) > 0;
    int code = TAKE(is_written ? CALL_FILE_CLOSE : CALL_CLOSE, fd);
    int result = original(fd);

    return code > 0 ? fail(code) : result;
}

STANDS_IN int openat(int folder, const char *path, int flags, ...)
{
    ORIGINAL_64(int, openat, int, const char *, int, ...);
    int code = TAKE(CALL_OPEN, 0);
    va_list arguments;
    unsigned mode = 0;

    va_start(arguments, flags);
    if (flags & O_CREAT)
        mode = va_arg(arguments, unsigned);
    va_end(arguments);
    return code > 0 ? fail(code) : original(folder, path, flags, mode);
}

STANDS_IN int fsync(int fd)
{
    ORIGINAL(int, fsync, int);
    int code = TAKE(CALL_SYNC, fd);

    return code > 0 ? fail(code) : original(fd);
}

STANDS_IN int fstat(int fd, struct stat *status)
{
    ORIGINAL_64(int, fstat, int, struct stat *);
    int code = TAKE(CALL_FSTAT, fd);

    return code > 0 ? fail(code) : original(fd, status);
}

STANDS_IN int fstatat(int folder, const char *path, struct stat *status, int flags)
{
    ORIGINAL_64(int, fstatat, int, const char *, struct stat *, int);
    int code = TAKE(CALL_STAT, 0);

    return code > 0 ? fail(code) : original(folder, path, status, flags);
}

STANDS_IN int fchmod(int fd, mode_t mode)
{
    ORIGINAL(int, fchmod, int, mode_t);
    int code = TAKE(CALL_MODE, fd);

    return code > 0 ? fail(code) : original(fd, mode);
}

STANDS_IN int renameat(int from, const char *old, int to, const char *new)
{
    ORIGINAL(int, renameat, int, const char *, int, const char *);
    int code = TAKE(CALL_RENAME, 0);

    return code > 0 ? fail(code) : original(from, old, to, new);
}
