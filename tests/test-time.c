/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Promises of time. Most tests make the clock virtual and say exactly when something ends. Those of sleeps
 * that last, and reach a moment, are about real clocks, and assert lower bounds; those of turns have timers
 * of libev's. A wait of 1000 seconds on a real clock stands for "never": a test that did wait for it would
 * not end.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static void assert_error(vow_error *error, int code, const char *part)
{
    g_assert_nonnull(error);
    g_assert_cmpint(vow_error_code(error), ==, code);
    if (!strstr(vow_error_message(error), part))
        g_error("\"%s\" does not contain \"%s\"", vow_error_message(error), part);
    vow_error_unref(error);
}

/* ---- vow_sleep() --------------------------------------------------------------------------------------- */

static void sleep_lasts_as_long_as_asked(fixture *f)
{
    vow_value value = vow_int(-1);

    ev_now_update(f->ev);
    double start = ev_now(f->ev);
    vow_promise *p = vow_sleep(f->loop, 0.02);
    assert_peek(p, "pending");
    g_assert_null(vow_run(p, &value));
    assert_value(&value, "nil");
    ev_now_update(f->ev);
    g_assert_cmpfloat(ev_now(f->ev) - start, >=, 0.02 - 1e-6);
}

static void sleeps_end_in_order(fixture *f)
{
    static const char *const names[] = {"3", "1", "0", "2"};
    static const double delays[] = {3 * HOUR, HOUR, 0., 2 * HOUR};
    vow_promise *all[4];

    make_virtual(f);
    for (int i = 0; i < 4; i++)
        all[i] = vow_then(vow_sleep(f->loop, delays[i]), pass_value, tag_new(f, names[i]));
    g_assert_null(vow_run(vow_all(f->loop, 4, all), NULL));
    assert_log(f, "0 1 2 3");
    g_assert_cmpfloat(vow_now(f->loop), ==, 3 * HOUR);
}

/* Zero and less: the next turn, not this call and not the job queue. */
static void sleep_of_nothing_is_the_next_turn(fixture *f)
{
    static const double delays[] = {0., -0., -1., -1e300, -HUGE_VAL};

    for (size_t i = 0; i < G_N_ELEMENTS(delays); i++) {
        vow_promise *p = vow_sleep(f->loop, delays[i]);
        assert_peek(p, "pending");
        g_assert_null(vow_run(p, NULL));
    }
}

static void sleep_of_no_number_is_rejected(fixture *f)
{
    assert_error(vow_run(vow_sleep(f->loop, (double) NAN), NULL), EINVAL, "");
    assert_error(vow_run(vow_sleep(f->loop, -(double) NAN), NULL), EINVAL, "");
    assert_error(vow_run(vow_sleep_until(f->loop, (double) NAN), NULL), EINVAL, "");
}

static void dropped_sleep_stops_its_timer(fixture *f)
{
    vow_promise *p = vow_sleep(f->loop, 1000.);

    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
    p = vow_sleep(f->loop, 1000.);
    watch(f, vow_ref(p), "p");
    vow_cancel(p);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "p!ECANCELED");
}

static vow_value drop(vow_value *value, void *data)
{
    vow_promise **p = data;

    (void) value;
    vow_unref(*p);
    *p = NULL;
    return vow_nil();
}

/* Both timers run out in one turn; the handler of the one drops the other, whose event is pending. */
static void dropped_when_it_has_just_run_out(fixture *f)
{
    vow_promise *p[2];

    p[0] = vow_then(vow_sleep(f->loop, 0.), drop, &p[1]);
    p[1] = vow_then(vow_sleep(f->loop, 0.), drop, &p[0]);
    g_assert_false(ev_run(f->ev, 0));
    g_assert_true((p[0] == NULL) != (p[1] == NULL));
    vow_unref(p[0] ? p[0] : p[1]);
}

static void many_sleeps(fixture *f)
{
    enum { N = 2000 };
    vow_promise *all[N];
    vow_value value;

    make_virtual(f);
    for (int i = 0; i < N; i++)
        all[i] = vow_sleep(f->loop, N - i % 100);
    for (int i = 0; i < N; i += 2) {
        vow_unref(all[i]);
        all[i] = vow_resolved(f->loop, vow_int(i));
    }
    g_assert_null(vow_run(vow_all(f->loop, N, all), &value));
    g_assert_cmpuint(vow_list_length(vow_as_list(&value)), ==, N);
    g_assert_cmpfloat(vow_now(f->loop), ==, N - 1);
    vow_value_drop(value);
}

/* ---- vow_sleep_until() --------------------------------------------------------------------------------- */

static void sleep_until_reaches_the_moment(fixture *f)
{
    double when = ev_time() + 0.02;

    g_assert_null(vow_run(vow_sleep_until(f->loop, when), NULL));
    g_assert_cmpfloat(ev_time(), >=, when - 1e-3); /* libev may read the clock a little before us */
}

static void moments_come_in_order(fixture *f)
{
    double now = ev_time();
    vow_promise *a = vow_then(vow_sleep_until(f->loop, now + 2 * HOUR), pass_value, tag_new(f, "a"));
    vow_promise *b = vow_then(vow_sleep_until(f->loop, now + HOUR), pass_value, tag_new(f, "b"));

    make_virtual(f);
    g_assert_null(vow_run(vow_all_of(f->loop, a, b), NULL));
    assert_log(f, "b a");
    g_assert_cmpfloat(vow_now(f->loop), >, 2 * HOUR - 60);
    g_assert_cmpfloat(vow_now(f->loop), <, 2 * HOUR + 1);
}

static void a_moment_in_the_past_is_the_next_turn(fixture *f)
{
    static const double moments[] = {1., 0., -5., -HUGE_VAL};

    for (size_t i = 0; i < G_N_ELEMENTS(moments); i++) {
        vow_promise *p = vow_sleep_until(f->loop, moments[i]);
        assert_peek(p, "pending");
        g_assert_null(vow_run(p, NULL));
    }
}

static void dropped_sleep_until_stops_its_watcher(fixture *f)
{
    vow_promise *p = vow_sleep_until(f->loop, ev_time() + 1000.);

    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
}

/* ---- vow_timeout() ------------------------------------------------------------------------------------- */

static void timeout_passes_an_outcome_in_time(fixture *f)
{
    vow_value value;

    make_virtual(f);
    g_assert_null(vow_run(vow_timeout(vow_then(vow_sleep(f->loop, 999.), NULL, NULL), 1000.), &value));
    assert_value(&value, "nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, 999);
    g_assert_null(vow_run(vow_timeout(vow_resolved(f->loop, owned(f, "v")), 1000.), &value));
    assert_value(&value, "v");
    vow_value_drop(value);
    assert_log(f, "~v");
    vow_promise *bad = vow_rejected(f->loop, vow_error_new(EIO, "broken"));
    assert_error(vow_run(vow_timeout(bad, 1000.), NULL), EIO, "broken");
}

static void timeout_rejects_and_drops(fixture *f)
{
    struct source source;
    vow_promise *p;
    const char *site;

    make_virtual(f);
    site = HERE, p = vow_timeout(pending(f, &source, "s"), 1800.5);
    vow_error *error = vow_run(vow_ref(p), NULL);
    assert_log(f, "s-cancelled");
    g_assert_cmpfloat(vow_now(f->loop), ==, 1800.5);
    g_assert_nonnull(strstr(vow_error_message(error), "after 1800.5 s"));
    assert_error(error, ETIMEDOUT, site);
    vow_unref(p);
}

static void timeout_leaves_a_held_promise_alone(fixture *f)
{
    struct source source;
    vow_promise *p = pending(f, &source, "s");

    make_virtual(f);
    assert_error(vow_run(vow_timeout(vow_ref(p), HOUR), NULL), ETIMEDOUT, "");
    assert_peek(p, "pending");
    vow_resolve(&source.resolver, vow_int(1));
    assert_peek(p, "1");
    vow_unref(p);
}

/* Zero and less mean the next turn: what is settled by then is in time. */
static void timeout_of_nothing(fixture *f)
{
    static const double deadlines[] = {0., -1., -HUGE_VAL};

    for (size_t i = 0; i < G_N_ELEMENTS(deadlines); i++) {
        struct source source;
        vow_promise *p = vow_timeout(pending(f, &source, "s"), deadlines[i]);
        assert_peek(p, "pending");
        assert_error(vow_run(p, NULL), ETIMEDOUT, "");
        assert_log(f, "s-cancelled");
        g_assert_null(vow_run(vow_timeout(vow_resolved(f->loop, vow_nil()), deadlines[i]), NULL));
    }
}

static void timeout_of_no_number_is_rejected(fixture *f)
{
    struct source source;

    assert_error(vow_run(vow_timeout(pending(f, &source, "s"), (double) NAN), NULL), EINVAL, "");
    assert_log(f, "s-cancelled");
}

static void dropped_timeout_drops_the_promise(fixture *f)
{
    struct source source;
    vow_promise *p = vow_timeout(pending(f, &source, "s"), 1000.);

    vow_unref(p);
    assert_log(f, "s-cancelled");
    g_assert_false(ev_run(f->ev, 0));
}

/* The timer goes when the outcome is there, also while somebody still holds the promise. */
static void a_settled_timeout_stops_its_timer(fixture *f)
{
    struct source source;
    vow_promise *p = vow_timeout(pending(f, &source, "s"), 1000.);

    vow_resolve(&source.resolver, vow_int(4));
    g_assert_false(ev_run(f->ev, 0));
    assert_peek(p, "4");
    vow_unref(p);
}

static void timeouts_nest(fixture *f)
{
    struct source source;

    make_virtual(f);
    vow_promise *p = vow_timeout(vow_timeout(pending(f, &source, "s"), HOUR), 60);
    assert_error(vow_run(p, NULL), ETIMEDOUT, "after 60 s");
    assert_log(f, "s-cancelled");
    p = vow_timeout(vow_timeout(pending(f, &source, "s"), 60), HOUR);
    assert_error(vow_run(p, NULL), ETIMEDOUT, "after 60 s");
    assert_log(f, "s-cancelled");
    g_assert_cmpfloat(vow_now(f->loop), ==, 120);
}

struct patient {
    vow_task task;
    fixture *f;
};

VOW_ASYNC(patient, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 1000.));
    note(me->f, "not reached");
    VOW_FINALLY(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 100));
    note(me->f, "finally");
    VOW_END(me);
}

static void timeout_cancels_a_task(fixture *f)
{
    make_virtual(f);
    assert_error(vow_run(vow_timeout(vow_async(f->loop, patient, .f = f), 60), NULL), ETIMEDOUT, "");
    ev_run(f->ev, 0); /* the loop still keeps the clean-up */
    assert_log(f, "finally");
    g_assert_cmpfloat(vow_now(f->loop), ==, 160);
}

/* ---- vow_yield() --------------------------------------------------------------------------------------- */

struct yielder {
    vow_task task;
    fixture *f;
    const bool *stop;
};

VOW_ASYNC(yielder, me)
{
    VOW_BEGIN(me);
    while (!*me->stop)
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_END(me);
}

static void set_flag(EV_P_ ev_timer *w, int revents)
{
    (void) loop;
    (void) revents;
    *(bool *) w->data = true;
}

static void read_flag(EV_P_ ev_io *w, int revents)
{
    (void) revents;
    *(bool *) w->data = true;
    ev_io_stop(EV_A_ w);
}

/* A task that yields for ever does not keep timers and descriptors of the application from being served. */
static void yield_lets_other_watchers_run(fixture *f)
{
    bool timer_ran = false, io_ran = false;
    ev_timer timer;
    ev_io io;
    int ends[2];

    ev_timer_init(&timer, set_flag, 0.001, 0.);
    timer.data = &timer_ran;
    ev_set_priority(&timer, EV_MINPRI);
    ev_timer_start(f->ev, &timer);
    g_assert_null(vow_run(vow_async(f->loop, yielder, .f = f, .stop = &timer_ran), NULL));

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], "x", 1), ==, 1);
    ev_io_init(&io, read_flag, ends[0], EV_READ);
    io.data = &io_ran;
    ev_set_priority(&io, EV_MINPRI);
    ev_io_start(f->ev, &io);
    g_assert_null(vow_run(vow_async(f->loop, yielder, .f = f, .stop = &io_ran), NULL));
    close(ends[0]);
    close(ends[1]);
}

static void yield_is_fulfilled_after_a_turn(fixture *f)
{
    vow_promise *p = vow_yield(f->loop);
    vow_value value = vow_int(-1);

    assert_peek(p, "pending");
    g_assert_null(vow_run(p, &value));
    assert_value(&value, "nil");
}

static void yields_are_fair(fixture *f)
{
    vow_promise *a = vow_then(vow_yield(f->loop), pass_value, tag_new(f, "a"));
    vow_promise *b = vow_then(vow_yield(f->loop), pass_value, tag_new(f, "b"));

    g_assert_null(vow_run(vow_all_of(f->loop, a, b), NULL));
    assert_log(f, "a b");
}

/* Whoever waited for a turn, and does not any more, does not keep the loop from resting. */
static void note_timer(EV_P_ ev_timer *timer, int revents)
{
    (void) loop;
    (void) revents;
    note(timer->data, "timer");
}

static void dropped_yield_lets_the_loop_rest(fixture *f)
{
    ev_timer timer;

    vow_unref(vow_yield(f->loop));
    ev_timer_init(&timer, note_timer, 0.01, 0.);
    timer.data = f;
    ev_timer_start(f->ev, &timer);
    ev_run(f->ev, EVRUN_ONCE);
    assert_log(f, "timer");
}

static void dropped_yield_stops(fixture *f)
{
    vow_promise *p = vow_yield(f->loop);

    vow_unref(p);
    p = vow_then(vow_yield(f->loop), saw_value, tag_new(f, "no"));
    vow_cancel(vow_ref(p));
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
}

/* Each with what it leads to, before the next one; those that begin meanwhile wait for the next time. */
static vow_value idle_again(vow_value *value, void *data)
{
    struct tag *tag = data;

    (void) value;
    note(tag->f, "%s", tag->name);
    watch(tag->f, vow_then(vow_resolved(tag->f->loop, vow_nil()), pass_value, tag_new(tag->f, "job")),
          "then");
    watch(tag->f, vow_idle(tag->f->loop), "again");
    return vow_nil();
}

static void idle_in_the_order_of_the_calls(fixture *f)
{
    vow_promise *dropped;

    vow_detach(vow_then(vow_idle(f->loop), idle_again, tag_new(f, "first")));
    dropped = vow_idle(f->loop);
    watch(f, vow_idle(f->loop), "second");
    watch(f, vow_idle(f->loop), "third");
    vow_unref(dropped);
    turn(f);
    assert_log(f, "first job then=nil second=nil third=nil");
    turn(f);
    assert_log(f, "again=nil");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/time/sleep/lasts", sleep_lasts_as_long_as_asked);
    test_add("/time/sleep/order", sleeps_end_in_order);
    test_add("/time/sleep/nothing", sleep_of_nothing_is_the_next_turn);
    test_add("/time/sleep/no-number", sleep_of_no_number_is_rejected);
    test_add("/time/sleep/dropped", dropped_sleep_stops_its_timer);
    test_add("/time/sleep/dropped-in-time", dropped_when_it_has_just_run_out);
    test_add("/time/sleep/many", many_sleeps);
    test_add("/time/sleep-until/moment", sleep_until_reaches_the_moment);
    test_add("/time/sleep-until/order", moments_come_in_order);
    test_add("/time/sleep-until/past", a_moment_in_the_past_is_the_next_turn);
    test_add("/time/sleep-until/dropped", dropped_sleep_until_stops_its_watcher);
    test_add("/time/timeout/in-time", timeout_passes_an_outcome_in_time);
    test_add("/time/timeout/rejects", timeout_rejects_and_drops);
    test_add("/time/timeout/held", timeout_leaves_a_held_promise_alone);
    test_add("/time/timeout/nothing", timeout_of_nothing);
    test_add("/time/timeout/no-number", timeout_of_no_number_is_rejected);
    test_add("/time/timeout/dropped", dropped_timeout_drops_the_promise);
    test_add("/time/timeout/settled", a_settled_timeout_stops_its_timer);
    test_add("/time/timeout/nested", timeouts_nest);
    test_add("/time/timeout/task", timeout_cancels_a_task);
    test_add("/time/yield/other-watchers", yield_lets_other_watchers_run);
    test_add("/time/yield/turn", yield_is_fulfilled_after_a_turn);
    test_add("/time/yield/fair", yields_are_fair);
    test_add("/time/yield/dropped", dropped_yield_stops);
    test_add("/time/yield/dropped/rests", dropped_yield_lets_the_loop_rest);
    test_add("/time/idle/order", idle_in_the_order_of_the_calls);
    return g_test_run();
}
