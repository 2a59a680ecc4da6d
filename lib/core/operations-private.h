/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every promise goes through, inline: it is made, waits, is settled and let go. These few functions are
 * most of what a program on libvow runs. As calls, new + then + resolve + run + free took 520 instructions;
 * inline it takes little more than half of that (bench/instructions.sh counts).
 */
#ifndef VOW_CORE_OPERATIONS_PRIVATE_H
#define VOW_CORE_OPERATIONS_PRIVATE_H

#include "core/scheduler-private.h"

/* The rest of vow__leave_program(): catches up with what was put off. The loop may be gone after it. */
VOW__RARE void vow__left_program(vow_loop *loop);

/*
 * These two stand around calls of the program's code that are not made from a job: what vow_try() calls, the
 * first section of a task, on_cancel(), whatever releases something. Such code, like a handler, must not run
 * the loop or free it, and the loop's memory stays until it returns.
 */
static inline void vow__enter_program(vow_loop *loop)
{
    loop->busy++;
}

static inline void vow__leave_program(vow_loop *loop)
{
    if (!--loop->busy && VOW_UNLIKELY(loop->is_put_off | loop->is_closed))
        vow__left_program(loop);
}

/* Releases a value outside of a job. */
static inline void vow__drop(vow_loop *loop, vow_value value)
{
    vow__enter_program(loop);
    vow_value_drop(value);
    vow__leave_program(loop);
}

/* Jobs were added to the queue: wakes the host if need be. */
static inline void vow__notify(vow_loop *loop)
{
    if (VOW_UNLIKELY(!loop->is_awake)) {
        loop->is_awake = true;
        loop->host->wake(loop);
    }
}

/* Adds a job at the end of the queue. */
static inline void vow__enqueue(vow_loop *loop, vow__reaction *job)
{
    vow__list_append(&loop->queue, &job->link);
    vow__notify(loop);
}

/* Makes a block a pending promise of a kind, with one reference, the caller's. */
static inline void vow__promise_init(vow_promise *promise, const vow__kind *kind, const char *site)
{
    promise->kind = kind;
    vow__list_init(&promise->u.reactions);
    promise->site = site;
    promise->refs = 1;
    promise->flags = vow__kind_is_guarded(kind) ? VOW__GUARDED : 0;
    promise->mode = VOW__WAIT_NONE;
    promise->stage = 0;
    promise->wait.upstream = 0;
}

/* A pending promise, if its block can be had without a call; else NULL. Then ask vow__promise_new_slowly(),
 * best in a function of its own that is VOW__RARE. */
static inline void *vow__promise_new_quickly(vow_loop *loop, size_t size, const vow__kind *kind,
                                             const char *site)
{
    vow_promise *promise = vow__pool_take_quickly(&loop->pools, size);

    if (promise)
        vow__promise_init(promise, kind, site);
    return promise;
}

/* The rest of vow__promise_new(), after vow__promise_new_quickly() gave NULL. */
VOW__RARE void *vow__promise_new_slowly(vow_loop *loop, size_t size, const vow__kind *kind, const char *site);

/* Has the reaction run in its turn, whether `upstream` is pending or settled. */
static inline void vow__subscribe(vow__reaction *wait, vow_promise *upstream)
{
    if (vow__is_pending(upstream))
        vow__list_append(&upstream->u.reactions, &wait->link);
    else
        vow__enqueue(vow__loop_of(upstream), wait);
}

/* Makes `promise` wait for `upstream`, taking the reference over. */
static inline void vow__wait(vow_promise *promise, vow_promise *upstream, enum vow__mode mode)
{
    promise->wait.upstream = (uintptr_t) upstream;
    promise->mode = (uint8_t) mode;
    vow__subscribe(&promise->wait, upstream);
}

static inline void vow__wait_branch(vow__branch *branch, vow_promise *owner, vow_promise *upstream)
{
    branch->owner = owner;
    vow__branch_set(branch, upstream);
    vow__subscribe(&branch->wait, upstream);
}

/* In kind->run(): takes the promise that was waited for, which is settled. It is the caller's now. */
static inline vow_promise *vow__take_upstream(vow__reaction *wait)
{
    vow_promise *upstream = vow__upstream_of(wait);

    wait->upstream = 0;
    return upstream;
}

/* The same for a promise's own wait, which is no branch. */
static inline vow_promise *vow__take_own_upstream(vow_promise *promise)
{
    vow_promise *upstream = (vow_promise *) promise->wait.upstream;

    promise->wait.upstream = 0;
    return upstream;
}

/* The rest of settling, for a promise that the loop keeps, or whose reactions need the host to be woken. */
VOW__RARE void vow__settled_rarely(vow_promise *promise);

/* Puts the reactions of a promise in the queue. True if there are any and the host must be woken for them. */
static inline bool vow__release_reactions(vow_promise *promise)
{
    vow_loop *loop;

    if (vow__list_is_empty(&promise->u.reactions))
        return false;
    loop = vow__loop_of(promise);
    vow__list_splice(&loop->queue, &promise->u.reactions);
    return !loop->is_awake;
}

static inline void vow__set_outcome(vow_promise *promise, enum vow__state state, vow_value value)
{
    promise->u.value = value;
    promise->flags |= (uint16_t) state;
    promise->mode = VOW__WAIT_NONE;
}

/* Settles a promise, which must be pending, and takes the value or error over. The reactions are put in the
 * queue; nothing runs. The promise stays as long as the caller holds a reference. */
static inline void vow__settle(vow_promise *promise, enum vow__state state, vow_value value)
{
    bool is_rare = vow__release_reactions(promise) || (promise->flags & VOW__KEPT);

    vow__set_outcome(promise, state, value);
    if (VOW_UNLIKELY(is_rare))
        vow__settled_rarely(promise);
}

static inline void vow__fulfil(vow_promise *promise, vow_value value)
{
    vow__settle(promise, VOW__FULFILLED, value);
}

/* vow__resolve() of a promise that is settled, doomed or kept, or with a value that is a verb. */
VOW__RARE void vow__resolve_slowly(vow_promise *promise, vow_value value);

/* What vow_resolve() does: fulfils, rejects or follows. Drops the value if the promise is settled already. */
static inline void vow__resolve(vow_promise *promise, vow_value value)
{
    if (VOW_UNLIKELY(vow__is_verb(value.type) ||
                     (promise->flags & (VOW__FULFILLED | VOW__REJECTED | VOW__DOOMED | VOW__KEPT)))) {
        vow__resolve_slowly(promise, value);
    } else if (VOW_UNLIKELY(vow__release_reactions(promise))) {
        vow__set_outcome(promise, VOW__FULFILLED, value);
        vow__settled_rarely(promise);
    } else {
        vow__set_outcome(promise, VOW__FULFILLED, value);
    }
}

/* Whether a promise without references can go at once, because that runs nothing. */
static inline bool vow__is_plain(const vow_promise *promise)
{
    return (promise->flags & (VOW__FULFILLED | VOW__REJECTED | VOW__DOOMED | VOW__GUARDED)) ==
               VOW__FULFILLED &&
           vow__value_is_trivial(promise->u.value);
}

/* The rest of vow__unref() of the last reference, which is not counted any more. May run anything. */
void vow__unref_last(vow_promise *promise);

/* Ends a promise that has lost its last reference, which is not counted any more. May run anything. */
static inline void vow__let_end(vow_promise *promise)
{
    if (VOW__LIKELY(vow__is_plain(promise)))
        vow__pool_give(promise);
    else
        vow__unref_last(promise);
}

/* vow_unref() of a promise that is not NULL. Notices one that is freed, as long as nothing else is there: its
 * count is 0. */
static inline void vow__unref(vow_promise *promise)
{
    int32_t left = --promise->refs;

    if (!left)
        vow__let_end(promise);
    else if (VOW_UNLIKELY(left < 0))
        vow__misuse_promise(promise, "vow_unref", NULL);
}

/* The same for a reference that the caller itself has taken for the time of a call: no check is needed. */
static inline void vow__unref_own(vow_promise *promise)
{
    if (--promise->refs == 0)
        vow__let_end(promise);
}

/* The rest of vow__unref_seen(), which has given up the reference. */
void vow__unref_seen_slowly(vow_promise *promise);

/* vow__unref() of a settled promise whose outcome was looked at. The look is noted only where somebody may
 * ask. */
static inline void vow__unref_seen(vow_promise *promise)
{
    if (--promise->refs == 0 && VOW__LIKELY(vow__is_plain(promise))) {
        vow__pool_give(promise);
        return;
    }
    vow__unref_seen_slowly(promise);
}

#endif
