/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes over sockets, whole messages above all. None of these ever waits or raises SIGPIPE, and each
 * begins again after EINTR: a count of bytes, or -1 and errno.
 */
#ifndef VOW_OS_SEND_PRIVATE_H
#define VOW_OS_SEND_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* How many descriptors can go with a message on Linux. */
#define VOW__PASSED_MAX 253

ssize_t vow__send(int fd, const void *bytes, size_t size);
ssize_t vow__send_parts(int fd, const struct iovec *parts, int parts_count);
/* `to` may be NULL. */
ssize_t vow__send_to(int fd, const void *bytes, size_t size, const struct sockaddr *to, socklen_t length);
/* Copies of the descriptors go with the bytes. */
ssize_t vow__send_with(int fd, const void *bytes, size_t size, const int *fds, size_t fds_count);
/* Receives one datagram, and returns its whole length even if not all of it finds room. */
ssize_t vow__receive_from(int fd, void *buffer, size_t size, struct sockaddr_storage *from,
                          socklen_t *length);

/* Descriptors that came with a message. They are the receiver's, and close-on-exec. */
typedef struct vow__passed {
    size_t count;
    bool is_cut; /* some are lost, for want of room */
    int fds[VOW__PASSED_MAX];
} vow__passed;

ssize_t vow__receive_with(int fd, void *buffer, size_t size, vow__passed *passed);

#endif
