/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools of small blocks, cut from slabs that are aligned to their size. A block finds its slab, and so its
 * pool, by masking its own address. Blocks need no header. Their first word must never be zero while they are
 * in use: that is how a pool tells a used block from a free one when it enumerates them.
 *
 * A pool keeps some free blocks at hand; the others are with their slabs. A slab whose blocks are all back is
 * freed. So taking and giving a block touches the block and its pool alone. With the free list in the slab's
 * header, the headers of all slabs would stand at the same place in a page, and a processor that compares the
 * low bits of addresses first would wait for stores to another slab (W2 of bench/).
 *
 * The more blocks come back, the fewer a pool keeps at hand. Blocks that come back in no order may stand in
 * as many slabs, and each of these may keep a region in memory (of ten million promises that were freed at
 * random, 290 MB of 640 stayed).
 *
 * The first slabs stand alone. Later ones are cut from regions as large as a huge page. So a program with
 * millions of promises takes a page fault for every 2 MiB and not for every 4 KiB, which would cost more than
 * making the promises (W1 of bench/). A block that is too large for a slab gets one of its own.
 */
#ifndef VOW_BASE_POOL_PRIVATE_H
#define VOW_BASE_POOL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vow/common.h>

#include "base/compiler-private.h"
#include "base/link-private.h"
#include "base/poison-private.h"

#define VOW__SLAB_ALIGNMENT ((size_t) 65536)
/* A slab that stands alone leaves malloc() room for its own header, so that such slabs can lie side by
 * side. */
#define VOW__SLAB_SIZE (VOW__SLAB_ALIGNMENT - 64)
/* Sizes of blocks go in fine steps up to VOW__BLOCK_FINE, for promises and most tasks, and then in coarse
 * ones, for tasks with a buffer in their frame. */
#define VOW__BLOCK_STEP ((size_t) 16)
#define VOW__BLOCK_FINE ((size_t) 1024)
#define VOW__BLOCK_COARSE_STEP ((size_t) 512)
#define VOW__BLOCK_MAX ((size_t) 4096)
#define VOW__POOL_FINE (VOW__BLOCK_FINE / VOW__BLOCK_STEP)
#define VOW__POOL_COUNT (VOW__POOL_FINE + (VOW__BLOCK_MAX - VOW__BLOCK_FINE) / VOW__BLOCK_COARSE_STEP)

typedef struct vow__pools vow__pools;

/* What a free block holds. */
typedef struct vow__free_block {
    void *in_use; /* NULL */
    struct vow__free_block *next;
} vow__free_block;

/* A slab's first block stands at least this far from the beginning of the slab. */
#define VOW__SLAB_HEADER ((size_t) 128)

typedef struct vow__pool {
    vow__free_block *free; /* at hand, the last one that came back first */
    int32_t room;   /* how many more may be at hand; negative: how many are too many, up to a slab's worth */
    uint16_t keeps; /* how many may be at hand in all */
    uint16_t block; /* size of a block */
    size_t out;     /* blocks that are not with their slabs: in use, at hand, or to be carved */
    char *fresh;    /* in `carved`: blocks from here on were never handed out, their memory never touched */
    char *end;      /* behind the last of those */
    struct vow__slab *carved; /* the slab that fresh blocks come from, or NULL */
    vow__link partial;        /* the slabs that have free blocks with them */
} vow__pool;

_Static_assert(sizeof(void *) != 8 || sizeof(vow__pool) == 64, "a pool is one cache line");

typedef struct vow__slab {
    vow__pools *pools;
    vow__pool *pool;
    vow__free_block *free;       /* blocks that are with the slab, and not at hand in the pool */
    uint32_t out;                /* blocks elsewhere: in use, at hand, or to be carved. 0: the slab goes */
    uint32_t walks;              /* how many walks are in it now; while there are any, it stays */
    vow__link all;               /* in pools->slabs */
    struct vow__slab *next_idle; /* in pools->idle */
    vow__link partial;           /* in the pool's list */
    size_t size;                 /* of the slab itself */
    char *first;                 /* the first block */
} vow__slab;

struct vow__pools {
    vow__pool pool[VOW__POOL_COUNT];
    vow__pool large;     /* of large blocks, each in a slab of its own: its `block` is 0, and it keeps none */
    vow__link slabs;     /* all of them, large blocks included */
    vow__link regions;   /* those with a vacant slab, wholly vacant ones last */
    vow__slab *idle;     /* slabs outside regions that are kept for later */
    unsigned alone;      /* slabs outside regions that are in use */
    unsigned idle_slabs; /* how many slabs are in `idle` */
    unsigned idle_regions; /* regions that are wholly vacant, and kept */
    bool is_sealed;        /* no block is handed out any more */
    bool is_single;        /* each block is a piece of memory of its own: see vow__blocks_are_single() */
};

static inline vow__slab *vow__slab_of(const void *block)
{
    return (vow__slab *) ((uintptr_t) block & ~(uintptr_t) (VOW__SLAB_ALIGNMENT - 1));
}

/*
 * Makes a struct of `size` bytes (less than a slab) that begins with its pools. The struct stands in a slab
 * of its own. So one of its members may be a block, too, and still finds its pools. NULL when there is no
 * memory.
 */
vow__pools *vow__pools_new(size_t size);
/*
 * Whether the environment (VOW_MALLOC) asks for each block to be a piece of memory of its own, as a large one
 * is. Then pools use no block twice, and a tool that only watches malloc() sees a block that is used after it
 * was freed. Pools never have a block at hand then, so the quick ways to take and give one need not ask.
 */
bool vow__blocks_are_single(void);
/* No block is handed out from now on. */
void vow__pools_seal(vow__pools *pools);
/* To be called when the pools are sealed and no block is in use. */
void vow__pools_delete(vow__pools *pools);

/* A block of at least `size` bytes, not initialised; NULL when there is no memory. */
void *vow__pool_take_slowly(vow__pools *pools, size_t size);
/* The rest of vow__pool_give(), which has counted down the room: the block is a large one, or the pool has
 * enough at hand. */
void vow__pool_give_slowly(void *block);

#if defined VOW_DEBUG || defined VOW__POISONS
/* No block is kept at hand. Each is taken and given slowly, where the allocator is asked and memory is
 * poisoned. */
#define VOW__POOL_KEEPS 0
#else
#define VOW__POOL_KEEPS 256
#endif

/* Which pool has blocks of a size up to VOW__BLOCK_MAX. */
static inline size_t vow__pool_index(size_t size)
{
    if (size <= VOW__BLOCK_FINE)
        return (size - 1) / VOW__BLOCK_STEP;
    return VOW__POOL_FINE + (size - VOW__BLOCK_FINE - 1) / VOW__BLOCK_COARSE_STEP;
}

/* The same as vow__pool_take_slowly() if that can be done without a call, as most often; else NULL. */
static inline void *vow__pool_take_quickly(vow__pools *pools, size_t size)
{
    if (VOW__POOL_KEEPS && size <= VOW__BLOCK_MAX) {
        vow__pool *pool = &pools->pool[vow__pool_index(size)];
        vow__free_block *block = pool->free;

        if (block) {
            pool->free = block->next;
            pool->room++;
            return block;
        }
        if (pool->fresh != pool->end) {
            block = (vow__free_block *) (void *) pool->fresh;
            pool->fresh += pool->block;
            return block;
        }
    }
    return NULL;
}

/* Gives a block back; slabs that are empty go back to the allocator. */
static inline void vow__pool_give(void *memory)
{
    vow__pool *pool = vow__slab_of(memory)->pool;

    if (VOW__LIKELY(--pool->room >= 0)) {
        vow__free_block *block = (vow__free_block *) memory;

        block->in_use = NULL;
        block->next = pool->free;
        pool->free = block;
    } else {
        vow__pool_give_slowly(memory);
    }
}

/* How many blocks are in use. */
size_t vow__pools_count(const vow__pools *pools);
/* The block of a slab in which an address lies, or NULL. It may be any address: it is only compared. */
void *vow__slab_block_at(vow__slab *slab, const void *address);
/* Calls fn for each block in use. fn may give any block back. It may take new ones, which it may or may not
 * be called for. */
void vow__pools_each(vow__pools *pools, void (*fn)(void *block, void *data), void *data);

#endif
