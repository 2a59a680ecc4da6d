/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs of tasks, handlers, combinators, timers and sources that are dropped, cancelled, detached
 * and settled at random, also from inside handlers and tasks. Whatever happens, each task that started is
 * cleaned up once, each vow_finally() handler runs once, each attached pointer is dropped once, and nothing
 * is left. GLib prints the seed; `--seed=R02S...` repeats a run.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

#include <vow/testing.h>

enum { HELD = 12, SOURCES = 8, PROGRAMS = 60, OPERATIONS = 150, DEPTH = 4 };

/* What a program has made and seen. */
struct world {
    fixture *f;
    vow_loop *loop;
    vow_promise *held[HELD];
    struct node *sources[SOURCES];
    int started, cleaned; /* tasks */
    int finally_due, finally_ran, attached, dropped;
    int budget;  /* how many more promises the program may make */
    double unit; /* of its sleeps and deadlines, in seconds: its clock is real or virtual */
};

static int any(int n)
{
    return g_test_rand_int_range(0, n);
}

/* ---- Sources ------------------------------------------------------------------------------------------- */

/* A source on the heap; its place in the world is NULL once it was used or cancelled. */
struct node {
    vow_resolver resolver;
    struct node **place;
};

static void node_cancelled(vow_resolver *resolver)
{
    struct node *node = (struct node *) resolver;

    *node->place = NULL;
    g_free(node);
}

static void settle(struct world *w, int i)
{
    struct node *node = w->sources[i];

    if (!node)
        return;
    w->sources[i] = NULL;
    if (any(3))
        vow_resolve(&node->resolver, vow_int(i));
    else
        vow_reject(&node->resolver, vow_error_new(EIO, "source %d", i));
    g_free(node);
}

static vow_promise *new_source(struct world *w)
{
    int i = any(SOURCES);
    struct node *node = g_new0(struct node, 1);

    settle(w, i);
    vow_promise *p = vow_promise_new(w->loop, &node->resolver, node_cancelled);
    node->place = &w->sources[i];
    if (vow_resolver_is_pending(&node->resolver))
        w->sources[i] = node;
    else
        g_free(node); /* no memory, or the loop is being freed */
    return p;
}

/* ---- Promises ------------------------------------------------------------------------------------------ */

static void operate(struct world *w);
static vow_promise *make(struct world *w, int depth);

static vow_value outcome(struct world *w)
{
    switch (any(w->budget > 0 ? 4 : 3)) {
    case 0:
        return vow_nil();
    case 1:
        return owned(w->f, NULL);
    case 2:
        return vow_throwf(EPROTO, "random");
    default:
        return vow_follow(make(w, 1));
    }
}

static vow_value on_value(vow_value *value, void *data)
{
    if (any(4) == 0)
        operate(data);
    return any(2) ? vow_take(value) : outcome(data);
}

static vow_value on_error(const vow_error *error, void *data)
{
    if (any(4) == 0)
        operate(data);
    return any(2) ? vow_throw(vow_error_ref(error)) : outcome(data);
}

static vow_value on_end(void *data)
{
    struct world *w = data;

    w->finally_ran++;
    if (any(4) == 0)
        operate(data);
    return outcome(w);
}

static void on_drop(void *data)
{
    struct world *w = data;

    w->dropped++;
}

/* Awaits a few random promises, leaves at random, and may await in its clean-up. */
struct actor {
    vow_task task;
    struct world *w;
    int depth, steps, cleaned;
};
VOW_DECLARE(actor);

VOW_ASYNC(actor, me)
{
    VOW_BEGIN(me);
    me->w->started++;
    for (me->steps = any(4); me->steps > 0; me->steps--) {
        if (any(2))
            VOW_AWAIT(me, make(me->w, me->depth - 1));
        else
            VOW_TRY_AWAIT(me, make(me->w, me->depth - 1));
        if (any(8) == 0)
            operate(me->w);
        if (any(8) == 0)
            VOW_RETURN(me, outcome(me->w));
        if (any(8) == 0)
            VOW_THROW(me, vow_error_new(EINVAL, "actor"));
    }
    VOW_FINALLY(me);
    g_assert_cmpint(me->cleaned++, ==, 0);
    me->w->cleaned++;
    if (any(3) == 0)
        VOW_TRY_AWAIT(me, make(me->w, me->depth - 1));
    if (any(8) == 0)
        operate(me->w);
    if (any(8) == 0)
        VOW_RETURN(me, outcome(me->w));
    VOW_END(me);
}

static vow_promise *make_leaf(struct world *w)
{
    switch (any(6)) {
    case 0:
        return vow_resolved(w->loop, owned(w->f, NULL));
    case 1:
        return vow_rejected(w->loop, vow_error_new(EIO, "leaf"));
    case 2:
        return vow_yield(w->loop);
    case 3:
        return vow_sleep(w->loop, w->unit * any(5));
    default:
        return new_source(w);
    }
}

static vow_promise *combine(struct world *w, int depth)
{
    vow_promise *some[3];
    int kind = any(4);
    size_t n = (size_t) (kind == 3 ? 1 + any(3) : any(4)); /* a race without runners would never end */

    for (size_t i = 0; i < n; i++)
        some[i] = make(w, depth - 1);
    switch (kind) {
    case 0:
        return vow_all(w->loop, n, some);
    case 1:
        return vow_all_settled(w->loop, n, some);
    case 2:
        return vow_any(w->loop, n, some);
    default:
        return vow_race(w->loop, n, some);
    }
}

static vow_promise *make(struct world *w, int depth)
{
    if (depth <= 0 || --w->budget <= 0)
        return make_leaf(w);
    switch (any(9)) {
    case 0:
        return combine(w, depth);
    case 1:
        return vow_then(make(w, depth - 1), on_value, w);
    case 2:
        return vow_catch(make(w, depth - 1), on_error, w);
    case 3:
        w->finally_due++;
        return vow_finally(make(w, depth - 1), on_end, w);
    case 4:
        w->attached++;
        return vow_attach(make(w, depth - 1), w, on_drop);
    case 5:
        return vow_timeout(make(w, depth - 1), w->unit * any(5));
    case 6:
        return make_leaf(w);
    default:
        return vow_async(w->loop, actor, .w = w, .depth = depth);
    }
}

/* ---- Programs ------------------------------------------------------------------------------------------ */

static vow_promise *take_held(struct world *w)
{
    int i = any(HELD);
    vow_promise *p = w->held[i];

    w->held[i] = NULL;
    return p;
}

/* Puts a promise into a place; what was there goes. Either may run clean-up, which may come here again. */
static void hold(struct world *w, vow_promise *p)
{
    int i = any(HELD);
    vow_promise *old = w->held[i];

    w->held[i] = p;
    vow_unref(old);
}

/* One step of a program, also taken by handlers and tasks. */
static void operate(struct world *w)
{
    vow_promise *p = any(2) ? NULL : take_held(w);

    if (!p) {
        if (any(2))
            settle(w, any(SOURCES));
        else if (w->budget > 0)
            hold(w, make(w, DEPTH));
        return;
    }
    switch (any(6)) {
    case 0:
        vow_unref(p);
        break;
    case 1:
        vow_cancel(p);
        break;
    case 2:
        vow_detach(p);
        break;
    case 3:
        vow_detach(vow_then(vow_ref(p), on_value, w));
        hold(w, p);
        break;
    case 4:
        vow_cancel(vow_ref(p));
        hold(w, p);
        break;
    default:
        hold(w, vow_then_catch(p, on_value, on_error, w));
    }
}

static void let_go(struct world *w)
{
    for (int i = 0; i < HELD; i++)
        vow_unref(g_steal_pointer(&w->held[i]));
}

/* Lets go of everything, and settles what somebody still waits for, until nothing is left. */
static void wind_up(struct world *w)
{
    w->budget = 0;
    for (int turns = 0; vow_loop_live(w->loop) > 0; turns++) {
        g_assert_cmpint(turns, <, 100000);
        let_go(w);
        for (int i = 0; i < SOURCES; i++)
            settle(w, i);
        ev_run(w->f->ev, vow_loop_live(w->loop) > 0 ? EVRUN_ONCE : EVRUN_NOWAIT);
    }
}

/* Rejections that nobody looked at, and promises that outlive the loop, are part of the game. */
static void ignore(const vow_report *report, void *data)
{
    (void) report;
    (void) data;
}

static void run_operations(struct world *w, bool short_of_memory)
{
    for (int i = 0; i < OPERATIONS; i++) {
        if (short_of_memory)
            memory_fail(w->f, (size_t) any(20), false);
        operate(w);
        if (any(4) == 0)
            turn(w->f);
    }
    memory_fail(w->f, 0, false);
}

static void run_program(fixture *f, bool to_the_end, bool short_of_memory)
{
    struct world w = {.f = f, .loop = vow_loop_new(f->ev), .budget = 2000, .unit = 0.0001};

    if (any(2)) {
        w.unit = HOUR;
        g_assert_cmpint(vow_clock_virtual(w.loop), ==, 0);
    }
    vow_loop_set_report(w.loop, ignore, NULL);
    run_operations(&w, short_of_memory);
    if (to_the_end)
        wind_up(&w);
    vow_loop_free(w.loop);
    for (int i = 0; i < SOURCES; i++)
        g_assert_null(w.sources[i]);
    w.budget = 0;
    let_go(&w); /* what is held is safe to unref without its loop */
    g_assert_cmpint(w.cleaned, ==, w.started);
    g_assert_cmpint(w.finally_ran, ==, w.finally_due);
    g_assert_cmpint(w.dropped, ==, w.attached);
    g_assert_cmpint(f->owned, ==, 0);
}

static void programs_that_end(fixture *f)
{
    for (int i = 0; i < PROGRAMS; i++)
        run_program(f, true, false);
}

static void programs_whose_loop_is_freed(fixture *f)
{
    for (int i = 0; i < PROGRAMS; i++)
        run_program(f, false, false);
}

static void programs_that_are_short_of_memory(fixture *f)
{
    for (int i = 0; i < PROGRAMS; i++)
        run_program(f, any(2), true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/task-random/to-the-end", programs_that_end);
    test_add("/task-random/loop-freed", programs_whose_loop_is_freed);
    test_add("/task-random/short-of-memory", programs_that_are_short_of_memory);
    return g_test_run();
}
