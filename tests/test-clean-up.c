/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Corners of clean-up that the model test found: promises that are dropped while they clean up, user code
 * that ends a promise from inside its own end, and who waits for whose clean-up.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <math.h>

static void release(void *f)
{
    note(f, "released");
}

static vow_value throw_it(void *f)
{
    note(f, "throws");
    return vow_throwf(EIO, "in clean-up");
}

static void note_report(const vow_report *report, void *f)
{
    (void) report;
    note(f, "report");
}

/* ---- Dropped while it cleans up ------------------------------------------------------------------------ */

struct ender {
    vow_task task;
    vow_promise *until;   /* what VOW_FINALLY awaits */
    vow_promise *outcome; /* what it returns */
};

VOW_ASYNC(ender, me)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, vow_follow(me->outcome));
    VOW_FINALLY(me);
    VOW_AWAIT(me, me->until);
    VOW_END(me);
}

/* Nobody is interested in how it would have ended: that is let go, not followed. */
static void test_outcome_is_let_go(fixture *f)
{
    struct source until, outcome;
    vow_promise *promise = vow_async(f->loop, ender, .until = pending(f, &until, "until"),
                                     .outcome = pending(f, &outcome, "outcome"));

    vow_unref(promise);
    assert_log(f, "");
    vow_resolve(&until.resolver, vow_nil());
    turn(f);
    assert_log(f, "outcome-cancelled");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static vow_value wait_for(void *promise)
{
    return vow_follow(promise);
}

/* An error that would have passed through is not lost, either directly or behind another promise. */
static void test_error_is_reported(fixture *f)
{
    for (int behind = 0; behind < 3; behind++) {
        struct source until;
        vow_promise *bad = vow_rejected(f->loop, vow_error_new(EIO, "bad"));
        vow_promise *promise = vow_finally(bad, wait_for, pending(f, &until, "until"));

        turn(f);
        if (behind == 1)
            promise = vow_then(promise, NULL, NULL);
        if (behind == 2)
            promise = vow_all_of(f->loop, vow_ref(promise), promise);
        vow_unref(promise);
        vow_resolve(&until.resolver, vow_nil());
        turn(f);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
        expect_report(f, "bad");
    }
}

/* ---- Who waits ----------------------------------------------------------------------------------------- */

/* A promise that somebody holds and nobody cancelled goes on for them; who leaves it is done at once. */
static void test_leaves_what_others_hold(fixture *f)
{
    struct source until;
    vow_promise *promise =
        vow_finally(vow_resolved(f->loop, vow_int(1)), wait_for, pending(f, &until, "until"));

    turn(f); /* its handler has run */
    vow_unref(vow_attach(vow_ref(promise), f, release));
    assert_log(f, "released");
    vow_resolve(&until.resolver, vow_nil());
    turn(f);
    assert_peek(promise, "1");
    vow_unref(promise);
}

struct held {
    fixture *f;
    vow_promise *inner, *outer;
};

static vow_value drop_outer(void *data)
{
    struct held *held = data;

    vow_unref(held->outer);
    note(held->f, "inner");
    return vow_nil();
}

/* What is being cancelled is cleaned up before what waits for it, even if that is let go in the meantime. */
static void test_dropped_by_the_inner_clean_up(fixture *f)
{
    struct source work;
    struct held held = {.f = f};

    held.inner = vow_finally(pending(f, &work, "work"), drop_outer, &held);
    held.inner = vow_then(held.inner, NULL, NULL);
    held.outer = vow_attach(vow_ref(held.inner), f, release);
    vow_cancel(vow_ref(held.inner));
    assert_log(f, "work-cancelled inner");
    turn(f);
    assert_log(f, "released");
    vow_unref(held.inner);
}

/* ---- Reports ------------------------------------------------------------------------------------------- */

/* From the inside out, too. */
static void test_report_before_the_outer_clean_up(fixture *f)
{
    struct source a, b;
    vow_promise *inner = vow_finally(pending(f, &a, "a"), throw_it, f);

    vow_loop_set_report(f->loop, note_report, f);
    vow_unref(vow_attach(inner, f, release));
    assert_log(f, "a-cancelled throws report released");
    inner = vow_finally(pending(f, &b, "b"), throw_it, f);
    vow_unref(vow_attach(vow_race_of(f->loop, inner), f, release));
    assert_log(f, "b-cancelled throws report released");
}

/* ---- Ended from inside its own end --------------------------------------------------------------------- */

static vow_value cancel_promise(void *promise)
{
    vow_cancel(vow_ref(*(vow_promise **) promise));
    return vow_nil();
}

/* The outcome that a cancelled task lets go cancels that task: it is settled once. */
static void test_outcome_cancels(fixture *f)
{
    struct source until, outcome;
    vow_promise *promise;

    promise = vow_async(f->loop, ender, .until = pending(f, &until, "until"),
                        .outcome = vow_finally(pending(f, &outcome, "outcome"), cancel_promise, &promise));
    vow_cancel(vow_ref(promise));
    vow_resolve(&until.resolver, vow_nil());
    turn(f);
    assert_log(f, "outcome-cancelled");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* ---- After the loop ------------------------------------------------------------------------------------ */

/* The last promise of a loop that is gone can still be given away. */
static vow_promise *into_race(vow_promise *promise)
{
    return vow_race_of(vow_promise_loop(promise), promise);
}

static vow_promise *into_all(vow_promise *promise)
{
    return vow_all_of(vow_promise_loop(promise), promise);
}

static vow_promise *into_any(vow_promise *promise)
{
    return vow_any_of(vow_promise_loop(promise), promise);
}

static vow_promise *into_follow(vow_promise *promise)
{
    return vow_resolved(vow_promise_loop(promise), vow_follow(promise));
}

static vow_promise *into_timeout(vow_promise *promise)
{
    return vow_timeout(promise, NAN);
}

static void test_last_of_a_freed_loop(fixture *f)
{
    static vow_promise *(*const into[])(vow_promise *) = {into_race, into_all, into_any, into_follow,
                                                          into_timeout};

    for (size_t i = 0; i < G_N_ELEMENTS(into); i++) {
        vow_loop *loop = vow_loop_new(f->ev);
        vow_promise *promise = vow_resolved(loop, owned(f, NULL));

        collect_reports(f, loop);
        vow_loop_free(loop);
        expect_report(f, "never released");
        promise = into[i](promise);
        assert_peek(promise, "!ECANCELED");
        vow_unref(promise);
    }
}

/* A task in its clean-up is left to finish when its loop is freed; what it then becomes is cancelled, too. */
struct foreign {
    vow_resolver resolver;
    fixture *f;
};

static void stop_foreign(vow_resolver *resolver)
{
    note(((struct foreign *) (void *) resolver)->f, "stopped");
}

static vow_error *keep_resolver(void *object, vow_resolver *resolver)
{
    struct foreign *foreign = object;

    vow_resolver_move(&foreign->resolver, resolver, stop_foreign);
    return NULL;
}

static const vow_thenable foreign_type = {"foreign", keep_resolver, NULL};

struct becomer {
    vow_task task;
    struct foreign *foreign;
};

VOW_ASYNC(becomer, me)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, vow_follow_thenable(&foreign_type, me->foreign));
    VOW_FINALLY(me);
    VOW_TRY_AWAIT(me, vow_sleep(VOW_LOOP(me), 1000));
    VOW_END(me);
}

static void test_foreign_while_freeing(fixture *f)
{
    struct foreign foreign = {.f = f};

    vow_detach(vow_async(f->loop, becomer, .foreign = &foreign));
    vow_loop_free(f->loop);
    f->loop = NULL;
    assert_log(f, "stopped");
    g_assert_false(vow_resolver_is_pending(&foreign.resolver));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/clean-up/dropped/outcome", test_outcome_is_let_go);
    test_add("/clean-up/dropped/error", test_error_is_reported);
    test_add("/clean-up/leaves-what-others-hold", test_leaves_what_others_hold);
    test_add("/clean-up/dropped-by-the-inner-one", test_dropped_by_the_inner_clean_up);
    test_add("/clean-up/report-before-the-outer-one", test_report_before_the_outer_clean_up);
    test_add("/clean-up/outcome-cancels", test_outcome_cancels);
    test_add("/clean-up/foreign-while-freeing", test_foreign_while_freeing);
    test_add("/clean-up/last-of-a-freed-loop", test_last_of_a_freed_loop);
    return g_test_run();
}
