/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks that tests hold: when they stand, when they jump and how far, what they wait for, and moving them by
 * hand. Nothing here sleeps: what waits really is woken by a thread, a process or a descriptor of its own.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <math.h>

#include <vow/testing.h>

/* ---- Jumping ------------------------------------------------------------------------------------------- */

static void it_begins_at_0_and_stands(fixture *f)
{
    make_virtual(f);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
    for (int i = 0; i < 10; i++)
        run_nil(vow_yield(f->loop));
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
    make_virtual(f);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
}

static void it_jumps_exactly(fixture *f)
{
    struct source source;

    make_virtual(f);
    run_nil(vow_sleep(f->loop, HOUR));
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    run_nil(vow_sleep(f->loop, 0.1));
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR + 0.1);
    run_nil(vow_sleep(f->loop, 0));
    run_nil(vow_sleep(f->loop, -5));
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR + 0.1);
    run_fails(vow_timeout(pending(f, &source, "s"), 1e9), ETIMEDOUT, "");
    assert_log(f, "s-cancelled");
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR + 0.1 + 1e9);
}

static void plain_runs_of_the_ev_loop_jump(fixture *f)
{
    make_virtual(f);
    watch(f, vow_sleep(f->loop, 2 * HOUR), "late");
    watch(f, vow_sleep(f->loop, HOUR), "early");
    g_assert_true(ev_run(f->ev, EVRUN_ONCE));
    assert_log(f, "early=nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "late=nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, 2 * HOUR);
    g_assert_false(ev_run(f->ev, 0));
}

static void a_day_of_ticks(fixture *f)
{
    vow_interval *interval;

    make_virtual(f);
    interval = vow_interval_new(f->loop, 60);
    for (int i = 1; i <= 24 * 60; i++) {
        g_assert_cmpint(run_int(vow_interval_next(interval)), ==, 0);
        g_assert_cmpfloat(vow_now(f->loop), ==, 60 * i);
    }
    vow_clock_advance(f->loop, 150);
    g_assert_cmpint(run_int(vow_interval_next(interval)), ==, 1);
    vow_interval_free(interval);
}

static void the_wall_clock_moves_with_it(fixture *f)
{
    vow_interval *interval;
    double start;

    make_virtual(f);
    start = ev_time();
    run_nil(vow_sleep_until(f->loop, start + HOUR));
    g_assert_cmpfloat(vow_now(f->loop), >, HOUR - 60);
    g_assert_cmpfloat(vow_now(f->loop), <=, HOUR + 1e-3);
    run_nil(vow_sleep(f->loop, 10 * HOUR));
    start = vow_now(f->loop);
    run_nil(vow_sleep_until(f->loop, ev_time() + HOUR)); /* over */
    g_assert_cmpfloat(vow_now(f->loop), ==, start);
    interval = vow_interval_by_clock(f->loop, 0, 86400);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(run_int(vow_interval_next(interval)), ==, 0);
    g_assert_cmpfloat(vow_now(f->loop), >, start + 2 * 86400 - 1);
    g_assert_cmpfloat(vow_now(f->loop), <, start + 3 * 86400 + 1);
    vow_interval_free(interval);
}

/* In the order of the deadlines, and of the calls where those are equal. */
static void what_is_set_already_keeps_its_time(fixture *f)
{
    vow_promise *endless = vow_sleep(f->loop, HUGE_VAL);
    vow_interval *interval = vow_interval_by_clock(f->loop, 0, 1000 * HOUR);
    vow_promise *tick = vow_interval_next(interval);

    watch(f, vow_sleep(f->loop, 2 * HOUR), "2h");
    watch(f, vow_sleep(f->loop, HOUR), "1h");
    watch(f, vow_sleep(f->loop, 0), "0");
    watch(f, vow_sleep_until(f->loop, ev_time() + 3 * HOUR), "3h");
    make_virtual(f);
    watch(f, vow_sleep(f->loop, 1.5 * HOUR), "1.5h");
    vow_clock_advance(f->loop, 2 * HOUR);
    assert_log(f, "0=nil 1h=nil 1.5h=nil 2h=nil");
    vow_clock_advance(f->loop, 2 * HOUR);
    assert_log(f, "3h=nil");
    vow_unref(endless);
    vow_unref(tick); /* its libev watcher is still active */
    g_assert_false(ev_run(f->ev, 0));
    vow_interval_free(interval);
}

static vow_value make_it_virtual(vow_value *value, void *data)
{
    fixture *f = data;

    (void) value;
    make_virtual(f);
    note(f, "virtual");
    return vow_nil();
}

/* While a real clock ends what has run out. */
static void made_virtual_in_a_handler(fixture *f)
{
    watch(f, vow_then(vow_sleep(f->loop, 0), make_it_virtual, f), "first");
    watch(f, vow_sleep(f->loop, 0), "second");
    watch(f, vow_sleep(f->loop, HOUR), "third");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "virtual first=nil second=nil third=nil");
    g_assert_cmpfloat(vow_now(f->loop), <=, HOUR);
}

/* ---- Not while anything can run ------------------------------------------------------------------------ */

struct chatter {
    vow_task task;
    vow_stream *mine, *other;
    fixture *f;
    int i;
};

/* Writes to itself through two sockets, a hundred turns long. */
VOW_ASYNC(chatter, me)
{
    VOW_BEGIN(me);
    for (me->i = 0; me->i < 100; me->i++) {
        VOW_AWAIT(me, vow_stream_write(me->mine, "line\n", 5));
        VOW_AWAIT(me, vow_stream_read_line(me->other, 100));
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    }
    note(me->f, "talked");
    VOW_END(me);
}

static void it_stands_while_bytes_move(fixture *f)
{
    vow_stream *ends[2];
    int fds[2];

    make_virtual(f);
    open_tcp(fds);
    for (int i = 0; i < 2; i++)
        ends[i] = vow_stream_new(f->loop, fds[i]);
    watch(f, vow_timeout(vow_async(f->loop, chatter, .mine = ends[0], .other = ends[1], .f = f), 0.001), "t");
    watch(f, vow_sleep(f->loop, 0.0001), "sleep");
    vow_clock_ignore_events(f->loop, true);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "talked t=nil sleep=nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, 0.0001);
    vow_stream_free(ends[0]);
    vow_stream_free(ends[1]);
}

static void idle_comes_before_a_jump(fixture *f)
{
    make_virtual(f);
    watch(f, vow_sleep(f->loop, 0.001), "sleep");
    watch(f, vow_idle(f->loop), "idle");
    watch(f, vow_yield(f->loop), "yield");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "yield=nil idle=nil sleep=nil");
}

/* ---- What comes from outside --------------------------------------------------------------------------- */

static void a_process_is_waited_for(fixture *f)
{
    vow_process *process;

    make_virtual(f);
    process = start(f, SH("exit 3"));
    g_assert_cmpint(run_int(vow_timeout(vow_process_wait(process), 0.001)), ==, 3);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
    vow_process_free(process);
}

static vow_value spin(void *data)
{
    for (int i = 0; i < 50; i++)
        g_thread_yield();
    return vow_int(*(int *) data);
}

static void a_job_is_waited_for(fixture *f)
{
    make_virtual(f);
    for (int i = 0; i < 20; i++)
        g_assert_cmpint(run_int(vow_timeout(vow_offload(f->loop, spin, &i), 0.001)), ==, i);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
}

static void *write_one(void *fd)
{
    g_thread_yield();
    put(*(int *) fd, "x");
    return NULL;
}

static void a_descriptor_is_waited_for(fixture *f)
{
    int ends[2];
    GThread *thread;

    make_virtual(f);
    open_blocking_pipe(ends);
    vow_promise *guarded = vow_timeout(vow_readable(f->loop, ends[0]), 0.001);
    thread = g_thread_new("writer", write_one, &ends[1]);
    run_nil(guarded);
    g_thread_join(thread);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
    close_both(ends);
}

static void unless_the_test_says_otherwise(fixture *f)
{
    int ends[2];

    make_virtual(f);
    open_blocking_pipe(ends);
    vow_clock_ignore_events(f->loop, true);
    run_fails(vow_timeout(vow_readable(f->loop, ends[0]), HOUR), ETIMEDOUT, "");
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    put(ends[1], "x"); /* what is there comes first all the same */
    run_nil(vow_timeout(vow_readable(f->loop, ends[0]), 0));
    vow_clock_ignore_events(f->loop, false);
    run_nil(vow_timeout(vow_readable(f->loop, ends[0]), 0.001));
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    close_both(ends);
}

/* Nobody waits for it any more when the clock has begun to wait for it: it goes on. */
struct leaving {
    ev_prepare prepare;
    vow_promise *readable;
};

static void leave(EV_P_ ev_prepare *prepare, int revents)
{
    struct leaving *self = (struct leaving *) prepare;

    (void) revents;
    ev_prepare_stop(EV_A_ prepare);
    vow_unref(self->readable);
}

static void what_is_dropped_is_not_waited_for(fixture *f)
{
    struct leaving leaving;
    int ends[2];

    make_virtual(f);
    open_blocking_pipe(ends);
    leaving.readable = vow_readable(f->loop, ends[0]);
    watch(f, vow_sleep(f->loop, HOUR), "sleep");
    ev_prepare_init(&leaving.prepare, leave);
    ev_prepare_start(f->ev, &leaving.prepare);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "sleep=nil");
    close_both(ends);
}

static void set_flag(EV_P_ ev_timer *timer, int revents)
{
    fixture *f = timer->data;

    (void) loop;
    (void) revents;
    note(f, "timer");
}

static void timers_of_libev_are_waited_for(fixture *f)
{
    ev_timer timer;

    make_virtual(f);
    ev_timer_init(&timer, set_flag, 0.001, 0);
    timer.data = f;
    ev_timer_start(f->ev, &timer);
    watch(f, vow_sleep(f->loop, 1e-6), "sleep");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "timer sleep=nil");
}

static void a_deadlock_is_found(fixture *f)
{
    struct source source;

    make_virtual(f);
    watch(f, vow_sleep(f->loop, HOUR), "sleep");
    run_fails(pending(f, &source, "s"), EDEADLK, "nothing is left");
    assert_log(f, "sleep=nil s-cancelled");
}

/* ---- By hand ------------------------------------------------------------------------------------------- */

static void advance_ends_all_on_its_way(fixture *f)
{
    struct source source;

    make_virtual(f);
    watch(f, vow_sleep(f->loop, 10), "10");
    watch(f, vow_sleep(f->loop, 5), "5");
    watch(f, vow_sleep(f->loop, 20), "20");
    watch(f, vow_timeout(pending(f, &source, "s"), 7), "t");
    vow_clock_advance(f->loop, 4.5);
    assert_log(f, "");
    g_assert_cmpfloat(vow_now(f->loop), ==, 4.5);
    vow_clock_advance(f->loop, 5.5);
    assert_log(f, "5=nil s-cancelled t!ETIMEDOUT 10=nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, 10);
    vow_clock_advance(f->loop, 0);
    vow_clock_advance(f->loop, 5);
    assert_log(f, "");
    vow_clock_advance(f->loop, 5);
    assert_log(f, "20=nil");
    vow_clock_advance(f->loop, HOUR);
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR + 20);
}

struct sleeper {
    vow_task task;
    fixture *f;
    int left;
};

VOW_ASYNC(sleeper, me)
{
    VOW_BEGIN(me);
    while (me->left--) {
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 10));
        note(me->f, "%g", vow_now(VOW_LOOP(me)));
    }
    VOW_END(me);
}

static void advance_goes_by_what_is_set_on_its_way(fixture *f)
{
    make_virtual(f);
    vow_detach(vow_async(f->loop, sleeper, .f = f, .left = 4));
    vow_clock_advance(f->loop, 35);
    assert_log(f, "10 20 30");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "40");
}

static void advance_does_not_wait_for_the_world(fixture *f)
{
    int ends[2];

    make_virtual(f);
    open_blocking_pipe(ends);
    vow_promise *guarded = vow_timeout(vow_readable(f->loop, ends[0]), HOUR);
    watch(f, vow_ref(guarded), "t");
    vow_clock_advance(f->loop, HOUR - 1);
    assert_log(f, "");
    vow_clock_advance(f->loop, 1);
    assert_log(f, "t!ETIMEDOUT");
    vow_unref(guarded);
    close_both(ends);
}

static vow_value take_long(vow_value *value, void *data)
{
    fixture *f = data;

    (void) value;
    vow_clock_advance(f->loop, HOUR);
    note(f, "worked");
    return vow_nil();
}

/* A handler that takes an hour: what was ready in time is in time. */
static void advance_in_a_handler(fixture *f)
{
    int ends[2];

    make_virtual(f);
    open_blocking_pipe(ends);
    put(ends[1], "x");
    watch(f, vow_sleep(f->loop, 60), "sleep");
    watch(f, vow_timeout(vow_readable(f->loop, ends[0]), 1), "readable");
    vow_detach(vow_then(vow_resolved(f->loop, vow_nil()), take_long, f));
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "worked readable=nil sleep=nil");
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    close_both(ends);
}

static vow_value take_longer(vow_value *value, void *data)
{
    (void) value;
    vow_clock_advance(((fixture *) data)->loop, HOUR);
    return vow_nil();
}

/* Past the end of the call that runs the handler: the clock is never set back. */
static void advance_in_a_handler_of_another_one(fixture *f)
{
    make_virtual(f);
    vow_detach(vow_then(vow_sleep(f->loop, 1), take_longer, f));
    vow_clock_advance(f->loop, 2);
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR + 1);
}

struct nested {
    ev_idle idle;
    fixture *f;
};

static void run_inside(EV_P_ ev_idle *idle, int revents)
{
    fixture *f = ((struct nested *) idle)->f;

    (void) revents;
    ev_idle_stop(EV_A_ idle);
    run_nil(vow_sleep(f->loop, 100));
    note(f, "at %g", vow_now(f->loop));
    vow_clock_advance(f->loop, 100);
    note(f, "at %g", vow_now(f->loop));
}

/* A callback of the program's runs the ev_loop for longer than the call that it is in. */
static void runs_in_runs(fixture *f)
{
    struct nested nested = {.f = f};

    make_virtual(f);
    ev_idle_init(&nested.idle, run_inside);
    ev_idle_start(f->ev, &nested.idle);
    watch(f, vow_sleep(f->loop, 150), "sleep");
    vow_clock_advance(f->loop, 1);
    assert_log(f, "at 100 sleep=nil at 200");
    g_assert_cmpfloat(vow_now(f->loop), ==, 200);
    ev_idle_start(f->ev, &nested.idle);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "at 300 at 400");
}

/* ---- ev_break() of the program's ----------------------------------------------------------------------- */

struct breaker {
    ev_timer timer;
    fixture *f;
    int how;
};

static void break_off(EV_P_ ev_timer *timer, int revents)
{
    (void) revents;
    ev_break(EV_A_((struct breaker *) timer)->how);
}

static void call_at_once(struct breaker *breaker, void (*callback)(EV_P_ ev_timer *, int))
{
    ev_timer_init(&breaker->timer, callback, 0, 0);
    ev_timer_start(breaker->f->ev, &breaker->timer);
}

/* What is set stays set, and time has not passed. */
static void a_break_ends_a_run(fixture *f)
{
    static const int hows[] = {EVBREAK_ONE, EVBREAK_ALL};

    make_virtual(f);
    for (int i = 0; i < 2; i++) {
        struct breaker breaker = {.f = f, .how = hows[i]};
        call_at_once(&breaker, break_off);
        run_fails(vow_sleep(f->loop, HOUR), EINTR, "ev_break()");
        watch(f, vow_sleep(f->loop, HOUR), "sleep");
        call_at_once(&breaker, break_off);
        g_assert_true(ev_run(f->ev, 0));
        assert_log(f, "");
        g_assert_cmpfloat(vow_now(f->loop), ==, i * HOUR);
        g_assert_false(ev_run(f->ev, 0));
        assert_log(f, "sleep=nil");
    }
}

static void run_and_break_off(EV_P_ ev_timer *timer, int revents)
{
    static struct breaker inner;
    struct breaker *outer = (struct breaker *) timer;

    (void) loop;
    (void) revents;
    inner = *outer;
    call_at_once(&inner, break_off);
    run_fails(vow_sleep(outer->f->loop, 2 * HOUR), EINTR, "ev_break()");
    note(outer->f, "inner");
}

/* Of the innermost run, or of all. */
static void a_break_of_runs_in_runs(fixture *f)
{
    struct breaker breaker = {.f = f, .how = EVBREAK_ONE};

    make_virtual(f);
    watch(f, vow_sleep(f->loop, HOUR), "sleep");
    call_at_once(&breaker, run_and_break_off);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "inner sleep=nil");
    watch(f, vow_sleep(f->loop, HOUR), "sleep");
    breaker.how = EVBREAK_ALL;
    call_at_once(&breaker, run_and_break_off);
    g_assert_true(ev_run(f->ev, 0));
    assert_log(f, "inner");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "sleep=nil");
}

static void prepared(EV_P_ ev_prepare *prepare, int revents)
{
    (void) revents;
    ev_prepare_stop(EV_A_ prepare);
    ev_break(EV_A_ EVBREAK_ONE);
}

static void a_break_before_events_are_looked_for(fixture *f)
{
    ev_prepare prepare;

    make_virtual(f);
    watch(f, vow_sleep(f->loop, HOUR), "sleep");
    for (int priority = EV_MINPRI; priority < EV_MAXPRI; priority++) {
        ev_prepare_init(&prepare, prepared);
        ev_set_priority(&prepare, priority);
        ev_prepare_start(f->ev, &prepare);
        g_assert_true(ev_run(f->ev, 0));
    }
    assert_log(f, "");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "sleep=nil");
}

/* ---- Several loops ------------------------------------------------------------------------------------- */

static void two_clocks_on_one_ev_loop(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    make_virtual(f);
    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    watch(f, vow_sleep(f->loop, HOUR), "mine");
    vow_promise *theirs = vow_sleep(other, 2 * HOUR);
    run_nil(vow_ref(theirs));
    assert_log(f, "mine=nil");
    g_assert_cmpfloat(vow_now(other), ==, 2 * HOUR);
    g_assert_cmpfloat(vow_now(f->loop), ==, 2 * HOUR);
    g_assert_false(ev_run(f->ev, 0));
    vow_unref(theirs);
    vow_loop_free(other);
    run_nil(vow_sleep(f->loop, HOUR));
    other = vow_loop_new(f->ev);
    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    g_assert_cmpfloat(vow_now(other), ==, 3 * HOUR);
    vow_loop_free(other);
}

static vow_value sleep_on_another(vow_value *value, void *other)
{
    (void) value;
    run_nil(vow_sleep(other, HOUR));
    return vow_nil();
}

/* In a handler, to which events come meanwhile that have to wait for it. */
static void another_loop_runs_in_a_handler(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    make_virtual(f);
    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    watch(f, vow_yield(f->loop), "yield");
    watch(f, vow_sleep(f->loop, 60), "sleep");
    run_nil(vow_then(vow_resolved(f->loop, vow_nil()), sleep_on_another, other));
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "yield=nil sleep=nil");
    vow_loop_free(other);
}

static void one_of_two_loops_is_real(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    make_virtual(f);
    watch(f, vow_sleep(f->loop, HOUR), "mine");
    run_nil(vow_sleep(other, 0.002)); /* it can come, so the other clock stands */
    assert_log(f, "");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "mine=nil");
    vow_loop_free(other);
}

static void free_other(EV_P_ ev_timer *timer, int revents)
{
    (void) loop;
    (void) revents;
    vow_loop_free(timer->data);
}

/* A callback of the program's frees the only loop with a virtual clock, while that looks for events. */
static void freed_in_a_callback(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);
    ev_timer timer;

    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    watch(f, vow_sleep(other, HOUR), "sleep");
    ev_timer_init(&timer, free_other, 0, 0);
    timer.data = other;
    ev_timer_start(f->ev, &timer);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, ""); /* nobody is told */
    other = vow_loop_new(f->ev);
    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    timer.data = other;
    ev_timer_start(f->ev, &timer);
    vow_clock_advance(other, HOUR);
    g_assert_cmpint(ev_run(f->ev, EVRUN_NOWAIT), ==, 0);
}

static vow_value free_loop_of(vow_value *value, void *data)
{
    (void) value;
    vow_loop_free(data);
    return vow_nil();
}

/* Both are due in this turn, and the handler of the one frees the other. */
static void freed_in_a_handler_of_another_one(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    make_virtual(f);
    g_assert_cmpint(vow_clock_virtual(other), ==, 0);
    watch(f, vow_then(vow_sleep(f->loop, 1), free_loop_of, other), "mine");
    watch(f, vow_sleep(other, 1), "theirs");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "mine=nil");
}

static void no_memory_for_it(fixture *f)
{
    size_t n = 0;

    do {
        memory_fail(f, ++n, false);
        if (vow_clock_virtual(f->loop) == 0)
            break;
        memory_fail(f, 0, false);
        run_nil(vow_sleep(f->loop, 0));
    } while (n < 100);
    memory_fail(f, 0, false);
    g_assert_cmpuint(n, >, 2);
    g_assert_cmpfloat(vow_now(f->loop), ==, 0);
    run_nil(vow_sleep(f->loop, HOUR));
}

/* ---- Misuse and failing -------------------------------------------------------------------------------- */

MISUSE(advance_real, vow_clock_advance(f->loop, 1), "vow_clock_advance", "the loop's clock is not virtual",
       false)
MISUSE(ignore_real, vow_clock_ignore_events(f->loop, true), "vow_clock_ignore_events",
       "the loop's clock is not virtual", false)
MISUSE(set_back, make_virtual(f);
       vow_clock_advance(f->loop, -1), "vow_clock_advance", "a clock cannot be moved by -1 s", false)
MISUSE(advance_nan, make_virtual(f); vow_clock_advance(f->loop, (double) NAN), "vow_clock_advance",
                                     "a clock cannot be moved by *nan s", false)
MISUSE(advance_for_ever, make_virtual(f);
       vow_clock_advance(f->loop, HUGE_VAL), "vow_clock_advance", "a clock cannot be moved by inf s", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/virtual-clock/stands", it_begins_at_0_and_stands);
    test_add("/virtual-clock/jumps", it_jumps_exactly);
    test_add("/virtual-clock/jumps/ev-run", plain_runs_of_the_ev_loop_jump);
    test_add("/virtual-clock/jumps/interval", a_day_of_ticks);
    test_add("/virtual-clock/wall-clock", the_wall_clock_moves_with_it);
    test_add("/virtual-clock/set-before", what_is_set_already_keeps_its_time);
    test_add("/virtual-clock/made-in-a-handler", made_virtual_in_a_handler);
    test_add("/virtual-clock/stands/bytes", it_stands_while_bytes_move);
    test_add("/virtual-clock/stands/idle", idle_comes_before_a_jump);
    test_add("/virtual-clock/events/process", a_process_is_waited_for);
    test_add("/virtual-clock/events/job", a_job_is_waited_for);
    test_add("/virtual-clock/events/descriptor", a_descriptor_is_waited_for);
    test_add("/virtual-clock/events/ignored", unless_the_test_says_otherwise);
    test_add("/virtual-clock/events/dropped", what_is_dropped_is_not_waited_for);
    test_add("/virtual-clock/events/libev-timer", timers_of_libev_are_waited_for);
    test_add("/virtual-clock/deadlock", a_deadlock_is_found);
    test_add("/virtual-clock/advance", advance_ends_all_on_its_way);
    test_add("/virtual-clock/advance/set-meanwhile", advance_goes_by_what_is_set_on_its_way);
    test_add("/virtual-clock/advance/events", advance_does_not_wait_for_the_world);
    test_add("/virtual-clock/advance/handler", advance_in_a_handler);
    test_add("/virtual-clock/advance/handler/inside", advance_in_a_handler_of_another_one);
    test_add("/virtual-clock/runs-in-runs", runs_in_runs);
    test_add("/virtual-clock/loops/two", two_clocks_on_one_ev_loop);
    test_add("/virtual-clock/break", a_break_ends_a_run);
    test_add("/virtual-clock/break/runs-in-runs", a_break_of_runs_in_runs);
    test_add("/virtual-clock/break/prepare", a_break_before_events_are_looked_for);
    test_add("/virtual-clock/loops/handler", another_loop_runs_in_a_handler);
    test_add("/virtual-clock/loops/one-real", one_of_two_loops_is_real);
    test_add("/virtual-clock/loops/freed", freed_in_a_callback);
    test_add("/virtual-clock/loops/freed/handler", freed_in_a_handler_of_another_one);
    test_add("/virtual-clock/no-memory", no_memory_for_it);
    test_add("/virtual-clock/misuse/real", test_advance_real);
    test_add("/virtual-clock/misuse/real/ignore", test_ignore_real);
    test_add("/virtual-clock/misuse/back", test_set_back);
    test_add("/virtual-clock/misuse/no-number", test_advance_nan);
    test_add("/virtual-clock/misuse/for-ever", test_advance_for_ever);
    return g_test_run();
}
