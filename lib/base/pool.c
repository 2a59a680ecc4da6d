/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the slabs of a loop. Invariants: a slab is in its pool's partial list exactly when it has a free block
 * and is not the pool's current one; a slab without used blocks exists only as a current one.
 */
#include "base/pool-private.h"

#include <stdbool.h>

#include "base/allocator-private.h"

_Static_assert(sizeof(vow__slab) <= VOW__SLAB_HEADER, "the first block must not overlap the slab's header");

static void pools_init(vow__pools *pools)
{
    for (size_t i = 0; i < VOW__POOL_COUNT; i++) {
        pools->pool[i].current = NULL;
        vow__list_init(&pools->pool[i].partial);
    }
    vow__list_init(&pools->slabs);
}

vow__pools *vow__pools_new(size_t size)
{
    vow__slab *slab = vow__allocate_aligned(VOW__SLAB_HEADER + size, VOW__SLAB_ALIGNMENT);
    vow__pools *pools;

    if (!slab)
        return NULL;
    pools = (vow__pools *) (void *) ((char *) slab + VOW__SLAB_HEADER);
    slab->pools = pools;
    slab->size = VOW__SLAB_HEADER + size;
    pools_init(pools);
    return pools;
}

void vow__pools_delete(vow__pools *pools)
{
    vow__slab *slab = vow__slab_of(pools);

    vow__release(slab, slab->size);
}

static vow__slab *slab_new(vow__pools *pools, size_t slab_size, size_t block_size, uint32_t capacity)
{
    vow__slab *slab = vow__allocate_aligned(slab_size, VOW__SLAB_ALIGNMENT);

    if (!slab)
        return NULL;
    slab->pools = pools;
    slab->free = NULL;
    slab->size = slab_size;
    slab->block = (uint32_t) block_size;
    slab->capacity = capacity;
    slab->carved = 0;
    slab->used = 0;
    vow__list_append(&pools->slabs, &slab->all);
    VOW__POISON((char *) slab + VOW__SLAB_HEADER, slab_size - VOW__SLAB_HEADER);
    return slab;
}

static void slab_release(vow__slab *slab)
{
    vow__list_unlink(&slab->all);
    VOW__UNPOISON((char *) slab + VOW__SLAB_HEADER, slab->size - VOW__SLAB_HEADER);
    vow__release(slab, slab->size);
}

static inline void *slab_block(vow__slab *slab, uint32_t index)
{
    return (char *) slab + VOW__SLAB_HEADER + (size_t) index * slab->block;
}

static inline bool slab_is_full(const vow__slab *slab)
{
    return !slab->free && slab->carved == slab->capacity;
}

/* A free block of a slab that has one. */
static inline void *slab_take(vow__slab *slab)
{
    vow__free_block *block = slab->free;

    slab->used++;
    if (!block) {
        block = slab_block(slab, slab->carved++);
        VOW__UNPOISON(block, slab->block);
        return block;
    }
    VOW__PEEK_BEGIN(block, sizeof *block);
    slab->free = block->next;
    VOW__UNPOISON(block, slab->block);
    return block;
}

static void *take_large(vow__pools *pools, size_t size)
{
    vow__slab *slab;

    if (size > SIZE_MAX - VOW__SLAB_HEADER)
        return NULL;
    slab = slab_new(pools, VOW__SLAB_HEADER + size, 0, 1);
    if (!slab)
        return NULL;
    VOW__UNPOISON((char *) slab + VOW__SLAB_HEADER, size);
    slab->carved = slab->used = 1;
    return slab_block(slab, 0);
}

/* The current slab is full, or there is none: makes another one current. */
static vow__slab *pool_advance(vow__pools *pools, vow__pool *pool, size_t block_size)
{
    vow__slab *slab;

    if (!vow__list_is_empty(&pool->partial)) {
        slab = VOW__CONTAINER_OF(pool->partial.next, vow__slab, partial);
        vow__list_unlink(&slab->partial);
    } else {
        slab = slab_new(pools, VOW__SLAB_SIZE, block_size,
                        (uint32_t) ((VOW__SLAB_SIZE - VOW__SLAB_HEADER) / block_size));
        if (!slab)
            return NULL;
    }
    pool->current = slab;
    return slab;
}

/*
 * In debug builds every block asks the allocator first, so that one that refuses can refuse each of them and
 * not only the slabs.
 */
static inline bool is_refused(size_t size)
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
    size_t index = (size + VOW__BLOCK_STEP - 1) / VOW__BLOCK_STEP - 1;
    vow__pool *pool;
    vow__slab *slab;

    if (is_refused(size))
        return NULL;
    if (size > VOW__BLOCK_MAX)
        return take_large(pools, size);
    pool = &pools->pool[index];
    slab = pool->current;
    if (!slab || slab_is_full(slab)) {
        slab = pool_advance(pools, pool, (index + 1) * VOW__BLOCK_STEP);
        if (!slab)
            return NULL;
    }
    return slab_take(slab);
}

static inline vow__pool *slab_pool(vow__slab *slab)
{
    return slab->block ? &slab->pools->pool[slab->block / VOW__BLOCK_STEP - 1] : NULL;
}

void vow__pool_give(void *memory)
{
    vow__free_block *block = memory;
    vow__slab *slab = vow__slab_of(memory);
    vow__pool *pool = slab_pool(slab);

    if (!pool) {
        if (--slab->used == 0)
            slab_release(slab);
        return;
    }
    if (slab != pool->current && slab_is_full(slab))
        vow__list_append(&pool->partial, &slab->partial);
    block->in_use = NULL;
    block->next = slab->free;
    slab->free = block;
    VOW__POISON(block, slab->block);
    if (--slab->used == 0 && slab != pool->current) {
        vow__list_unlink(&slab->partial);
        slab_release(slab);
    }
}

void vow__pools_trim(vow__pools *pools)
{
    for (size_t i = 0; i < VOW__POOL_COUNT; i++) {
        vow__slab *slab = pools->pool[i].current;

        if (!slab || slab->used)
            continue;
        pools->pool[i].current = NULL;
        slab_release(slab);
    }
}

size_t vow__pools_count(const vow__pools *pools)
{
    size_t count = 0;

    for (const vow__link *link = pools->slabs.next; link != &pools->slabs; link = link->next)
        count += VOW__CONTAINER_OF(link, vow__slab, all)->used;
    return count;
}

static bool is_in_use(const vow__slab *slab, void *block)
{
    bool in_use;

    VOW__PEEK_BEGIN(block, sizeof(void *));
    in_use = *(void **) block != NULL;
    if (!in_use)
        VOW__POISON(block, slab->block);
    return in_use;
}

static void slab_each(vow__slab *slab, void (*fn)(void *block, void *data), void *data)
{
    uint32_t carved = slab->carved;

    for (uint32_t i = 0; i < carved; i++) {
        void *block = slab_block(slab, i);

        if (is_in_use(slab, block))
            fn(block, data);
    }
}

/* The walk counts as a use of the slab it is in, so that the slab and its link to the next one stay. */
void vow__pools_each(vow__pools *pools, void (*fn)(void *block, void *data), void *data)
{
    vow__link *link = pools->slabs.next;

    while (link != &pools->slabs) {
        vow__slab *slab = VOW__CONTAINER_OF(link, vow__slab, all);
        vow__pool *pool = slab_pool(slab);

        slab->used++;
        slab_each(slab, fn, data);
        link = link->next;
        if (--slab->used || (pool && slab == pool->current))
            continue;
        if (pool)
            vow__list_unlink(&slab->partial);
        slab_release(slab);
    }
}
