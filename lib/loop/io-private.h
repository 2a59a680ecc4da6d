/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every operation on a descriptor is made of: an attempt, made at once and again whenever the descriptor
 * is ready, until it has a result. The watcher is active only while an attempt would block.
 */
#ifndef VOW_LOOP_IO_PRIVATE_H
#define VOW_LOOP_IO_PRIVATE_H

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "loop/loop-private.h"

typedef struct vow__io vow__io;

typedef struct vow__io_kind {
    vow__kind kind; /* its run is vow__io_run(), its halt vow__io_stop() or calls that */
    /* Tries, and gives the result, a value or a throw; false when it would block, or when the budget is spent
     * before it is done. */
    bool (*attempt)(vow__io *self, vow_value *result);
} vow__io_kind;

struct vow__io {
    vow_promise promise; /* of a vow__io_kind */
    ev_io io;
};

/* A new operation on a descriptor, of `size` bytes that begin with a vow__io; NULL when there is no memory.
 */
void *vow__io_new(vow_loop *loop, size_t size, const vow__io_kind *kind, int fd, int events,
                  const char *site);
/* Attempts, and watches the descriptor if that would block, or is put off. Returns the promise. */
vow_promise *vow__io_begin(vow__io *self);
/* Only watches it. */
vow_promise *vow__io_watch(vow__io *self);
/* vow__kind.run: goes on after it was put off. */
void vow__io_run(vow_promise *promise, vow__reaction *wait);
/* vow__kind.halt: no watcher is left. */
void vow__io_stop(vow_promise *promise);
/* An attempt has moved so many bytes. Whether it may go on. */
bool vow__io_moved(vow__io *self, size_t count);
/* How many bytes of so many one system call may move. */
size_t vow__io_piece(int fd, size_t size);

/* A throw of an errno value whose message names the function and the descriptor. */
vow_value vow__io_throw(const vow__io *self, const char *function, int code);

/* What is known of a descriptor, so that no call is made that must fail. */
typedef struct vow__fd_nature {
    bool is_plain;       /* not a socket: learned by the first call */
    bool is_nonblocking; /* O_NONBLOCK is known to be set */
} vow__fd_nature;

/* As read(2), but never blocks. */
ssize_t vow__fd_read_plain(int fd, const vow__fd_nature *nature, void *buffer, size_t size);
/* As writev(2), but never blocks and never raises SIGPIPE. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count);

/* As vow__fd_read(). */
static inline ssize_t vow__fd_read_as(int fd, vow__fd_nature *nature, void *buffer, size_t size)
{
    if (!nature->is_plain) {
        ssize_t count;

        do
            count = recv(fd, buffer, size, MSG_DONTWAIT);
        while (count < 0 && errno == EINTR);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
        nature->is_plain = true;
    }
    return vow__fd_read_plain(fd, nature, buffer, size);
}

/* As recv(2) and send(2), on any descriptor; never block, whatever its flags, and never raise SIGPIPE. */
ssize_t vow__fd_read(int fd, void *buffer, size_t size);
ssize_t vow__fd_write(int fd, const void *buffer, size_t size);
/* Whether an operation on a descriptor without O_NONBLOCK would block now; `events` as in poll(2). */
bool vow__fd_would_block(int fd, short events);
/* 0, or an errno value. */
int vow__fd_set_nonblocking(int fd);
/* Whether it is a socket whose reads and writes are of packets. */
bool vow__fd_has_packets(int fd);
/* Whether errno says to try again when the descriptor is ready. */
bool vow__is_again(int code);

#endif
