/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VOW_FINALLY: it runs exactly once however a task leaves, it may await, throw and return, and the loop keeps
 * the one of a cancelled task until it is done.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static guint count_words(fixture *f, const char *word)
{
    guint count = 0;

    for (const char *at = f->log->str; (at = strstr(at, word)); at++)
        count++;
    return count;
}

/* ---- Every way to leave -------------------------------------------------------------------------------- */

enum how { REACH, RETURN, THROW, THROW_VALUE, FOLLOW, BREAK, REJECT };

/* Leaves in one of several ways, before and after an await. */
struct leaver {
    vow_task task;
    fixture *f;
    enum how how;
    bool wait;
};

VOW_ASYNC(leaver, me)
{
    VOW_BEGIN(me);
    if (me->wait)
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    if (me->how == RETURN)
        VOW_RETURN(me, owned(me->f, "v"));
    if (me->how == THROW)
        VOW_THROW(me, vow_error_new(EIO, "thrown"));
    if (me->how == THROW_VALUE)
        VOW_RETURN(me, vow_throwf(EPROTO, "thrown"));
    if (me->how == FOLLOW)
        VOW_RETURN(me, vow_follow(vow_resolved(VOW_LOOP(me), vow_int(6))));
    if (me->how == BREAK)
        break;
    if (me->how == REJECT)
        VOW_AWAIT(me, vow_rejected(VOW_LOOP(me), vow_error_new(EINVAL, "rejected")));
    note(me->f, "reached");
    VOW_FINALLY(me);
    note(me->f, "finally");
    VOW_END(me);
}

static void leave(fixture *f, enum how how, bool wait, const char *log, const char *outcome)
{
    vow_promise *p = vow_async(f->loop, leaver, .f = f, .how = how, .wait = wait);

    for (int i = 0; i < 4; i++)
        turn(f);
    assert_log(f, log);
    assert_peek(p, outcome);
    vow_unref(p);
    assert_log(f, how == RETURN ? "~v" : "");
}

static void finally_runs_once_on_every_way_out(fixture *f)
{
    for (int wait = 0; wait <= 1; wait++) {
        leave(f, REACH, wait, "reached finally", "nil");
        leave(f, RETURN, wait, "finally", "v");
        leave(f, THROW, wait, "finally", "!EIO");
        leave(f, THROW_VALUE, wait, "finally", "!EPROTO");
        leave(f, FOLLOW, wait, "finally", "6");
        leave(f, BREAK, wait, "finally", "nil");
        leave(f, REJECT, wait, "finally", "!EINVAL");
    }
}

/* ---- A clean-up that awaits, throws or returns --------------------------------------------------------- */

enum ending { QUIET, AWAITS, AWAITS_TWICE, FAILS, TRIES, THROWS, RETURNS };

/* Awaits, leaves with a value or an error, and cleans up in one of several ways. */
struct cleaner {
    vow_task task;
    fixture *f;
    vow_promise *first;
    enum ending ending;
    struct source *source; /* what the clean-up awaits */
    int i;
};

VOW_ASYNC(cleaner, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->first);
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    note(me->f, "in");
    g_assert_true(VOW_LOOP(me) == me->f->loop);
    if (me->ending == AWAITS || me->ending == FAILS) {
        VOW_AWAIT(me, pending(me->f, me->source, "c"));
    } else if (me->ending == AWAITS_TWICE) {
        for (me->i = 0; me->i < 2; me->i++) {
            VOW_AWAIT(me, pending(me->f, me->source, "c"));
            saw_value(VOW_RESULT(me), &(struct tag){me->f, "c"});
        }
    } else if (me->ending == TRIES) {
        VOW_TRY_AWAIT(me, pending(me->f, me->source, "c"));
        note(me->f, "%s", code_name(VOW_ERROR(me)));
    } else if (me->ending == THROWS) {
        VOW_THROW(me, vow_error_new(EPROTO, "clean-up"));
    } else if (me->ending == RETURNS) {
        VOW_RETURN(me, vow_int(2));
    }
    note(me->f, "out");
    VOW_END(me);
}

#define start_cleaner(f, first_, ending_, source_) \
    vow_async((f)->loop, cleaner, .f = (f), .first = (first_), .ending = (ending_), .source = (source_))

static vow_promise *good(fixture *f)
{
    return vow_resolved(f->loop, owned(f, "v"));
}

static vow_promise *bad(fixture *f)
{
    return vow_rejected(f->loop, vow_error_new(EIO, "first"));
}

/* Runs a cleaner that needs no source to its end. */
static void clean(fixture *f, vow_promise *first, enum ending ending, const char *log, const char *outcome)
{
    vow_promise *p = start_cleaner(f, first, ending, NULL);

    turn(f);
    assert_log(f, log);
    assert_peek(p, outcome);
    vow_unref(p);
}

static void the_clean_up_may_take_the_place_of_the_outcome(fixture *f)
{
    clean(f, good(f), QUIET, "in out", "v");
    assert_log(f, "~v");
    clean(f, bad(f), QUIET, "in out", "!EIO");
    clean(f, good(f), THROWS, "in ~v", "!EPROTO");
    clean(f, bad(f), THROWS, "in", "!EPROTO");
    expect_report(f, "first"); /* it is not lost */
    clean(f, good(f), RETURNS, "in ~v", "2");
    clean(f, bad(f), RETURNS, "in", "2");
    expect_report(f, "first");
}

static void the_outcome_waits_for_the_clean_up(fixture *f)
{
    struct source source;
    vow_promise *p = start_cleaner(f, good(f), AWAITS_TWICE, &source);

    turn(f);
    assert_log(f, "in");
    assert_peek(p, "pending");
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    assert_log(f, "c=1");
    assert_peek(p, "pending");
    vow_resolve(&source.resolver, vow_int(2));
    turn(f);
    assert_log(f, "c=2 out");
    assert_peek(p, "v");
    vow_unref(p);
    assert_log(f, "~v");
}

static void a_rejected_await_ends_the_clean_up(fixture *f)
{
    struct source source;
    vow_promise *p = start_cleaner(f, good(f), FAILS, &source);

    turn(f);
    vow_reject(&source.resolver, vow_error_new(EPROTO, "clean-up"));
    turn(f);
    assert_log(f, "in ~v");
    assert_peek(p, "!EPROTO");
    vow_unref(p);

    p = start_cleaner(f, good(f), TRIES, &source);
    turn(f);
    vow_reject(&source.resolver, vow_error_new(EPROTO, "clean-up"));
    turn(f);
    assert_log(f, "in EPROTO out");
    assert_peek(p, "v");
    vow_unref(p);
    assert_log(f, "~v");
}

/* ---- Cancel and a clean-up that awaits ----------------------------------------------------------------- */

static void the_loop_keeps_the_clean_up_of_a_dropped_task(fixture *f)
{
    struct source first, source;

    vow_unref(start_cleaner(f, pending(f, &first, "s"), AWAITS_TWICE, &source));
    assert_log(f, "s-cancelled in");
    turn(f);
    g_assert_cmpuint(vow_loop_live(f->loop), >, 0);
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    assert_log(f, "c=1");
    vow_resolve(&source.resolver, vow_int(2));
    turn(f);
    assert_log(f, "c=2 out");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void waiters_see_the_cancel_after_the_clean_up(fixture *f)
{
    struct source first, source;
    vow_promise *p = start_cleaner(f, pending(f, &first, "s"), AWAITS, &source);

    watch(f, vow_ref(p), "w");
    vow_cancel(vow_ref(p));
    assert_log(f, "s-cancelled in");
    turn(f);
    assert_log(f, "");
    assert_peek(p, "pending");
    vow_cancel(vow_ref(p)); /* once more changes nothing */
    turn(f);
    assert_log(f, "");
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "out w!ECANCELED");
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
}

/* Cancels a task and looks at what those who wait for it see. */
static void cancel(fixture *f, enum ending ending, const char *log, const char *outcome)
{
    struct source first;
    vow_promise *p = start_cleaner(f, pending(f, &first, "s"), ending, NULL);

    vow_cancel(vow_ref(p));
    turn(f);
    assert_log(f, log);
    assert_peek(p, outcome);
    vow_unref(p);
}

/* What the clean-up returns does not undo the cancel; what it throws is worth knowing. */
static void a_cancelled_task_stays_cancelled(fixture *f)
{
    cancel(f, QUIET, "s-cancelled in out", "!ECANCELED");
    cancel(f, RETURNS, "s-cancelled in", "!ECANCELED");
    cancel(f, THROWS, "s-cancelled in", "!EPROTO");
}

static void a_failed_clean_up_of_a_dropped_task_is_reported(fixture *f)
{
    struct source first;

    vow_unref(start_cleaner(f, pending(f, &first, "s"), THROWS, NULL));
    turn(f);
    assert_log(f, "s-cancelled in");
    expect_report(f, "task cleaner");
}

/* The task was done but for its clean-up, which goes on without a holder. */
static void dropped_in_the_clean_up(fixture *f)
{
    struct source source;
    vow_promise *p = start_cleaner(f, good(f), AWAITS_TWICE, &source);

    turn(f);
    assert_log(f, "in");
    vow_unref(p);
    turn(f);
    g_assert_true(vow_resolver_is_pending(&source.resolver));
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    vow_resolve(&source.resolver, vow_int(2));
    turn(f);
    g_assert_cmpuint(count_words(f, "out"), ==, 1);
    g_assert_cmpuint(count_words(f, "~v"), ==, 1);
    g_assert_cmpuint(count_words(f, "in"), ==, 0);
    g_string_truncate(f->log, 0);
}

static void cancelled_in_the_clean_up(fixture *f)
{
    struct source source;
    vow_promise *p = start_cleaner(f, bad(f), AWAITS, &source);

    turn(f);
    assert_log(f, "in");
    watch(f, vow_ref(p), "w");
    vow_cancel(p);
    turn(f);
    assert_log(f, "");
    g_assert_true(vow_resolver_is_pending(&source.resolver));
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "out w!ECANCELED");
    expect_report(f, "first"); /* what it was about to end with */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/task-finally/every-way-out", finally_runs_once_on_every_way_out);
    test_add("/task-finally/clean-up/replaces", the_clean_up_may_take_the_place_of_the_outcome);
    test_add("/task-finally/clean-up/awaits", the_outcome_waits_for_the_clean_up);
    test_add("/task-finally/clean-up/rejected", a_rejected_await_ends_the_clean_up);
    test_add("/task-finally/clean-up/dropped-task", the_loop_keeps_the_clean_up_of_a_dropped_task);
    test_add("/task-finally/clean-up/cancelled-task", waiters_see_the_cancel_after_the_clean_up);
    test_add("/task-finally/clean-up/stays-cancelled", a_cancelled_task_stays_cancelled);
    test_add("/task-finally/clean-up/failed", a_failed_clean_up_of_a_dropped_task_is_reported);
    test_add("/task-finally/clean-up/dropped-in-it", dropped_in_the_clean_up);
    test_add("/task-finally/clean-up/cancelled-in-it", cancelled_in_the_clean_up);
    return g_test_run();
}
