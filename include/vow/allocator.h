/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/allocator.h
 * @brief Where libvow gets its memory from.
 */
#ifndef VOW_ALLOCATOR_H
#define VOW_ALLOCATOR_H

#include <vow/common.h>

VOW_BEGIN_DECLS

/**
 * @brief Two functions that take the place of malloc() and free().
 *
 * Promises and tasks are cut from slabs of 64 KiB, aligned to their size. A loop that has more than 24 slabs
 * takes more memory 2 MiB at a time, aligned to that. Of what is vacant, it keeps at most 24 of the former
 * and four of the latter. So `allocate` must honour the alignment (a power of two). When there is no memory,
 * it returns NULL; libvow then rejects with `ENOMEM`.
 */
typedef struct vow_allocator {
    void *(*allocate)(void *data, size_t size, size_t alignment); /**< returns NULL when out of memory */
    void (*release)(void *data, void *block, size_t size); /**< size is what allocate() was asked for */
    void *data;                                            /**< handed to both */
} vow_allocator;

/**
 * @brief Replaces the source of all memory that libvow takes from now on.
 *
 * Call it while nothing of libvow is alive (typically first in main()): a block goes back through the
 * allocator that is set when it is released.
 *
 * Once there is a job (vow_offload()) or a remote (vow_remote_new()), both functions are called on their
 * threads, too, at the same time.
 *
 * @param allocator copied. NULL brings back the default: the C library's malloc(), posix_memalign() and
 * free(), and for 2 MiB and more mmap(2), in huge pages where the system has them.
 *
 * @par Thread
 * Not safe against other threads that use libvow at the same time.
 * @since 0.1
 */
VOW_API void vow_allocator_set(const vow_allocator *allocator);

VOW_END_DECLS

#endif
