/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for slabs: single ones at first, then from regions as large and as aligned as a huge page, 32 slabs
 * each. Vacant memory goes back, except for a few slabs and regions, so that a program that grows and shrinks
 * again and again does not pay for fresh memory each time.
 */
#ifndef VOW_BASE_REGION_PRIVATE_H
#define VOW_BASE_REGION_PRIVATE_H

#include "base/pool-private.h"

/* Memory for a slab of the usual size, with `size` set; NULL when there is none. */
vow__slab *vow__slab_obtain(vow__pools *pools);
/* Takes the memory of a slab back. */
void vow__slab_yield(vow__slab *slab);
/* Releases what was kept for later. */
void vow__slabs_trim(vow__pools *pools);

#endif
