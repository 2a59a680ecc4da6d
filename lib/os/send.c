/* SPDX-License-Identifier: BSD-2-Clause */
/* See send-private.h. */
#include "os/system-private.h"

#include "os/send-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/fd-ends-private.h"
#include "os/signals-private.h"

#ifndef MSG_DONTWAIT
#error "libvow needs MSG_DONTWAIT: a socket's O_NONBLOCK may be somebody else's"
#endif

/* ---- Sending ------------------------------------------------------------------------------------------- */

#if defined MSG_NOSIGNAL && !defined VOW_NO_LINUX_CALLS
#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

static void send_hold(vow__sigpipe *signal)
{
    (void) signal;
}

static void send_release(const vow__sigpipe *signal, ssize_t count)
{
    (void) signal;
    (void) count;
}
#else
#define SEND_FLAGS MSG_DONTWAIT

static void send_hold(vow__sigpipe *signal)
{
    vow__sigpipe_hold(signal);
}

static void send_release(const vow__sigpipe *signal, ssize_t count)
{
    vow__sigpipe_release(signal, count < 0 && errno == EPIPE);
}
#endif

ssize_t vow__send(int fd, const void *bytes, size_t size)
{
    vow__sigpipe signal;
    ssize_t count;

    send_hold(&signal);
    do
        count = send(fd, bytes, size, SEND_FLAGS);
    while (count < 0 && errno == EINTR);
    send_release(&signal, count);
    return count;
}

static ssize_t send_message(int fd, const struct msghdr *message)
{
    vow__sigpipe signal;
    ssize_t count;

    send_hold(&signal);
    do
        count = sendmsg(fd, message, SEND_FLAGS);
    while (count < 0 && errno == EINTR);
    send_release(&signal, count);
    return count;
}

/* The type of `msg_iovlen` differs between systems. An unsigned short fits each of them. */
ssize_t vow__send_parts(int fd, const struct iovec *parts, int parts_count)
{
    struct msghdr message = {.msg_iov = (struct iovec *) (uintptr_t) parts};

    message.msg_iovlen = (unsigned short) parts_count; /* at most IOV_MAX */
    return send_message(fd, &message);
}

ssize_t vow__send_to(int fd, const void *bytes, size_t size, const struct sockaddr *to, socklen_t length)
{
    vow__sigpipe signal;
    ssize_t count;

    send_hold(&signal);
    do
        count = sendto(fd, bytes, size, SEND_FLAGS, to, length);
    while (count < 0 && errno == EINTR);
    send_release(&signal, count);
    return count;
}

/* ---- Descriptors --------------------------------------------------------------------------------------- */

/* Room for more than descriptors: whoever has asked for credentials (SO_PASSCRED, LOCAL_CREDS) gets them as
 * well. */
#define CREDENTIALS_SIZE 256

typedef union control_room {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof(int) * VOW__PASSED_MAX) + CREDENTIALS_SIZE];
} control_room;

ssize_t vow__send_with(int fd, const void *bytes, size_t size, const int *fds, size_t fds_count)
{
    struct iovec piece = {.iov_base = (void *) (uintptr_t) bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    const size_t fds_size = fds_count * sizeof fds[0];
    control_room control;

    if (fds_count) {
        struct cmsghdr header = {
            .cmsg_len = (socklen_t) CMSG_LEN(fds_size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};

        memset(&control, 0, sizeof control);
        memcpy(control.bytes, &header, sizeof header);
        memcpy(CMSG_DATA(&control.alignment), fds, fds_size);
        message.msg_control = control.bytes;
        message.msg_controllen = (socklen_t) CMSG_SPACE(fds_size);
    }
    return send_message(fd, &message);
}

static void add_fds(vow__passed *passed, const struct cmsghdr *header)
{
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    for (size_t i = 0; i < count; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        if (passed->count == VOW__PASSED_MAX) {
            vow__fd_close(fd);
            passed->is_cut = true;
            continue;
        }
#if !defined MSG_CMSG_CLOEXEC || defined VOW_NO_LINUX_CALLS
        (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
        passed->fds[passed->count++] = fd;
    }
}

#if defined MSG_CMSG_CLOEXEC && !defined VOW_NO_LINUX_CALLS
#define WITH_FLAGS (MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
#else
#define WITH_FLAGS MSG_DONTWAIT
#endif

/* musl's macro mixes signs. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
static struct cmsghdr *next_header(struct msghdr *message, struct cmsghdr *header)
{
    return CMSG_NXTHDR(message, header);
}
#pragma GCC diagnostic pop

/* There is room for as many descriptors as can come, however few are wanted. The system closes those for
 * which there is none, inside this call, and may wait there as close(2) may. */
ssize_t vow__receive_with(int fd, void *buffer, size_t size, vow__passed *passed)
{
    struct iovec piece = {.iov_base = buffer, .iov_len = size};
    control_room control;
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t count;

    do
        count = recvmsg(fd, &message, WITH_FLAGS);
    while (count < 0 && errno == EINTR);
    passed->count = 0;
    passed->is_cut = count >= 0 && (message.msg_flags & MSG_CTRUNC);
    if (count < 0)
        return count;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = next_header(&message, header))
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
            add_fds(passed, header);
    return count;
}

/* ---- Datagrams ----------------------------------------------------------------------------------------- */

static ssize_t receive_parts(int fd, struct iovec *parts, unsigned short parts_count, int flags,
                             struct sockaddr_storage *from, socklen_t *length)
{
    struct msghdr message = {.msg_name = from, .msg_namelen = sizeof *from, .msg_iov = parts};
    ssize_t count;

    message.msg_iovlen = parts_count;
    do
        count = recvmsg(fd, &message, MSG_DONTWAIT | flags);
    while (count < 0 && errno == EINTR);
    *length = message.msg_namelen;
    return count;
}

#if VOW__LINUX
/* On Linux MSG_TRUNC asks for the length of the whole datagram. */
ssize_t vow__receive_from(int fd, void *buffer, size_t size, struct sockaddr_storage *from, socklen_t *length)
{
    struct iovec piece = {.iov_base = buffer, .iov_len = size};

    return receive_parts(fd, &piece, 1, MSG_TRUNC, from, length);
}
#else
/* What the buffer has no room for goes into another one, only to be counted. No IP datagram is longer than
 * that. If one between local sockets is, the rest of it is not counted. */
#define DATAGRAM_SIZE 65536

ssize_t vow__receive_from(int fd, void *buffer, size_t size, struct sockaddr_storage *from, socklen_t *length)
{
    char rest[DATAGRAM_SIZE];
    struct iovec pieces[] = {{.iov_base = buffer, .iov_len = size},
                             {.iov_base = rest, .iov_len = sizeof rest}};

    return receive_parts(fd, pieces, 2, 0, from, length);
}
#endif
