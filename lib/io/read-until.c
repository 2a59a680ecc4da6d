/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind read_until. All state that outlives a call is in the caller's buffer. So dropping the promise
 * loses nothing, even when it is fulfilled: the bytes are there until they are consumed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include <vow/io.h>

#include "base/misuse-private.h"
#include "io/buffer-private.h"
#include "io/io-private.h"
#include "os/fd-private.h"

#define DELIMITER_MAX 16

typedef struct reading_until {
    vow__io io;
    vow_buffer *buffer;
    size_t limit;
    size_t scanned; /* bytes of the buffer that no delimiter begins in */
    size_t delimiter_length;
    char delimiter[DELIMITER_MAX];
} reading_until;

/* How many bytes there are up to the end of the delimiter; 0 if it has not come within the limit. */
static size_t find(reading_until *self)
{
    const vow_buffer *buffer = self->buffer;
    size_t end = buffer->length < self->limit ? buffer->length : self->limit;
    const char *found;

    if (end < self->delimiter_length)
        return 0;
    found =
        memmem(buffer->data + self->scanned, end - self->scanned, self->delimiter, self->delimiter_length);
    if (found)
        return (size_t) (found - buffer->data) + self->delimiter_length;
    self->scanned = end - self->delimiter_length + 1;
    return 0;
}

static vow_value ended(const reading_until *self)
{
    return vow_throw(
        vow_error_new_in_at(self->io.promise.site, &vow_domain_vow, VOW_EOF,
                            "vow_read_until: descriptor %d: the stream ended after %zu bytes, before "
                            "the delimiter",
                            self->io.io.fd, self->buffer->length));
}

/* A descriptor whose packets would be run together, and cut where there is no more room. */
static bool refuse_packets(const reading_until *self, vow_value *result)
{
    if (!vow__fd_has_packets(self->io.io.fd))
        return false;
    *result = vow_throwf_at(
        self->io.promise.site, EPROTOTYPE,
        "vow_read_until: descriptor %d: a socket of packets, which would not be kept apart", self->io.io.fd);
    return true;
}

/* Reads once into the room there is. False when that would block; true with a throw, or nil when there are
 * bytes. */
static bool fill(reading_until *self, vow_value *result)
{
    vow_buffer *buffer = self->buffer;
    size_t room;
    ssize_t count;

    *result = vow_nil();
    if (!self->io.promise.stage && refuse_packets(self, result))
        return true;
    self->io.promise.stage = 1; /* is asked once */
    if (!vow__buffer_make_room(buffer, self->limit)) {
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
        size_t count = find(self);

        if (count) {
            *result = vow_int((int64_t) count);
            return true;
        }
        if (self->buffer->length >= self->limit) {
            *result = vow_throwf_at(io->promise.site, EMSGSIZE,
                                    "vow_read_until: descriptor %d: no delimiter within %zu bytes", io->io.fd,
                                    self->limit);
            return true;
        }
        if (!fill(self, result))
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
    size_t length = delimiter ? strlen(delimiter) : 0;
    reading_until *self;

    vow__check_loop(loop, "vow_read_until", site);
    vow__check_pointer(buffer, "buffer", "vow_read_until", site);
    if (!length || length > DELIMITER_MAX)
        return vow_rejected_at(loop,
                               vow_error_new_at(site, EINVAL,
                                                "vow_read_until: a delimiter of %zu bytes, not 1 to %d",
                                                length, DELIMITER_MAX),
                               site);
    self = vow__io_new(loop, sizeof *self, &read_until_kind, fd, EV_READ, site);
    if (!self)
        return vow__emergency(loop);
    self->buffer = buffer;
    self->limit = limit;
    self->scanned = 0;
    self->delimiter_length = length;
    memcpy(self->delimiter, delimiter, length);
    return vow__io_begin(&self->io);
}
