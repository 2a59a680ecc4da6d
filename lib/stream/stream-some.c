/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds stream_readable, which takes nothing, and stream_read and stream_read_exactly, into lent buffers.
 */
#include <string.h>

#include "stream/stream-private.h"

/* ---- The kind stream_readable -------------------------------------------------------------------------- */

static enum vow__progress readable_take(vow__reading *self, vow_value *result)
{
    *result = vow_nil();
    return self->promise.stage || self->stream->in_error || vow__in_length(self->stream) ? VOW__DONE
                                                                                         : VOW__MORE;
}

/* Reads nothing: it is enough that the watcher has fired. */
static ssize_t readable_fill(vow__reading *self)
{
    return self->promise.stage = 1;
}

static const vow__read_kind some_readable_kind = {
    {.name = "stream_readable", .run = vow__reading_run, .halt = vow__reading_stop},
    "vow_stream_readable",
    readable_take,
    readable_fill,
    NULL,
    NULL,
    false};

vow_promise *vow_stream_readable_at(vow_stream *stream, const char *site)
{
    vow__reading *self;

    vow__check_stream(stream, "vow_stream_readable", site);
    self = vow__reading_new(stream, sizeof *self, &some_readable_kind, site);
    if (!self)
        return vow__refusal(vow__loop_of(&stream->promise));
    self->promise.stage = stream->fd < 0; /* the watcher of a closed descriptor never fires */
    if (stream->reader || readable_take(self, &(vow_value){0}) == VOW__DONE)
        return vow__reading_begin(self);
    return vow__reading_wait(self);
}

/* ---- The kind stream_read ------------------------------------------------------------------------------ */

typedef struct reading_some {
    vow__reading reading;
    char *buffer;
    size_t size;
} reading_some;

static enum vow__progress some_take(vow__reading *reading, vow_value *result)
{
    reading_some *self = (reading_some *) reading;
    size_t length = vow__in_length(reading->stream);
    size_t count = length < self->size ? length : self->size;

    if (count) {
        vow__in_copy(reading->stream, 0, self->buffer, count);
        vow__in_consume(reading->stream, count);
    }
    *result = vow_int((int64_t) count);
    return count || !self->size ? VOW__DONE : VOW__MORE;
}

static ssize_t some_fill(vow__reading *reading)
{
    reading_some *self = (reading_some *) reading;

    return vow__stream_recv(reading->stream, self->buffer, self->size);
}

static vow_value some_end(vow__reading *reading)
{
    (void) reading;
    return vow_int(0);
}

static const vow__read_kind some_kind = {
    {.name = "stream_read", .run = vow__reading_run, .halt = vow__reading_stop},
    "vow_stream_read",
    some_take,
    some_fill,
    some_end,
    NULL,
    true};

/* Whether an attempt would find nothing. That is the usual case when one read follows the other. */
static bool must_wait(const vow_stream *stream, size_t size)
{
    return stream->is_drained && !vow__in_length(stream) && !stream->reader && !stream->in_error && size;
}

vow_promise *vow_stream_read_at(vow_stream *stream, void *buffer, size_t size, const char *site)
{
    reading_some *self;

    vow__check_stream(stream, "vow_stream_read", site);
    vow__check_bytes(buffer, size, "vow_stream_read", site);
    self = vow__reading_new(stream, sizeof *self, &some_kind, site);
    if (VOW_UNLIKELY(!self))
        return vow__refusal(vow__loop_of(&stream->promise));
    self->buffer = buffer;
    self->size = size;
    if (VOW__LIKELY(must_wait(stream, size)))
        return vow__reading_wait(&self->reading);
    return vow__reading_begin(&self->reading);
}

/* ---- The kind stream_read_exactly ---------------------------------------------------------------------- */

typedef struct reading_exactly {
    vow__item item;
    char *buffer;
    size_t size;
} reading_exactly;

/* The lent buffer gets a copy of the bytes. It may be in use for others by the time they come back. */
static enum vow__progress exactly_take(vow__reading *reading, vow_value *result)
{
    reading_exactly *self = (reading_exactly *) reading;

    if (vow__in_length(reading->stream) < self->size)
        return VOW__MORE;
    *result = vow_int(0);
    if (self->size)
        *result = vow__item_take(&self->item, self->size, "");
    if (self->size && result->type == &vow_type_bytes) {
        self->item.copy = result->u.pointer;
        memcpy(self->buffer, self->item.copy->data, self->size);
        *result = vow_int((int64_t) self->size);
    }
    return VOW__DONE;
}

static ssize_t exactly_fill(vow__reading *reading)
{
    return vow__in_fill(reading->stream, ((reading_exactly *) reading)->size);
}

static vow_value exactly_end(vow__reading *reading)
{
    return vow_throw(vow_error_new_in_at(reading->promise.site, &vow_domain_vow, VOW_EOF,
                                         "vow_stream_read_exactly: descriptor %d: the stream ended after "
                                         "%zu of %zu bytes",
                                         reading->stream->fd, vow__in_length(reading->stream),
                                         ((reading_exactly *) reading)->size));
}

static const vow__read_kind exactly_kind = {{.name = "stream_read_exactly",
                                             .run = vow__reading_run,
                                             .halt = vow__reading_stop,
                                             .dispose = vow__item_dispose,
                                             .put_back = vow__item_put_back},
                                            "vow_stream_read_exactly",
                                            exactly_take,
                                            exactly_fill,
                                            exactly_end,
                                            NULL,
                                            false};

vow_promise *vow_stream_read_exactly_at(vow_stream *stream, void *buffer, size_t size, const char *site)
{
    reading_exactly *self;

    vow__check_stream(stream, "vow_stream_read_exactly", site);
    vow__check_bytes(buffer, size, "vow_stream_read_exactly", site);
    self = vow__item_new(stream, sizeof *self, &exactly_kind, site);
    if (!self)
        return vow__refusal(vow__loop_of(&stream->promise));
    self->buffer = buffer;
    self->size = size;
    return vow__reading_begin(&self->item.reading);
}
