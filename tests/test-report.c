/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports: of a rejection that nobody looked at, exactly when the promise is freed, and of promises that
 * outlive their loop. What was looked at, cancelled or lost a race is never reported; that the fixture finds
 * no report left over is half of each test.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

static vow_promise *broken(fixture *f)
{
    return vow_rejected(f->loop, vow_error_new(EIO, "broken"));
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_throwf(EPROTO, "thrown");
}

/* ---- What is reported ---------------------------------------------------------------------------------- */

static void test_freed_unseen(fixture *f)
{
    struct source a;
    const char *made = NEXT_LINE(f);
    vow_promise *promise = pending(f, &a, "a");
    const char *rejected = NEXT_LINE(f);
    vow_reject(&a.resolver, vow_error_new(EIO, "the disk is full"));

    turn(f);
    g_assert_cmpuint(f->reports->len, ==, 0);
    vow_unref(vow_ref(promise));
    g_assert_cmpuint(f->reports->len, ==, 0);
    vow_unref(promise);
    g_assert_cmpuint(f->reports->len, ==, 1);
    g_assert_nonnull(strstr(f->reports->pdata[0], made));
    g_assert_nonnull(strstr(f->reports->pdata[0], rejected));
    expect_report(f, "the disk is full");
}

static void test_rejected_from_the_start(fixture *f)
{
    const char *made = NEXT_LINE(f);
    vow_unref(vow_rejected(f->loop, vow_error_new(EIO, "broken")));
    expect_report(f, made);
}

/* The end of a chain is what nobody looked at: one report, not one a link. */
static void test_end_of_chain(fixture *f)
{
    vow_promise *promise = vow_then(vow_then(broken(f), NULL, NULL), saw_value, tag_new(f, "then"));
    const char *made = NEXT_LINE(f);
    promise = vow_finally(promise, saw_end, tag_new(f, "end"));

    turn(f);
    assert_log(f, "end");
    g_assert_cmpuint(f->reports->len, ==, 0);
    vow_unref(promise);
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, made);
}

static void test_detached(fixture *f)
{
    vow_detach(vow_then(vow_resolved(f->loop, vow_nil()), throw_it, NULL));
    g_assert_cmpuint(f->reports->len, ==, 0);
    turn(f);
    expect_report(f, "thrown");
}

static void test_thrown_in_catch(fixture *f)
{
    vow_detach(vow_then(vow_catch(broken(f), saw_error, tag_new(f, "catch")), throw_it, NULL));
    turn(f);
    assert_log(f, "catch!EIO");
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, "thrown");
}

/* Asking for the state is not looking at the error. */
static void test_state_is_not_the_error(fixture *f)
{
    vow_promise *promise = broken(f);

    g_assert_true(vow_is_rejected(promise));
    g_assert_false(vow_is_pending(promise));
    vow_unref(promise);
    expect_report(f, "broken");
}

/* One branch handles the error, the other does not. */
static void test_one_branch(fixture *f)
{
    vow_promise *promise = broken(f);

    watch(f, vow_ref(promise), "handled");
    vow_detach(vow_then(promise, NULL, NULL));
    turn(f);
    assert_log(f, "handled!EIO");
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, "broken");
}

static void test_combined(fixture *f)
{
    vow_detach(vow_all_of(f->loop, broken(f), broken(f)));
    turn(f);
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, "broken");
    const char *made = NEXT_LINE(f);
    vow_detach(vow_any_of(f->loop, broken(f), broken(f)));
    turn(f);
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, made);
}

/* Handlers that never got to run have not looked. */
static void test_handlers_dropped(fixture *f)
{
    vow_unref(vow_catch(broken(f), saw_error, tag_new(f, "never")));
    expect_report(f, "broken");
    vow_unref(vow_race_of(f->loop, broken(f)));
    expect_report(f, "broken");
    turn(f);
}

static void test_freed_with_loop(fixture *f)
{
    vow_detach(vow_catch(broken(f), saw_error, tag_new(f, "never")));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, "broken");
}

/* ---- What is not --------------------------------------------------------------------------------------- */

static void test_peeked(fixture *f)
{
    vow_promise *promise = broken(f);

    g_assert_nonnull(vow_peek(promise));
    vow_unref(promise);
}

static void test_peeked_while_pending(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    g_assert_null(vow_peek(promise));
    vow_reject(&a.resolver, vow_error_new(EIO, "seen too early"));
    vow_unref(promise);
    expect_report(f, "seen too early");
}

static void test_run(fixture *f)
{
    vow_error *error = vow_run(broken(f), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EIO);
    vow_error_unref(error);
}

static void test_caught(fixture *f)
{
    vow_detach(vow_catch(vow_then(broken(f), NULL, NULL), saw_error, tag_new(f, "catch")));
    turn(f);
    assert_log(f, "catch!EIO");
}

/* In time is before it is freed, however late. */
static void test_caught_late(fixture *f)
{
    vow_promise *promise = broken(f);

    turn(f);
    turn(f);
    watch(f, promise, "late");
    turn(f);
    assert_log(f, "late!EIO");
}

static void test_passed_on_to_holder(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_follow(broken(f))), NULL, NULL);

    turn(f);
    assert_peek(promise, "!EIO");
    vow_unref(promise);
}

static void test_cancelled(fixture *f)
{
    struct source a, b;
    vow_promise *promise = pending(f, &a, "a");

    vow_cancel(vow_ref(promise));
    vow_unref(promise);
    vow_cancel(pending(f, &b, "b"));
    assert_log(f, "a-cancelled b-cancelled");
}

/* Nor is a chain that ends because its source was cancelled. */
static void test_cancelled_source(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_detach(vow_finally(vow_then(vow_ref(promise), NULL, NULL), saw_end, tag_new(f, "end")));
    vow_cancel(promise);
    turn(f);
    assert_log(f, "a-cancelled end");
}

static void test_losers(fixture *f)
{
    vow_promise *race = vow_race_of(f->loop, vow_resolved(f->loop, vow_int(1)), broken(f));
    vow_promise *any = vow_any_of(f->loop, broken(f), vow_resolved(f->loop, vow_int(2)), broken(f));
    vow_promise *all = vow_all_of(f->loop, broken(f), broken(f));
    vow_promise *settled = vow_all_settled_of(f->loop, broken(f), broken(f));

    turn(f);
    assert_peek(race, "1");
    assert_peek(any, "2");
    assert_peek(all, "!EIO");
    assert_peek(settled, "[!EIO,!EIO]");
    vow_unref(race);
    vow_unref(any);
    vow_unref(all);
    vow_unref(settled);
}

/* ---- Leaks --------------------------------------------------------------------------------------------- */

static void test_leak(fixture *f)
{
    const char *made = NEXT_LINE(f);
    vow_promise *promise = vow_resolved(f->loop, owned(f, "v"));

    f->expect_live = 1;
    free_loop(f);
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, made);
    g_assert_true(vow_is_fulfilled(promise));
    assert_peek(promise, "v");
    vow_unref(vow_ref(promise));
    vow_unref(promise);
    assert_log(f, "~v");
}

/* A pending one was cancelled with the loop, and says so. */
static void test_leak_of_pending(fixture *f)
{
    struct source a;
    const char *made = NEXT_LINE(f);
    vow_promise *promise = pending(f, &a, "a");

    f->expect_live = 1;
    free_loop(f);
    assert_log(f, "a-cancelled");
    g_assert_cmpuint(f->reports->len, ==, 1);
    expect_report(f, made);
    g_assert_true(vow_is_rejected(promise));
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* ---- The hook ------------------------------------------------------------------------------------------ */

struct seen {
    fixture *f;
    const char *made_at;
    bool more; /* the hook uses the loop */
};

static void inspect(const vow_report *report, void *data)
{
    struct seen *seen = data;

    g_assert_cmpstr(report->made_at, ==, seen->made_at);
    g_assert_nonnull(report->kind_of);
    if (report->kind == VOW_REPORT_LEAK) {
        note(seen->f, "leak");
        return;
    }
    note(seen->f, "%s-%s", report->kind_of, code_name(report->error));
    if (seen->more)
        watch(seen->f, vow_then(vow_resolved(seen->f->loop, vow_int(1)), NULL, NULL), "from-hook");
}

static void test_hook(fixture *f)
{
    struct seen seen = {f, NEXT_LINE(f), true};
    vow_promise *promise = vow_then(broken(f), NULL, NULL);

    vow_loop_set_report(f->loop, inspect, &seen);
    turn(f);
    vow_unref(promise);
    assert_log(f, "then-EIO");
    turn(f);
    assert_log(f, "from-hook=1");
}

static void test_hook_leak(fixture *f)
{
    struct seen seen = {f, NEXT_LINE(f), false};
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    vow_loop_set_report(f->loop, inspect, &seen);
    f->expect_live = 1;
    free_loop(f);
    assert_log(f, "leak");
    vow_unref(promise);
}

/* The default hook prints one paragraph on stderr, and nothing else ever does. */
static void test_default_hook(fixture *f)
{
    if (!g_test_subprocess()) {
        run_in_child(f);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("*the disk is full*\n");
        g_test_trap_assert_stderr("*test-report.c:*");
        return;
    }
    vow_loop_set_report(f->loop, NULL, NULL);
    vow_unref(vow_rejected(f->loop, vow_error_new(EIO, "the disk is full")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/report/freed-unseen", test_freed_unseen);
    test_add("/report/rejected-from-the-start", test_rejected_from_the_start);
    test_add("/report/end-of-chain", test_end_of_chain);
    test_add("/report/detached", test_detached);
    test_add("/report/thrown-in-catch", test_thrown_in_catch);
    test_add("/report/state-is-not-the-error", test_state_is_not_the_error);
    test_add("/report/one-branch", test_one_branch);
    test_add("/report/combined", test_combined);
    test_add("/report/handlers-dropped", test_handlers_dropped);
    test_add("/report/freed-with-loop", test_freed_with_loop);
    test_add("/report/peeked", test_peeked);
    test_add("/report/peeked-while-pending", test_peeked_while_pending);
    test_add("/report/run", test_run);
    test_add("/report/caught", test_caught);
    test_add("/report/caught-late", test_caught_late);
    test_add("/report/passed-on-to-holder", test_passed_on_to_holder);
    test_add("/report/cancelled", test_cancelled);
    test_add("/report/cancelled-source", test_cancelled_source);
    test_add("/report/losers", test_losers);
    test_add("/report/leak", test_leak);
    test_add("/report/leak-of-pending", test_leak_of_pending);
    test_add("/report/hook", test_hook);
    test_add("/report/hook-leak", test_hook_leak);
    test_add("/report/default-hook", test_default_hook);
    return g_test_run();
}
