/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the heap of values that came back, and the room for those that may. */
#include "sync/placed-private.h"

#include <string.h>

#include "base/allocator-private.h"

/* An array of this size, or less, is not made smaller. */
#define SIZE_KEPT ((size_t) 64)
#define SIZE_FIRST ((size_t) 8)

static bool placed_resize(vow__placed *self, size_t size)
{
    vow__placed_value *values =
        size > SIZE_MAX / sizeof *values ? NULL : vow__allocate(size * sizeof *values);

    if (!values)
        return false;
    if (self->length)
        memcpy(values, self->values, self->length * sizeof *values);
    vow__release(self->values, self->size * sizeof *values);
    self->values = values;
    self->size = size;
    return true;
}

bool vow__placed_make_room(vow__placed *self)
{
    return self->length + self->out < self->size ||
           placed_resize(self, self->size ? 2 * self->size : SIZE_FIRST);
}

void vow__placed_add(vow__placed *self, vow_value value, uint64_t place)
{
    size_t i = self->length++;

    self->out--;
    for (; i > 0 && self->values[(i - 1) / 2].place > place; i = (i - 1) / 2)
        self->values[i] = self->values[(i - 1) / 2];
    self->values[i] = (vow__placed_value){place, value};
}

/* Which of the two below index i has the lower place; one below it may be all there is. */
static size_t lower_child(const vow__placed *self, size_t i)
{
    size_t child = 2 * i + 1;

    if (child + 1 < self->length && self->values[child + 1].place < self->values[child].place)
        child++;
    return child;
}

vow_value vow__placed_take(vow__placed *self, uint64_t *place)
{
    vow__placed_value first = self->values[0], last = self->values[--self->length];
    size_t i = 0;

    while (2 * i + 1 < self->length && self->values[lower_child(self, i)].place < last.place) {
        size_t child = lower_child(self, i);

        self->values[i] = self->values[child];
        i = child;
    }
    self->values[i] = last;
    *place = first.place;
    return first.value;
}

void vow__placed_forget(vow__placed *self)
{
    self->out--;
    if (self->size > SIZE_KEPT && self->length + self->out <= self->size / 4)
        (void) placed_resize(self, self->size / 2); /* without memory it stays as large as it is */
}

void vow__placed_clear(vow__placed *self)
{
    vow__release(self->values, self->size * sizeof *self->values);
    *self = (vow__placed){NULL, 0, 0, 0};
}
