/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns values of bytes: length, room and content in one allocation, with a zero byte behind the content. */
#include "core/bytes-private.h"

#include <string.h>

#include "base/allocator-private.h"

static void drop_bytes(void *pointer)
{
    vow__bytes_free(pointer);
}

const vow_type vow_type_bytes = {"bytes", drop_bytes};

static size_t bytes_size_of(size_t capacity)
{
    return sizeof(vow__bytes) + capacity + 1;
}

vow__bytes *vow__bytes_new(size_t capacity)
{
    vow__bytes *bytes = capacity < SIZE_MAX - sizeof *bytes ? vow__allocate(bytes_size_of(capacity)) : NULL;

    if (!bytes)
        return NULL;
    bytes->bytes.data = bytes->data;
    bytes->capacity = capacity;
    vow__bytes_set_length(bytes, 0);
    return bytes;
}

void vow__bytes_set_length(vow__bytes *bytes, size_t length)
{
    bytes->bytes.length = length;
    bytes->data[length] = 0;
}

vow__bytes *vow__bytes_resize(vow__bytes *bytes, size_t capacity)
{
    vow__bytes *larger = vow__bytes_new(capacity);

    if (!larger)
        return NULL;
    memcpy(larger->data, bytes->data, bytes->bytes.length);
    vow__bytes_set_length(larger, bytes->bytes.length);
    vow__bytes_free(bytes);
    return larger;
}

void vow__bytes_free(vow__bytes *bytes)
{
    if (bytes)
        vow__release(bytes, bytes_size_of(bytes->capacity));
}

vow_value vow__bytes_value(vow__bytes *bytes)
{
    return vow_own(bytes, &vow_type_bytes);
}
