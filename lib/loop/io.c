/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the watcher of an operation on a descriptor, from the first attempt that would block to its result. */
#include "loop/io-private.h"

#include <errno.h>
#include <string.h>

static bool attempt(vow__io *self, vow_value *result)
{
    return ((const vow__io_kind *) (const void *) self->promise.kind)->attempt(self, result);
}

static void ready_cb(EV_P_ ev_io *io, int revents)
{
    vow__io *self = VOW__CONTAINER_OF(io, vow__io, io);
    vow_value result;

    (void) revents;
    if (!attempt(self, &result))
        return;
    ev_io_stop(EV_A_ io);
    vow__resolve_and_leave(&self->promise, result);
}

void *vow__io_new(vow_loop *loop, size_t size, const vow__io_kind *kind, int fd, int events, const char *site)
{
    vow__io *self = (void *) vow__promise_new(loop, size, &kind->kind, site);

    if (self)
        ev_io_init(&self->io, ready_cb, fd, events);
    return self;
}

vow_promise *vow__io_begin(vow__io *self)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(&self->promise));
    vow_value result;

    if (!vow__io_may_attempt(loop) || !attempt(self, &result))
        return vow__io_watch(self);
    loop->completed++;
    vow__resolve(&self->promise, result);
    return &self->promise;
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
