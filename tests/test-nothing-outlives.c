/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing outlives what waited for it: a combinator and a deadline have their outcome, drop the rest, and are
 * settled when the clean-up of that is done. Where no clean-up awaits, nothing changes for those who wait.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* ---- A child whose clean-up awaits --------------------------------------------------------------------- */

struct child {
    vow_task task;
    fixture *f;
    vow_promise *work;
    vow_promise *until; /* awaited in its clean-up */
    bool throws;        /* after that */
};

VOW_ASYNC(child, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->work);
    VOW_FINALLY(me);
    note(me->f, "cleaning");
    VOW_TRY_AWAIT(me, me->until);
    note(me->f, "cleaned");
    if (me->throws)
        VOW_THROW(me, vow_error_new(EPROTO, "thrown by a clean-up"));
    VOW_END(me);
}

struct family {
    struct source work, until, first;
    vow_promise *child; /* given to what is made of it */
};

static vow_promise *child_new(fixture *f, struct family *family, bool throws)
{
    return vow_async(f->loop, child, .f = f, .work = pending(f, &family->work, "work"),
                     .until = pending(f, &family->until, "until"), .throws = throws);
}

/* What decides comes from `first`. */
enum made { ALL, ANY, RACE, RACE_OF_ERROR, ANY_OF_RACE, TIMEOUT, TIMEOUT_OF_ALL, N_MADE };
static const char *const outcomes[] = {"!EIO", "1", "1", "!EIO", "1", "!ETIMEDOUT", "!ETIMEDOUT"};

static vow_promise *make(fixture *f, struct family *family, enum made made, bool throws)
{
    vow_promise *slow = child_new(f, family, throws);

    if (made == TIMEOUT)
        return vow_timeout(slow, 0);
    if (made == TIMEOUT_OF_ALL)
        return vow_timeout(vow_all_of(f->loop, vow_race_of(f->loop, slow)), 0);
    vow_promise *first = pending(f, &family->first, "first");
    if (made == ALL)
        return vow_all_of(f->loop, slow, first);
    if (made == ANY)
        return vow_any_of(f->loop, slow, first);
    if (made == ANY_OF_RACE)
        return vow_any_of(f->loop, vow_race_of(f->loop, first, slow));
    return vow_race_of(f->loop, first, slow);
}

/* Turns until the deadline is over, where there is one. */
static void decide(fixture *f, struct family *family, enum made made)
{
    if (made == ALL || made == RACE_OF_ERROR)
        vow_reject(&family->first.resolver, vow_error_new(EIO, "failed"));
    else if (made != TIMEOUT && made != TIMEOUT_OF_ALL)
        vow_resolve(&family->first.resolver, vow_int(1));
    while (!f->log->len)
        ev_run(f->ev, EVRUN_ONCE);
}

static void test_waits(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        struct family family;
        vow_promise *promise = make(f, &family, made, false);

        decide(f, &family, made);
        assert_log(f, "work-cancelled cleaning");
        g_assert_true(vow_is_pending(promise));
        watch(f, vow_ref(promise), "told");
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        g_assert_true(g_str_has_prefix(f->log->str, "cleaned told"));
        g_string_truncate(f->log, 0);
        assert_peek(promise, outcomes[made]);
        vow_unref(promise);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* What a clean-up throws after the outcome was known is reported, and does not take its place. */
static void test_clean_up_throws(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        struct family family;
        vow_promise *promise = make(f, &family, made, true);

        decide(f, &family, made);
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        assert_log(f, "work-cancelled cleaning cleaned");
        assert_peek(promise, outcomes[made]);
        expect_report(f, "thrown by a clean-up");
        vow_unref(promise);
    }
}

/* Cancelled or dropped while it waits for the clean-up: that goes on, and an error that was the outcome is
 * not lost. */
static void test_cancelled_meanwhile(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        for (int drop = 0; drop < 2; drop++) {
            struct family family;
            vow_promise *promise = make(f, &family, made, false);

            decide(f, &family, made);
            if (drop)
                vow_unref(promise);
            else
                vow_cancel(vow_ref(promise));
            assert_log(f, "work-cancelled cleaning");
            vow_resolve(&family.until.resolver, vow_nil());
            turn(f);
            assert_log(f, "cleaned");
            if (outcomes[made][0] == '!')
                expect_report(f, made == TIMEOUT || made == TIMEOUT_OF_ALL ? "timed out" : "failed");
            if (drop)
                continue;
            assert_peek(promise, "!ECANCELED");
            vow_unref(promise);
        }
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* What somebody else holds goes on, and is not waited for. */
static void test_held_by_others(fixture *f)
{
    struct family family;
    vow_promise *held = child_new(f, &family, false);
    vow_promise *race = vow_race_of(f->loop, vow_ref(held), vow_resolved(f->loop, vow_int(1)));

    turn(f);
    assert_peek(race, "1");
    vow_unref(race);
    assert_log(f, "");
    vow_unref(held);
    assert_log(f, "work-cancelled cleaning");
    vow_resolve(&family.until.resolver, vow_nil());
    turn(f);
    assert_log(f, "cleaned");
}

/* The loop is freed while a clean-up is awaited: that is told so, and all end. */
static void test_loop_is_freed(fixture *f)
{
    struct family family; /* the last is told when the loop is freed */

    for (int made = 0; made < N_MADE; made++) {
        vow_detach(make(f, &family, made, false));
        decide(f, &family, made);
        g_string_truncate(f->log, 0);
        if (made + 1 < N_MADE) {
            vow_resolve(&family.until.resolver, vow_nil());
            turn(f);
            g_string_truncate(f->log, 0);
            if (outcomes[made][0] == '!')
                expect_report(f, made == TIMEOUT ? "timed out" : "failed");
        }
    }
    f->expect_live = 5;
    free_loop(f);
    assert_log(f, "until-cancelled cleaned");
    expect_report(f, "timed out");
}

/* The outcome needs no memory any more. */
static void test_no_memory(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        struct family family;
        vow_promise *promise = make(f, &family, made, false);

        if (made == ALL || made == RACE_OF_ERROR)
            vow_reject(&family.first.resolver, vow_error_new(EIO, "failed"));
        else if (made != TIMEOUT && made != TIMEOUT_OF_ALL)
            vow_resolve(&family.first.resolver, vow_int(1));
        memory_fail(f, 1, true);
        while (!g_strrstr(f->log->str, "cleaning"))
            ev_run(f->ev, EVRUN_ONCE);
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        memory_fail(f, 0, false);
        assert_log(f, "work-cancelled cleaning cleaned");
        assert_peek(promise, outcomes[made]);
        vow_unref(promise);
    }
}

/* ---- Order --------------------------------------------------------------------------------------------- */

static void cancel_and_tell(vow_resolver *resolver)
{
    struct source *source = (struct source *) resolver;

    note(source->f, "%s-cancelled", source->name);
    ticks(source->f, 2);
}

/* Where no clean-up awaits, those who wait have their turn before what the clean-up adds to the queue. */
static void test_order(fixture *f)
{
    struct source loser = {.f = f, .name = "loser"};
    vow_promise *slow = vow_promise_new(f->loop, &loser.resolver, cancel_and_tell);

    watch(f, vow_race_of(f->loop, vow_resolved(f->loop, vow_int(1)), slow), "race");
    turn(f);
    assert_log(f, "loser-cancelled race=1 1 2");
}

/* ---- What children share with their parent ------------------------------------------------------------- */

struct parent {
    vow_task task;
    fixture *f;
    struct family *family;
    int made;
};

VOW_ASYNC(parent, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, make(me->f, me->family, me->made, false));
    VOW_FINALLY(me);
    note(me->f, "parent");
    VOW_END(me);
}

static void test_parent(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        struct family family;
        vow_promise *parent = vow_async(f->loop, parent, .f = f, .family = &family, .made = made);

        decide(f, &family, made);
        assert_log(f, "work-cancelled cleaning");
        if (made % 2)
            vow_unref(vow_ref(parent));
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        assert_log(f, "cleaned parent");
        g_assert_nonnull(vow_peek(parent));
        vow_unref(parent);
    }
}

/* ---- A task that does not follow what it was to follow --------------------------------------------------
 */

enum change { THROWS, RETURNS, FAILS, CANCELLED, CANCELLED_BEFORE, N_CHANGES };
static const char *const changed_outcomes[] = {"!EPROTO", "2", "!EPROTO", "!ECANCELED", "!ECANCELED"};

/* Its clean-up has the last word. */
struct follower {
    vow_task task;
    fixture *f;
    vow_promise *child; /* followed */
    vow_promise *gate;  /* awaited in its clean-up */
    enum change change;
};

VOW_ASYNC(follower, me)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, vow_follow(me->child));
    VOW_FINALLY(me);
    VOW_TRY_AWAIT(me, me->gate);
    if (me->change == THROWS)
        VOW_THROW(me, vow_error_new(EPROTO, "thrown"));
    if (me->change == RETURNS)
        VOW_RETURN(me, vow_int(2));
    if (me->change == FAILS)
        VOW_AWAIT(me, vow_rejected(VOW_LOOP(me), vow_error_new(EPROTO, "rejected")));
    note(me->f, "last");
    VOW_END(me);
}

static vow_promise *follower_new(fixture *f, struct family *family, enum change change, bool throws)
{
    vow_promise *child = child_new(f, family, throws);

    return vow_async(f->loop, follower, .f = f, .child = child, .change = change,
                     .gate = pending(f, &family->first, "gate"));
}

static void open_gate(fixture *f, struct family *family, vow_promise *promise, enum change change)
{
    if (change >= CANCELLED)
        vow_cancel(vow_ref(promise));
    vow_resolve(&family->first.resolver, vow_nil());
    turn(f);
    assert_log(f, change >= CANCELLED ? "last work-cancelled cleaning" : "work-cancelled cleaning");
    g_assert_true(vow_is_pending(promise));
}

static void test_replaced(fixture *f)
{
    for (int change = 0; change < N_CHANGES; change++) {
        for (int throws = 0; throws < 2; throws++) {
            struct family family;
            vow_promise *promise = follower_new(f, &family, change, throws);

            open_gate(f, &family, promise, change);
            if (change == CANCELLED_BEFORE)
                vow_cancel(vow_ref(promise)); /* once more */
            watch(f, vow_ref(promise), "told");
            vow_resolve(&family.until.resolver, vow_nil());
            turn(f);
            g_assert_true(g_str_has_prefix(f->log->str, "cleaned told"));
            g_string_truncate(f->log, 0);
            assert_peek(promise, changed_outcomes[change]);
            vow_unref(promise);
            if (throws)
                expect_report(f, "thrown by a clean-up");
        }
    }
}

/* Cancelled or dropped while it waits for what it does not follow any more. */
static void test_replaced_and_cancelled(fixture *f)
{
    for (int change = 0; change < CANCELLED; change++) {
        for (int drop = 0; drop < 2; drop++) {
            struct family family;
            vow_promise *promise = follower_new(f, &family, change, false);

            open_gate(f, &family, promise, change);
            if (drop)
                vow_unref(promise);
            else
                vow_cancel(vow_ref(promise));
            assert_log(f, "");
            vow_resolve(&family.until.resolver, vow_nil());
            turn(f);
            assert_log(f, "cleaned");
            if (!drop) { /* what a clean-up throws is not hidden by a cancel */
                assert_peek(promise, change == RETURNS ? "!ECANCELED" : "!EPROTO");
                vow_unref(promise);
            } else if (change != RETURNS) {
                expect_report(f, change == THROWS ? "thrown" : "rejected");
            }
        }
    }
}

/* What somebody else holds goes on. */
static void test_replaced_is_held(fixture *f)
{
    for (int change = 0; change < N_CHANGES; change++) {
        struct family family;
        vow_promise *child = child_new(f, &family, false);
        vow_promise *promise = vow_async(f->loop, follower, .f = f, .child = vow_ref(child), .change = change,
                                         .gate = pending(f, &family.first, "gate"));

        if (change >= CANCELLED)
            vow_cancel(vow_ref(promise));
        vow_resolve(&family.first.resolver, vow_nil());
        turn(f);
        assert_log(f, change >= CANCELLED ? "last" : "");
        assert_peek(promise, changed_outcomes[change]);
        vow_unref(promise);
        vow_resolve(&family.work.resolver, vow_nil());
        turn(f);
        assert_log(f, "cleaning");
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        assert_log(f, "cleaned");
        vow_unref(child);
    }
}

/* Another one has looked at the error that the clean-up ends with: the task, which only waits, leaves it at
 * that. */
static void test_replaced_is_seen(fixture *f)
{
    struct family family;
    vow_promise *child = child_new(f, &family, true), *promise;

    watch(f, vow_ref(child), "seen");
    promise = vow_async(f->loop, follower, .f = f, .child = vow_ref(child), .change = RETURNS,
                        .gate = pending(f, &family.first, "gate"));
    vow_cancel(child);
    assert_log(f, "work-cancelled cleaning");
    vow_resolve(&family.first.resolver, vow_nil());
    turn(f);
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&family.until.resolver, vow_nil());
    turn(f);
    g_assert_true(g_str_has_prefix(f->log->str, "cleaned seen!"));
    g_string_truncate(f->log, 0);
    assert_peek(promise, "2");
    vow_unref(promise);
}

static void test_replaced_at_the_end_of_a_loop(fixture *f)
{
    struct family families[N_CHANGES];

    for (int change = 0; change < N_CHANGES; change++) {
        vow_promise *promise = follower_new(f, &families[change], change, false);

        open_gate(f, &families[change], promise, change);
        vow_forget(promise);
    }
    f->expect_live = 3 * N_CHANGES;
    free_loop(f);
    for (int change = 0; change < N_CHANGES; change++)
        g_assert_null(families[change].until.resolver.promise);
    g_string_truncate(f->log, 0);
}

/* ---- A run that ends without an outcome -----------------------------------------------------------------
 */

/* The clean-up that vow_run() sets going has its time. */
struct sleeper {
    vow_task task;
    fixture *f;
    vow_promise *work;
    double seconds;
    bool throws;
};

VOW_ASYNC(sleeper, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->work);
    VOW_FINALLY(me);
    note(me->f, "cleaning");
    VOW_TRY_AWAIT(me, vow_sleep(VOW_LOOP(me), me->seconds));
    note(me->f, "cleaned");
    if (me->throws)
        VOW_THROW(me, vow_error_new(EPROTO, "thrown by a clean-up"));
    VOW_END(me);
}

static void run_that_deadlocks(fixture *f, double seconds)
{
    for (int throws = 0; throws < 2; throws++) {
        struct source work;
        vow_error *error = vow_run(vow_async(f->loop, sleeper, .f = f, .work = pending(f, &work, "work"),
                                             .seconds = seconds, .throws = throws),
                                   NULL);

        g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
        vow_error_unref(error);
        assert_log(f, "work-cancelled cleaning cleaned");
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
        if (throws)
            expect_report(f, "thrown by a clean-up");
    }
}

/* On a real clock, where the clean-up takes until the next turn, and on a virtual one. */
static void test_run_that_deadlocks(fixture *f)
{
    run_that_deadlocks(f, 0);
    make_virtual(f);
    run_that_deadlocks(f, HOUR);
    g_assert_cmpfloat(vow_now(f->loop), ==, 2 * HOUR);
}

/* What somebody else holds is not dropped, and not waited for. */
static void test_run_of_what_is_held(fixture *f)
{
    struct source work;
    vow_promise *held = vow_async(f->loop, sleeper, .f = f, .work = pending(f, &work, "work"));
    vow_error *error = vow_run(vow_ref(held), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
    vow_error_unref(error);
    assert_log(f, "");
    vow_resolve(&work.resolver, vow_nil());
    error = vow_run(held, NULL);
    g_assert_null(error);
    assert_log(f, "cleaning cleaned");
}

/* A deadlock names the clean-up that is waited for. */
static void test_deadlock(fixture *f)
{
    for (int made = 0; made < N_MADE; made++) {
        struct family family;
        vow_promise *promise = make(f, &family, made, false);
        vow_error *error;

        decide(f, &family, made);
        g_string_truncate(f->log, 0);
        error = vow_run(promise, NULL);
        g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
        g_assert_nonnull(g_strrstr(vow_error_message(error), "task child"));
        vow_error_unref(error);
        vow_resolve(&family.until.resolver, vow_nil());
        turn(f);
        assert_log(f, "cleaned");
        if (outcomes[made][0] == '!')
            expect_report(f, made == TIMEOUT || made == TIMEOUT_OF_ALL ? "timed out" : "failed");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/nothing-outlives/waits", test_waits);
    test_add("/nothing-outlives/clean-up-throws", test_clean_up_throws);
    test_add("/nothing-outlives/cancelled-meanwhile", test_cancelled_meanwhile);
    test_add("/nothing-outlives/held-by-others", test_held_by_others);
    test_add("/nothing-outlives/loop-is-freed", test_loop_is_freed);
    test_add("/nothing-outlives/no-memory", test_no_memory);
    test_add("/nothing-outlives/order", test_order);
    test_add("/nothing-outlives/parent", test_parent);
    test_add("/nothing-outlives/deadlock", test_deadlock);
    test_add("/nothing-outlives/replaced", test_replaced);
    test_add("/nothing-outlives/replaced/cancelled", test_replaced_and_cancelled);
    test_add("/nothing-outlives/replaced/held", test_replaced_is_held);
    test_add("/nothing-outlives/replaced/seen", test_replaced_is_seen);
    test_add("/nothing-outlives/replaced/loop-is-freed", test_replaced_at_the_end_of_a_loop);
    test_add("/nothing-outlives/run/deadlock", test_run_that_deadlocks);
    test_add("/nothing-outlives/run/held", test_run_of_what_is_held);
    return g_test_run();
}
