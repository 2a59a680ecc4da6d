/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the array of a ring, which grows and shrinks with what is in it. */
#include "sync/ring-private.h"

#include "base/allocator-private.h"

/* An array of this size, or less, is not made smaller. */
#define SIZE_KEPT ((size_t) 64)
#define SIZE_FIRST ((size_t) 8)

static vow_value *place_of(const vow__ring *self, size_t index)
{
    return &self->values[(self->first + index) & (self->size - 1)];
}

/* Moves the values to an array of another size. False, and nothing changes, when there is no memory. */
static bool ring_resize(vow__ring *self, size_t size)
{
    vow_value *values = size > SIZE_MAX / sizeof *values ? NULL : vow__allocate(size * sizeof *values);

    if (!values)
        return false;
    for (size_t i = 0; i < self->length; i++)
        values[i] = *place_of(self, i);
    vow__release(self->values, self->size * sizeof *values);
    self->values = values;
    self->size = size;
    self->first = 0;
    return true;
}

bool vow__ring_push(vow__ring *self, vow_value value)
{
    if (self->length == self->size && !ring_resize(self, self->size ? 2 * self->size : SIZE_FIRST))
        return false;
    *place_of(self, self->length) = value;
    self->length++;
    return true;
}

vow_value vow__ring_take(vow__ring *self)
{
    vow_value value = *place_of(self, 0);

    self->first = (self->first + 1) & (self->size - 1);
    self->length--;
    if (self->size > SIZE_KEPT && self->length <= self->size / 4)
        (void) ring_resize(self, self->size / 2); /* without memory it stays as large as it is */
    return value;
}

void vow__ring_clear(vow__ring *self)
{
    vow__release(self->values, self->size * sizeof *self->values);
    *self = (vow__ring){NULL, 0, 0, 0};
}
