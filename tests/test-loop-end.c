/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a loop: vow_loop_free() with work that is pending and promises that are held, and what it says
 * of those. Reports of unhandled rejections are in test-report.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Frees the loop with whatever is alive on it. */
static void free_busy_loop(fixture *f)
{
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
}

/* ---- What is pending ----------------------------------------------------------------------------------- */

static void free_of_nothing(fixture *f)
{
    vow_loop_free(NULL);
    free_loop(f);
}

static void free_cancels_what_is_pending(fixture *f)
{
    struct source source;
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    watch(f, pending(f, &source, "s"), "no");
    vow_detach(vow_sleep(f->loop, 1000.));
    vow_detach(vow_readable(f->loop, ends[0]));
    free_busy_loop(f);
    close(ends[0]);
    close(ends[1]);
    assert_log(f, "s-cancelled");
    g_assert_false(vow_resolver_is_pending(&source.resolver));
    vow_resolve(&source.resolver, owned(f, "v")); /* harmless */
    assert_log(f, "~v");
}

static void free_cancels_a_resolver_that_has_no_on_cancel(fixture *f)
{
    vow_resolver resolver;

    vow_detach(vow_promise_new(f->loop, &resolver, NULL));
    free_busy_loop(f);
    g_assert_false(vow_resolver_is_pending(&resolver));
    vow_resolve(&resolver, owned(f, "v"));
    assert_log(f, "~v");
}

static void free_runs_no_handler_that_waited(fixture *f)
{
    watch(f, vow_resolved(f->loop, owned(f, "v")), "no"); /* its job is in the queue */
    free_busy_loop(f);
    assert_log(f, "~v");
}

static void note_name(void *pointer)
{
    saw_end(pointer);
}

static void free_runs_clean_up(fixture *f)
{
    struct source source;
    vow_promise *p = vow_finally(pending(f, &source, "s"), saw_end, tag_new(f, "finally"));

    vow_detach(vow_attach(p, tag_new(f, "attached"), note_name));
    free_busy_loop(f);
    assert_log(f, "s-cancelled finally attached");
}

static void free_runs_clean_up_whose_job_is_queued(fixture *f)
{
    vow_promise *p = vow_finally(vow_resolved(f->loop, vow_nil()), saw_end, tag_new(f, "finally"));

    vow_detach(p);
    free_busy_loop(f);
    assert_log(f, "finally");
}

static vow_value make_more(void *data)
{
    fixture *f = data;
    struct source source;
    vow_promise *p = pending(f, &source, "more");

    assert_peek(p, "!ECANCELED");
    g_assert_false(vow_resolver_is_pending(&source.resolver));
    vow_unref(p);
    note(f, "made");
    return vow_nil();
}

static void nothing_new_is_pending_while_a_loop_is_freed(fixture *f)
{
    struct source source;

    vow_detach(vow_finally(pending(f, &source, "s"), make_more, f));
    free_busy_loop(f);
    assert_log(f, "s-cancelled made");
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

/* Awaits a promise; its clean-up tries to await several things. */
struct cleaner {
    vow_task task;
    fixture *f;
    vow_promise *promise;
    struct source *source;
};

VOW_ASYNC(cleaner, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->promise);
    VOW_FINALLY(me);
    note(me->f, "in");
    VOW_TRY_AWAIT(me, pending(me->f, me->source, "c"));
    note(me->f, "%s", VOW_ERROR(me) ? code_name(VOW_ERROR(me)) : "went-on");
    VOW_TRY_AWAIT(me, vow_sleep(VOW_LOOP(me), 1000.));
    note(me->f, "%s", code_name(VOW_ERROR(me)));
    VOW_TRY_AWAIT(me, vow_yield(VOW_LOOP(me)));
    note(me->f, "%s", code_name(VOW_ERROR(me)));
    VOW_TRY_AWAIT(me, vow_async(VOW_LOOP(me), cleaner));
    note(me->f, "%s", code_name(VOW_ERROR(me)));
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    note(me->f, "not reached");
    VOW_END(me);
}

static void awaits_of_a_clean_up_are_cancelled(fixture *f)
{
    struct source first, source;

    vow_detach(vow_async(f->loop, cleaner, .f = f, .promise = pending(f, &first, "s"), .source = &source));
    free_busy_loop(f);
    assert_log(f, "s-cancelled in ECANCELED ECANCELED ECANCELED ECANCELED");
}

static void a_clean_up_that_awaits_already_is_ended(fixture *f)
{
    struct source source;
    vow_promise *p = vow_resolved(f->loop, vow_nil());

    vow_detach(vow_async(f->loop, cleaner, .f = f, .promise = p, .source = &source));
    turn(f);
    assert_log(f, "in");
    free_busy_loop(f);
    assert_log(f, "c-cancelled ECANCELED ECANCELED ECANCELED ECANCELED");
}

/* As above, for a task that was dropped and lives on its clean-up alone. */
static void a_clean_up_of_a_dropped_task_is_ended(fixture *f)
{
    struct source first, source;

    vow_unref(vow_async(f->loop, cleaner, .f = f, .promise = pending(f, &first, "s"), .source = &source));
    assert_log(f, "s-cancelled in");
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "went-on");
    free_busy_loop(f);
    assert_log(f, "ECANCELED ECANCELED ECANCELED");
}

struct link {
    vow_task task;
    int *cleaned;
    vow_promise *below;
};

VOW_ASYNC(link, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->below);
    VOW_FINALLY(me);
    ++*me->cleaned;
    VOW_END(me);
}

static void free_with_a_long_chain(fixture *f)
{
    struct source source;
    vow_promise *p = pending(f, &source, "s");
    int cleaned = 0;

    for (int i = 0; i < 50000; i++) {
        p = vow_async(f->loop, link, .cleaned = &cleaned, .below = p);
        p = vow_then(p, NULL, NULL);
    }
    vow_detach(p);
    free_busy_loop(f);
    assert_log(f, "s-cancelled");
    g_assert_cmpint(cleaned, ==, 50000);
}

/* ---- Clean-up that takes long ---------------------------------------------------------------------------
 */

/* Its clean-up awaits what is new and another promise, so many times, or without end if that is negative. */
struct busy {
    vow_task task;
    int *ends;
    vow_promise *promise, **other;
    int awaits;
};

VOW_ASYNC(busy, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->promise);
    VOW_FINALLY(me);
    while (me->awaits != 0) {
        VOW_TRY_AWAIT(me, vow_yield(VOW_LOOP(me)));
        VOW_TRY_AWAIT(me, vow_ref(*me->other));
        me->awaits -= me->awaits > 0;
    }
    ++*me->ends;
    VOW_END(me);
}

static vow_promise *busy(fixture *f, int *ends, int awaits, vow_promise **other)
{
    return vow_async(f->loop, busy, .ends = ends, .awaits = awaits, .other = other,
                     .promise = vow_never(f->loop));
}

static void finite_clean_up_comes_to_its_end(fixture *f)
{
    vow_promise *settled = vow_resolved(f->loop, vow_nil());
    int ends = 0;

    vow_detach(busy(f, &ends, 100000, &settled));
    vow_detach(busy(f, &ends, 1000, &settled));
    free_busy_loop(f);
    g_assert_cmpint(ends, ==, 2);
    expect_report(f, "was never released");
    vow_unref(settled);
}

/* What waits for it has its turn then. */
static void endless_clean_up_is_cut_and_named(fixture *f)
{
    vow_promise *settled = vow_resolved(f->loop, vow_nil()), *endless;
    int ends = 0, cleaned = 0;

    endless = busy(f, &ends, -1, &settled);
    vow_loop_set_patience(f->loop, 0.01);
    vow_detach(vow_async(f->loop, link, .cleaned = &cleaned, .below = vow_ref(endless)));
    vow_detach(busy(f, &ends, 100, &settled));
    free_busy_loop(f);
    g_assert_cmpint(ends, ==, 1);
    g_assert_cmpint(cleaned, ==, 1);
    expect_report(f, "(task busy) still runs, 0.01 seconds after");
    assert_peek(endless, "!ECANCELED");
    expect_report(f, "(task busy) was never released: 1 reference left");
    expect_report(f, "was never released");
    vow_unref(endless);
    vow_unref(settled);
}

/* Each awaits the other in its clean-up, over and over. */
static void clean_up_in_turns_is_cut(fixture *f)
{
    vow_promise *one, *two;
    int ends = 0;

    one = busy(f, &ends, -1, &two);
    two = busy(f, &ends, -1, &one);
    vow_loop_set_patience(f->loop, 0.);
    free_busy_loop(f);
    g_assert_cmpint(ends, ==, 0);
    for (int i = 0; i < 2; i++) {
        expect_report(f, "(task busy) still runs");
        expect_report(f, "(task busy) was never released");
    }
    assert_peek(one, "!ECANCELED");
    assert_peek(two, "!ECANCELED");
    vow_unref(one);
    vow_unref(two);
}

/* ---- Promises that are held ---------------------------------------------------------------------------- */

static void a_held_promise_outlives_its_loop(fixture *f)
{
    struct source source;
    vow_promise *p = pending(f, &source, "s");
    vow_promise *q = vow_then(vow_ref(p), saw_value, tag_new(f, "no"));
    vow_promise *good = vow_resolved(f->loop, owned(f, "v"));
    vow_promise *bad = vow_rejected(f->loop, vow_error_new(EIO, "x"));
    vow_promise *task = vow_async(f->loop, link, .cleaned = &(int){0}, .below = vow_sleep(f->loop, 1000.));

    assert_peek(bad, "!EIO");
    free_busy_loop(f);
    assert_log(f, "s-cancelled");
    g_assert_false(vow_is_pending(p));
    g_assert_true(vow_is_rejected(q));
    assert_peek(p, "!ECANCELED");
    assert_peek(q, "!ECANCELED");
    assert_peek(task, "!ECANCELED");
    assert_peek(good, "v");
    assert_peek(bad, "!EIO");
    g_assert_true(g_str_has_prefix(vow_promise_site(p), __FILE__ ":"));
    for (int i = 0; i < 5; i++)
        expect_report(f, __FILE__ ":");
    vow_unref(p);
    vow_unref(vow_ref(q));
    vow_unref(q);
    vow_unref(task);
    vow_unref(bad);
    vow_unref(good);
    assert_log(f, "~v");
}

/* ---- What is called at the end ------------------------------------------------------------------------- */

static void at_end(fixture *f, const char *name)
{
    g_assert_cmpint(vow_loop_at_end(f->loop, note_name, tag_new(f, name)), ==, 0);
}

static void at_end_comes_after_all_clean_up_the_newest_first(fixture *f)
{
    struct source first, source;

    at_end(f, "first");
    vow_detach(vow_async(f->loop, cleaner, .f = f, .promise = pending(f, &first, "s"), .source = &source));
    at_end(f, "second");
    vow_detach(vow_finally(vow_never(f->loop), saw_end, tag_new(f, "finally")));
    free_busy_loop(f);
    g_assert_true(g_str_has_suffix(f->log->str, " second first"));
    g_assert_nonnull(strstr(f->log->str, "finally"));
    g_string_truncate(f->log, 0);
}

/* What a library keeps with its loop. */
struct kept {
    fixture *f;
    vow_promise *promise;
};

static void add_more(void *data)
{
    at_end(((struct kept *) data)->f, "added");
}

static void let_go(void *data)
{
    struct kept *kept = data;
    vow_promise *late = vow_sleep(vow_promise_loop(kept->promise), 1000.);

    assert_peek(late, "!ECANCELED");
    assert_peek(kept->promise, "v");
    vow_unref(late);
    vow_unref(kept->promise);
}

static void what_is_released_at_the_end_is_no_leak(fixture *f)
{
    struct kept kept = {f, vow_resolved(f->loop, owned(f, "v"))};

    g_assert_cmpint(vow_loop_at_end(f->loop, let_go, &kept), ==, 0);
    g_assert_cmpint(vow_loop_at_end(f->loop, add_more, &kept), ==, 0);
    free_busy_loop(f);
    assert_log(f, "added ~v");
}

static vow_value add_late(void *data)
{
    at_end(data, "late");
    return vow_nil();
}

static void clean_up_may_still_add_to_the_end(fixture *f)
{
    vow_detach(vow_finally(vow_never(f->loop), add_late, f));
    free_busy_loop(f);
    assert_log(f, "late");
}

static void nothing_is_added_to_an_end_that_was(fixture *f)
{
    vow_promise *p = vow_never(f->loop);
    vow_loop *loop = f->loop;

    free_busy_loop(f);
    g_assert_cmpint(vow_loop_at_end(loop, note_name, NULL), ==, ECANCELED);
    expect_report(f, "(never)");
    vow_unref(p);
}

static void no_memory_for_the_end(fixture *f)
{
    memory_fail(f, 1, false);
    g_assert_cmpint(vow_loop_at_end(f->loop, note_name, NULL), ==, ENOMEM);
    memory_fail(f, 0, false);
    free_loop(f);
}

/* ---- Reports ------------------------------------------------------------------------------------------- */

/* What a hook saw. */
struct seen {
    fixture *f;
    int reports;
    enum vow_report_kind kind;
    char *kind_of, *made_at, *text;
};

static void see_report(const vow_report *report, void *data)
{
    struct seen *seen = data;

    seen->reports++;
    seen->kind = report->kind;
    seen->kind_of = g_strdup(report->kind_of);
    seen->made_at = g_strdup(report->made_at);
    seen->text = g_strdup(report->text);
}

static void forget(struct seen *seen)
{
    g_free(seen->kind_of);
    g_free(seen->made_at);
    g_free(seen->text);
    *seen = (struct seen){.f = seen->f};
}

static void reports_name_the_kind_of_promise(fixture *f)
{
    struct seen seen = {.f = f};

    vow_loop_set_report(f->loop, see_report, &seen);
    vow_detach(vow_then(vow_rejected(f->loop, vow_error_new(EIO, "x")), NULL, NULL));
    turn(f);
    g_assert_cmpint(seen.reports, ==, 1); /* for the end of the chain alone */
    g_assert_cmpstr(seen.kind_of, ==, "then");
    forget(&seen);
    vow_detach(vow_async(f->loop, link, .cleaned = &(int){0},
                         .below = vow_rejected(f->loop, vow_error_new(EIO, "x"))));
    turn(f);
    g_assert_cmpint(seen.reports, ==, 1);
    g_assert_cmpstr(seen.kind_of, ==, "task link");
    forget(&seen);
}

static void leaks_are_reported_with_their_site(fixture *f)
{
    struct seen seen = {.f = f};
    vow_promise *p = vow_sleep(f->loop, 1000.);

    vow_loop_set_report(f->loop, see_report, &seen);
    free_busy_loop(f);
    g_assert_cmpint(seen.reports, ==, 1);
    g_assert_cmpint(seen.kind, ==, VOW_REPORT_LEAK);
    g_assert_cmpstr(seen.kind_of, ==, "sleep");
    g_assert_cmpstr(seen.made_at, ==, vow_promise_site(p));
    g_assert_nonnull(strstr(seen.text, seen.made_at));
    vow_unref(p);
    g_assert_cmpint(seen.reports, ==, 1);
    forget(&seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/loop-end/nothing", free_of_nothing);
    test_add("/loop-end/pending", free_cancels_what_is_pending);
    test_add("/loop-end/no-on-cancel", free_cancels_a_resolver_that_has_no_on_cancel);
    test_add("/loop-end/no-handler", free_runs_no_handler_that_waited);
    test_add("/loop-end/clean-up", free_runs_clean_up);
    test_add("/loop-end/clean-up-queued", free_runs_clean_up_whose_job_is_queued);
    test_add("/loop-end/nothing-new", nothing_new_is_pending_while_a_loop_is_freed);
    test_add("/loop-end/task/awaits-in-clean-up", awaits_of_a_clean_up_are_cancelled);
    test_add("/loop-end/task/in-clean-up", a_clean_up_that_awaits_already_is_ended);
    test_add("/loop-end/task/dropped", a_clean_up_of_a_dropped_task_is_ended);
    test_add("/loop-end/task/long-chain", free_with_a_long_chain);
    test_add("/loop-end/busy/finite", finite_clean_up_comes_to_its_end);
    test_add("/loop-end/busy/endless", endless_clean_up_is_cut_and_named);
    test_add("/loop-end/busy/in-turns", clean_up_in_turns_is_cut);
    test_add("/loop-end/held", a_held_promise_outlives_its_loop);
    test_add("/loop-end/at-end/order", at_end_comes_after_all_clean_up_the_newest_first);
    test_add("/loop-end/at-end/no-leak", what_is_released_at_the_end_is_no_leak);
    test_add("/loop-end/at-end/by-clean-up", clean_up_may_still_add_to_the_end);
    test_add("/loop-end/at-end/too-late", nothing_is_added_to_an_end_that_was);
    test_add("/loop-end/at-end/no-memory", no_memory_for_the_end);
    test_add("/loop-end/report/kind", reports_name_the_kind_of_promise);
    test_add("/loop-end/report/leak", leaks_are_reported_with_their_site);
    return g_test_run();
}
