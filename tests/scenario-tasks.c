/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of tasks: awaits that reject, clean-up that awaits, tasks in tasks, and tasks that end others.
 * The memory that a body takes between its start, or its resumption, and its next await is the scenario's
 * own: it calls enter() and leave() there.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>
#include <stdlib.h>

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))
#define TRY_AWAIT(me, promise) VOW_TRY_AWAIT(me, outside((me)->mark, (promise)))

/* ---- One task ------------------------------------------------------------------------------------------ */

struct simple {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_value kept; /* moved out of what an await gave, and owned by the task */
};

VOW_ASYNC(simple, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    AWAIT(me, good(me->w));
    me->kept = vow_take(VOW_RESULT(me));
    TRY_AWAIT(me, bad(me->w));
    AWAIT(me, vow_then(vow_yield(VOW_LOOP(me)), copy_text, me->w));
    AWAIT(me, ended(me->w, vow_sleep(VOW_LOOP(me), 0)));
    VOW_RETURN(me, vow_take(&me->kept));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_value_drop(vow_take(&me->kept));
    TRY_AWAIT(me, vow_yield(VOW_LOOP(me)));
    TRY_AWAIT(me, vow_then(good(me->w), copy_text, me->w));
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_simple(struct world *w)
{
    return vow_async(w->loop, simple, .w = w);
}

/* The outcome is another promise's. */
struct follower {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
};

VOW_ASYNC(follower, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_RETURN(me, vow_follow(make_simple(me->w)));
    VOW_FINALLY(me);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_follower(struct world *w)
{
    return ended(w, vow_async(w->loop, follower, .w = w));
}

/* It throws, and it throws again in its clean-up. */
struct thrower {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
};

VOW_ASYNC(thrower, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    TRY_AWAIT(me, bad(me->w));
    if (VOW_ERROR(me))
        VOW_THROW(me, vow_error_wrap(vow_error_ref(VOW_ERROR(me)), EPROTO, "it failed"));
    VOW_FINALLY(me);
    count_release(me->once);
    TRY_AWAIT(me, vow_yield(VOW_LOOP(me)));
    vow__task_return(&me->task, vow_throwf(EIO, "and so did the clean-up"));
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_thrower(struct world *w)
{
    return vow_async(w->loop, thrower, .w = w);
}

/* ---- Tasks and other tasks ----------------------------------------------------------------------------- */

enum { CHILDREN = 4 };

struct parent {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_promise *child; /* held, so that the clean-up has something to drop */
    int round;
};

static vow_promise *children(struct world *w)
{
    vow_promise *promises[CHILDREN];

    for (int i = 0; i < CHILDREN; i++)
        promises[i] = vow_timeout(make_simple(w), 3600);
    return vow_all(w->loop, CHILDREN, promises);
}

VOW_ASYNC(parent, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->child = never(me->w);
    for (me->round = 0; me->round < 2; me->round++) {
        AWAIT(me, children(me->w));
        TRY_AWAIT(me, vow_race_of(VOW_LOOP(me), make_thrower(me->w), vow_ref(me->child)));
    }
    VOW_RETURN(me, vow_int(me->round));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_unref(me->child));
    TRY_AWAIT(me, make_simple(me->w));
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_parent(struct world *w)
{
    return vow_async(w->loop, parent, .w = w);
}

/* One task cancels another one that somebody waits for. */
struct canceller {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_promise *victim, *waiter;
};

static vow_promise *give(vow_promise **promise)
{
    vow_promise *given = *promise;

    *promise = NULL;
    return given;
}

VOW_ASYNC(canceller, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->victim = make_parent(me->w);
    me->waiter = vow_then_catch(vow_ref(me->victim), copy_text, recover, me->w);
    AWAIT(me, vow_yield(VOW_LOOP(me)));
    QUIET(me->w, vow_cancel(give(&me->victim)));
    AWAIT(me, give(&me->waiter));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_unref(give(&me->victim)));
    QUIET(me->w, vow_unref(give(&me->waiter)));
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_canceller(struct world *w)
{
    return vow_async(w->loop, canceller, .w = w);
}

/* ---- Loops --------------------------------------------------------------------------------------------- */

static void loop_free(void *loop)
{
    vow_loop_free(loop);
}

/* A second loop, with something under way in it, that goes with a promise of the first. */
static vow_promise *make_loop(struct world *w)
{
    vow_loop *other = vow_loop_new(w->f->ev);

    if (!other)
        return vow_rejected(w->loop, vow_error_new(ENOMEM, "no second loop"));
    collect_reports(w->f, other);
    vow_detach(ended(w, vow_sleep(other, 3600)));
    vow_detach(vow_then(vow_sleep(other, 0), copy_text, w));
    return vow_attach(make_simple(w), other, loop_free);
}

/* Nothing is left that could settle it: the producer went away without a word. */
struct lost {
    vow_resolver resolver; /* first */
    struct once *once;
};

static void lost_free(vow_resolver *resolver)
{
    count_release(((struct lost *) resolver)->once);
    free(resolver);
}

static struct lost *lost_new(struct world *w)
{
    struct lost *lost = calloc(1, sizeof *lost);

    g_assert_nonnull(lost);
    lost->once = owe(w);
    return lost;
}

static vow_promise *make_deadlock(struct world *w)
{
    struct lost *lost = lost_new(w);
    vow_promise *promise = vow_promise_new(w->loop, &lost->resolver, lost_free);

    if (!vow_resolver_is_pending(&lost->resolver))
        lost_free(&lost->resolver);
    return vow_then(ended(w, promise), copy_text, w);
}

static vow_value break_loop(vow_value *value, void *data)
{
    struct world *w = data;

    (void) value;
    ev_break(w->f->ev, EVBREAK_ONE);
    return vow_nil();
}

static vow_promise *make_break(struct world *w)
{
    vow_promise *promise = vow_then(vow_yield(w->loop), break_loop, w);

    return vow_all_of(w->loop, promise, never(w));
}

const struct scenario task_scenarios[] = {
    {"task", make_simple, "thing", NULL, 0, 0},
    {"task-follows", make_follower, "thing", NULL, 0, 0},
    {"task-throws", make_thrower, "!EIO", NULL, 0, 1},
    {"task-of-tasks", make_parent, "2", NULL, 0, 2},
    {"task-cancels", make_canceller, "text", NULL, 0, 0},
    {"second-loop", make_loop, "thing", NULL, 0, 0},
    {"deadlock", make_deadlock, "!EDEADLK", NULL, 1, 0},
    {"break", make_break, "!4", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
