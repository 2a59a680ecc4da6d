/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the combinators share: a promise with a branch to each of its inputs. Once its outcome is known, or it
 * is dropped, the branches that are left are cut, each in O(1), and their inputs are let go. It settles when
 * the clean-up of all of them is done.
 *
 * If an outcome comes before all inputs are settled, it is the outcome of one of them, or says which one
 * came. In the first case, `wait.upstream` of the combinator keeps that input meanwhile. So passing the
 * outcome on needs no memory, and if the combinator is dropped instead, no error and no item is lost.
 */
#ifndef VOW_CORE_COMBINE_PRIVATE_H
#define VOW_CORE_COMBINE_PRIVATE_H

#include "core/operations-private.h"
#include "core/place-private.h"

typedef struct vow__combine {
    vow_promise promise;
    union {
        vow_list *list;       /* all, all_settled: the result */
        vow_error *aggregate; /* any: the error if every input rejects */
        size_t index;         /* select: the result */
    } u;                      /* owned until it is given to the promise; NULL for race */
    size_t n;
    size_t left; /* inputs that have not settled yet */
    vow__branch branch[];
} vow__combine;

/* Takes the inputs over and subscribes to them. NULL when there is no memory: then the inputs are still the
 * caller's, to be given to vow__combine_refuse(). */
vow__combine *vow__combine_new(vow_loop *loop, size_t n, vow_promise *const *promises, const vow__kind *kind,
                               const char *function, const char *site);
/* Lets the inputs go. Gives the rejected promise to return instead of a combinator. */
vow_promise *vow__combine_refuse(vow_loop *loop, size_t n, vow_promise *const *promises);
/* Which branch a wait is. */
size_t vow__combine_index(const vow__combine *self, const vow__reaction *wait);
/* The outcome is known: that of `winner`, an input whose reference is given; or, if that is NULL, the number
 * `u.index`. Drops what the combinator has and the inputs that are left, and settles it after their clean-up.
 * May run clean-up and drop functions. */
void vow__combine_decide(vow__combine *self, vow_promise *winner);
/* A combinator's `stage` once it is decided, dropped or cancelled. */
#define VOW__COMBINE_CLEANING 1
/* To be asked first in run(): true if that call was only about the clean-up of an input, and is dealt
 * with. */
bool vow__combine_is_cleaning(vow_promise *promise, vow__reaction *wait);
/* vow__kind.stop, .unwind and .input of every combinator. */
void vow__combine_stop(vow_promise *promise);
bool vow__combine_unwind(vow_promise *promise);
const vow_promise *vow__combine_input(const vow_promise *promise);

#endif
