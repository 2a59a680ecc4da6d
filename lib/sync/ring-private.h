/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring: values, first in, first out. Zero-initialised it is empty. */
#ifndef VOW_SYNC_RING_PRIVATE_H
#define VOW_SYNC_RING_PRIVATE_H

#include <vow/value.h>

typedef struct vow__ring {
    vow_value *values;
    size_t size;  /* of the array: a power of two, or 0 */
    size_t first; /* where the oldest value is */
    size_t length;
} vow__ring;

/* Adds a value at the end. False when there is no memory; then the value is the caller's still. */
bool vow__ring_push(vow__ring *self, vow_value value);
/* Takes the first value out of a ring that is not empty. */
vow_value vow__ring_take(vow__ring *self);
/* Gives the memory back. The ring must be empty. */
void vow__ring_clear(vow__ring *self);

#endif
