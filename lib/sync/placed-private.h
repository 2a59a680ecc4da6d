/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values that were handed out, and came back because nobody had looked at them. They may come back in any
 * order, and are handed out again in that in which they were handed out first, which their places say.
 *
 * To come back takes no memory: there is room for each value that is out. Zero-initialised it is empty.
 */
#ifndef VOW_SYNC_PLACED_PRIVATE_H
#define VOW_SYNC_PLACED_PRIVATE_H

#include <vow/value.h>

typedef struct vow__placed_value {
    uint64_t place;
    vow_value value;
} vow__placed_value;

typedef struct vow__placed {
    vow__placed_value *values; /* a heap: no value has a lower place than the one at half its index */
    size_t size;               /* of the array; at least length + out */
    size_t length;
    size_t out; /* how many values may come back */
} vow__placed;

/* Makes room for one value more that is out. False when there is no memory. */
bool vow__placed_make_room(vow__placed *self);
/* A value that was counted in `out` comes back. */
void vow__placed_add(vow__placed *self, vow_value value, uint64_t place);
/* Takes the first of those that came back, of which there are some. There is room for it to be out again. */
vow_value vow__placed_take(vow__placed *self, uint64_t *place);
/* A value that was counted in `out` will not come back. */
void vow__placed_forget(vow__placed *self);
/* Gives the memory back. Nothing may be in it, or be out. */
void vow__placed_clear(vow__placed *self);

#endif
