/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds read, which takes what there is, and write, which goes on until all is written. */
#include <errno.h>

#include <vow/io.h>

#include "io/io-private.h"
#include "os/fd-private.h"

typedef struct reading {
    vow__io io;
    void *buffer;
    size_t size;
} reading;

typedef struct writing {
    vow__io io;
    const char *buffer;
    size_t size;
    size_t written;
    size_t piece; /* how much one call may write */
    vow__fd_nature nature;
} writing;

static bool read_attempt(vow__io *io, vow_value *result)
{
    reading *self = (reading *) io;
    size_t size = vow__io_piece(io->io.fd, self->size);
    ssize_t count = size ? vow__fd_read(io->io.fd, self->buffer, size) : 0;

    if (count < 0 && vow__is_again(errno))
        return false;
    *result = count < 0 ? vow__io_throw(io, "vow_read", errno) : vow_int(count);
    if (count > 0)
        (void) vow__io_moved(io, (size_t) count);
    return true;
}

static const vow__io_kind read_kind = {{.name = "read", .run = vow__io_run, .halt = vow__io_stop},
                                       read_attempt};

vow_promise *vow_read_at(vow_loop *loop, int fd, void *buffer, size_t size, const char *site)
{
    reading *self;

    vow__check_loop(loop, "vow_read", site);
    vow__check_bytes(buffer, size, "vow_read", site);
    self = vow__io_new(loop, sizeof *self, &read_kind, fd, EV_READ, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    return vow__io_begin(&self->io);
}

static bool fd_write_more(vow__io *io, vow_value *result)
{
    writing *self = (writing *) io;

    while (self->written < self->size) {
        size_t left = self->size - self->written;
        const struct iovec part = {(char *) (uintptr_t) self->buffer + self->written,
                                   left < self->piece ? left : self->piece};
        ssize_t count = vow__fd_write_as(io->io.fd, &self->nature, &part, 1);

        if (count < 0 && vow__is_again(errno))
            return false;
        if (count < 0) {
            *result = vow__io_throw(io, "vow_write", errno);
            return true;
        }
        self->written += (size_t) count;
        if (!vow__io_moved(io, (size_t) count) && self->written < self->size)
            return false;
    }
    *result = vow_int((int64_t) self->size);
    return true;
}

/* When the write is done, what was opened for it is closed: a reader may wait until every writing end is
 * closed. */
static bool write_attempt(vow__io *io, vow_value *result)
{
    bool is_done = fd_write_more(io, result);

    if (is_done)
        vow__fd_nature_close(&((writing *) io)->nature);
    return is_done;
}

static void write_halt(vow_promise *promise)
{
    vow__io_stop(promise);
    vow__fd_nature_close(&((writing *) promise)->nature);
}

static const vow__io_kind fd_write_kind = {{.name = "write", .run = vow__io_run, .halt = write_halt},
                                           write_attempt};

vow_promise *vow_write_at(vow_loop *loop, int fd, const void *buffer, size_t size, const char *site)
{
    writing *self;

    vow__check_loop(loop, "vow_write", site);
    vow__check_bytes(buffer, size, "vow_write", site);
    self = vow__io_new(loop, sizeof *self, &fd_write_kind, fd, EV_WRITE, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    self->size = size;
    self->written = 0;
    self->piece = vow__io_piece(fd, size);
    self->nature = (vow__fd_nature){0, VOW__FD_SOCKET};
    return vow__io_begin(&self->io);
}
