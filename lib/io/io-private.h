/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every operation on a descriptor is made of: an attempt, made at once and again whenever the descriptor
 * is ready, until it has a result. The watcher is active only while an attempt would block.
 */
#ifndef VOW_IO_IO_PRIVATE_H
#define VOW_IO_IO_PRIVATE_H

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

/*
 * How a descriptor is read and written without waiting. O_NONBLOCK belongs to the open file, which others may
 * have too: copies, children, other programs. They may set it and take it back at any time, and they would
 * notice if we did. So nothing relies on it that can be asked for in each call.
 */
enum vow__fd_way {
    VOW__FD_SOCKET,   /* MSG_DONTWAIT; what every descriptor is taken for until it says that it is none */
    VOW__FD_NOWAIT,   /* RWF_NOWAIT: a pipe, and whatever else knows that */
    VOW__FD_OWN,      /* by an open file of our own, of the same pipe or terminal: its flag is ours alone */
    VOW__FD_TERMINAL, /* O_NONBLOCK for the time of the call: it stays as others want it */
    VOW__FD_SHARED,   /* O_NONBLOCK, which is looked at before each call, and set again */
    VOW__FD_FILE      /* never waits */
};

/* What is known of a descriptor, so that no call is made that must fail. Zero: nothing. */
typedef struct vow__fd_nature {
    int own; /* for VOW__FD_OWN; else 0, which no descriptor of ours is */
    unsigned char way;
} vow__fd_nature;

/* As read(2), but never blocks; not on a socket. */
ssize_t vow__fd_read_plain(int fd, vow__fd_nature *nature, void *buffer, size_t size);
/* As writev(2), but never blocks and never raises SIGPIPE. */
ssize_t vow__fd_write_as(int fd, vow__fd_nature *nature, const struct iovec *parts, int parts_count);
/* Closes what was opened to know it better. */
void vow__fd_forget(vow__fd_nature *nature);
/* A descriptor for the same pipe or terminal, but another open file; with O_NONBLOCK. -1 where there is none.
 */
int vow__fd_open_again(int fd);

/* As vow__fd_read(). */
static inline ssize_t vow__fd_read_as(int fd, vow__fd_nature *nature, void *buffer, size_t size)
{
    if (nature->way == VOW__FD_SOCKET) {
        ssize_t count;

        do
            count = recv(fd, buffer, size, MSG_DONTWAIT);
        while (count < 0 && errno == EINTR);
        if (count >= 0 || errno != ENOTSOCK)
            return count;
    }
    return vow__fd_read_plain(fd, nature, buffer, size);
}

/* As recv(2) and send(2), on any descriptor; never block, whatever its flags, and never raise SIGPIPE. */
ssize_t vow__fd_read(int fd, void *buffer, size_t size);
ssize_t vow__fd_write(int fd, const void *buffer, size_t size);
/* Sets O_NONBLOCK where it is not set: 0, or an errno value. */
int vow__fd_set_nonblocking(int fd);
/* Whether it is a socket whose reads and writes are of packets. */
bool vow__fd_has_packets(int fd);
/* Whether errno says to try again when the descriptor is ready. */
bool vow__is_again(int code);

#endif
