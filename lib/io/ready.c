/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds readable and writable: wait for a descriptor and leave the rest to the caller. */
#include <errno.h>
#include <fcntl.h>

#include <vow/io.h>

#include "io/io-private.h"

static const vow__io_kind ready_kind = {.kind = {.name = "readable", .halt = vow__io_stop}};
static const vow__io_kind writable_kind = {.kind = {.name = "writable", .halt = vow__io_stop}};

static vow_value ready_when_closed(const vow__io *self)
{
    return vow__io_throw(self, self->promise.kind == &ready_kind.kind ? "vow_readable" : "vow_writable",
                         EBADF);
}

/* The descriptor is ready, or libev has found that it is closed. */
static void ready_cb(EV_P_ ev_io *io, int revents)
{
    vow__io *self = VOW__CONTAINER_OF(io, vow__io, io);

    ev_io_stop(EV_A_ io);
    vow__resolve_and_leave(&self->promise, revents & EV_ERROR ? ready_when_closed(self) : vow_nil());
}

/* libev ends the program when a watcher is started for a descriptor that is not open. */
static vow_promise *ready_watch(vow_loop *loop, int fd, const vow__io_kind *kind, int events,
                                const char *site)
{
    vow__io *self = vow__io_new(loop, sizeof *self, kind, fd, events, site);

    if (!self)
        return vow__refusal(loop);
    ev_set_cb(&self->io, ready_cb);
    if (fcntl(fd, F_GETFD) >= 0)
        return vow__io_watch(self);
    vow__resolve(&self->promise, ready_when_closed(self));
    return &self->promise;
}

vow_promise *vow_readable_at(vow_loop *loop, int fd, const char *site)
{
    vow__check_loop(loop, "vow_readable", site);
    return ready_watch(loop, fd, &ready_kind, EV_READ, site);
}

vow_promise *vow_writable_at(vow_loop *loop, int fd, const char *site)
{
    vow__check_loop(loop, "vow_writable", site);
    return ready_watch(loop, fd, &writable_kind, EV_WRITE, site);
}
