/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the slabs of a loop. Invariants: a slab is in its pool's partial list exactly when it has free blocks
 * with it; a slab whose blocks are all back exists only while somebody walks through it.
 */
#include "base/pool-private.h"

#include <stdlib.h>
#include <string.h>

#include "base/allocator-private.h"
#include "base/region-private.h"

/* Once a pool has too many blocks at hand, it keeps one for so many that are in use. */
#define IN_USE_FOR_ONE 32

/* How many blocks are at hand. */
static uint32_t kept(const vow__pool *pool)
{
    return (uint32_t) (pool->keeps - pool->room);
}

static void pool_set_keeps(vow__pool *pool, size_t keeps)
{
    pool->room = (int32_t) keeps - (int32_t) kept(pool);
    pool->keeps = (uint16_t) keeps;
}

static void pool_init(vow__pool *pool, size_t block)
{
    *pool = (vow__pool){.block = (uint16_t) block};
    pool_set_keeps(pool, block ? VOW__POOL_KEEPS : 0);
    vow__list_init(&pool->partial);
}

/* The size of a pool's blocks: see vow__pool_index(). */
static size_t pool_block_of(size_t index)
{
    if (index < VOW__POOL_FINE)
        return (index + 1) * VOW__BLOCK_STEP;
    return VOW__BLOCK_FINE + (index - VOW__POOL_FINE + 1) * VOW__BLOCK_COARSE_STEP;
}

bool vow__blocks_are_single(void)
{
    const char *word = getenv("VOW_MALLOC");

    return word && *word && strcmp(word, "0") != 0;
}

vow__pools *vow__pools_new(size_t size)
{
    vow__slab *slab = vow__allocate_aligned(VOW__SLAB_HEADER + size, VOW__SLAB_ALIGNMENT);
    vow__pools *pools;

    if (!slab)
        return NULL;
    pools = (vow__pools *) (void *) ((char *) slab + VOW__SLAB_HEADER);
    *slab = (vow__slab){.pools = pools, .size = VOW__SLAB_HEADER + size};
    pools->idle = NULL;
    pools->alone = pools->idle_slabs = pools->idle_regions = 0;
    pools->is_sealed = false;
    pools->is_single = vow__blocks_are_single();
    vow__list_init(&pools->slabs);
    vow__list_init(&pools->regions);
    for (size_t i = 0; i < VOW__POOL_COUNT; i++)
        pool_init(&pools->pool[i], pool_block_of(i));
    pool_init(&pools->large, 0);
    return pools;
}

static bool is_large(const vow__slab *slab)
{
    return !slab->pool->block;
}

/*
 * Where the first block of a new slab stands. Blocks of different sizes begin at different places in a page,
 * for the same reason that free lists do not stand in slabs (pool-private.h). It matters most in a pool's
 * first slab, which holds all the promises of a program that has few at a time. So there the blocks of one
 * size keep as far from those of the next sizes as a page allows (W2 of bench/).
 */
static char *place_first(const vow__slab *slab)
{
    size_t steps = slab->pool->block / VOW__BLOCK_STEP;
    size_t colour = slab->pool->out ? (steps + 4) % 8 * 64 : steps % 8 * 512 + 512;

    return (char *) slab + VOW__SLAB_HEADER + (is_large(slab) ? 0 : colour);
}

static size_t slab_capacity(const vow__slab *slab)
{
    return (size_t) ((char *) slab + slab->size - slab->first) / slab->pool->block;
}

static size_t block_size(const vow__slab *slab)
{
    return is_large(slab) ? slab->size - VOW__SLAB_HEADER : slab->pool->block;
}

/* Sets up a slab that has its memory, its size and its pool. */
static void slab_init(vow__slab *slab, vow__pools *pools)
{
    slab->pools = pools;
    slab->free = NULL;
    slab->walks = 0;
    slab->first = place_first(slab);
    slab->out = is_large(slab) ? 1 : (uint32_t) slab_capacity(slab);
    vow__list_append(&pools->slabs, &slab->all);
    VOW__POISON((char *) slab + VOW__SLAB_HEADER, slab->size - VOW__SLAB_HEADER);
}

static void slab_release(vow__slab *slab)
{
    vow__list_unlink(&slab->all);
    VOW__UNPOISON((char *) slab + VOW__SLAB_HEADER, slab->size - VOW__SLAB_HEADER);
    if (is_large(slab))
        vow__release(slab, slab->size);
    else
        vow__slab_yield(slab);
}

static void release_if_empty(vow__slab *slab)
{
    if (slab->out || slab->walks)
        return;
    if (slab->free)
        vow__list_unlink(&slab->partial);
    slab_release(slab);
}

/* Gives a block, which is marked as free already, back to its slab. */
static inline void slab_give(vow__slab *slab, vow__free_block *block)
{
    if (!is_large(slab)) {
        if (!slab->free)
            vow__list_append(&slab->pool->partial, &slab->partial);
        block->next = slab->free;
        slab->free = block;
    }
    VOW__POISON(block, block_size(slab));
    slab->pool->out--;
    if (--slab->out == 0)
        release_if_empty(slab);
}

/* Gives so many of the blocks at hand back to their slabs. */
static void pool_flush(vow__pool *pool, uint32_t count)
{
    for (; count && pool->free; count--) {
        vow__free_block *block = pool->free;

        VOW__PEEK_BEGIN(block, sizeof *block);
        pool->free = block->next;
        pool->room++;
        slab_give(vow__slab_of(block), block);
    }
}

/* Too many blocks are at hand: keeps fewer from now on, and for now half as many as that. */
static void pool_shrink(vow__pool *pool)
{
    size_t in_use = pool->out - kept(pool) - (size_t) (pool->end - pool->fresh) / pool->block;
    size_t keeps = in_use / IN_USE_FOR_ONE;

    pool_set_keeps(pool, keeps > VOW__POOL_KEEPS ? VOW__POOL_KEEPS : keeps);
    if (kept(pool) > pool->keeps / 2u)
        pool_flush(pool, kept(pool) - pool->keeps / 2u);
}

void vow__pool_give_slowly(void *block)
{
    vow__slab *slab = vow__slab_of(block);

    slab->pool->room++;
    if (slab->pool->keeps)
        pool_shrink(slab->pool);
    ((vow__free_block *) block)->in_use = NULL;
    slab_give(slab, block);
}

/* Puts all blocks that are with a slab at hand. */
static void pool_take_over(vow__pool *pool, vow__slab *slab)
{
    uint32_t count = (uint32_t) slab_capacity(slab) - slab->out;

    vow__list_unlink(&slab->partial);
    pool->free = slab->free;
    pool->room = pool->keeps - (int32_t) count;
    slab->free = NULL;
    slab->out += count;
    pool->out += count;
}

/* No block is at hand: gets some, from a slab that has free ones or from a new one. False when there is no
 * memory. */
static bool pool_fill(vow__pools *pools, vow__pool *pool)
{
    vow__slab *slab;

    pool_set_keeps(pool, VOW__POOL_KEEPS);
    if (!vow__list_is_empty(&pool->partial)) {
        pool_take_over(pool, VOW__CONTAINER_OF(pool->partial.next, vow__slab, partial));
        return true;
    }
    slab = vow__slab_obtain(pools);
    if (!slab)
        return false;
    slab->pool = pool;
    slab_init(slab, pools);
    pool->carved = slab;
    pool->fresh = slab->first;
    pool->end = pool->fresh + slab_capacity(slab) * pool->block;
    pool->out += slab->out;
    return true;
}

/* Takes a block that is at hand. */
static void *pool_pop(vow__pool *pool)
{
    vow__free_block *block = pool->free;

    if (block) {
        VOW__PEEK_BEGIN(block, sizeof *block);
        pool->free = block->next;
        pool->room++;
    } else {
        block = (vow__free_block *) (void *) pool->fresh;
        pool->fresh += pool->block;
    }
    VOW__UNPOISON(block, pool->block);
    return block;
}

static void *take_large(vow__pools *pools, size_t size)
{
    vow__slab *slab;

    if (size > SIZE_MAX - VOW__SLAB_HEADER)
        return NULL;
    slab = vow__allocate_aligned(VOW__SLAB_HEADER + size, VOW__SLAB_ALIGNMENT);
    if (!slab)
        return NULL;
    slab->size = VOW__SLAB_HEADER + size;
    slab->pool = &pools->large;
    slab_init(slab, pools);
    VOW__UNPOISON(slab->first, size);
    return slab->first;
}

/* In debug builds the allocator is asked for each block first. So a test can refuse each of them, and not
 * only the slabs. */
static bool is_refused(size_t size)
{
#ifdef VOW_DEBUG
    void *probe = vow__allocate(size);

    if (!probe)
        return true;
    vow__release(probe, size);
#else
    (void) size;
#endif
    return false;
}

void *vow__pool_take_slowly(vow__pools *pools, size_t size)
{
    vow__pool *pool;

    if (pools->is_sealed || is_refused(size))
        return NULL;
    if (size > VOW__BLOCK_MAX || pools->is_single)
        return take_large(pools, size);
    pool = &pools->pool[vow__pool_index(size)];
    if (!pool->free && pool->fresh == pool->end && !pool_fill(pools, pool))
        return NULL;
    return pool_pop(pool);
}

/* What a pool has at hand or to carve goes back to the slabs, and nothing is kept any more. */
static void pool_seal(vow__pool *pool)
{
    vow__slab *slab = pool->carved;

    pool_flush(pool, kept(pool));
    pool_set_keeps(pool, 0);
    pool->carved = NULL;
    while (pool->fresh != pool->end) {
        char *block = pool->fresh;

        pool->fresh += pool->block;
        VOW__UNPOISON(block, pool->block);
        ((vow__free_block *) (void *) block)->in_use = NULL;
        slab_give(slab, (vow__free_block *) (void *) block);
    }
}

void vow__pools_seal(vow__pools *pools)
{
    pools->is_sealed = true;
    for (size_t i = 0; i < VOW__POOL_COUNT; i++)
        pool_seal(&pools->pool[i]);
}

void vow__pools_delete(vow__pools *pools)
{
    vow__slab *slab = vow__slab_of(pools);

    vow__slabs_trim(pools);
    vow__release(slab, slab->size);
}

size_t vow__pools_count(const vow__pools *pools)
{
    size_t count = 0;

    for (const vow__link *link = pools->slabs.next; link != &pools->slabs; link = link->next)
        count += VOW__CONTAINER_OF(link, vow__slab, all)->out;
    for (const vow__pool *pool = pools->pool; !pools->is_sealed && pool < pools->pool + VOW__POOL_COUNT;
         pool++)
        count -= kept(pool) + (size_t) (pool->end - pool->fresh) / pool->block;
    return count;
}

void *vow__slab_block_at(vow__slab *slab, const void *address)
{
    char *first = slab->first;
    size_t offset = (size_t) ((const char *) address - first);

    if ((const char *) address < first || (const char *) address >= (const char *) slab + slab->size)
        return NULL;
    return is_large(slab) ? first : first + offset - offset % slab->pool->block;
}

/* The first word of a block in use is its owner's and may be of any type, so it is read as bytes. */
static bool is_in_use(const vow__slab *slab, void *block)
{
    void *first_word;

    VOW__PEEK_BEGIN(block, sizeof first_word);
    memcpy(&first_word, block, sizeof first_word);
    if (!first_word)
        VOW__POISON(block, slab->pool->block);
    return first_word;
}

static void slab_each(vow__slab *slab, void (*fn)(void *block, void *data), void *data)
{
    const vow__pool *pool = slab->pool;
    const char *end = pool->carved == slab ? pool->fresh : slab->first + slab_capacity(slab) * pool->block;

    for (char *block = slab->first; block < end; block += pool->block)
        if (is_in_use(slab, block))
            fn(block, data);
}

void vow__pools_each(vow__pools *pools, void (*fn)(void *block, void *data), void *data)
{
    vow__link *link = pools->slabs.next;

    while (link != &pools->slabs) {
        vow__slab *slab = VOW__CONTAINER_OF(link, vow__slab, all);

        slab->walks++;
        if (!is_large(slab))
            slab_each(slab, fn, data);
        else if (slab->out)
            fn(slab->first, data);
        link = link->next;
        slab->walks--;
        release_if_empty(slab);
    }
}
