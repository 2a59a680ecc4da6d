/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs in runs: vow_run() and ev_run() of the program's, one in the other, on one loop or on two that share
 * an ev_loop. Each ends when it should, and none ends another. The clocks are real, with waits of
 * milliseconds: it is libev that waits, in one call inside another. Where libvow's time passes inside of a
 * run, the tests are done with virtual clocks as well.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

#include <vow/testing.h>

/* A timer of the program's that calls a function with the fixture, the first time it fires. */
struct callback {
    ev_timer timer;
    void (*fn)(fixture *f);
    fixture *f;
};

static void called(EV_P_ ev_timer *timer, int revents)
{
    struct callback *self = timer->data;

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    self->fn(self->f);
}

static void call_in(fixture *f, struct callback *callback, double seconds, void (*fn)(fixture *f))
{
    callback->fn = fn;
    callback->f = f;
    ev_timer_init(&callback->timer, called, seconds, 0.);
    callback->timer.data = callback;
    ev_timer_start(f->ev, &callback->timer);
}

/* At once, and before timers that are started later for a later time. */
static void call_soon(fixture *f, struct callback *callback, void (*fn)(fixture *f))
{
    call_in(f, callback, 0., fn);
}

static void run_ok(vow_promise *promise)
{
    vow_error *error = vow_run(promise, NULL);

    g_assert_cmpstr(error ? vow_error_message(error) : NULL, ==, NULL);
}

/* The clocks that a test has, and how long a moment is on them. */
static bool is_virtual;

static double seconds(double real)
{
    return is_virtual ? real * 1e6 : real;
}

static void prepare(vow_loop *loop)
{
    if (is_virtual)
        g_assert_cmpint(vow_clock_virtual(loop), ==, 0);
}

/* Makes two tests. */
#define ON_BOTH_CLOCKS(fn)               \
    static void fn##_real(fixture *f)    \
    {                                    \
        is_virtual = false;              \
        fn(f);                           \
    }                                    \
    static void fn##_virtual(fixture *f) \
    {                                    \
        is_virtual = true;               \
        prepare(f->loop);                \
        fn(f);                           \
    }

static struct source source;  /* settles what the outer run waits for */
static struct callback later; /* a second callback */
static vow_loop *other;

/* ---- One loop ------------------------------------------------------------------------------------------ */

static void note_later(fixture *f)
{
    note(f, "later");
}

static void run_settled(fixture *f)
{
    call_soon(f, &later, note_later);
    run_ok(vow_resolved(f->loop, vow_int(1)));
    note(f, "ran");
}

static void a_settled_promise_leaves_the_programs_run_alone(fixture *f)
{
    struct callback first;

    call_soon(f, &first, run_settled);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "ran later");
}

static void run_pending(fixture *f)
{
    call_soon(f, &later, note_later);
    run_ok(vow_sleep(f->loop, 0.));
    note(f, "ran");
}

/* It ends because nothing is left, and not because of ev_break(). */
static void a_run_inside_leaves_the_programs_run_alone(fixture *f)
{
    struct callback first;

    call_soon(f, &first, run_pending);
    g_assert_false(ev_run(f->ev, 0));
    g_assert_nonnull(strstr(f->log->str, "later"));
    g_assert_nonnull(strstr(f->log->str, "ran"));
    g_string_truncate(f->log, 0);
}

static void settle_outer(fixture *f)
{
    call_soon(f, &later, note_later);
    vow_resolve(&source.resolver, vow_nil());
    g_assert_false(ev_run(f->ev, 0)); /* as long as there are watchers: the settled run counts for none */
    note(f, "inner");
}

/* The outer run's promise is settled while a run of the program's is the innermost: that goes on to its end.
 */
static void the_programs_run_inside_is_not_ended(fixture *f)
{
    struct callback first;

    call_soon(f, &first, settle_outer);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "later inner");
}

static void run_inside_settled(fixture *f)
{
    vow_resolve(&source.resolver, vow_nil());
    run_ok(vow_sleep(f->loop, seconds(0.01)));
    note(f, "inner");
}

static void both_runs_end(fixture *f)
{
    struct callback first;

    call_soon(f, &first, run_inside_settled);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "inner");
}
ON_BOTH_CLOCKS(both_runs_end)

static unsigned turns_begun;

static void count_turn(EV_P_ ev_prepare *watcher, int revents)
{
    (void) watcher;
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    turns_begun++;
}

static void settle_outer_and_rest(fixture *f)
{
    ev_prepare counter;

    ev_prepare_init(&counter, count_turn);
    ev_prepare_start(f->ev, &counter);
    ev_unref(f->ev);
    call_in(f, &later, 0.2, note_later);
    vow_resolve(&source.resolver, vow_nil());
    run_ok(vow_resolved(f->loop, vow_nil())); /* takes the outer run's turn */
    turns_begun = 0;
    g_assert_false(ev_run(f->ev, 0));
    ev_ref(f->ev);
    ev_prepare_stop(f->ev, &counter);
    note(f, "inner");
}

/* A run of the program's inside one that is settled waits for events as ever, and does not spin. */
static void the_programs_run_inside_rests(fixture *f)
{
    struct callback first;

    call_soon(f, &first, settle_outer_and_rest);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "later inner");
    g_assert_cmpuint(turns_begun, <, 100);
}

static void deadlock_inside(fixture *f)
{
    vow_error *error = vow_run(vow_never(f->loop), NULL);

    note(f, "inner!%s", code_name(error));
    vow_error_unref(error);
    vow_resolve(&source.resolver, vow_nil());
}

static void a_deadlock_inside_is_told_there(fixture *f)
{
    struct callback first;

    call_soon(f, &first, deadlock_inside);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "inner!EDEADLK");
}

/* ---- ev_break() of the program's ----------------------------------------------------------------------- */

static void settle_and_break_all(fixture *f)
{
    vow_resolve(&source.resolver, vow_nil());
    ev_break(f->ev, EVBREAK_ALL);
}

static void run_and_break_all(fixture *f)
{
    call_soon(f, &later, settle_and_break_all);
    run_ok(pending(f, &source, "s"));
    note(f, "ran");
}

/* The outcome is there, and what the program has asked for is not forgotten over it. */
static void break_all_reaches_the_programs_run(fixture *f)
{
    struct callback first;
    ev_timer other_timer;

    ev_timer_init(&other_timer, NULL, 1000., 0.);
    ev_timer_start(f->ev, &other_timer);
    call_soon(f, &first, run_and_break_all);
    g_assert_true(ev_run(f->ev, 0));
    assert_log(f, "ran");
    ev_timer_stop(f->ev, &other_timer);
}

static void break_one(fixture *f)
{
    ev_break(f->ev, EVBREAK_ONE);
}

static void run_and_break_one(fixture *f)
{
    vow_error *error;

    call_soon(f, &later, break_one);
    error = vow_run(vow_sleep(f->loop, seconds(1000)), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EINTR);
    vow_error_unref(error);
    note(f, "inner");
}

static void break_one_ends_the_innermost(fixture *f)
{
    struct callback first;

    call_soon(f, &first, run_and_break_one);
    run_ok(vow_sleep(f->loop, seconds(0.01)));
    assert_log(f, "inner");
}
ON_BOTH_CLOCKS(break_one_ends_the_innermost)

/* ---- In a watcher that comes before events are waited for ---------------------------------------------- */

static void prepared(EV_P_ ev_prepare *watcher, int revents)
{
    (void) revents;
    ev_prepare_stop(EV_A_ watcher);
    vow_resolve(&source.resolver, vow_nil());
}

static void settled_before_waiting(fixture *f)
{
    ev_prepare watcher;
    vow_promise *long_sleep = vow_sleep(f->loop, 1000.);

    ev_prepare_init(&watcher, prepared);
    ev_prepare_start(f->ev, &watcher);
    run_ok(pending(f, &source, "s"));
    vow_unref(long_sleep);
}

static void note_late(fixture *f)
{
    note(f, "late");
}

static void settle_outer_and_break(fixture *f)
{
    vow_resolve(&source.resolver, vow_nil());
    ev_break(f->ev, EVBREAK_ONE);
}

static void break_inside(fixture *f)
{
    static struct callback breaker;
    vow_error *error;

    call_soon(f, &breaker, settle_outer_and_break);
    error = vow_run(vow_never(f->loop), NULL);
    note(f, "inner!%s", code_name(error));
    vow_error_unref(error);
}

static void prepared_to_run(EV_P_ ev_prepare *watcher, int revents)
{
    (void) revents;
    ev_prepare_stop(EV_A_ watcher);
    break_inside(watcher->data);
}

/* The outer run was settled while that was not the innermost, and so late in its turn that it would wait for
 * an event once more: the only one that is left would be late. */
static void settled_inside_before_waiting(fixture *f)
{
    ev_prepare prepare;

    ev_prepare_init(&prepare, prepared_to_run);
    prepare.data = f;
    ev_prepare_start(f->ev, &prepare);
    call_in(f, &later, 50., note_late);
    run_ok(pending(f, &source, "s"));
    ev_timer_stop(f->ev, &later.timer);
    assert_log(f, "inner!4");
}

/* ---- Two loops on one ev_loop -------------------------------------------------------------------------- */

static void open_other(fixture *f)
{
    other = vow_loop_new(f->ev);
    prepare(other);
}

static void run_other(fixture *f)
{
    vow_resolve(&source.resolver, vow_nil()); /* what the outer one waits for */
    run_ok(vow_sleep(other, seconds(0.01)));
    note(f, "other");
}

static void a_run_of_another_loop_inside(fixture *f)
{
    struct callback first;

    open_other(f);
    call_soon(f, &first, run_other);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "other");
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(a_run_of_another_loop_inside)

static vow_value run_other_in_handler(vow_value *value, void *data)
{
    (void) value;
    run_ok(vow_sleep(other, seconds(0.01)));
    note(data, "handler");
    return vow_nil();
}

/* Their handlers wait until the one that is under way has returned. */
static void events_of_one_whose_handler_runs_another(fixture *f)
{
    vow_promise *waits = vow_then(vow_yield(f->loop), saw_value, tag_new(f, "yield"));

    open_other(f);
    run_ok(vow_then(vow_resolved(f->loop, vow_nil()), run_other_in_handler, f));
    run_ok(waits);
    assert_log(f, "handler yield=nil");
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(events_of_one_whose_handler_runs_another)

static vow_value sleep_between_runs(vow_value *value, void *data)
{
    fixture *f = data;
    vow_promise *sleep;

    (void) value;
    run_ok(vow_sleep(other, 0.));
    sleep = vow_sleep(f->loop, 0.);
    run_ok(vow_sleep(other, seconds(0.01)));
    g_assert_true(vow_is_fulfilled(sleep));
    vow_unref(sleep);
    note(f, "handler");
    return vow_nil();
}

/* In a handler that a timer has called, the only one until then. */
static void timers_of_one_whose_handler_runs_another(fixture *f)
{
    open_other(f);
    run_ok(vow_then(vow_sleep(f->loop, 0.), sleep_between_runs, f));
    assert_log(f, "handler");
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(timers_of_one_whose_handler_runs_another)

static vow_value deadline_between(vow_value *value, void *data)
{
    fixture *f = data;

    (void) value;
    vow_resolve(&source.resolver, vow_nil()); /* in time */
    run_ok(vow_sleep(other, seconds(0.02)));
    note(f, "handler");
    return vow_nil();
}

/* A deadline that passes while what it guards has settled, and only its turn has not come. */
static void deadlines_of_one_whose_handler_runs_another(fixture *f)
{
    vow_promise *guarded = vow_timeout(pending(f, &source, "s"), seconds(0.01));

    open_other(f);
    run_ok(vow_then(vow_resolved(f->loop, vow_nil()), deadline_between, f));
    run_ok(guarded);
    assert_log(f, "handler");
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(deadlines_of_one_whose_handler_runs_another)

/* The outer one is settled before it has come to its ev_run(), and the queue goes on with the handler. What
 * it leaves behind must not keep the ev_loop from waiting. */
static void a_run_that_is_settled_early(fixture *f)
{
    unsigned turns;

    open_other(f);
    vow_detach(vow_then(vow_then(vow_resolved(f->loop, vow_nil()), NULL, NULL), run_other_in_handler, f));
    run_ok(vow_resolved(f->loop, vow_nil()));
    assert_log(f, "handler");
    turns = ev_iteration(f->ev);
    run_ok(vow_sleep(f->loop, seconds(0.05)));
    g_assert_cmpuint(ev_iteration(f->ev) - turns, <, 50);
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(a_run_that_is_settled_early)

static void run_other_in_cancel(vow_resolver *resolver)
{
    run_ok(vow_sleep(other, seconds(0.01)));
    note(((struct source *) (void *) resolver)->f, "cancelled");
}

/* The same where no job is under way: no handler runs inside vow_unref(). */
static void events_of_one_whose_clean_up_runs_another(fixture *f)
{
    struct source cancelled = {.f = f};

    open_other(f);
    watch(f, vow_yield(f->loop), "yield");
    vow_unref(vow_promise_new(f->loop, &cancelled.resolver, run_other_in_cancel));
    assert_log(f, "cancelled");
    turn(f);
    assert_log(f, "yield=nil");
    vow_loop_free(other);
}
ON_BOTH_CLOCKS(events_of_one_whose_clean_up_runs_another)

/* ---- Memory -------------------------------------------------------------------------------------------- */

static void run_without_memory(fixture *f)
{
    vow_error *error;
    vow_promise *sleep = vow_sleep(f->loop, 0.);

    memory_fail(f, 1, true);
    error = vow_run(sleep, NULL);
    memory_fail(f, 0, false);
    note(f, "inner!%s", code_name(error));
    vow_error_unref(error);
    vow_resolve(&source.resolver, vow_nil());
}

static void a_run_inside_another_needs_memory(fixture *f)
{
    struct callback first;

    call_soon(f, &first, run_without_memory);
    run_ok(pending(f, &source, "s"));
    assert_log(f, "inner!ENOMEM");
}

#define ADD(path, fn)                            \
    do {                                         \
        test_add(path, fn##_real);               \
        test_add(path "/virtual", fn##_virtual); \
    } while (0)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/nested-runs/settled", a_settled_promise_leaves_the_programs_run_alone);
    test_add("/nested-runs/pending", a_run_inside_leaves_the_programs_run_alone);
    test_add("/nested-runs/the-programs", the_programs_run_inside_is_not_ended);
    ADD("/nested-runs/both", both_runs_end);
    test_add("/nested-runs/the-programs/rests", the_programs_run_inside_rests);
    test_add("/nested-runs/deadlock", a_deadlock_inside_is_told_there);
    test_add("/nested-runs/break/all", break_all_reaches_the_programs_run);
    ADD("/nested-runs/break/one", break_one_ends_the_innermost);
    test_add("/nested-runs/before-waiting", settled_before_waiting);
    test_add("/nested-runs/before-waiting/inside", settled_inside_before_waiting);
    ADD("/nested-runs/two-loops/callback", a_run_of_another_loop_inside);
    ADD("/nested-runs/two-loops/handler", events_of_one_whose_handler_runs_another);
    ADD("/nested-runs/two-loops/timers", timers_of_one_whose_handler_runs_another);
    ADD("/nested-runs/two-loops/deadlines", deadlines_of_one_whose_handler_runs_another);
    ADD("/nested-runs/two-loops/settled-early", a_run_that_is_settled_early);
    ADD("/nested-runs/two-loops/clean-up", events_of_one_whose_clean_up_runs_another);
    test_add("/nested-runs/no-memory", a_run_inside_another_needs_memory);
    return g_test_run();
}
