/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs: promises of every kind made from each other, settled, dropped, cancelled and detached,
 * also from inside handlers, clean-up and on_cancel, with memory short now and then. Whatever happens, each
 * clean-up runs exactly once, each value is dropped exactly once, each resolver is used or told, and nothing
 * is left. A failing program is run again with the --seed that GLib prints.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

enum { ROUNDS = 2000, STEPS = 60, HELD = 8, SOURCES = 8, NESTING = 4 };

struct world {
    fixture *f;
    vow_loop *loop;
    vow_promise *held[HELD]; /* references that the program has; NULL where it has none */
    struct slot {
        vow_resolver resolver;
        struct world *world;
    } sources[SOURCES];
    GArray *cleanups; /* for each clean-up that was made, how often it ran */
    int nesting;      /* of calls of step() */
};

/* The data of one clean-up. */
struct cleanup {
    struct world *world;
    guint index;
};

static void step(struct world *w);

static bool one_in(int n)
{
    return g_test_rand_int_range(0, n) == 0;
}

static struct cleanup *cleanup_new(struct world *w)
{
    struct cleanup *cleanup = g_new(struct cleanup, 1);
    int never = 0;

    *cleanup = (struct cleanup){w, w->cleanups->len};
    g_array_append_val(w->cleanups, never);
    g_ptr_array_add(w->f->kept, cleanup);
    return cleanup;
}

/* A reference to some promise. */
static vow_promise *some(struct world *w)
{
    vow_promise *promise = w->held[g_test_rand_int_range(0, HELD)];

    if (promise)
        return vow_ref(promise);
    return one_in(3) ? vow_rejected(w->loop, vow_error_new(EIO, "random"))
                     : vow_resolved(w->loop, owned(w->f, NULL));
}

static vow_value some_value(struct world *w)
{
    switch (g_test_rand_int_range(0, 5)) {
    case 0:
        return vow_follow(some(w));
    case 1:
        return vow_throwf(EIO, "random");
    case 2:
        return vow_nil();
    default:
        return owned(w->f, NULL);
    }
}

static vow_value on_value(vow_value *value, void *data)
{
    struct world *w = data;
    vow_value taken = one_in(2) ? vow_take(value) : vow_nil();

    step(w);
    if (vow_is_nil(&taken))
        return some_value(w);
    return taken;
}

static vow_value on_error(const vow_error *error, void *data)
{
    struct world *w = data;

    step(w);
    return one_in(2) ? vow_throw(vow_error_ref(error)) : some_value(w);
}

/* Clean-up that waits for what waits for it would never end. */
static vow_value some_end(struct world *w)
{
    if (one_in(2))
        return vow_follow(vow_yield(w->loop));
    return one_in(4) ? vow_throwf(EIO, "random") : vow_nil();
}

static vow_value on_end(void *data)
{
    struct cleanup *cleanup = data;

    g_array_index(cleanup->world->cleanups, int, cleanup->index)++;
    step(cleanup->world);
    return some_end(cleanup->world);
}

static void on_drop(void *data)
{
    vow_value_drop(on_end(data));
}

static void on_cancel(vow_resolver *resolver)
{
    step(((struct slot *) resolver)->world);
}

/* What a task may await, as it is not the task's own promise: that would be misuse. */
static vow_promise *behind(vow_promise *promise)
{
    return vow_then(promise, NULL, NULL);
}

struct walker {
    vow_task task;
    struct cleanup *cleanup; /* NULL when it could not start: then there is no clean-up to run */
};

VOW_ASYNC(walker, me)
{
    VOW_BEGIN(me);
    me->cleanup->index = cleanup_new(me->cleanup->world)->index;
    VOW_AWAIT(me, behind(some(me->cleanup->world)));
    step(me->cleanup->world);
    VOW_TRY_AWAIT(me, behind(some(me->cleanup->world)));
    VOW_RETURN(me, some_value(me->cleanup->world));
    VOW_FINALLY(me);
    vow_value_drop(on_end(me->cleanup));
    VOW_TRY_AWAIT(me, vow_yield(me->cleanup->world->loop));
    VOW_END(me);
}

static vow_promise *start_walker(struct world *w)
{
    struct cleanup *cleanup = g_new(struct cleanup, 1);

    *cleanup = (struct cleanup){w, 0};
    g_ptr_array_add(w->f->kept, cleanup);
    return vow_async(w->loop, walker, .cleanup = cleanup);
}

static vow_promise *new_source(struct world *w)
{
    for (int i = 0; i < SOURCES; i++) {
        struct slot *slot = &w->sources[i];
        if (!vow_resolver_is_pending(&slot->resolver))
            return vow_promise_new(w->loop, &slot->resolver, on_cancel);
    }
    return vow_yield(w->loop);
}

static vow_promise *combined(struct world *w)
{
    vow_promise *a = some(w), *b = some(w);

    switch (g_test_rand_int_range(0, 4)) {
    case 0:
        return vow_all_of(w->loop, a, b);
    case 1:
        return vow_all_settled_of(w->loop, a, b);
    case 2:
        return vow_any_of(w->loop, a, b);
    default:
        return vow_race_of(w->loop, a, b);
    }
}

static vow_promise *new_promise(struct world *w)
{
    switch (g_test_rand_int_range(0, 11)) {
    case 0:
        return vow_resolved(w->loop, vow_follow(some(w)));
    case 1:
    case 2:
        return vow_then(some(w), on_value, w);
    case 3:
        return vow_then_catch(some(w), on_value, on_error, w);
    case 4:
        return vow_finally(some(w), on_end, cleanup_new(w));
    case 5:
        return vow_attach(some(w), cleanup_new(w), on_drop);
    case 6:
        return start_walker(w);
    case 7:
        return combined(w);
    case 8:
        return vow_timeout(some(w), one_in(2) ? 0 : 3600);
    default:
        return new_source(w);
    }
}

static void give_up(struct world *w)
{
    int i = g_test_rand_int_range(0, HELD);
    vow_promise *promise = w->held[i];

    w->held[i] = NULL;
    if (!promise)
        return;
    switch (g_test_rand_int_range(0, 3)) {
    case 0:
        vow_cancel(promise);
        return;
    case 1:
        vow_detach(promise);
        return;
    default:
        vow_unref(promise);
    }
}

static void settle(struct world *w)
{
    vow_resolver *resolver = &w->sources[g_test_rand_int_range(0, SOURCES)].resolver;

    if (vow_resolver_is_pending(resolver))
        vow_resolve(resolver, some_value(w));
}

/* Does one thing. It may run on_cancel and clean-up of what is dropped, which do one thing each in turn. */
static void step(struct world *w)
{
    if (w->nesting >= NESTING)
        return;
    w->nesting++;
    int i = g_test_rand_int_range(0, HELD);
    if (one_in(3)) {
        give_up(w);
    } else if (one_in(3)) {
        settle(w);
    } else {
        vow_promise *made = new_promise(w), *old = w->held[i];
        w->held[i] = made;
        vow_unref(old);
    }
    w->nesting--;
}

static void drop_held(struct world *w)
{
    for (int i = 0; i < HELD; i++) {
        vow_promise *promise = w->held[i];
        w->held[i] = NULL;
        vow_unref(promise);
    }
}

static void ignore(const vow_report *report, void *data)
{
    (void) data;
    g_assert_nonnull(report->text);
}

static void check(struct world *w, int blocks)
{
    for (guint i = 0; i < w->cleanups->len; i++)
        g_assert_cmpint(g_array_index(w->cleanups, int, i), ==, 1);
    for (int i = 0; i < SOURCES; i++)
        g_assert_false(vow_resolver_is_pending(&w->sources[i].resolver));
    g_assert_cmpint(w->f->owned, ==, 0);
    g_assert_cmpint(w->f->memory.blocks, ==, blocks);
    g_assert_false(ev_run(w->f->ev, EVRUN_NOWAIT));
}

static void run_round(fixture *f, bool short_of_memory)
{
    int blocks = f->memory.blocks;
    struct world w = {.f = f, .loop = vow_loop_new(f->ev)};

    w.cleanups = g_array_new(FALSE, FALSE, sizeof(int));
    vow_loop_set_report(w.loop, ignore, NULL);
    for (int i = 0; i < SOURCES; i++)
        w.sources[i].world = &w;
    for (int i = 0; i < STEPS; i++) {
        if (short_of_memory && one_in(10))
            memory_fail(f, (size_t) g_test_rand_int_range(1, 5), one_in(2));
        step(&w);
        if (one_in(4))
            turn(f);
    }
    memory_fail(f, 0, false);
    if (one_in(2))
        drop_held(&w);
    vow_loop_free(w.loop);
    w.nesting = NESTING;
    drop_held(&w);
    check(&w, blocks);
    g_array_unref(w.cleanups);
    g_ptr_array_set_size(f->kept, 0);
}

static void test_memory_suffices(fixture *f)
{
    for (int i = 0; i < ROUNDS; i++)
        run_round(f, false);
}

static void test_memory_is_short(fixture *f)
{
    for (int i = 0; i < ROUNDS; i++)
        run_round(f, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/random/memory-suffices", test_memory_suffices);
    test_add("/random/memory-is-short", test_memory_is_short);
    return g_test_run();
}
