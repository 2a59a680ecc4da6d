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
    vow__kind kind; /* its run is vow__io_run(), its halt is vow__io_stop() or calls it */
    /* Tries, and gives the result: a value or a throw. False when it would block, or when the budget is spent
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
/* Attempts an operation. If that would block, watches the descriptor; if the budget is spent, puts it off.
 * Returns the promise. */
vow_promise *vow__io_begin(vow__io *self);
/* Only watches the descriptor. Returns the promise. */
vow_promise *vow__io_watch(vow__io *self);
/* vow__kind.run: goes on after it was put off. */
void vow__io_run(vow_promise *promise, vow__reaction *wait);
/* vow__kind.halt: stops the watcher. */
void vow__io_stop(vow_promise *promise);
/* An attempt has moved `count` bytes, which are taken from the budget. Whether it may go on. */
bool vow__io_moved(vow__io *self, size_t count);
/* How many of `size` bytes one system call may move. */
size_t vow__io_piece(int fd, size_t size);

/* When libev finds a descriptor closed, it stops the watcher itself, and says so in an event. Until that
 * event has come, the watcher still counts as active to those who keep count of its reference to the ev_loop.
 */
static inline bool vow__io_is_up(const ev_io *watcher)
{
    return ev_is_active(watcher) || ev_is_pending(watcher);
}

/* A throw of an errno value whose message names the function and the descriptor. */
vow_value vow__io_throw(const vow__io *self, const char *function, int code);

#endif
