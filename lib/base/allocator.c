/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the allocator in force: the C library's, until vow_allocator_set() says otherwise. */
#define _DEFAULT_SOURCE
#include "base/allocator-private.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vow/allocator.h>

#include "base/poison-private.h"

/*
 * Memory of this size or more comes straight from the system, in huge pages where it has them. It can be
 * given back whatever malloc() has placed behind it, and it does not take a page fault for every 4 KiB.
 * Builds for AddressSanitizer or Valgrind leave all memory to malloc(), so that the tool sees it.
 */
#define HUGE_SIZE ((size_t) 2 << 20)
#if defined MAP_ANONYMOUS && defined MADV_HUGEPAGE && !defined VOW_NO_LINUX_CALLS && !defined VOW__POISONS
#define MAPS_HUGE 1
#else
#define MAPS_HUGE 0
#endif

#if MAPS_HUGE
/* Memory aligned to HUGE_SIZE. Maps HUGE_SIZE more than is asked for, and gives back what is too much in
 * front and behind. */
static void *map_huge(size_t size)
{
    char *mapped, *block;
    size_t before;

    if (size > SIZE_MAX - HUGE_SIZE)
        return NULL;
    mapped = mmap(NULL, size + HUGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    before = -(uintptr_t) mapped & (HUGE_SIZE - 1);
    block = mapped + before;
    if (before)
        munmap(mapped, before);
    munmap(block + size, HUGE_SIZE - before);
    madvise(block, size, MADV_HUGEPAGE);
    return block;
}

/* Rounds up to whole pages, since the system maps and unmaps nothing less. */
static size_t whole_pages(size_t size)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);

    return size > SIZE_MAX - page ? size : (size + page - 1) & ~(page - 1);
}
#endif

static void *libc_allocate(void *data, size_t size, size_t alignment)
{
    void *block;

    (void) data;
#if MAPS_HUGE
    if (size >= HUGE_SIZE)
        return map_huge(whole_pages(size));
#endif
    if (alignment <= _Alignof(max_align_t))
        return malloc(size);
    return posix_memalign(&block, alignment, size) ? NULL : block;
}

static void libc_release(void *data, void *block, size_t size)
{
    (void) data;
#if MAPS_HUGE
    if (size >= HUGE_SIZE) {
        munmap(block, whole_pages(size));
        return;
    }
#else
    (void) size;
#endif
    free(block);
}

static const vow_allocator libc_allocator = {libc_allocate, libc_release, NULL};
static vow_allocator allocator_current = {libc_allocate, libc_release, NULL};

void vow_allocator_set(const vow_allocator *allocator)
{
    allocator_current = allocator ? *allocator : libc_allocator;
}

void *vow__allocate(size_t size)
{
    return allocator_current.allocate(allocator_current.data, size, _Alignof(max_align_t));
}

void *vow__allocate_aligned(size_t size, size_t alignment)
{
    return allocator_current.allocate(allocator_current.data, size, alignment);
}

void vow__release(void *block, size_t size)
{
    if (block)
        allocator_current.release(allocator_current.data, block, size);
}
