/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for slabs: single ones at first, then from regions as large and as aligned as a huge page, each of
 * 32 slabs. A region goes back when its slabs are vacant; one such is kept, so that a program that grows and
 * shrinks around its border does not map and unmap it each time.
 */
#ifndef VOW_BASE_REGION_PRIVATE_H
#define VOW_BASE_REGION_PRIVATE_H

#include "base/pool-private.h"

/* Memory for a slab of the usual size, whose `size` is set; NULL when there is none. */
vow__slab *vow__slab_obtain(vow__pools *pools);
/* Takes it back. */
void vow__slab_yield(vow__slab *slab);
/* The vacant region that was kept for later goes. */
void vow__regions_trim(vow__pools *pools);

#endif
