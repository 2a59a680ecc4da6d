/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was taken from a stream and came back, because the promise that had it was dropped before anybody
 * looked at it. Each piece stays in the block of its value, with a header behind the bytes, so that nothing
 * can fail. The pieces stand before what is in the buffer, in the order in which they came on the descriptor.
 */
#include <string.h>

#include "stream/stream-private.h"

/* The header of a piece. It stands in the block of the value, behind the bytes. */
typedef struct returned {
    vow__link link; /* in stream->returned */
    vow__bytes *block;
    size_t start;  /* where in the block the piece begins */
    size_t length; /* of what is left of it; never 0 */
    uint64_t at;   /* where in the stream */
} returned;

_Static_assert(sizeof(returned) + _Alignof(returned) + VOW__SKIPPED_MAX <= VOW__RETURNED_ROOM,
               "a header fits behind the bytes");

static returned *returned_of(const vow__link *link)
{
    return VOW__CONTAINER_OF((vow__link *) link, returned, link);
}

static returned *header_of(vow__bytes *block, size_t length)
{
    uintptr_t end = (uintptr_t) block->data + length + 1;

    return (returned *) ((end + _Alignof(returned) - 1) / _Alignof(returned) * _Alignof(returned));
}

/* ---- Pieces -------------------------------------------------------------------------------------------- */

static void insert(vow_stream *stream, returned *self)
{
    vow__link *before = &stream->returned;

    while (before->prev != &stream->returned && returned_of(before->prev)->at > self->at)
        before = before->prev;
    vow__list_append(before, &self->link); /* a list is a ring: this is in front of `before` */
    stream->returned_length += self->length;
}

void vow__returned_add(vow_stream *stream, vow__bytes *block, const char *skipped, uint64_t at)
{
    size_t length = block->bytes.length, more = strlen(skipped);
    returned *self = header_of(block, length + more);

    memcpy(block->data + length, skipped, more);
    *self = (returned){.block = block, .start = 0, .length = length + more, .at = at};
    insert(stream, self);
}

static void remove_piece(vow_stream *stream, returned *self)
{
    vow__list_unlink(&self->link);
    stream->returned_length -= self->length;
    vow__bytes_free(self->block);
}

/* Removes bytes from the front of a piece; returns how many there were. */
static size_t returned_consume(vow_stream *stream, returned *self, size_t count)
{
    if (count >= self->length) {
        count = self->length;
        remove_piece(stream, self);
        return count;
    }
    self->start += count;
    self->length -= count;
    self->at += count;
    stream->returned_length -= count;
    return count;
}

size_t vow__returned_consume(vow_stream *stream, size_t count)
{
    size_t left = count;

    while (left && !vow__list_is_empty(&stream->returned))
        left -= returned_consume(stream, returned_of(stream->returned.next), left);
    return count - left;
}

bool vow__returned_consume_at(vow_stream *stream, uint64_t at, size_t count)
{
    for (vow__link *link = stream->returned.next; link != &stream->returned; link = link->next) {
        if (returned_of(link)->at == at) {
            (void) returned_consume(stream, returned_of(link), count);
            return true;
        }
    }
    return false;
}

void vow__returned_clear(vow_stream *stream)
{
    while (!vow__list_is_empty(&stream->returned))
        remove_piece(stream, returned_of(stream->returned.next));
}

/* ---- All that can be read ------------------------------------------------------------------------------ */

vow__run vow__in_first_run(const vow_stream *stream)
{
    return vow__in_next_run(stream, (vow__run){.link = &stream->returned});
}

vow__run vow__in_next_run(const vow_stream *stream, vow__run run)
{
    const vow__link *next = run.link->next;

    if (next != &stream->returned) {
        const returned *piece = returned_of(next);

        return (vow__run){next, piece->block->data + piece->start, piece->length, piece->at};
    }
    if (!vow__main_length(stream))
        return (vow__run){next, NULL, 0, stream->position};
    return (vow__run){next, stream->bytes->data + stream->start, vow__main_length(stream), stream->position};
}

void vow__in_copy(const vow_stream *stream, size_t from, char *to, size_t count)
{
    vow__run run = vow__in_first_run(stream);

    for (; count; run = vow__in_next_run(stream, run)) {
        size_t skipped = from < run.length ? from : run.length;
        size_t some = run.length - skipped < count ? run.length - skipped : count;

        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): so many bytes are there */
        memcpy(to, run.data + skipped, some);
        from -= skipped;
        to += some;
        count -= some;
    }
}
