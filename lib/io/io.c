/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the watcher of an operation on a descriptor, from the first attempt that would block to its result.
 * The watcher is active only while the descriptor is not ready: an operation that is put off has none.
 */
#include "io/io-private.h"
#include "os/fd-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool io_attempt(vow__io *self, vow_value *result)
{
    return ((const vow__io_kind *) (const void *) self->promise.kind)->attempt(self, result);
}

static vow__ev_loop *io_loop_of(const vow__io *self)
{
    return vow__ev_loop_of(vow__loop_of(&self->promise));
}

static void io_cb(EV_P_ ev_io *io, int revents)
{
    vow__io *self = VOW__CONTAINER_OF(io, vow__io, io);
    vow_value result;

    (void) revents;
    vow__budget_renew(io_loop_of(self));
    if (io_attempt(self, &result)) {
        ev_io_stop(EV_A_ io);
        vow__resolve_and_leave(&self->promise, result);
    } else if (!vow__budget_is_left(io_loop_of(self))) {
        ev_io_stop(EV_A_ io);
        vow__put_off(&self->promise);
    }
}

void *vow__io_new(vow_loop *loop, size_t size, const vow__io_kind *kind, int fd, int events, const char *site)
{
    vow__io *self = vow__promise_new(loop, size, &kind->kind, site);

    if (self)
        ev_io_init(&self->io, io_cb, fd, events);
    return self;
}

/* Attempts the operation: settles it, watches the descriptor, or puts it off. */
static void io_go_on(vow__io *self)
{
    vow__ev_loop *loop = io_loop_of(self);
    vow_value result;

    if (io_attempt(self, &result)) {
        vow__budget_take(loop);
        vow__resolve(&self->promise, result);
    } else if (vow__budget_is_left(loop)) {
        (void) vow__io_watch(self);
    } else {
        vow__put_off(&self->promise);
    }
}

/* With the budget spent, the operation is put off. But a number that is no descriptor now is refused now:
 * later it may be that of another one. */
vow_promise *vow__io_begin(vow__io *self)
{
    if (vow__budget_admits(io_loop_of(self)) || fcntl(self->io.fd, F_GETFD) < 0)
        io_go_on(self);
    else
        vow__put_off(&self->promise);
    return &self->promise;
}

void vow__io_run(vow_promise *promise, vow__reaction *wait)
{
    vow__io *self = (vow__io *) promise;

    (void) wait;
    if (vow__budget_is_left(io_loop_of(self)))
        io_go_on(self);
    else
        vow__put_off(promise);
}

bool vow__io_moved(vow__io *self, size_t count)
{
    vow__budget_take_bytes(io_loop_of(self), count);
    return vow__budget_is_left(io_loop_of(self));
}

/* A packet goes whole, however long it is. */
size_t vow__io_piece(int fd, size_t size)
{
    return size <= VOW__IO_PIECE || vow__fd_has_packets(fd) ? size : VOW__IO_PIECE;
}

vow_promise *vow__io_watch(vow__io *self)
{
    ev_io_start(vow__ev(&self->promise), &self->io);
    return &self->promise;
}

void vow__io_stop(vow_promise *promise)
{
    ev_io_stop(vow__ev(promise), &((vow__io *) promise)->io);
}

vow_value vow__io_throw(const vow__io *self, const char *function, int code)
{
    return vow_throwf_at(self->promise.site, code, "%s: descriptor %d: %s", function, self->io.fd,
                         strerror(code));
}
