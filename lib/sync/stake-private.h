/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What semaphores and locks hand out: values that give back what they stand for when they are dropped.
 *
 * Such a value points to a stake, and a stake to what the object has in store. The store has memory of its
 * own, which goes with the object or with the last value, whichever is later. So a value may outlive its
 * object and its loop. To hand one out takes no memory.
 */
#ifndef VOW_SYNC_STAKE_PRIVATE_H
#define VOW_SYNC_STAKE_PRIVATE_H

#include "core/line-private.h"

typedef struct vow__store vow__store;

typedef struct vow__stake {
    vow__store *store;
    size_t count; /* what it stands for, in the object's own terms */
} vow__stake;

typedef struct vow__store_kind {
    size_t size; /* of a store, which begins with a vow__store */
    /* A value was dropped. Runs no code of the program. The object may be stopped. */
    void (*back)(vow__store *self, vow__stake *stake);
    void (*dispose)(vow__store *self); /* before its memory goes; may be NULL */
} vow__store_kind;

struct vow__store {
    const vow__store_kind *kind;
    vow_promise *object; /* NULL once that was stopped */
    size_t out;          /* how many values there are */
};

/* NULL when there is no memory. */
void *vow__store_new(const vow__store_kind *kind, vow_promise *object);
/* A value of vow_type_permit or vow_type_lock. */
vow_value vow__stake_give(vow__stake *self, const vow_type *type);
/* The object is stopped. `self` may be NULL. */
void vow__store_leave(vow__store *self);

#endif
