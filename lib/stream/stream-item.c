/* SPDX-License-Identifier: BSD-2-Clause */
/* A read whose bytes go back to the stream if its promise is dropped before anybody looked at them. */
#include <string.h>

#include "stream/stream-private.h"

void *vow__item_new(vow_stream *stream, size_t size, const vow__read_kind *kind, const char *site)
{
    vow__item *self = vow__reading_new(stream, size, kind, site);

    if (self) {
        self->from = NULL;
        self->copy = NULL;
    }
    return self;
}

vow_value vow__item_take(vow__item *self, size_t count, const char *skipped)
{
    vow_stream *stream = self->reading.stream;
    uint64_t at = vow__in_first_run(stream).at;
    size_t more = strlen(skipped);
    vow_value value = vow__in_take(stream, count, more);

    if (value.type != &vow_type_bytes || !(count + more))
        return value;
    self->from = stream;
    self->skipped = skipped;
    self->at = at;
    vow__list_append(&stream->handed, &self->link);
    return value;
}

static void item_leave(vow__item *self)
{
    if (self->from)
        vow__list_unlink(&self->link);
    self->from = NULL;
}

void vow__items_leave(vow_stream *stream)
{
    while (!vow__list_is_empty(&stream->handed))
        item_leave(VOW__CONTAINER_OF(stream->handed.next, vow__item, link));
}

/* A read that waits for the descriptor gets what came back. One that is doomed must not, nor a copy that is
 * writing. */
static void tell_reader(vow_stream *stream)
{
    vow__reading *reader = stream->reader;

    if (reader && vow__is_wanted(&stream->in) && !(reader->promise.flags & VOW__DOOMED))
        vow__reading_go_on(reader);
}

/* Nobody reads from a stream that ends: nothing goes back to it. */
bool vow__item_put_back(vow_promise *promise, vow_value value)
{
    vow__item *self = (vow__item *) promise;
    vow_stream *stream = self->from;
    vow__bytes *block = self->copy ? self->copy : value.u.pointer;

    if (!stream || stream->is_closing || stream->is_ended)
        return false;
    self->copy = NULL;
    item_leave(self);
    vow__returned_add(stream, block, self->skipped, self->at);
    tell_reader(stream);
    return true;
}

void vow__item_dispose(vow_promise *promise)
{
    vow__item *self = (vow__item *) promise;

    item_leave(self);
    vow__bytes_free(self->copy);
}
