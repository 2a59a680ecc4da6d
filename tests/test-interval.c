/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intervals: ticks come no sooner than they are due, none is counted twice or lost, and errors do not add up.
 * Clocks are virtual where exactly one number of ticks is right. Those of drifting, of the wall clock and of
 * extremes are real, for it is them that these tests are about.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "misuse.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <math.h>
#include <time.h>

static double monotonic(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* Told at the end of each wait: ticks so far, missed ones included, never exceed those that are due. */
static void ticks_do_not_drift(fixture *f)
{
    const double seconds = 0.004;
    double before = monotonic();
    vow_interval *interval = vow_interval_new(f->loop, seconds);
    double after = monotonic();
    int64_t ticks = 0;

    g_assert_nonnull(interval);
    for (int i = 0; i < 25; i++) {
        if (i % 4 == 3)
            run_nil(vow_sleep(f->loop, seconds / 2)); /* what is done at a tick takes its time */
        double start = monotonic();
        ticks += run_int(vow_interval_next(interval)) + 1;
        g_assert_cmpfloat(monotonic() - before, >=, (double) ticks * seconds - 2e-6);
        /* And no fewer than were due before the wait began. */
        g_assert_cmpfloat((double) ticks, >=, floor((start - after) / seconds));
    }
    vow_interval_free(interval);
}

static void missed_ticks_are_told(fixture *f)
{
    make_virtual(f);
    vow_interval *interval = vow_interval_new(f->loop, 10);
    run_nil(vow_sleep(f->loop, 45));
    vow_promise *next = vow_interval_next(interval);
    g_assert_true(vow_is_fulfilled(next));
    g_assert_cmpint(vow_as_int(vow_peek(next)), ==, 3);
    g_assert_cmpint(run_int(next), ==, 3);
    g_assert_cmpfloat(vow_now(f->loop), ==, 45);
    g_assert_cmpint(run_int(vow_interval_next(interval)), ==, 0);
    g_assert_cmpfloat(vow_now(f->loop), ==, 50);
    vow_interval_free(interval);
}

static void awaited_alone_keeps_the_loop_going(fixture *f)
{
    vow_interval *interval = vow_interval_new(f->loop, 100);

    g_assert_false(ev_run(f->ev, 0));
    vow_promise *a = vow_interval_next(interval), *b = vow_interval_next(interval);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(a);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(b);
    g_assert_false(ev_run(f->ev, 0));
    vow_interval_free(interval);
    vow_interval_free(NULL);
}

/* Ticks that somebody was told of, and nobody has seen, are missed by the next. */
static void unseen_ticks_come_back(fixture *f)
{
    make_virtual(f);
    vow_interval *interval = vow_interval_new(f->loop, 10);
    run_nil(vow_sleep(f->loop, 35));
    for (int i = 0; i < 3; i++) {
        vow_promise *next = vow_interval_next(interval);
        g_assert_true(vow_is_fulfilled(next));
        vow_unref(next);
    }
    g_assert_cmpint(run_int(vow_interval_next(interval)), ==, 2);
    vow_promise *a = vow_interval_next(interval), *b = vow_interval_next(interval);
    while (vow_is_pending(a))
        ev_run(f->ev, EVRUN_ONCE);
    vow_unref(a);
    g_assert_false(vow_is_pending(b));
    g_assert_cmpint(run_int(b), ==, 0);
    g_assert_cmpfloat(vow_now(f->loop), ==, 40);
    vow_interval_free(interval);
}

static void each_tick_goes_to_one(fixture *f)
{
    make_virtual(f);
    vow_interval *interval = vow_interval_new(f->loop, 5);
    vow_promise *a = vow_then(vow_interval_next(interval), pass_value, tag_new(f, "a"));
    vow_promise *b = vow_then(vow_interval_next(interval), pass_value, tag_new(f, "b"));

    g_assert_null(vow_run(vow_all_of(f->loop, b, a), NULL));
    assert_log(f, "a b");
    g_assert_cmpfloat(vow_now(f->loop), ==, 10);
    vow_interval_free(interval);
}

static void by_the_wall_clock(fixture *f)
{
    double seconds = 0.02, offset = 12345.005;
    vow_interval *interval = vow_interval_by_clock(f->loop, offset, seconds);
    double first = ceil((ev_time() - offset) / seconds);

    g_assert_nonnull(interval);
    g_assert_false(ev_run(f->ev, 0));
    double ticks = first - 1;
    for (int i = 0; i < 4; i++) {
        ticks += (double) run_int(vow_interval_next(interval)) + 1;
        g_assert_cmpfloat(ev_time(), >=, offset + (ticks - 1) * seconds - 1e-3);
    }
    run_nil(vow_sleep(f->loop, 0.07));
    vow_promise *next = vow_interval_next(interval);
    g_assert_true(vow_is_fulfilled(next));
    g_assert_cmpint(vow_as_int(vow_peek(next)), >=, 2);
    vow_unref(next);
    next = vow_interval_next(interval);
    vow_interval_free(interval);
    run_fails(next, ECANCELED, "");
}

/* An interval from any one tick, however far away; libev would count all the way from there. */
static void extremes(fixture *f)
{
    static const double offsets[] = {0, 1e300, -1e300, 1e15, -1e15};
    static const double seconds[] = {1e-9, 1e-4, 1e308};

    for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(seconds); k++) {
            vow_interval *interval = vow_interval_by_clock(f->loop, offsets[i], seconds[k]);
            vow_promise *tick = vow_interval_next(interval);

            if (seconds[k] < 1)
                g_assert_cmpint(run_int(tick), >=, 0);
            else
                vow_unref(tick);
            vow_interval_free(interval);
        }
}

static void what_is_no_interval(fixture *f)
{
    static const double none[] = {0, -1, NAN, HUGE_VAL, -HUGE_VAL, 9e-10, 5e-324};

    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        errno = 0;
        g_assert_null(vow_interval_new(f->loop, none[i]));
        g_assert_cmpint(errno, ==, EINVAL);
        errno = 0;
        g_assert_null(vow_interval_by_clock(f->loop, 0, none[i]));
        g_assert_cmpint(errno, ==, EINVAL);
    }
    g_assert_null(vow_interval_by_clock(f->loop, NAN, 1));
    g_assert_null(vow_interval_by_clock(f->loop, HUGE_VAL, 1));
    memory_fail(f, 1, true);
    g_assert_null(vow_interval_new(f->loop, 1));
    g_assert_cmpint(errno, ==, ENOMEM);
}

static void left_over(fixture *f)
{
    vow_interval *interval = vow_interval_new(f->loop, 100);
    vow_interval *other = vow_interval_by_clock(f->loop, 0, 100000);

    watch(f, vow_interval_next(interval), "a");
    watch(f, vow_interval_next(other), "b");
    f->expect_live = 6;
    free_loop(f);
    expect_report(f, "(interval) was never released");
    expect_report(f, "(interval) was never released");
    vow_interval_free(interval);
    vow_interval_free(other);
}

/* ---- vow_idle() ---------------------------------------------------------------------------------------- */

struct busy {
    vow_task task;
    fixture *f;
    int rounds;
};

VOW_ASYNC(busy, me)
{
    VOW_BEGIN(me);
    for (me->rounds = 0; me->rounds < 5; me->rounds++)
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    note(me->f, "busy-no-more");
    VOW_END(me);
}

static void idle_comes_last(fixture *f)
{
    vow_promise *idle = vow_then(vow_idle(f->loop), pass_value, tag_new(f, "idle"));
    vow_promise *busy = vow_async(f->loop, busy, .f = f);

    g_assert_null(vow_run(vow_all_of(f->loop, idle, busy), NULL));
    assert_log(f, "busy-no-more idle");
}

static void idle_dropped(fixture *f)
{
    vow_promise *p = vow_idle(f->loop);

    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
    run_nil(vow_idle(f->loop));
    watch(f, vow_idle(f->loop), "p");
    watch(f, vow_idle(f->loop), "p");
    turn(f);
    assert_log(f, "p=nil p=nil");
}

MISUSE(null_loop, vow_interval_free(vow_interval_new(NULL, 1));
       (void) f, "vow_interval_new", "the loop is NULL", false)
MISUSE(null_interval, vow_unref(vow_interval_next(NULL));
       (void) f, "vow_interval_next", "the interval is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/interval/no-drift", ticks_do_not_drift);
    test_add("/interval/missed", missed_ticks_are_told);
    test_add("/interval/keeps-the-loop-going", awaited_alone_keeps_the_loop_going);
    test_add("/interval/each-tick-goes-to-one", each_tick_goes_to_one);
    test_add("/interval/unseen", unseen_ticks_come_back);
    test_add("/interval/by-clock", by_the_wall_clock);
    test_add("/interval/extremes", extremes);
    test_add("/interval/none", what_is_no_interval);
    test_add("/interval/left-over", left_over);
    test_add("/idle/comes-last", idle_comes_last);
    test_add("/idle/dropped", idle_dropped);
    test_add("/interval/misuse/null-loop", test_null_loop);
    test_add("/interval/misuse/null-interval", test_null_interval);
    return g_test_run();
}
