/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that stand in for the C library's: see faults.h. A program's own functions come before those
 * of every shared library, the sanitizers' included.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "faults.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags); /* GNU's */

/* The original function behind the one that stands in for it. */
#define ORIGINAL(type, name, ...)         \
    static type (*original)(__VA_ARGS__); \
    if (!original)                        \
    faults_find(#name, (void *) &original)

/* What is wrong with a descriptor that is none, the system says itself. */
#define TAKE(call, fd) ((fd) < 0 ? 0 : faults_take((call), __builtin_return_address(0)))

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

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    ORIGINAL(ssize_t, recv, int, void *, size_t, int);
    int code = TAKE(CALL_RECV, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags);
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    ORIGINAL(ssize_t, send, int, const void *, size_t, int);
    int code = TAKE(CALL_SEND, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    ORIGINAL(ssize_t, read, int, void *, size_t);
    int code = TAKE(CALL_READ, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
    ORIGINAL(ssize_t, write, int, const void *, size_t);
    int code = TAKE(CALL_WRITE, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size);
}

/* ---- Parts --------------------------------------------------------------------------------------------- */

ssize_t readv(int fd, const struct iovec *parts, int count)
{
    ORIGINAL(ssize_t, readv, int, const struct iovec *, int);
    int code = TAKE(CALL_READ, fd);
    struct iovec one = parts[0];

    one.iov_len = one_byte(fd, one.iov_len);
    return code > 0 ? fail(code) : code ? original(fd, &one, 1) : original(fd, parts, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ORIGINAL(ssize_t, writev, int, const struct iovec *, int);
    int code = TAKE(CALL_WRITE, fd);
    struct iovec one = parts[0];

    one.iov_len = one_byte(fd, one.iov_len);
    return code > 0 ? fail(code) : code ? original(fd, &one, 1) : original(fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ORIGINAL(ssize_t, sendmsg, int, const struct msghdr *, int);
    int code = TAKE(CALL_SEND, fd);
    struct msghdr shorter = *message;
    struct iovec one = message->msg_iov[0];

    one.iov_len = one_byte(fd, one.iov_len);
    if (one.iov_len == 1)
        shorter = (struct msghdr){message->msg_name,    message->msg_namelen,    &one, 1,
                                  message->msg_control, message->msg_controllen, 0};
    return code > 0 ? fail(code) : original(fd, code ? &shorter : message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    ORIGINAL(ssize_t, recvmsg, int, struct msghdr *, int);
    int code = TAKE(CALL_RECV, fd);

    return code > 0 ? fail(code) : original(fd, message, flags);
}

ssize_t sendto(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
               socklen_t length)
{
    ORIGINAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    int code = TAKE(CALL_SEND, fd);

    return code > 0 ? fail(code) : original(fd, buffer, code ? one_byte(fd, size) : size, flags, to, length);
}

ssize_t recvfrom(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *length)
{
    ORIGINAL(ssize_t, recvfrom, int, void *, size_t, int, struct sockaddr *, socklen_t *);
    int code = TAKE(CALL_RECV, fd);

    return code > 0 ? fail(code)
                    : original(fd, buffer, code ? one_byte(fd, size) : size, flags, from, length);
}

/* ---- Sockets ------------------------------------------------------------------------------------------- */

/* A connect() that is interrupted goes on by itself. */
int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    ORIGINAL(int, connect, int, const struct sockaddr *, socklen_t);
    int code = TAKE(CALL_CONNECT, fd);
    int result = code && code != EINTR ? -1 : original(fd, to, length);

    return code > 0 ? fail(code) : result;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    ORIGINAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
    int code = TAKE(CALL_ACCEPT, fd);

    return code > 0 ? fail(code) : original(fd, address, length, flags);
}

int shutdown(int fd, int how)
{
    ORIGINAL(int, shutdown, int, int);
    int code = TAKE(CALL_SHUTDOWN, fd);

    return code > 0 ? fail(code) : original(fd, how);
}

int socket(int domain, int type, int protocol)
{
    ORIGINAL(int, socket, int, int, int);
    int code = TAKE(CALL_SOCKET, 0);

    return code > 0 ? fail(code) : original(domain, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    ORIGINAL(int, bind, int, const struct sockaddr *, socklen_t);
    int code = TAKE(CALL_BIND, fd);

    return code > 0 ? fail(code) : original(fd, address, length);
}

int listen(int fd, int backlog)
{
    ORIGINAL(int, listen, int, int);
    int code = TAKE(CALL_LISTEN, fd);

    return code > 0 ? fail(code) : original(fd, backlog);
}

int poll(struct pollfd *ask, nfds_t count, int timeout)
{
    ORIGINAL(int, poll, struct pollfd *, nfds_t, int);
    int code = TAKE(CALL_POLL, ask->fd);

    return code > 0 ? fail(code) : original(ask, count, timeout);
}
