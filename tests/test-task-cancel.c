/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cancelling tasks: at every await, between other promises, what is awaited before the one that awaits, in
 * chains of any length, and by the task itself.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 100000 };

static guint count_words(fixture *f, const char *word)
{
    guint count = 0;

    for (const char *at = f->log->str; (at = strstr(at, word)); at++)
        count++;
    return count;
}

/* ---- Cancel at every await ----------------------------------------------------------------------------- */

enum { STOPS = 6 };
static const char *const stop_names[STOPS] = {"s0", "s1", "s2", "s3", "s4", "s5"};

/* Awaits one source after the other: before a loop, in it, in a branch, in a nested block, behind it all. */
struct tour {
    vow_task task;
    fixture *f;
    struct source *sources;
    int i;
};

#define STOP(me, n) pending((me)->f, &(me)->sources[n], stop_names[n])

VOW_ASYNC(tour, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, STOP(me, 0));
    for (me->i = 1; me->i <= 2; me->i++) {
        VOW_AWAIT(me, STOP(me, me->i));
        note(me->f, "i%d", me->i);
    }
    if (me->i == 3)
        VOW_AWAIT(me, STOP(me, 3));
    while (me->i > 0) {
        do {
            VOW_TRY_AWAIT(me, STOP(me, 4));
            note(me->f, "%s", VOW_ERROR(me) ? code_name(VOW_ERROR(me)) : "tried");
        } while (0);
        me->i = 0;
    }
    VOW_AWAIT(me, STOP(me, 5));
    note(me->f, "end");
    VOW_FINALLY(me);
    note(me->f, "finally");
    VOW_END(me);
}

/* What a tour notes until it stands at a stop. */
static const char *const passed[STOPS + 1] = {
    "", "", "i1", "i1 i2", "i1 i2", "i1 i2 tried", "i1 i2 tried end finally",
};

/* Starts a tour and settles the sources before a stop. */
static vow_promise *tour_to(fixture *f, struct source *sources, int stop)
{
    vow_promise *p = vow_async(f->loop, tour, .f = f, .sources = sources);

    for (int i = 0; i < stop; i++) {
        vow_resolve(&sources[i].resolver, vow_nil());
        turn(f);
    }
    assert_log(f, passed[stop]);
    return p;
}

static void finally_runs_once_when_dropped_at_any_await(fixture *f)
{
    struct source sources[STOPS];

    for (int stop = 0; stop < STOPS; stop++) {
        vow_unref(tour_to(f, sources, stop));
        char *expected = g_strdup_printf("s%d-cancelled finally", stop);
        assert_log(f, expected);
        g_free(expected);
        g_assert_false(vow_resolver_is_pending(&sources[stop].resolver));
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
    vow_promise *p = tour_to(f, sources, STOPS);
    assert_peek(p, "nil");
    vow_unref(p);
}

/* The awaited promise is settled, but the task has not gone on: it must not any more. */
static void finally_runs_once_when_dropped_before_it_goes_on(fixture *f)
{
    struct source sources[STOPS];

    for (int stop = 0; stop < STOPS; stop++) {
        vow_promise *p = tour_to(f, sources, stop);
        vow_resolve(&sources[stop].resolver, owned(f, "v"));
        assert_log(f, "");
        vow_unref(p);
        g_assert_cmpuint(count_words(f, "finally"), ==, 1);
        g_assert_cmpuint(count_words(f, "~v"), ==, 1);
        g_assert_cmpuint(f->log->len, ==, strlen("finally ~v"));
        g_string_truncate(f->log, 0);
        turn(f);
    }
}

static void finally_runs_once_when_cancelled_at_any_await(fixture *f)
{
    struct source sources[STOPS];

    for (int stop = 0; stop < STOPS; stop++) {
        vow_promise *p = tour_to(f, sources, stop);
        watch(f, vow_ref(p), "w");
        vow_cancel(vow_ref(p));
        char *expected = g_strdup_printf("s%d-cancelled finally", stop);
        assert_log(f, expected);
        g_free(expected);
        turn(f);
        assert_log(f, "w!ECANCELED");
        assert_peek(p, "!ECANCELED");
        vow_unref(p);
    }
}

static void finally_runs_once_when_rejected_at_any_await(fixture *f)
{
    struct source sources[STOPS];

    for (int stop = 0; stop < STOPS; stop++) {
        vow_promise *p = tour_to(f, sources, stop);
        vow_reject(&sources[stop].resolver, vow_error_new(EIO, "stop"));
        turn(f);
        if (stop == 4) { /* the one with VOW_TRY_AWAIT */
            assert_log(f, "EIO");
            vow_resolve(&sources[5].resolver, vow_nil());
            turn(f);
            assert_log(f, "end finally");
            assert_peek(p, "nil");
        } else {
            assert_log(f, "finally");
            assert_peek(p, "!EIO");
        }
        vow_unref(p);
    }
}

/* ---- A task between others ----------------------------------------------------------------------------- */

/* Awaits a promise; its clean-up notes its name. */
struct layer {
    vow_task task;
    fixture *f;
    const char *name;
    vow_promise *below;
};

VOW_ASYNC(layer, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->below);
    note(me->f, "%s-on", me->name);
    VOW_FINALLY(me);
    note(me->f, "%s", me->name);
    VOW_END(me);
}

#define start_layer(f, name_, below_) \
    vow_async((f)->loop, layer, .f = (f), .name = (name_), .below = (below_))

static void cancel_goes_inner_first(fixture *f)
{
    struct source source;
    vow_promise *p = start_layer(f, "inner", pending(f, &source, "s"));

    p = vow_finally(vow_then(p, saw_value, tag_new(f, "then")), saw_end, tag_new(f, "handler"));
    p = start_layer(f, "middle", p);
    p = start_layer(f, "outer", p);
    vow_unref(p);
    assert_log(f, "s-cancelled inner handler middle outer");
}

/* Awaits a promise, and another one in its clean-up. */
struct sweeper {
    vow_task task;
    fixture *f;
    vow_promise *below;
    struct source *source;
};

VOW_ASYNC(sweeper, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->below);
    VOW_FINALLY(me);
    note(me->f, "sweep");
    VOW_AWAIT(me, pending(me->f, me->source, "c"));
    note(me->f, "swept");
    VOW_END(me);
}

/* A clean-up that takes time holds up those further out, not those further in. */
static void cancel_waits_for_the_inner_clean_up(fixture *f)
{
    for (int cancels = 0; cancels <= 1; cancels++) {
        struct source source, sweep;
        vow_promise *p = start_layer(f, "inner", pending(f, &source, "s"));

        p = vow_async(f->loop, sweeper, .f = f, .below = p, .source = &sweep);
        p = start_layer(f, "outer", vow_finally(p, saw_end, tag_new(f, "handler")));
        if (cancels) {
            watch(f, vow_ref(p), "w");
            vow_cancel(p);
        } else {
            vow_unref(p);
        }
        assert_log(f, "s-cancelled inner sweep");
        turn(f);
        assert_log(f, "");
        vow_resolve(&sweep.resolver, vow_nil());
        turn(f);
        assert_log(f, cancels ? "swept handler outer w!ECANCELED" : "swept handler outer");
    }
}

static void a_held_inner_task_runs_on(fixture *f)
{
    struct source source;
    vow_promise *inner = start_layer(f, "inner", pending(f, &source, "s"));

    vow_unref(start_layer(f, "outer", vow_ref(inner)));
    assert_log(f, "outer");
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "inner-on inner");
    vow_unref(inner);
}

static void the_loser_of_a_race_is_cleaned_up(fixture *f)
{
    struct source slow, fast;
    vow_promise *loser = start_layer(f, "loser", pending(f, &slow, "slow"));
    vow_promise *winner = start_layer(f, "winner", pending(f, &fast, "fast"));
    vow_promise *race = vow_race_of(f->loop, loser, winner);

    vow_resolve(&fast.resolver, vow_nil());
    turn(f);
    assert_log(f, "winner-on winner slow-cancelled loser");
    vow_unref(race);
}

static void a_detached_task_runs_on(fixture *f)
{
    struct source source;

    vow_detach(start_layer(f, "a", pending(f, &source, "s")));
    turn(f);
    assert_log(f, "");
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "a-on a");
}

static void cancel_of_a_settled_task_does_nothing(fixture *f)
{
    vow_promise *p = start_layer(f, "a", vow_resolved(f->loop, vow_nil()));

    turn(f);
    assert_log(f, "a-on a");
    vow_cancel(vow_ref(p));
    turn(f);
    assert_peek(p, "nil");
    vow_unref(p);
}

/* Counts its clean-ups and checks that the one below went first. */
struct deep {
    vow_task task;
    int *cleaned;
    int level;
    vow_promise *below;
};

VOW_ASYNC(deep, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->below);
    VOW_FINALLY(me);
    g_assert_cmpint((*me->cleaned)++, ==, me->level);
    VOW_END(me);
}

static vow_promise *deep_chain(fixture *f, struct source *source, int *cleaned)
{
    vow_promise *p = pending(f, source, "s");

    *cleaned = 0;
    for (int i = 0; i < MANY; i++)
        p = vow_async(f->loop, deep, .cleaned = cleaned, .level = i, .below = p);
    return p;
}

static void a_long_chain_is_dropped(fixture *f)
{
    struct source source;
    int cleaned;

    vow_unref(deep_chain(f, &source, &cleaned));
    assert_log(f, "s-cancelled");
    g_assert_cmpint(cleaned, ==, MANY);
}

static void a_long_chain_is_cancelled(fixture *f)
{
    struct source source;
    int cleaned;
    vow_promise *p = deep_chain(f, &source, &cleaned);

    watch(f, vow_ref(p), "w");
    vow_cancel(p);
    assert_log(f, "s-cancelled");
    g_assert_cmpint(cleaned, ==, MANY);
    turn(f);
    assert_log(f, "w!ECANCELED");
}

static void a_long_chain_is_rejected(fixture *f)
{
    struct source source;
    int cleaned;
    vow_promise *p = deep_chain(f, &source, &cleaned);

    vow_reject(&source.resolver, vow_error_new(EIO, "bottom"));
    turn(f);
    g_assert_cmpint(cleaned, ==, MANY);
    assert_peek(p, "!EIO");
    vow_unref(p);
}

/* ---- Tasks that end themselves ------------------------------------------------------------------------- */

enum way { DROP, CANCEL, DROP_AND_RETURN, DROP_IN_FINALLY, DROP_AND_AWAIT_SETTLED };

/* Ends a promise, its own as a rule, while it runs; goes on to an await that it must not come back from. */
struct quitter {
    vow_task task;
    fixture *f;
    vow_promise **ended;
    enum way way;
    struct source *source;
};

VOW_ASYNC(quitter, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    if (me->way == CANCEL)
        vow_cancel(vow_ref(*me->ended));
    else if (me->way != DROP_IN_FINALLY)
        vow_unref(*me->ended);
    note(me->f, "still");
    if (me->way == DROP_AND_RETURN)
        VOW_RETURN(me, owned(me->f, "v"));
    if (me->way != DROP_IN_FINALLY) {
        VOW_AWAIT(me, me->way == DROP_AND_AWAIT_SETTLED ? vow_resolved(VOW_LOOP(me), vow_nil())
                                                        : pending(me->f, me->source, "s"));
        note(me->f, "not reached");
    }
    VOW_FINALLY(me);
    note(me->f, "finally");
    if (me->way == DROP_IN_FINALLY)
        vow_unref(*me->ended);
    note(me->f, "out");
    VOW_END(me);
}

#define start_quitter(f, ended_, way_, source_) \
    vow_async((f)->loop, quitter, .f = (f), .ended = (ended_), .way = (way_), .source = (source_))

static void a_task_drops_its_own_last_reference(fixture *f)
{
    struct source source;
    vow_promise *p;

    p = start_quitter(f, &p, DROP, &source);
    turn(f);
    assert_log(f, "still s-cancelled finally out");
    p = start_quitter(f, &p, DROP_AND_RETURN, NULL);
    turn(f);
    g_assert_cmpuint(count_words(f, "~v"), ==, 1);
    g_assert_true(g_str_has_prefix(f->log->str, "still "));
    g_assert_cmpuint(count_words(f, "finally out"), ==, 1);
    g_string_truncate(f->log, 0);
    p = start_quitter(f, &p, DROP_IN_FINALLY, NULL);
    turn(f);
    assert_log(f, "still finally out");
    p = start_quitter(f, &p, DROP_AND_AWAIT_SETTLED, NULL);
    turn(f);
    assert_log(f, "still finally out");
}

static void a_task_cancels_itself(fixture *f)
{
    struct source source;
    vow_promise *p;

    p = start_quitter(f, &p, CANCEL, &source);
    watch(f, vow_ref(p), "w");
    turn(f);
    assert_log(f, "still s-cancelled finally out w!ECANCELED");
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
}

static void a_task_drops_the_one_that_awaits_it(fixture *f)
{
    struct source source;
    vow_promise *outer;

    outer = start_layer(f, "outer", start_quitter(f, &outer, DROP, &source));
    turn(f);
    assert_log(f, "outer still s-cancelled finally out");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/task-cancel/dropped-at-any-await", finally_runs_once_when_dropped_at_any_await);
    test_add("/task-cancel/dropped-before-it-goes-on", finally_runs_once_when_dropped_before_it_goes_on);
    test_add("/task-cancel/cancelled-at-any-await", finally_runs_once_when_cancelled_at_any_await);
    test_add("/task-cancel/rejected-at-any-await", finally_runs_once_when_rejected_at_any_await);
    test_add("/task-cancel/inner-first", cancel_goes_inner_first);
    test_add("/task-cancel/inner-clean-up", cancel_waits_for_the_inner_clean_up);
    test_add("/task-cancel/held-inner", a_held_inner_task_runs_on);
    test_add("/task-cancel/race", the_loser_of_a_race_is_cleaned_up);
    test_add("/task-cancel/detached", a_detached_task_runs_on);
    test_add("/task-cancel/settled", cancel_of_a_settled_task_does_nothing);
    test_add("/task-cancel/long-chain/dropped", a_long_chain_is_dropped);
    test_add("/task-cancel/long-chain/cancelled", a_long_chain_is_cancelled);
    test_add("/task-cancel/long-chain/rejected", a_long_chain_is_rejected);
    test_add("/task-cancel/itself/drops", a_task_drops_its_own_last_reference);
    test_add("/task-cancel/itself/cancels", a_task_cancels_itself);
    test_add("/task-cancel/itself/drops-its-waiter", a_task_drops_the_one_that_awaits_it);
    return g_test_run();
}
