/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A promise that has its outcome, and first drops what it no longer needs. Until the clean-up of that is
 * done, it is shielded: cancelling it then does not stop the clean-up, and it ends with ECANCELED afterwards.
 *
 * If no clean-up awaits, those who wait for the promise have their turn as if it had been settled before it
 * dropped anything. Its own link keeps their place in the queue, since what it drops may add jobs.
 */
#ifndef VOW_CORE_PLACE_PRIVATE_H
#define VOW_CORE_PLACE_PRIVATE_H

#include "core/operations-private.h"

/* To be called before anything is dropped: `promise` is pending, and its own link is in no list. */
void vow__place_take(vow_promise *promise);
/* Gives the place up, because clean-up goes on. */
void vow__place_leave(vow_promise *promise);
/* Settles the promise in its place. It is not shielded any more. */
void vow__place_settle(vow_promise *promise, enum vow__state state, vow_value value);
/*
 * For a promise whose link is in no list any more, from a watcher's callback, say: takes a place, and drops
 * `upstream`, which the promise waits for by itself. True if the clean-up of `upstream` goes on: then
 * kind->run() is called after it. Else the promise still has its place. May run clean-up.
 */
bool vow__place_drop(vow_promise *promise, vow_promise *upstream);

#endif
