/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind read_until. All state that outlives a call is in the caller's buffer. So dropping the promise
 * loses nothing, even when it is fulfilled: the bytes are there until they are consumed.
 */
#include <errno.h>
#include <string.h>

#include <vow/io.h>

#include "base/misuse-private.h"
#include "io/buffer-private.h"
#include "io/delimiter-private.h"
#include "io/io-private.h"
#include "os/fd-private.h"
#include "os/find-private.h"

typedef struct reading_until {
    vow__io io;
    vow_buffer *buffer;
    vow__delimiter delimiter;
} reading_until;

static size_t find_in_buffer(const void *bytes, size_t from, size_t end, const vow__delimiter *delimiter)
{
    const char *data = bytes;
    const char *found = vow__find_bytes(data + from, end - from, delimiter->text, delimiter->length);

    return found ? (size_t) (found - data) : end;
}

static vow_value ended(const reading_until *self)
{
    return vow_throw(
        vow_error_new_in_at(self->io.promise.site, &vow_domain_vow, VOW_EOF,
                            "vow_read_until: descriptor %d: the stream ended after %zu bytes, before "
                            "the delimiter",
                            self->io.io.fd, self->buffer->length));
}

/* Refuses a descriptor with packets: they would be run together, and cut where there is no more room. */
static bool refuse_packets(const reading_until *self, vow_value *result)
{
    if (!vow__fd_has_packets(self->io.io.fd))
        return false;
    *result = vow_throwf_at(
        self->io.promise.site, EPROTOTYPE,
        "vow_read_until: descriptor %d: a socket of packets, which would not be kept apart", self->io.io.fd);
    return true;
}

/* Reads once into the room there is. False when that would block. Else true, and `result` is a throw, or nil
 * when there are bytes. */
static bool until_fill(reading_until *self, vow_value *result)
{
    vow_buffer *buffer = self->buffer;
    size_t room;
    ssize_t count;

    *result = vow_nil();
    if (!self->io.promise.stage && refuse_packets(self, result))
        return true;
    self->io.promise.stage = 1; /* packets are asked about only once */
    if (!vow__buffer_make_room(buffer, self->delimiter.limit)) {
        *result = vow_throw(&vow__error_no_memory);
        return true;
    }
    room = buffer->capacity - buffer->length;
    count = vow__fd_read(self->io.io.fd, buffer->data + buffer->length,
                         room < VOW__IO_PIECE ? room : VOW__IO_PIECE);
    if (count < 0 && vow__is_again(errno))
        return false;
    if (count < 0) {
        *result = vow__io_throw(&self->io, "vow_read_until", errno);
    } else if (count == 0) {
        *result = ended(self);
    } else {
        buffer->length += (size_t) count;
        (void) vow__io_moved(&self->io, (size_t) count);
    }
    return true;
}

static bool read_until_attempt(vow__io *io, vow_value *result)
{
    reading_until *self = (reading_until *) io;

    for (;;) {
        size_t count =
            vow__delimiter_end(&self->delimiter, self->buffer->data, self->buffer->length, find_in_buffer);

        if (count) {
            *result = vow_int((int64_t) count);
            return true;
        }
        if (self->buffer->length >= self->delimiter.limit) {
            *result = vow_throwf_at(io->promise.site, EMSGSIZE,
                                    "vow_read_until: descriptor %d: no delimiter within %zu bytes", io->io.fd,
                                    self->delimiter.limit);
            return true;
        }
        if (!until_fill(self, result))
            return false;
        if (!vow_is_nil(result))
            return true;
        if (!vow__io_moved(io, 0))
            return false;
    }
}

static const vow__io_kind read_until_kind = {{.name = "read_until", .run = vow__io_run, .halt = vow__io_stop},
                                             read_until_attempt};

vow_promise *vow_read_until_at(vow_loop *loop, int fd, vow_buffer *buffer, const char *delimiter,
                               size_t limit, const char *site)
{
    reading_until *self;
    vow_error *error;

    vow__check_loop(loop, "vow_read_until", site);
    vow__check_pointer(buffer, "buffer", "vow_read_until", site);
    error = vow__delimiter_error(delimiter, "vow_read_until", site);
    if (error)
        return vow_rejected_at(loop, error, site);
    self = vow__io_new(loop, sizeof *self, &read_until_kind, fd, EV_READ, site);
    if (!self)
        return vow__refusal(loop);
    self->buffer = buffer;
    vow__delimiter_init(&self->delimiter, delimiter, limit);
    return vow__io_begin(&self->io);
}
