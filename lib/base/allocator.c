/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the allocator that is in force: the C library's, until vow_allocator_set() says otherwise. */
#define _POSIX_C_SOURCE 200809L
#include "base/allocator-private.h"

#include <stdlib.h>

#include <vow/allocator.h>

static void *libc_allocate(void *data, size_t size, size_t alignment)
{
    void *block;

    (void) data;
    if (alignment <= _Alignof(max_align_t))
        return malloc(size);
    return posix_memalign(&block, alignment, size) ? NULL : block;
}

static void libc_release(void *data, void *block, size_t size)
{
    (void) data;
    (void) size;
    free(block);
}

static const vow_allocator libc_allocator = {libc_allocate, libc_release, NULL};
static vow_allocator current = {libc_allocate, libc_release, NULL};

void vow_allocator_set(const vow_allocator *allocator)
{
    current = allocator ? *allocator : libc_allocator;
}

void *vow__allocate(size_t size)
{
    return current.allocate(current.data, size, _Alignof(max_align_t));
}

void *vow__allocate_aligned(size_t size, size_t alignment)
{
    return current.allocate(current.data, size, alignment);
}

void vow__release(void *block, size_t size)
{
    if (block)
        current.release(current.data, block, size);
}
