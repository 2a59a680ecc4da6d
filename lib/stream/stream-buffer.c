/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has come on a stream and was not read yet. A large buffer is there only while something is read into
 * it: it comes from the loop and goes back there, and what is left over moves to a small one. So a thousand
 * streams in the middle of a line hold a thousand half lines, and not a thousand large buffers.
 */
#include <errno.h>
#include <string.h>

#include "io/delimiter-private.h"
#include "stream/stream-private.h"
#include "os/find-private.h"

static vow__ev_loop *ahead_loop_of(const vow_stream *stream)
{
    return vow__ev_loop_of(vow__loop_of(&stream->promise));
}

static void give_back(vow__ev_loop *loop, vow__bytes *bytes)
{
    if (bytes->capacity != VOW__STREAM_AHEAD || loop->spare || loop->core.is_closed) {
        vow__bytes_free(bytes);
        return;
    }
    vow__bytes_set_length(bytes, 0);
    loop->spare = bytes;
}

static vow__bytes *take_out(vow__ev_loop *loop, size_t capacity)
{
    vow__bytes *bytes = loop->spare;

    if (capacity != VOW__STREAM_AHEAD || !bytes)
        return vow__bytes_new(capacity);
    loop->spare = NULL;
    return bytes;
}

/* Moves what there is into a buffer of another size; false when there is no memory. */
static bool ahead_move(vow_stream *stream, size_t capacity)
{
    vow__ev_loop *loop = ahead_loop_of(stream);
    size_t length = vow__main_length(stream);
    vow__bytes *bytes = take_out(loop, capacity);

    if (!bytes)
        return false;
    if (length)
        memcpy(bytes->data, stream->bytes->data + stream->start, length);
    vow__bytes_set_length(bytes, length);
    if (stream->bytes)
        give_back(loop, stream->bytes);
    stream->bytes = bytes;
    stream->start = 0;
    return true;
}

static void ahead_move_to_front(vow_stream *stream)
{
    size_t length = vow__main_length(stream);

    memmove(stream->bytes->data, stream->bytes->data + stream->start, length);
    vow__bytes_set_length(stream->bytes, length);
    stream->start = 0;
}

/* Makes room for at least one more byte. A buffer that has to grow grows to `most` bytes at most. */
static bool make_room(vow_stream *stream, size_t most)
{
    size_t capacity = stream->bytes ? stream->bytes->capacity : 0;

    if (capacity < VOW__STREAM_AHEAD)
        return ahead_move(stream, VOW__STREAM_AHEAD);
    if (stream->bytes->bytes.length < capacity)
        return true;
    if (stream->start && (most <= capacity || stream->start >= capacity / 2)) {
        ahead_move_to_front(stream);
        return true;
    }
    capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    return ahead_move(stream, capacity < most ? capacity : most);
}

ssize_t vow__in_fill(vow_stream *stream, size_t most)
{
    size_t length, room;
    ssize_t count;
    int code;

    if (!make_room(stream, most)) {
        errno = ENOMEM;
        return -1;
    }
    length = stream->bytes->bytes.length;
    room = stream->bytes->capacity - length;
    count = vow__stream_recv(stream, stream->bytes->data + length, room);
    code = errno;
    if (count > 0)
        vow__bytes_set_length(stream->bytes, length + (size_t) count);
    else if (!vow__main_length(stream))
        vow__in_clear(stream);
    errno = code;
    return count;
}

void vow__in_clear(vow_stream *stream)
{
    if (stream->bytes)
        give_back(ahead_loop_of(stream), stream->bytes);
    stream->bytes = NULL;
    stream->start = 0;
}

static void ahead_consume(vow_stream *stream, size_t count)
{
    stream->start += count;
    stream->position += count;
    if (!vow__main_length(stream))
        vow__in_clear(stream);
}

void vow__in_consume(vow_stream *stream, size_t count)
{
    if (VOW_UNLIKELY(stream->returned_length))
        count -= vow__returned_consume(stream, count);
    if (count)
        ahead_consume(stream, count);
}

void vow__in_consume_at(vow_stream *stream, uint64_t at, size_t count)
{
    if (count && !vow__returned_consume_at(stream, at, count))
        ahead_consume(stream, count);
}

void vow__in_shrink(vow_stream *stream)
{
    size_t length = vow__main_length(stream);

    if (length <= stream->bytes->capacity / 8 && stream->bytes->capacity >= VOW__STREAM_AHEAD)
        (void) ahead_move(stream, length);
}

/* Whether the buffer itself can become the value: it holds nothing else, and is not much too large, but large
 * enough to come back. */
static bool is_the_value(const vow_stream *stream, size_t count, size_t skipped)
{
    const vow__bytes *bytes = stream->bytes;

    return count && !stream->returned_length && !stream->start && count + skipped == bytes->bytes.length &&
           bytes->capacity - count <= count / 4 && bytes->capacity - count >= VOW__RETURNED_ROOM;
}

vow_value vow__in_take(vow_stream *stream, size_t count, size_t skipped)
{
    vow__bytes *bytes = stream->bytes;

    if (is_the_value(stream, count, skipped)) {
        vow__bytes_set_length(bytes, count);
        stream->bytes = NULL;
        stream->position += count + skipped;
        return vow__bytes_value(bytes);
    }
    bytes = count < SIZE_MAX - VOW__RETURNED_ROOM ? vow__bytes_new(count + VOW__RETURNED_ROOM) : NULL;
    if (!bytes)
        return vow_throw(&vow__error_no_memory);
    vow__in_copy(stream, 0, bytes->data, count);
    vow__bytes_set_length(bytes, count);
    vow__in_consume(stream, count + skipped);
    return vow__bytes_value(bytes);
}

/* Finds a delimiter that begins in one run and ends in another. The bytes on both sides are put together for
 * that. */
static size_t find_across(const vow_stream *stream, size_t from, size_t end, const char *delimiter,
                          size_t length)
{
    char window[2 * VOW__DELIMITER_MAX];
    size_t count = end - from < 2 * (length - 1) ? end - from : 2 * (length - 1);
    const char *found;

    vow__in_copy(stream, from, window, count);
    found = vow__find_bytes(window, count, delimiter, length);
    return found ? from + (size_t) (found - window) : end;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t vow__in_find(const vow_stream *stream, size_t from, size_t end, const char *delimiter, size_t length)
{
    size_t base = 0; /* where the run begins */

    for (vow__run run = vow__in_first_run(stream); base < end; run = vow__in_next_run(stream, run)) {
        size_t run_end = base + run.length < end ? base + run.length : end, at;
        size_t begin = larger(from, base);

        if (begin < run_end) {
            const char *found =
                vow__find_bytes(run.data + (begin - base), run_end - begin, delimiter, length);

            if (found)
                return base + (size_t) (found - run.data);
        }
        if (run_end < end && run_end > from && length > 1) {
            begin = larger(begin, run_end > length - 1 ? run_end - (length - 1) : 0);
            at = find_across(stream, begin, end, delimiter, length);
            if (at < end)
                return at;
        }
        base += run.length;
    }
    return end;
}
