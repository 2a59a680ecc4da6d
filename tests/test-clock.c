/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop's own clock: from when a time counts, what it loses against, and in which order times end. A busy
 * wait holds the loop up until the clock has moved on. Nothing here is asserted to be quick.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

static double monotonic(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

static void hold_up(double seconds)
{
    double end = monotonic() + seconds;

    while (monotonic() < end)
        ;
}

static void now_is_read_anew(fixture *f)
{
    double before = monotonic(), first = vow_now(f->loop);

    hold_up(0.002);
    g_assert_cmpfloat(first, >=, before);
    g_assert_cmpfloat(vow_now(f->loop), >=, first + 0.002);
    run_nil(vow_sleep(f->loop, 0));
    g_assert_cmpfloat(vow_now(f->loop), <=, monotonic());
}

/* ---- It counts from the call --------------------------------------------------------------------------- */

static void after_work_a_sleep_lasts(fixture *f)
{
    ev_now_update(f->ev);
    hold_up(0.02);
    double start = monotonic();
    run_nil(vow_sleep(f->loop, 0.01));
    g_assert_cmpfloat(monotonic() - start, >=, 0.01);
}

static void after_work_a_deadline_is_not_over(fixture *f)
{
    vow_resolver resolver;

    ev_now_update(f->ev);
    hold_up(0.02);
    double start = monotonic();
    run_fails(vow_timeout(vow_promise_new(f->loop, &resolver, NULL), 0.01), ETIMEDOUT, "");
    g_assert_cmpfloat(monotonic() - start, >=, 0.01);
    hold_up(0.02);
    run_nil(vow_timeout(vow_sleep(f->loop, 0.001), 0.01));
}

struct worker {
    vow_task task;
    double start;
};

VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    hold_up(0.02);
    me->start = monotonic();
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.01));
    g_assert_cmpfloat(monotonic() - me->start, >=, 0.01);
    hold_up(0.02);
    VOW_AWAIT(me, vow_timeout(vow_sleep(VOW_LOOP(me), 0.001), 0.01));
    VOW_END(me);
}

static void after_work_in_a_handler(fixture *f)
{
    run_nil(vow_async(f->loop, worker));
}

static void intervals_count_from_their_making(fixture *f)
{
    ev_now_update(f->ev);
    hold_up(0.02);
    double start = monotonic();
    vow_interval *interval = vow_interval_new(f->loop, 0.01);
    g_assert_cmpint(run_int(vow_interval_next(interval)), >=, 0);
    g_assert_cmpfloat(monotonic() - start, >=, 0.01);
    vow_interval_free(interval);
}

/* ---- What was ready in time ---------------------------------------------------------------------------- */

static void a_descriptor_is_in_time(fixture *f)
{
    int ends[2];

    open_blocking_pipe(ends);
    put(ends[1], "x");
    vow_promise *guarded = vow_timeout(vow_readable(f->loop, ends[0]), 0.001);
    vow_promise *racing =
        vow_race_of(f->loop, vow_then(vow_sleep(f->loop, 0.001), pass_value, tag_new(f, "late")),
                    vow_then(vow_readable(f->loop, ends[0]), pass_value, tag_new(f, "read")));
    hold_up(0.01);
    run_nil(guarded);
    run_nil(racing);
    assert_log(f, "read");
    close_both(ends);
}

static void *resolve_remote(void *remote)
{
    vow_remote_resolve(remote, vow_int(7));
    return NULL;
}

static void another_thread_is_in_time(fixture *f)
{
    vow_remote *remote;
    pthread_t thread;
    vow_promise *guarded = vow_timeout(vow_remote_new(f->loop, &remote), 0.001);

    g_assert_cmpint(pthread_create(&thread, NULL, resolve_remote, remote), ==, 0);
    pthread_join(thread, NULL);
    hold_up(0.01);
    g_assert_cmpint(run_int(guarded), ==, 7);
}

static void a_process_is_in_time(fixture *f)
{
    vow_process *process = start(f, SH("exit 3"));
    siginfo_t info;

    vow_promise *guarded = vow_timeout(vow_process_wait(process), 0.001);
    g_assert_cmpint(waitid(P_PID, (id_t) vow_process_pid(process), &info, WEXITED | WNOWAIT), ==, 0);
    hold_up(0.01);
    g_assert_cmpint(run_int(guarded), ==, 3);
    vow_process_free(process);
}

struct held_up {
    ev_io io;
    vow_loop *loop;
    int in, out;
    vow_promise *guarded;
};

/* Somebody begins to wait with a deadline, has a byte ready, and is kept from it for longer than that. */
static void keep_from_looking(EV_P_ ev_io *io, int revents)
{
    struct held_up *self = (struct held_up *) io;

    (void) revents;
    ev_io_stop(EV_A_ io);
    self->guarded = vow_timeout(vow_readable(self->loop, self->in), 0.01);
    put(self->out, "x");
    hold_up(0.02);
}

/* Its deadline passes while an event is handled that was found earlier, and other times are due already. */
static void while_other_events_are_handled(fixture *f)
{
    struct held_up other = {.loop = f->loop};
    int mine[2], ends[2];

    open_blocking_pipe(mine);
    open_blocking_pipe(ends);
    put(ends[1], "x");
    other.in = mine[0];
    other.out = mine[1];
    ev_io_init(&other.io, keep_from_looking, ends[0], EV_READ);
    ev_io_start(f->ev, &other.io);
    vow_promise *due = vow_sleep(f->loop, 0);
    while (!other.guarded)
        ev_run(f->ev, EVRUN_ONCE);
    run_nil(due);
    run_nil(other.guarded);
    close_both(mine);
    close_both(ends);
}

/* ---- Order --------------------------------------------------------------------------------------------- */

typedef vow_promise *make_fn(fixture *f, int i);

static vow_promise *make_sleep(fixture *f, int i)
{
    (void) i;
    return vow_sleep(f->loop, 0.001);
}

static vow_promise *make_nothing(fixture *f, int i)
{
    return vow_sleep(f->loop, -i);
}

static vow_promise *make_sleep_until(fixture *f, int i)
{
    static double when;

    when = i ? when : ev_time() + 0.001;
    return vow_sleep_until(f->loop, when);
}

static vow_promise *make_idle(fixture *f, int i)
{
    (void) i;
    return vow_idle(f->loop);
}

static vow_promise *make_yield(fixture *f, int i)
{
    (void) i;
    return vow_yield(f->loop);
}

static void the_like_end_in_the_order_of_the_calls(fixture *f)
{
    static make_fn *const makers[] = {make_sleep, make_nothing, make_sleep_until, make_idle, make_yield};
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    vow_promise *all[10];

    for (size_t k = 0; k < G_N_ELEMENTS(makers); k++) {
        for (int i = 0; i < 10; i++)
            all[i] = vow_then(makers[k](f, i), pass_value, tag_new(f, names[i]));
        hold_up(k % 2 ? 0.002 : 0);
        vow_unref(all[7]);
        all[7] = vow_resolved(f->loop, vow_nil());
        g_assert_null(vow_run(vow_all(f->loop, 10, all), NULL));
        assert_log(f, "0 1 2 3 4 5 6 8 9");
    }
}

static vow_value again(vow_value *value, void *data)
{
    fixture *f = data;

    (void) value;
    note(f, "first");
    vow_detach(vow_then(vow_sleep(f->loop, 0), pass_value, tag_new(f, "again")));
    return vow_nil();
}

/* What is set as others run out is not of their turn, and what was due is not kept waiting by it. */
static void those_that_are_set_meanwhile_come_later(fixture *f)
{
    vow_promise *one = vow_then(vow_sleep(f->loop, 0), again, f);
    vow_promise *two = vow_then(vow_sleep(f->loop, 0.001), pass_value, tag_new(f, "second"));

    hold_up(0.005);
    g_assert_true(ev_run(f->ev, EVRUN_ONCE));
    assert_log(f, "first second");
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "again");
    vow_unref(one);
    vow_unref(two);
}

/* ---- Loops in loops ------------------------------------------------------------------------------------ */

struct nested {
    vow_resolver resolver;
    vow_loop *other;
};

static void run_other(vow_resolver *resolver)
{
    struct nested *self = (struct nested *) resolver;

    run_nil(vow_sleep(self->other, 0.01));
}

/* All is dropped at once; the clean-up of the first of them has the ev_loop run, which finds that the time of
 * another is over, whom nobody waits for any more. */
static void run_out_between_dropping_and_stopping(fixture *f)
{
    struct nested nested = {.other = vow_loop_new(f->ev)};
    struct source source;
    vow_interval *interval = vow_interval_new(f->loop, 0.001);
    vow_promise *first = vow_promise_new(f->loop, &nested.resolver, run_other);
    vow_promise *held = pending(f, &source, "s");

    vow_unref(vow_all_of(f->loop, first, vow_timeout(vow_ref(held), 0.001), vow_sleep(f->loop, 0.001),
                         vow_sleep_until(f->loop, ev_time() + 0.001), vow_interval_next(interval),
                         vow_idle(f->loop), vow_yield(f->loop)));
    watch(f, held, "s"); /* whose list of those who wait is as it was */
    vow_resolve(&source.resolver, vow_int(1));
    turn(f);
    assert_log(f, "s=1");
    vow_interval_free(interval);
    vow_loop_free(nested.other);
}

static void resolve_source(EV_P_ ev_timer *timer, int revents)
{
    (void) loop;
    (void) revents;
    run_other(timer->data);
}

/* The times of a loop run out in an ev_run() inside of a callback that was called between two of them. */
static void run_out_in_a_nested_run(fixture *f)
{
    struct nested nested = {.other = vow_loop_new(f->ev)};
    ev_timer timer;

    ev_timer_init(&timer, resolve_source, 0., 0.);
    timer.data = &nested;
    ev_timer_start(f->ev, &timer);
    vow_promise *a = vow_then(vow_sleep(f->loop, 0.001), pass_value, tag_new(f, "a"));
    vow_promise *b = vow_then(vow_sleep(nested.other, 0.005), pass_value, tag_new(f, "b"));
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "a b");
    vow_unref(a);
    vow_unref(b);
    vow_loop_free(nested.other);
}

/* ---- Nothing is left, nothing wakes for nothing ---------------------------------------------------------
 */

static void cancel_deadlines(fixture *f, int n)
{
    vow_resolver resolver;
    vow_promise *p = vow_promise_new(f->loop, &resolver, NULL);

    for (int i = 0; i < n; i++)
        vow_unref(vow_timeout(vow_ref(p), 1e-4 * (i % 400) + 0.005));
    vow_unref(p);
}

static void deadlines_that_are_cancelled_leave_nothing(fixture *f)
{
    vow_promise *far = vow_sleep(f->loop, 0.2);
    unsigned turns = ev_iteration(f->ev);

    cancel_deadlines(f, 10); /* blocks that are kept for later are there then */
    gint blocks = g_atomic_int_get(&f->memory.blocks);
    cancel_deadlines(f, 100000);
    g_assert_cmpint(g_atomic_int_get(&f->memory.blocks), <=, blocks);
    run_nil(far);
    /* One to wait, and one more if the system woke a little early. */
    g_assert_cmpuint(ev_iteration(f->ev) - turns, <=, 2);
}

static void many_times_wake_once_each(fixture *f)
{
    vow_promise *all[5];
    unsigned turns = ev_iteration(f->ev);

    for (int i = 0; i < 5; i++)
        all[i] = vow_sleep(f->loop, 0.005 * (i + 1));
    vow_unref(all[1]);
    all[1] = vow_sleep(f->loop, 1000);
    vow_promise *three = vow_all_of(f->loop, all[0], all[2], all[3]);
    g_assert_null(vow_run(three, NULL));
    g_assert_cmpuint(ev_iteration(f->ev) - turns, <=, 6);
    vow_unref(all[1]);
    vow_unref(all[4]);
}

static void one_without_end_keeps_the_loop(fixture *f)
{
    vow_promise *p = vow_sleep(f->loop, HUGE_VAL), *q = vow_timeout(vow_sleep(f->loop, HUGE_VAL), 1e300);

    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(p);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(q);
    g_assert_false(ev_run(f->ev, 0));
}

/* What the ev_loop is told about the time ends nothing sooner, and keeps nothing from ending. */
static void whatever_the_ev_loop_is_told(fixture *f)
{
    double start = monotonic();
    vow_promise *before = vow_sleep(f->loop, 0.01);

    ev_now_update(f->ev);
    ev_suspend(f->ev);
    hold_up(0.005);
    ev_resume(f->ev);
    vow_promise *after = vow_sleep(f->loop, 0.01);
    run_nil(before);
    g_assert_cmpfloat(monotonic() - start, >=, 0.01);
    run_nil(after);
    g_assert_cmpfloat(monotonic() - start, >=, 0.015);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/clock/now", now_is_read_anew);
    test_add("/clock/from-the-call/sleep", after_work_a_sleep_lasts);
    test_add("/clock/from-the-call/deadline", after_work_a_deadline_is_not_over);
    test_add("/clock/from-the-call/handler", after_work_in_a_handler);
    test_add("/clock/from-the-call/interval", intervals_count_from_their_making);
    test_add("/clock/from-the-call/suspended", whatever_the_ev_loop_is_told);
    test_add("/clock/in-time/descriptor", a_descriptor_is_in_time);
    test_add("/clock/in-time/thread", another_thread_is_in_time);
    test_add("/clock/in-time/process", a_process_is_in_time);
    test_add("/clock/in-time/while-others", while_other_events_are_handled);
    test_add("/clock/order/like", the_like_end_in_the_order_of_the_calls);
    test_add("/clock/order/meanwhile", those_that_are_set_meanwhile_come_later);
    test_add("/clock/nested/doomed", run_out_between_dropping_and_stopping);
    test_add("/clock/nested/run", run_out_in_a_nested_run);
    test_add("/clock/left/cancelled", deadlines_that_are_cancelled_leave_nothing);
    test_add("/clock/left/wakes", many_times_wake_once_each);
    test_add("/clock/left/without-end", one_without_end_keeps_the_loop);
    return g_test_run();
}
