/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the block of a vow_buffer: `consumed` bytes that are free again, then `length` bytes, then room.
 * Consuming bytes moves none. Bytes are moved only when at least as many were consumed, or came, since the
 * last move. So each byte is moved a few times at most, however the input is cut.
 */
#include <string.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "io/buffer-private.h"

#define FIRST_SIZE ((size_t) 512)

/* A block of this size or more is given back when most of it is free. */
#define LARGE_SIZE ((size_t) 65536)

static char *buffer_block_of(const vow_buffer *buffer)
{
    return buffer->data ? buffer->data - buffer->consumed : NULL;
}

static size_t buffer_size_of(const vow_buffer *buffer)
{
    return buffer->consumed + buffer->capacity;
}

static void set_block(vow_buffer *buffer, char *block, size_t size)
{
    buffer->data = block;
    buffer->capacity = size;
    buffer->consumed = 0;
}

static void buffer_move_to_front(vow_buffer *buffer)
{
    char *block = buffer_block_of(buffer);

    memmove(block, buffer->data, buffer->length);
    set_block(buffer, block, buffer_size_of(buffer));
}

/* Moves the bytes to a new block. False when there is no memory: then nothing has changed. */
static bool buffer_move(vow_buffer *buffer, size_t size)
{
    char *block = vow__allocate(size);

    if (!block)
        return false;
    if (buffer->length)
        memcpy(block, buffer->data, buffer->length);
    vow__release(buffer_block_of(buffer), buffer_size_of(buffer));
    set_block(buffer, block, size);
    return true;
}

bool vow__buffer_make_room(vow_buffer *buffer, size_t limit)
{
    size_t size = buffer_size_of(buffer);

    if (buffer->length < buffer->capacity)
        return true;
    if (buffer->consumed && (buffer->consumed >= buffer->length || size >= limit)) {
        buffer_move_to_front(buffer);
        return true;
    }
    size = size > SIZE_MAX / 2 ? SIZE_MAX : size * 2;
    if (size < FIRST_SIZE)
        size = FIRST_SIZE;
    return buffer_move(buffer, size < limit ? size : limit);
}

/* If there is no memory for a smaller block, the large one stays. */
static void buffer_shrink(vow_buffer *buffer)
{
    if (buffer_size_of(buffer) < LARGE_SIZE || buffer->length > buffer_size_of(buffer) / 8)
        return;
    if (buffer->length)
        (void) buffer_move(buffer, buffer->length * 2);
    else
        vow_buffer_clear(buffer);
}

void vow_buffer_consume_at(vow_buffer *buffer, size_t count, const char *site)
{
    vow__check_pointer(buffer, "buffer", "vow_buffer_consume", site);
    if (count > buffer->length)
        vow__misuse_at("vow_buffer_consume", NULL, site, "%zu bytes of %zu", count, buffer->length);
    if (!count)
        return;
    buffer->data += count;
    buffer->length -= count;
    buffer->capacity -= count;
    buffer->consumed += count;
    if (!buffer->length)
        buffer_move_to_front(buffer);
    buffer_shrink(buffer);
}

void vow_buffer_clear_at(vow_buffer *buffer, const char *site)
{
    vow__check_pointer(buffer, "buffer", "vow_buffer_clear", site);
    vow__release(buffer_block_of(buffer), buffer_size_of(buffer));
    memset(buffer, 0, sizeof *buffer);
}
