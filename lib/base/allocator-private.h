/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way to memory. Everything that libvow allocates goes through here, so that a program can replace
 * it and a test can refuse any of it.
 */
#ifndef VOW_BASE_ALLOCATOR_PRIVATE_H
#define VOW_BASE_ALLOCATOR_PRIVATE_H

#include <stddef.h>

#include "base/compiler-private.h"

/* Memory for one object, aligned for any type; NULL when there is none. */
VOW__SHARED void *vow__allocate(size_t size);
/* The same, aligned to `alignment`: a power of two, larger than any type needs. */
void *vow__allocate_aligned(size_t size, size_t alignment);
/* Gives back what either of them returned. `size` is what was asked for. NULL does nothing. */
VOW__SHARED void vow__release(void *block, size_t size);

#endif
