/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds stream_read_until, stream_read_line and stream_read_all: reads whose length the bytes themselves
 * decide, within a limit. They are fulfilled with bytes of their own.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>

#include "io/delimiter-private.h"
#include "stream/stream-private.h"

typedef struct reading_text {
    vow__item item;
    vow__delimiter delimiter; /* stream_read_all uses its limit alone */
} reading_text;

static const char *function_of(const reading_text *self)
{
    return ((const vow__read_kind *) (const void *) self->item.reading.promise.kind)->function;
}

static size_t find_in_stream(const void *stream, size_t from, size_t end, const vow__delimiter *delimiter)
{
    return vow__in_find(stream, from, end, delimiter->text, delimiter->length);
}

/* How many bytes there are up to the end of the delimiter; 0 if it has not come within the limit. */
static size_t text_length(reading_text *self)
{
    const vow_stream *stream = self->item.reading.stream;

    return vow__delimiter_end(&self->delimiter, stream, vow__in_length(stream), find_in_stream);
}

static enum vow__progress too_long(const reading_text *self, const char *what, vow_value *result)
{
    *result = vow_throwf_at(self->item.reading.promise.site, EMSGSIZE, "%s: descriptor %d: %s %zu bytes",
                            function_of(self), self->item.reading.stream->fd, what, self->delimiter.limit);
    return VOW__DONE;
}

static ssize_t text_fill(vow__reading *reading)
{
    return vow__in_fill(reading->stream, ((reading_text *) reading)->delimiter.limit);
}

static void *reading_text_new(vow_stream *stream, const vow__read_kind *kind, size_t limit, const char *site)
{
    reading_text *self;

    vow__check_stream(stream, kind->function, site);
    self = vow__item_new(stream, sizeof *self, kind, site);
    if (!self)
        return NULL;
    vow__delimiter_init(&self->delimiter, "\n", limit);
    return self;
}

/* ---- The kind stream_read_until ------------------------------------------------------------------------ */

static enum vow__progress until_take(vow__reading *reading, vow_value *result)
{
    reading_text *self = (reading_text *) reading;
    size_t count = text_length(self);

    if (count)
        *result = vow__item_take(&self->item, count, "");
    else if (vow__in_length(reading->stream) >= self->delimiter.limit)
        return too_long(self, "no delimiter within", result);
    return count ? VOW__DONE : VOW__MORE;
}

static vow_value until_end(vow__reading *reading)
{
    return vow_throw(vow_error_new_in_at(reading->promise.site, &vow_domain_vow, VOW_EOF,
                                         "vow_stream_read_until: descriptor %d: the stream ended after "
                                         "%zu bytes, before the delimiter",
                                         reading->stream->fd, vow__in_length(reading->stream)));
}

static const vow__read_kind until_kind = {{.name = "stream_read_until",
                                           .run = vow__reading_run,
                                           .halt = vow__reading_stop,
                                           .dispose = vow__item_dispose,
                                           .put_back = vow__item_put_back},
                                          "vow_stream_read_until",
                                          until_take,
                                          text_fill,
                                          until_end,
                                          NULL,
                                          false};

vow_promise *vow_stream_read_until_at(vow_stream *stream, const char *delimiter, size_t limit,
                                      const char *site)
{
    reading_text *self = reading_text_new(stream, &until_kind, limit, site);
    vow_error *error;

    if (!self)
        return vow__refusal(vow__loop_of(&stream->promise));
    error = vow__delimiter_error(delimiter, "vow_stream_read_until", site);
    if (error) {
        vow__reject(&self->item.reading.promise, error);
        return &self->item.reading.promise;
    }
    vow__delimiter_init(&self->delimiter, delimiter, limit);
    return vow__reading_begin(&self->item.reading);
}

/* ---- The kind stream_read_line ------------------------------------------------------------------------- */

static char byte_at(const vow_stream *stream, size_t index)
{
    char byte;

    vow__in_copy(stream, index, &byte, 1);
    return byte;
}

static enum vow__progress line_take(vow__reading *reading, vow_value *result)
{
    reading_text *self = (reading_text *) reading;
    size_t count = text_length(self);
    const char *skipped = "\n";

    if (!count && vow__in_length(reading->stream) >= self->delimiter.limit)
        return too_long(self, "no line ends within", result);
    if (!count)
        return VOW__MORE;
    if (count > 1 && byte_at(reading->stream, count - 2) == '\r')
        skipped = "\r\n";
    *result = vow__item_take(&self->item, count - strlen(skipped), skipped);
    return VOW__DONE;
}

/* What is left at the end is a line, too. */
static vow_value line_end(vow__reading *reading)
{
    size_t length = vow__in_length(reading->stream);

    return length ? vow__item_take((vow__item *) reading, length, "") : vow_nil();
}

static const vow__read_kind line_kind = {{.name = "stream_read_line",
                                          .run = vow__reading_run,
                                          .halt = vow__reading_stop,
                                          .dispose = vow__item_dispose,
                                          .put_back = vow__item_put_back},
                                         "vow_stream_read_line",
                                         line_take,
                                         text_fill,
                                         line_end,
                                         NULL,
                                         false};

vow_promise *vow_stream_read_line_at(vow_stream *stream, size_t limit, const char *site)
{
    reading_text *self = reading_text_new(stream, &line_kind, limit, site);

    return self ? vow__reading_begin(&self->item.reading) : vow__refusal(vow__loop_of(&stream->promise));
}

/* ---- The kind stream_read_all -------------------------------------------------------------------------- */

static enum vow__progress all_take(vow__reading *reading, vow_value *result)
{
    reading_text *self = (reading_text *) reading;

    if (vow__in_length(reading->stream) > self->delimiter.limit)
        return too_long(self, "more than", result);
    return VOW__MORE;
}

static ssize_t all_fill(vow__reading *reading)
{
    size_t limit = ((reading_text *) reading)->delimiter.limit;

    return vow__in_fill(reading->stream, limit < SIZE_MAX ? limit + 1 : limit);
}

static vow_value all_end(vow__reading *reading)
{
    return vow__item_take((vow__item *) reading, vow__in_length(reading->stream), "");
}

static const vow__read_kind read_all_kind = {{.name = "stream_read_all",
                                              .run = vow__reading_run,
                                              .halt = vow__reading_stop,
                                              .dispose = vow__item_dispose,
                                              .put_back = vow__item_put_back},
                                             "vow_stream_read_all",
                                             all_take,
                                             all_fill,
                                             all_end,
                                             NULL,
                                             false};

vow_promise *vow_stream_read_all_at(vow_stream *stream, size_t limit, const char *site)
{
    reading_text *self = reading_text_new(stream, &read_all_kind, limit, site);

    return self ? vow__reading_begin(&self->item.reading) : vow__refusal(vow__loop_of(&stream->promise));
}
