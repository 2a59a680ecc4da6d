/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of tasks that share semaphores, locks, events and their kin, which the task that started them
 * frees in its clean-up.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))
#define TRY_AWAIT(me, promise) VOW_TRY_AWAIT(me, outside((me)->mark, (promise)))

/* What several tasks have in common. */
struct shared {
    vow_semaphore *semaphore;
    vow_mutex *mutex;
    vow_rwlock *rwlock;
    vow_event *event;
    vow_condition *condition;
    vow_latch *latch;
    vow_barrier *barrier;
    int ready;
};

/* ---- Permits and locks --------------------------------------------------------------------------------- */

struct sharer {
    vow_task task;
    struct world *w;
    struct shared *shared;
    int number;
    struct mark mark;
    struct once *once;
    vow_value held;
};

VOW_ASYNC(sharer, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    AWAIT(me, vow_semaphore_acquire_many(me->shared->semaphore, (size_t) (1 + me->number % 3)));
    me->held = vow_take(VOW_RESULT(me));
    AWAIT(me, vow_yield(VOW_LOOP(me)));
    vow_value_drop(vow_take(&me->held));
    AWAIT(me, vow_timeout(vow_semaphore_acquire(me->shared->semaphore), 1000));
    AWAIT(me, vow_mutex_lock(me->shared->mutex));
    me->held = vow_take(VOW_RESULT(me));
    AWAIT(me, me->number % 2 ? vow_rwlock_read(me->shared->rwlock) : vow_rwlock_write(me->shared->rwlock));
    AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_value_drop(vow_take(&me->held));
    leave(me->mark);
    VOW_END(me);
}

/* ---- Meeting ------------------------------------------------------------------------------------------- */

struct meeter {
    vow_task task;
    struct world *w;
    struct shared *shared;
    int number;
    struct mark mark;
    struct once *once;
};

VOW_ASYNC(meeter, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    AWAIT(me, vow_barrier_wait(me->shared->barrier));
    if (vow_as_int(VOW_RESULT(me)) == 2)
        vow_event_set(me->shared->event);
    AWAIT(me, vow_event_wait(me->shared->event));
    me->shared->ready++;
    vow_condition_notify_all(me->shared->condition);
    while (me->shared->ready < 3)
        AWAIT(me, vow_condition_wait(me->shared->condition));
    AWAIT(me, vow_yield(VOW_LOOP(me)));
    vow_latch_count_down(me->shared->latch, 1);
    AWAIT(me, vow_latch_wait(me->shared->latch));
    VOW_FINALLY(me);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

/* ---- The task that starts them ------------------------------------------------------------------------- */

typedef vow_promise *(*start_fn)(vow_loop *loop, struct world *w, struct shared *shared, int number);

static vow_promise *start_sharer(vow_loop *loop, struct world *w, struct shared *shared, int number)
{
    return vow_async(loop, sharer, .w = w, .shared = shared, .number = number);
}

static vow_promise *start_meeter(vow_loop *loop, struct world *w, struct shared *shared, int number)
{
    return vow_async(loop, meeter, .w = w, .shared = shared, .number = number);
}

/* False, with errno set, when there is not all of it. */
static bool shared_make(struct shared *self, vow_loop *loop)
{
    return (self->semaphore = vow_semaphore_new(loop, 3)) && (self->mutex = vow_mutex_new(loop)) &&
           (self->rwlock = vow_rwlock_new(loop)) && (self->event = vow_event_new(loop)) &&
           (self->condition = vow_condition_new(loop)) && (self->latch = vow_latch_new(loop, 3)) &&
           (self->barrier = vow_barrier_new(loop, 3));
}

static void shared_free(struct shared *self)
{
    vow_semaphore_free(self->semaphore);
    vow_mutex_free(self->mutex);
    vow_rwlock_free(self->rwlock);
    vow_event_free(self->event);
    vow_condition_free(self->condition);
    vow_latch_free(self->latch);
    vow_barrier_free(self->barrier);
}

struct owner {
    vow_task task;
    struct world *w;
    start_fn start;
    struct shared shared;
    struct mark mark;
    struct once *once;
};

static vow_promise *start_three(struct owner *me)
{
    vow_loop *loop = VOW_LOOP(me);
    vow_promise *a = me->start(loop, me->w, &me->shared, 0);
    vow_promise *b = me->start(loop, me->w, &me->shared, 1);
    vow_promise *c = me->start(loop, me->w, &me->shared, 2);

    return vow_all_of(loop, a, b, c);
}

VOW_ASYNC(owner, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    if (!shared_make(&me->shared, VOW_LOOP(me)))
        VOW_THROW(me, vow_error_new(errno, "not all of it"));
    AWAIT(me, start_three(me));
    VOW_FINALLY(me);
    count_release(me->once);
    shared_free(&me->shared);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_permits(struct world *w)
{
    return vow_async(w->loop, owner, .w = w, .start = start_sharer);
}

static vow_promise *make_meeting(struct world *w)
{
    return vow_async(w->loop, owner, .w = w, .start = start_meeter);
}

/* ---- Given up ------------------------------------------------------------------------------------------ */

static void free_event(void *event)
{
    vow_event_free(event);
}

/* Nobody sets it. */
static vow_promise *make_no_event(struct world *w)
{
    vow_event *event = vow_event_new(w->loop);

    if (!event)
        return vow_rejected(w->loop, vow_error_new(errno, "no event"));
    return vow_attach(vow_catch(vow_timeout(ended(w, vow_event_wait(event)), 0.001), recover, w), event,
                      free_event);
}

const struct scenario sync_scenarios[] = {
    {"permits", make_permits, "nil", NULL, 0, 0},
    {"meeting", make_meeting, "nil", NULL, 0, 0},
    {"no-event", make_no_event, "text", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
