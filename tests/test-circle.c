/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Promises that wait for each other in a circle, through handlers, tasks, combinators and deadlines. Nothing
 * settles them, but they can be cancelled and dropped like others. A deadlock names the circle, and the end
 * of their loop ends them.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

/* ---- Circles ------------------------------------------------------------------------------------------- */

/* Waits for a promise, and says when it cleans up. */
struct waiter {
    vow_task task;
    fixture *f;
    vow_promise *promise;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->promise);
    VOW_FINALLY(me);
    note(me->f, "task");
    VOW_END(me);
}

/* What stands between the first promise of a circle and the last one, which the first follows. */
enum through { THEN, FINALLY, ALL, ALL_SETTLED, ANY, RACE, TIMEOUT, TASK, CHAIN, N_THROUGH };

static vow_promise *lead(fixture *f, vow_promise *p, enum through through)
{
    switch (through) {
    case FINALLY:
        return vow_finally(p, saw_end, tag_new(f, "finally"));
    case ALL:
        return vow_all_of(f->loop, vow_never(f->loop), p);
    case ALL_SETTLED:
        return vow_all_settled_of(f->loop, p, vow_ref(p));
    case ANY:
        return vow_any_of(f->loop, p, vow_never(f->loop));
    case RACE:
        return vow_race_of(f->loop, p, vow_never(f->loop));
    case TIMEOUT:
        return vow_timeout(p, 1000.);
    case TASK:
        return vow_async(f->loop, waiter, .f = f, .promise = p);
    case CHAIN:
        for (int i = 0; i < 10000; i++)
            p = vow_then(p, NULL, NULL);
        return p;
    default:
        return vow_then(p, saw_value, tag_new(f, "no"));
    }
}

/* The first promise of a circle; its last one goes to `last` if that is not NULL. */
static vow_promise *circle(fixture *f, enum through through, vow_promise **last)
{
    vow_resolver resolver;
    vow_promise *first = vow_promise_new(f->loop, &resolver, NULL);
    vow_promise *end = lead(f, vow_ref(first), through);

    if (last)
        *last = vow_ref(end);
    vow_resolve(&resolver, vow_follow(end));
    turn(f);
    g_assert_true(vow_is_pending(first));
    return first;
}

/* What cleans up in such a circle. */
static const char *clean_up_of(enum through through)
{
    return through == FINALLY ? "finally" : through == TASK ? "task" : "";
}

/* ---- Cancelling and dropping --------------------------------------------------------------------------- */

static void cancel_settles_at_once(fixture *f)
{
    for (int through = 0; through < N_THROUGH; through++) {
        vow_promise *p = circle(f, through, NULL);

        vow_cancel(vow_ref(p));
        assert_peek(p, "!ECANCELED");
        assert_log(f, clean_up_of(through));
        vow_unref(p);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void cancel_of_any_member(fixture *f)
{
    for (int through = 0; through < N_THROUGH; through++) {
        vow_promise *last, *first = circle(f, through, &last);

        vow_unref(first);
        vow_cancel(vow_ref(last));
        assert_peek(last, "!ECANCELED");
        assert_log(f, clean_up_of(through));
        vow_unref(last);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* One that is held, and was not cancelled itself, is told what became of what it waits for. */
static void others_that_are_held(fixture *f)
{
    vow_promise *last, *first = circle(f, THEN, &last);

    vow_cancel(vow_ref(first));
    assert_peek(first, "!ECANCELED");
    turn(f);
    assert_peek(last, "!ECANCELED");
    vow_unref(first);
    vow_unref(last);
}

static void both_are_cancelled(fixture *f)
{
    vow_promise *last, *first = circle(f, FINALLY, &last);

    vow_cancel(vow_ref(first));
    vow_cancel(vow_ref(last));
    assert_log(f, "finally");
    assert_peek(first, "!ECANCELED");
    assert_peek(last, "!ECANCELED");
    vow_unref(first);
    vow_unref(last);
}

static void bystanders_clean_up(fixture *f)
{
    vow_promise *p = circle(f, THEN, NULL);
    vow_promise *early = vow_finally(vow_ref(p), saw_end, tag_new(f, "early"));
    vow_promise *late = vow_finally(vow_ref(p), saw_end, tag_new(f, "late"));

    vow_unref(early);
    assert_log(f, "early");
    g_assert_true(vow_is_pending(p));
    vow_cancel(vow_ref(p));
    vow_unref(late);
    assert_log(f, "late");
    vow_unref(p);
}

static void note_tag(void *tag)
{
    saw_end(tag);
}

static void tail_is_dropped(fixture *f)
{
    vow_promise *p = circle(f, TASK, NULL);
    vow_promise *tail = vow_attach(vow_then(vow_ref(p), NULL, NULL), tag_new(f, "tail"), note_tag);

    vow_cancel(tail);
    assert_log(f, "tail");
    g_assert_true(vow_is_pending(p));
    vow_cancel(p);
    assert_log(f, "task");
}

/* A clean-up in the circle that awaits is waited for by the others. */
static vow_value wait_for(void *promise)
{
    return vow_follow(promise);
}

static void clean_up_that_awaits(fixture *f)
{
    struct source source;
    vow_resolver resolver;
    vow_promise *p = vow_promise_new(f->loop, &resolver, NULL);

    vow_resolve(&resolver, vow_follow(vow_then(vow_finally(vow_ref(p), wait_for, pending(f, &source, "s")),
                                               NULL, NULL)));
    turn(f);
    vow_cancel(vow_ref(p));
    g_assert_true(vow_is_pending(p));
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
}

static vow_value cancel_it(vow_value *value, void *promise)
{
    (void) value;
    vow_cancel(promise);
    return vow_nil();
}

static void dropped_inside_a_handler(fixture *f)
{
    for (int through = 0; through < N_THROUGH; through++) {
        vow_promise *p = circle(f, through, NULL);

        vow_detach(vow_then(vow_resolved(f->loop, vow_nil()), cancel_it, vow_ref(p)));
        turn(f);
        assert_peek(p, "!ECANCELED");
        assert_log(f, clean_up_of(through));
        vow_unref(p);
    }
}

/* Many ways lead from the first one, which a race waits for twice, back to it. */
static void many_ways_round(fixture *f)
{
    vow_resolver resolver;
    vow_promise *p = vow_promise_new(f->loop, &resolver, NULL);
    vow_promise *inner = vow_race_of(f->loop, lead(f, vow_ref(p), FINALLY), vow_ref(p));
    vow_promise *outer = vow_all_of(f->loop, lead(f, vow_ref(inner), TASK), lead(f, inner, FINALLY));

    vow_resolve(&resolver, vow_follow(outer));
    turn(f);
    vow_cancel(vow_ref(p));
    assert_peek(p, "!ECANCELED");
    g_assert_cmpuint(f->log->len, ==, strlen("finally task finally"));
    g_string_truncate(f->log, 0);
    vow_unref(p);
}

static void itself(fixture *f)
{
    vow_resolver resolver;
    vow_promise *p = vow_promise_new(f->loop, &resolver, NULL);

    vow_resolve(&resolver, vow_follow(vow_ref(p)));
    assert_peek(p, "!ELOOP");
    vow_unref(p);
}

/* ---- Through what an outcome drops ----------------------------------------------------------------------
 */

static vow_promise *whole; /* held by the test, too */

static void cancel_whole(vow_resolver *resolver)
{
    (void) resolver;
    vow_cancel(vow_ref(whole));
}

static vow_promise *make_all(vow_loop *loop, vow_promise *const parts[3])
{
    return vow_all(loop, 3, parts);
}

static vow_promise *make_race(vow_loop *loop, vow_promise *const parts[3])
{
    return vow_race(loop, 3, parts);
}

/* Here it is the deadline that comes early. */
static vow_promise *make_timeout(vow_loop *loop, vow_promise *const parts[3])
{
    return vow_timeout(vow_all_settled(loop, 3, parts), 0.);
}

/* The whole has its outcome, `early`, and drops the rest: one part cancels the whole, and the next waits for
 * it. What it would have ended with is reported. */
static void assert_circle_ends(fixture *f, vow_promise *(*make)(vow_loop *, vow_promise *const[3]),
                               const char *outcome)
{
    vow_resolver early, part, last;
    vow_promise *const parts[3] = {vow_promise_new(f->loop, &early, NULL),
                                   vow_promise_new(f->loop, &part, cancel_whole),
                                   vow_promise_new(f->loop, &last, NULL)};

    whole = make(f->loop, parts);
    vow_resolve(&last, vow_follow(vow_finally(vow_ref(whole), saw_end, tag_new(f, "finally"))));
    turn(f);
    if (make != make_timeout)
        vow_reject(&early, vow_error_new(EIO, "early"));
    turn(f);
    assert_peek(whole, "!ECANCELED");
    assert_log(f, "finally");
    expect_report(f, outcome);
    vow_unref(whole);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void decided_and_cancelled(fixture *f)
{
    assert_circle_ends(f, make_all, "early");
    assert_circle_ends(f, make_race, "early");
    assert_circle_ends(f, make_timeout, "timed out");
}

/* ---- The end of the loop ------------------------------------------------------------------------------- */

/* Nobody holds it any more but itself. What an event could have settled, or another input, is not reported.
 */
static void free_ends_it(fixture *f)
{
    for (int through = 0; through < N_THROUGH; through++)
        vow_unref(circle(f, through, NULL));
    f->expect_live = vow_loop_live(f->loop);
    g_assert_cmpuint(f->expect_live, >, 10000);
    free_loop(f);
    expect_report(f, "which waits for the task waiter made at");
    expect_report(f, "which waits for the finally made at");
    expect_report(f, ", in a circle of 10001");
    expect_report(f, ", in a circle of 2");
    g_assert_nonnull(strstr(f->log->str, "finally"));
    g_assert_nonnull(strstr(f->log->str, "task"));
    g_assert_cmpuint(f->log->len, ==, strlen("finally task"));
    g_string_truncate(f->log, 0);
}

static void free_reports_who_is_held(fixture *f)
{
    vow_promise *p = circle(f, THEN, NULL);

    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    expect_report(f, "(promise) was never released: 1 reference left");
    expect_report(f, "nothing could ever settle");
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
}

/* ---- Deadlocks ----------------------------------------------------------------------------------------- */

static guint count(const char *text, const char *part)
{
    guint n = 0;

    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

/* The promise is given. It is the only place of the message where `site` stands. */
static void assert_deadlock(vow_promise *promise, const char *site, const char *circle)
{
    vow_error *error = vow_run(promise, NULL);
    const char *text = vow_error_message(error);

    g_assert_cmpint(vow_error_code(error), ==, EDEADLK);
    g_assert_cmpuint(count(text, site), ==, 1);
    g_assert_true(g_str_has_suffix(text, circle));
    vow_error_unref(error);
}

static void deadlock_names_each_once(fixture *f)
{
    vow_promise *p = circle(f, TASK, NULL);
    char *site = g_strdup_printf("the promise made at %s", vow_promise_site(p));

    assert_deadlock(vow_ref(p), site, ", in a circle of 2");
    assert_deadlock(vow_ref(p), "the task waiter", ", in a circle of 2");
    assert_deadlock(vow_then(vow_ref(p), NULL, NULL), site, ", in a circle of the last 2");
    assert_deadlock(vow_all_of(f->loop, vow_ref(p)), site, ", in a circle of the last 2");
    vow_cancel(p);
    assert_log(f, "task");
    g_free(site);
}

static void deadlock_of_many(fixture *f)
{
    vow_promise *p = circle(f, CHAIN, NULL);
    char *site = g_strdup_printf("the promise made at %s", vow_promise_site(p));

    assert_deadlock(vow_ref(p), site, ", in a circle of 10001");
    for (int i = 0; i < 3000; i++)
        p = vow_then(p, NULL, NULL);
    assert_deadlock(vow_ref(p), "and so on to", ", in a circle of the last 10001");
    vow_unref(p);
    g_free(site);
    f->expect_live = 10001;
    free_loop(f);
    expect_report(f, ", in a circle of 10001");
}

struct breaker {
    vow_promise *member;
    unsigned reports;
};

static void break_circle(const vow_report *report, void *data)
{
    struct breaker *breaker = data;

    if (report->kind != VOW_REPORT_CIRCLE)
        return;
    breaker->reports++;
    vow_cancel(breaker->member);
    breaker->member = NULL;
}

/* The hook that hears of the circle cancels it, whichever member it holds. */
static void report_ends_it(fixture *f)
{
    for (int which = 0; which < 2; which++) {
        struct breaker breaker = {NULL, 0};
        fixture own = *f;
        vow_promise *first, *last;

        own.loop = vow_loop_new(f->ev);
        first = circle(&own, THEN, &last);
        breaker.member = which ? last : first;
        vow_unref(which ? first : last);
        vow_loop_set_report(own.loop, break_circle, &breaker);
        vow_loop_free(own.loop);
        g_assert_cmpuint(breaker.reports, ==, 1);
        g_assert_null(breaker.member);
    }
}

/* Several lead into one circle, and a long line of followers leads nowhere. */
static void each_circle_is_reported_once(fixture *f)
{
    vow_promise *p = circle(f, THEN, NULL);
    vow_resolver open;
    vow_promise *line = vow_promise_new(f->loop, &open, NULL);

    for (int i = 0; i < 100; i++) {
        vow_resolver resolver;
        vow_promise *follower = vow_promise_new(f->loop, &resolver, NULL);

        vow_resolve(&resolver, vow_follow(i % 2 ? vow_ref(p) : line));
        if (i % 2)
            vow_detach(follower);
        else
            line = follower;
    }
    turn(f);
    vow_detach(line);
    vow_unref(p);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    expect_report(f, ", in a circle of 2");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/circle/cancel", cancel_settles_at_once);
    test_add("/circle/cancel/any-member", cancel_of_any_member);
    test_add("/circle/cancel/others-are-held", others_that_are_held);
    test_add("/circle/cancel/both", both_are_cancelled);
    test_add("/circle/cancel/clean-up-awaits", clean_up_that_awaits);
    test_add("/circle/cancel/in-handler", dropped_inside_a_handler);
    test_add("/circle/cancel/many-ways", many_ways_round);
    test_add("/circle/bystanders", bystanders_clean_up);
    test_add("/circle/tail", tail_is_dropped);
    test_add("/circle/itself", itself);
    test_add("/circle/decided-and-cancelled", decided_and_cancelled);
    test_add("/circle/free", free_ends_it);
    test_add("/circle/free/held", free_reports_who_is_held);
    test_add("/circle/free/broken-by-the-report", report_ends_it);
    test_add("/circle/free/once", each_circle_is_reported_once);
    test_add("/circle/deadlock", deadlock_names_each_once);
    test_add("/circle/deadlock/many", deadlock_of_many);
    return g_test_run();
}
