/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools of small blocks, cut from slabs that are aligned to their size: a block finds its slab, and so its
 * pools, by masking its own address. Blocks need no header, and their first word must never be zero while
 * they are in use: that is how a pool tells a used block from a free one when it enumerates them.
 *
 * Blocks that are too large for a slab get one of their own.
 */
#ifndef VOW_BASE_POOL_PRIVATE_H
#define VOW_BASE_POOL_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/list-private.h"
#include "base/poison-private.h"

#define VOW__SLAB_ALIGNMENT ((size_t) 65536)
/* Leaves malloc room for its own header, so that slabs can lie side by side. */
#define VOW__SLAB_SIZE (VOW__SLAB_ALIGNMENT - 64)
#define VOW__BLOCK_STEP ((size_t) 16)
#define VOW__BLOCK_MAX ((size_t) 1024)
#define VOW__POOL_COUNT (VOW__BLOCK_MAX / VOW__BLOCK_STEP)

typedef struct vow__pools vow__pools;

typedef struct vow__slab {
    vow__pools *pools;
    vow__link all;                /* in pools->slabs */
    vow__link partial;            /* in its pool's list while it has free blocks and is not current */
    struct vow__free_block *free; /* the freed blocks, last one first */
    size_t size;                  /* of the slab itself, as it was allocated */
    uint32_t block;               /* size of a block */
    uint32_t capacity;            /* blocks it has room for */
    uint32_t carved;              /* blocks that were ever handed out: the rest was never touched */
    uint32_t used;                /* blocks that are in use */
} vow__slab;

/* The first block stands here, so that blocks of 64 bytes are cache lines. */
#define VOW__SLAB_HEADER ((size_t) 128)

typedef struct vow__pool {
    vow__slab *current; /* where blocks are taken from, or NULL */
    vow__link partial;
} vow__pool;

struct vow__pools {
    vow__pool pool[VOW__POOL_COUNT];
    vow__link slabs; /* all of them, large blocks included */
};

static inline vow__slab *vow__slab_of(const void *block)
{
    return (vow__slab *) ((uintptr_t) block & ~(uintptr_t) (VOW__SLAB_ALIGNMENT - 1));
}

/*
 * A struct of `size` bytes (less than a slab) that begins with its pools. It stands in a slab of its own, so
 * that a block may also be a member of that struct and still find its pools. NULL when there is no memory.
 */
vow__pools *vow__pools_new(size_t size);
/* To be called when no slab is left. */
void vow__pools_delete(vow__pools *pools);
/* What a free block holds. */
typedef struct vow__free_block {
    void *in_use; /* NULL */
    struct vow__free_block *next;
} vow__free_block;

/* A block of at least `size` bytes, not initialised; NULL when there is no memory. */
void *vow__pool_take_slowly(vow__pools *pools, size_t size);

/* The same. Most often a block of that size was given back before: taking it needs no call. */
static inline void *vow__pool_take(vow__pools *pools, size_t size)
{
#if !defined VOW_DEBUG && !defined VOW__POISONS
    vow__slab *slab = size <= VOW__BLOCK_MAX ? pools->pool[(size - 1) / VOW__BLOCK_STEP].current : NULL;

    if (slab && slab->free) {
        vow__free_block *block = slab->free;

        slab->free = block->next;
        slab->used++;
        return block;
    }
#endif
    return vow__pool_take_slowly(pools, size);
}

/* Gives a block back; slabs that are empty go back to the allocator. */
void vow__pool_give(void *block);
/* Releases the empty slabs that were kept for later. Blocks in use stay. */
void vow__pools_trim(vow__pools *pools);
/* How many blocks are in use. */
size_t vow__pools_count(const vow__pools *pools);
/* Calls fn for each block in use; fn may give any block back and may take new ones, which it may or may not
 * see. */
void vow__pools_each(vow__pools *pools, void (*fn)(void *block, void *data), void *data);

#endif
