/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the regions that slabs are cut from. Invariant: a region is in its pools' list exactly when one of its
 * slabs is vacant.
 */
#include "base/region-private.h"

#include "base/allocator-private.h"

#define REGION_SIZE ((size_t) 2 << 20)
#define REGION_SLABS (REGION_SIZE / VOW__SLAB_ALIGNMENT)
#define ALL_VACANT UINT32_MAX
/* How many slabs stand alone before the first region is made: small programs stay small. */
#define ALONE_MAX 24
/* How much is kept for later: 9.5 MiB at the most. Without it, a program that works in bursts would fault the
 * same pages in each time (W8 of bench/: 17,000 faults instead of 5,000 when four slabs were kept). */
#define IDLE_SLABS ALONE_MAX
#define IDLE_REGIONS 4

/* Stands in the header of the region's first slab, behind the slab's own members. */
typedef struct vow__region {
    vow__link link;  /* in pools->regions */
    uint32_t vacant; /* a bit for each slab */
} vow__region;

#define REGION_OFFSET (VOW__SLAB_HEADER - sizeof(vow__region))

_Static_assert(sizeof(vow__slab) <= REGION_OFFSET, "a slab's own header and its region's must not overlap");
_Static_assert(REGION_SLABS == 32, "the vacant slabs of a region are the bits of a uint32_t");

static vow__region *region_of(const vow__slab *slab)
{
    return (vow__region *) (((uintptr_t) slab & ~(uintptr_t) (REGION_SIZE - 1)) + REGION_OFFSET);
}

static vow__slab *region_slab(vow__region *region, unsigned index)
{
    return (vow__slab *) (void *) ((char *) region - REGION_OFFSET + index * VOW__SLAB_ALIGNMENT);
}

static vow__region *region_new(vow__pools *pools)
{
    char *memory = vow__allocate_aligned(REGION_SIZE, REGION_SIZE);
    vow__region *region;

    if (!memory)
        return NULL;
    region = (vow__region *) (void *) (memory + REGION_OFFSET);
    region->vacant = ALL_VACANT;
    pools->idle_regions++;
    vow__list_append(&pools->regions, &region->link);
    return region;
}

static void region_release(vow__region *region)
{
    vow__list_unlink(&region->link);
    vow__release(region_slab(region, 0), REGION_SIZE);
}

static unsigned first_vacant(const vow__region *region)
{
    unsigned index = 0;

    while (!(region->vacant & (UINT32_C(1) << index)))
        index++;
    return index;
}

static vow__slab *obtain_from_region(vow__pools *pools)
{
    vow__region *region;
    unsigned index;

    if (vow__list_is_empty(&pools->regions)) {
        region = region_new(pools);
        if (!region)
            return NULL;
    } else {
        region = VOW__CONTAINER_OF(pools->regions.next, vow__region, link);
    }
    if (region->vacant == ALL_VACANT)
        pools->idle_regions--;
    index = first_vacant(region);
    region->vacant &= ~(UINT32_C(1) << index);
    if (!region->vacant)
        vow__list_unlink(&region->link);
    return region_slab(region, index);
}

static vow__slab *obtain_alone(vow__pools *pools)
{
    vow__slab *slab = pools->idle;

    if (slab) {
        pools->idle = slab->next_idle;
        pools->idle_slabs--;
    } else {
        slab = vow__allocate_aligned(VOW__SLAB_SIZE, VOW__SLAB_ALIGNMENT);
    }
    if (!slab)
        return NULL;
    pools->alone++;
    slab->size = VOW__SLAB_SIZE;
    return slab;
}

vow__slab *vow__slab_obtain(vow__pools *pools)
{
    vow__slab *slab = pools->alone < ALONE_MAX ? NULL : obtain_from_region(pools);

    if (!slab)
        return obtain_alone(pools);
    slab->size = VOW__SLAB_ALIGNMENT;
    return slab;
}

static void yield_alone(vow__slab *slab)
{
    vow__pools *pools = slab->pools;

    pools->alone--;
    if (pools->idle_slabs == IDLE_SLABS) {
        vow__release(slab, VOW__SLAB_SIZE);
        return;
    }
    slab->next_idle = pools->idle;
    pools->idle = slab;
    pools->idle_slabs++;
}

void vow__slab_yield(vow__slab *slab)
{
    vow__pools *pools = slab->pools;
    vow__region *region = region_of(slab);

    if (slab->size == VOW__SLAB_SIZE) {
        yield_alone(slab);
        return;
    }
    if (!region->vacant)
        vow__list_append(&pools->regions, &region->link);
    region->vacant |= UINT32_C(1) << (((uintptr_t) slab & (REGION_SIZE - 1)) / VOW__SLAB_ALIGNMENT);
    if (region->vacant != ALL_VACANT)
        return;
    if (pools->idle_regions == IDLE_REGIONS) {
        region_release(region);
        return;
    }
    pools->idle_regions++;
    vow__list_unlink(&region->link);
    vow__list_append(&pools->regions, &region->link);
}

void vow__slabs_trim(vow__pools *pools)
{
    while (pools->idle) {
        vow__slab *slab = pools->idle;

        pools->idle = slab->next_idle;
        vow__release(slab, VOW__SLAB_SIZE);
    }
    for (vow__link *link = pools->regions.next, *next; link != &pools->regions; link = next) {
        vow__region *region = VOW__CONTAINER_OF(link, vow__region, link);

        next = link->next;
        if (region->vacant == ALL_VACANT)
            region_release(region);
    }
}
