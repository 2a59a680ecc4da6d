/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds readable and writable: wait for a descriptor and leave the rest to the caller. */
#include <errno.h>
#include <fcntl.h>

#include <vow/io.h>

#include "loop/io-private.h"

/* Called when libev says that the descriptor is ready, or that it is no more. */
static bool ready(const vow__io *self, const char *function, vow_value *result)
{
    *result = fcntl(self->io.fd, F_GETFD) < 0 ? vow__io_throw(self, function, EBADF) : vow_nil();
    return true;
}

static bool readable_attempt(vow__io *self, vow_value *result)
{
    return ready(self, "vow_readable", result);
}

static bool writable_attempt(vow__io *self, vow_value *result)
{
    return ready(self, "vow_writable", result);
}

static const vow__io_kind readable_kind = {{.name = "readable", .halt = vow__io_stop}, readable_attempt};
static const vow__io_kind writable_kind = {{.name = "writable", .halt = vow__io_stop}, writable_attempt};

static vow_promise *watch(vow_loop *loop, int fd, const vow__io_kind *kind, int events, const char *site)
{
    vow__io *self = vow__io_new(loop, sizeof *self, kind, fd, events, site);

    if (!self)
        return vow__emergency(loop);
    if (fcntl(fd, F_GETFD) < 0)
        return vow__io_begin(self);
    return vow__io_watch(self);
}

vow_promise *vow_readable_at(vow_loop *loop, int fd, const char *site)
{
    vow__check_loop(loop, "vow_readable", site);
    return watch(loop, fd, &readable_kind, EV_READ, site);
}

vow_promise *vow_writable_at(vow_loop *loop, int fd, const char *site)
{
    vow__check_loop(loop, "vow_writable", site);
    return watch(loop, fd, &writable_kind, EV_WRITE, site);
}
