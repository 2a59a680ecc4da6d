/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has come on a stream and was not read yet. A large buffer is there only while something is read into
 * it: it comes from the loop and goes back there, and what is left over moves to a small one. So a thousand
 * streams in the middle of a line hold a thousand half lines, and not a thousand large buffers.
 */
#include <errno.h>
#include <string.h>

#include "loop/stream-private.h"

static vow__ev_loop *loop_of(const vow_stream *stream)
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
static bool move(vow_stream *stream, size_t capacity)
{
    vow__ev_loop *loop = loop_of(stream);
    size_t length = vow__in_length(stream);
    vow__bytes *bytes = take_out(loop, capacity);

    if (!bytes)
        return false;
    if (length)
        memcpy(bytes->data, vow__in_data(stream), length);
    vow__bytes_set_length(bytes, length);
    if (stream->bytes)
        give_back(loop, stream->bytes);
    stream->bytes = bytes;
    stream->start = 0;
    return true;
}

static void move_to_front(vow_stream *stream)
{
    size_t length = vow__in_length(stream);

    memmove(stream->bytes->data, vow__in_data(stream), length);
    vow__bytes_set_length(stream->bytes, length);
    stream->start = 0;
}

/* Room for one byte more, and for as many as may be without waste. */
static bool make_room(vow_stream *stream, size_t most)
{
    size_t capacity = stream->bytes ? stream->bytes->capacity : 0;

    if (capacity < VOW__STREAM_AHEAD)
        return move(stream, VOW__STREAM_AHEAD);
    if (stream->bytes->bytes.length < capacity)
        return true;
    if (stream->start && (most <= capacity || stream->start >= capacity / 2)) {
        move_to_front(stream);
        return true;
    }
    capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    return move(stream, capacity < most ? capacity : most);
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
    else if (!vow__in_length(stream))
        vow__in_clear(stream);
    errno = code;
    return count;
}

void vow__in_clear(vow_stream *stream)
{
    if (stream->bytes)
        give_back(loop_of(stream), stream->bytes);
    stream->bytes = NULL;
    stream->start = 0;
}

void vow__in_consume(vow_stream *stream, size_t count)
{
    stream->start += count;
    if (!vow__in_length(stream))
        vow__in_clear(stream);
}

void vow__in_shrink(vow_stream *stream)
{
    size_t length = vow__in_length(stream);

    if (length <= stream->bytes->capacity / 8 && stream->bytes->capacity >= VOW__STREAM_AHEAD)
        (void) move(stream, length);
}

/* The buffer itself can become the value when it holds nothing else and is not much too large. */
static bool is_the_value(const vow_stream *stream, size_t count, size_t skipped)
{
    const vow__bytes *bytes = stream->bytes;

    return !stream->start && count + skipped == bytes->bytes.length && bytes->capacity - count <= count / 4;
}

vow_value vow__in_take(vow_stream *stream, size_t count, size_t skipped)
{
    vow__bytes *bytes = stream->bytes;

    if (count && is_the_value(stream, count, skipped)) {
        vow__bytes_set_length(bytes, count);
        stream->bytes = NULL;
        return vow__bytes_value(bytes);
    }
    bytes = vow__bytes_new(count);
    if (!bytes)
        return vow_throw(&vow__error_no_memory);
    if (count)
        memcpy(bytes->data, vow__in_data(stream), count);
    vow__bytes_set_length(bytes, count);
    vow__in_consume(stream, count + skipped);
    return vow__bytes_value(bytes);
}
