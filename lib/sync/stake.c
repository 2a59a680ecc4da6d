/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the store from which an object hands out values, until the object and all of these have gone. */
#include "sync/stake-private.h"

#include <vow/sync.h>

#include "base/allocator-private.h"

void *vow__store_new(const vow__store_kind *kind, vow_promise *object)
{
    vow__store *self = vow__allocate(kind->size);

    if (!self)
        return NULL;
    self->kind = kind;
    self->object = object;
    self->out = 0;
    return self;
}

static void store_free(vow__store *self)
{
    if (self->kind->dispose)
        self->kind->dispose(self);
    vow__release(self, self->kind->size);
}

void vow__store_leave(vow__store *self)
{
    if (!self)
        return;
    self->object = NULL;
    if (!self->out)
        store_free(self);
}

vow_value vow__stake_give(vow__stake *self, const vow_type *type)
{
    self->store->out++;
    return vow_own(self, type);
}

static void stake_drop(void *pointer)
{
    vow__stake *self = pointer;
    vow__store *store = self->store;

    if (store->object)
        vow__check_thread(vow__loop_of(store->object), "vow_value_drop", NULL);
    store->out--;
    store->kind->back(store, self);
    if (!store->object && !store->out)
        store_free(store);
}

const vow_type vow_type_permit = {"permit", stake_drop};
const vow_type vow_type_lock = {"lock", stake_drop};
