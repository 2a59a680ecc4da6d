/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values that are not plain: what vow_follow(), vow_throw() and vow_follow_thenable() make, and the
 * alias. An alias stands for a value that lives elsewhere because several parties share it: in a promise, as
 * long as all of them are in its loop, or in a box, which belongs to no loop (core/share.c).
 */
#ifndef VOW_CORE_VALUE_PRIVATE_H
#define VOW_CORE_VALUE_PRIVATE_H

#include <vow/error.h>
#include <vow/promise.h>
#include <vow/value.h>

#include "base/compiler-private.h"

/* Side by side, so that one comparison tells a verb from a value. With three comparisons, each cycle of new,
 * then, resolve, run and free takes 12 instructions more (bench/instructions.sh). */
extern VOW__HIDDEN const vow_type vow__verbs[3];
#define vow__type_follow (vow__verbs[0])  /* pointer: the promise to follow */
#define vow__type_throw (vow__verbs[1])   /* pointer: the error to reject with */
#define vow__type_foreign (vow__verbs[2]) /* pointer: a vow__foreign */
/* pointer: the vow_value that it stands for, in a settled promise or in a box. In a promise, that value may
 * be an alias of a box in turn, but never of another promise. */
extern VOW__HIDDEN const vow_type vow__type_alias;

/* What the list and the error have in common: they may contain one another to any depth. */
typedef struct vow__container {
    union {
        struct vow__container *next; /* among those about to be released */
        vow_list *next_list;         /* among lists that are kept, or that are being gone through */
    };
    bool is_error; /* set before it is released */
    bool is_bound; /* a list: there may be aliases of promises in it, or lists that are bound */
} vow__container;

struct vow_list {
    vow__container container;
    size_t length;
    vow_value items[];
};

static inline bool vow__is_verb(const vow_type *type)
{
    return (uintptr_t) type - (uintptr_t) vow__verbs < sizeof vow__verbs;
}

/* Whether a value is owned by nobody, so that a copy is as good as the original. */
static inline bool vow__value_is_trivial(vow_value value)
{
    return !value.type || !value.type->drop;
}

static inline vow_value vow__value_of_error(vow_error *error)
{
    return vow_own(error, &vow_type_error);
}

#endif
