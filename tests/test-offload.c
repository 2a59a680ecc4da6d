/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_offload(): where a function runs, what becomes of its result, how many run at once, and what dropping
 * and cancelling do in each state of a job. The ends of loop and pool are in test-offload-end.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <vow/testing.h>

static guint count_threads(void)
{
    GDir *dir = g_dir_open("/proc/self/task", 0, NULL);
    guint count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

static guint at_first; /* threads: before there was a pool */

static void *end_at_once(void *data)
{
    return data;
}

/* A sanitizer may start a thread of its own with the first of the program's. */
static guint count_at_first(void)
{
    guint before = count_threads();
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, end_at_once, NULL), ==, 0);
    pthread_join(thread, NULL);
    while (count_threads() != before && g_get_monotonic_time() < end)
        g_thread_yield();
    return count_threads();
}

/* So many threads are there now beside the first. One that was joined may be listed for a moment still. */
static void assert_threads(guint more)
{
    gint64 end = g_get_monotonic_time() + 100 * G_USEC_PER_SEC;

    while (count_threads() != at_first + more && g_get_monotonic_time() < end)
        g_thread_yield();
    g_assert_cmpuint(count_threads(), ==, at_first + more);
}

/* ---- Results ------------------------------------------------------------------------------------------- */

struct seen {
    pthread_t loop_thread;
    bool is_other_thread;
    bool is_cancelled;
    sigset_t blocked;
};

static vow_value look(void *data)
{
    struct seen *seen = data;

    seen->is_other_thread = !pthread_equal(seen->loop_thread, pthread_self());
    seen->is_cancelled = vow_offload_is_cancelled();
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    return vow_strdup("looked");
}

static void runs_on_another_thread(fixture *f)
{
    struct seen seen = {.loop_thread = pthread_self()};
    vow_value value;

    g_assert_null(vow_run(vow_offload(f->loop, look, &seen), &value));
    assert_value(&value, "looked");
    vow_value_drop(value);
    g_assert_true(seen.is_other_thread);
    g_assert_false(seen.is_cancelled);
    g_assert_false(vow_offload_is_cancelled());
}

static void blocks_all_signals(fixture *f)
{
    struct seen seen = {.loop_thread = pthread_self()};
    sigset_t mine;

    g_assert_null(vow_run(vow_offload(f->loop, look, &seen), NULL));
    for (const int *number = (const int[]){SIGTERM, SIGINT, SIGCHLD, SIGPIPE, SIGUSR1, 0}; *number; number++)
        g_assert_cmpint(sigismember(&seen.blocked, *number), ==, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    g_assert_cmpint(sigismember(&mine, SIGTERM), ==, 0);
}

static vow_value fail(void *data)
{
    (void) data;
    return vow_throwf(EPROTO, "no %s", "luck");
}

static void throws(fixture *f)
{
    const char *made_at = NEXT_LINE(f);
    vow_error *error = vow_run(vow_offload(f->loop, fail, NULL), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    g_assert_cmpstr(vow_error_message(error), ==, "no luck");
    g_assert_cmpstr(vow_error_site(error, 1), ==, made_at);
    vow_error_unref(error);
}

static void nobody_looks_at_the_error(fixture *f)
{
    vow_detach(vow_offload(f->loop, fail, NULL));
    ev_run(f->ev, 0);
    expect_report(f, "no luck");
}

static void threads_start_with_the_first_job(fixture *f)
{
    struct seen seen = {.loop_thread = pthread_self()};

    vow_offload_set_limits(0, 1000);
    assert_threads(0);
    g_assert_null(vow_run(vow_offload(f->loop, look, &seen), NULL));
    assert_threads(1);
    g_assert_null(vow_run(vow_offload(f->loop, look, &seen), NULL));
    assert_threads(1);
    g_assert_null(vow_offload_shutdown(INFINITY));
    assert_threads(0);
}

/* An ev_run() of the application's goes on while there is a job, and no longer. */
static void the_loop_waits_for_jobs(fixture *f)
{
    struct held held = HELD(vow_int(1));

    watch(f, running(f, &held), "job");
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    gate_open(&held.gate);
    g_assert_false(ev_run(f->ev, 0));
    assert_log(f, "job=1");
}

static vow_value wake_up(void *data)
{
    gate_open(data);
    return vow_nil();
}

/* The loop goes on while a job blocks: a timer of it lets the job end. */
static void the_loop_goes_on(fixture *f)
{
    struct held held = HELD(vow_int(1));

    make_virtual(f);
    vow_clock_ignore_events(f->loop, true);
    watch(f, running(f, &held), "job");
    vow_detach(vow_finally(vow_sleep(f->loop, HOUR), wake_up, &held.gate));
    ev_run(f->ev, 0);
    assert_log(f, "job=1");
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
}

/* ---- How many ------------------------------------------------------------------------------------------ */

struct turn_of {
    GString *order;
    const char *name;
};

static vow_value take_turn(void *data)
{
    struct turn_of *turn = data;

    g_string_append(turn->order, turn->name);
    return vow_nil();
}

static void in_order_on_one_thread(fixture *f)
{
    GString *order = g_string_new("");
    struct turn_of turns[] = {{order, "a"}, {order, "b"}, {order, "c"}, {order, "d"}};
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(1, 10);
    vow_detach(running(f, &held));
    for (size_t i = 0; i < G_N_ELEMENTS(turns); i++)
        watch(f, vow_offload(f->loop, take_turn, &turns[i]), turns[i].name);
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    g_assert_cmpstr(order->str, ==, "abcd");
    assert_log(f, "a=nil b=nil c=nil d=nil");
    g_string_free(order, TRUE);
    usual_limits();
}

static void several_at_once(fixture *f)
{
    struct held held = HELD(vow_nil());
    vow_promise *jobs[3];

    vow_offload_set_limits(3, 10);
    for (size_t i = 0; i < 3; i++)
        jobs[i] = vow_offload(f->loop, hold, &held);
    gate_await(&held.gate, 3);
    gate_open(&held.gate);
    g_assert_null(vow_run(vow_all(f->loop, 3, jobs), NULL));
    usual_limits();
}

static void a_full_queue_refuses(fixture *f)
{
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(1, 2);
    vow_detach(running(f, &held));
    vow_detach(vow_offload(f->loop, hold, &held));
    vow_detach(vow_offload(f->loop, hold, &held));
    vow_error *error = vow_run(vow_offload(f->loop, hold, &held), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EAGAIN);
    g_assert_nonnull(strstr(vow_error_message(error), "2 may wait"));
    vow_error_unref(error);
    vow_offload_set_limits(1, 3);
    watch(f, vow_offload(f->loop, hold, &held), "last");
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    assert_log(f, "last=nil");
    g_assert_cmpint(gate_entered(&held.gate), ==, 4);
    usual_limits();
}

static void without_a_queue(fixture *f)
{
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(2, 0);
    vow_detach(vow_offload(f->loop, hold, &held));
    vow_detach(vow_offload(f->loop, hold, &held));
    watch(f, vow_offload(f->loop, hold, &held), "third");
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    assert_log(f, "third!11");
    usual_limits();
}

/* Raising the limit starts threads for those that wait; lowering it ends what is idle. */
static void limits_change(fixture *f)
{
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(1, 10);
    vow_detach(running(f, &held));
    vow_detach(vow_offload(f->loop, hold, &held));
    vow_offload_set_limits(2, 10);
    gate_await(&held.gate, 2);
    assert_threads(2);
    vow_offload_set_limits(1, 10);
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    for (int i = 0; i < 3; i++)
        g_assert_null(vow_run(vow_offload(f->loop, hold, &held), NULL));
    usual_limits();
}

/* The system gives no thread: here, because no address space has room for its stack. */
static void no_thread_to_be_had(fixture *f)
{
#ifdef __GLIBC__
    pthread_attr_t usual, huge;
    struct held held = HELD(vow_int(1));

    g_assert_cmpint(pthread_getattr_default_np(&usual), ==, 0);
    g_assert_cmpint(pthread_getattr_default_np(&huge), ==, 0);
    g_assert_cmpint(pthread_attr_setstacksize(&huge, SIZE_MAX / 8 * 7), ==, 0);
    gate_open(&held.gate);
    g_assert_cmpint(pthread_setattr_default_np(&huge), ==, 0);
    watch(f, vow_offload(f->loop, hold, &held), "none");
    g_assert_cmpint(pthread_setattr_default_np(&usual), ==, 0);
    ev_run(f->ev, 0);
    assert_log(f, "none!11");
    watch(f, vow_offload(f->loop, hold, &held), "one");
    g_assert_cmpint(pthread_setattr_default_np(&huge), ==, 0);
    ev_run(f->ev, 0);
    watch(f, vow_offload(f->loop, hold, &held), "first");
    watch(f, vow_offload(f->loop, hold, &held), "second");
    ev_run(f->ev, 0);
    g_assert_cmpint(pthread_setattr_default_np(&usual), ==, 0);
    assert_log(f, "one=1 first=1 second=1");
    pthread_attr_destroy(&usual);
    pthread_attr_destroy(&huge);
#else
    (void) f;
    g_test_skip("this C library cannot be made to fail here");
#endif
}

/* ---- Dropped and cancelled ----------------------------------------------------------------------------- */

/* Two jobs on one thread: the first runs, the second is in the queue. */
static vow_promise *queued(fixture *f, struct held *first, struct held *second)
{
    vow_offload_set_limits(1, 10);
    vow_detach(running(f, first));
    return vow_attach(vow_offload(f->loop, hold, second), tag_new(f, "attached"), note_name);
}

static void end_queued(fixture *f, struct held *first, struct held *second)
{
    gate_open(&first->gate);
    ev_run(f->ev, 0);
    g_assert_cmpint(gate_entered(&second->gate), ==, 0);
    usual_limits();
}

static void dropped_in_the_queue(fixture *f)
{
    struct held first = HELD(vow_nil()), second = HELD(vow_nil());

    vow_unref(queued(f, &first, &second));
    assert_log(f, "attached"); /* data was free at once */
    end_queued(f, &first, &second);
}

static void cancelled_in_the_queue(fixture *f)
{
    struct held first = HELD(vow_nil()), second = HELD(vow_nil());
    vow_promise *promise = queued(f, &first, &second);

    vow_cancel(vow_ref(promise));
    assert_log(f, "attached");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
    end_queued(f, &first, &second);
}

static void dropped_while_it_runs(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = vow_attach(running(f, &held), tag_new(f, "attached"), note_name);

    vow_unref(vow_finally(promise, saw_end, tag_new(f, "finally")));
    turn(f);
    assert_log(f, "");
    let_finish(&held);
    assert_log(f, ""); /* the result is released here, by the loop */
    ev_run(f->ev, 0);
    assert_log(f, "~late attached finally");
    g_assert_true(held.saw_cancel);
}

static void cancelled_while_it_runs(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = running(f, &held);

    watch(f, vow_ref(promise), "watched");
    vow_cancel(vow_ref(promise));
    vow_cancel(vow_ref(promise));
    turn(f);
    g_assert_true(vow_is_pending(promise));
    let_finish(&held);
    ev_run(f->ev, 0);
    assert_log(f, "~late watched!ECANCELED");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
    g_assert_true(held.saw_cancel);
}

static void dropped_when_it_has_ended(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = vow_attach(running(f, &held), tag_new(f, "attached"), note_name);

    let_finish(&held);
    vow_unref(promise);
    ev_run(f->ev, 0);
    assert_log(f, "~late attached");
    g_assert_false(held.saw_cancel);
}

static void cancelled_when_it_has_ended(fixture *f)
{
    struct held held = HELD(owned(f, "late"));
    vow_promise *promise = running(f, &held);

    let_finish(&held);
    vow_cancel(vow_ref(promise));
    g_assert_true(vow_is_pending(promise));
    ev_run(f->ev, 0);
    assert_log(f, "~late");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

/* A late error is nobody's to report. */
static void a_late_error_is_dropped(fixture *f)
{
    struct held held = HELD(vow_throwf(EIO, "late"));

    vow_unref(running(f, &held));
    gate_open(&held.gate);
    g_assert_false(ev_run(f->ev, 0));
}

/* The deadline waits for the job, which may be at work on what its caller then frees. */
static void times_out(fixture *f)
{
    struct held held = HELD(vow_int(1));

    make_virtual(f);
    watch(f, vow_timeout(running(f, &held), HOUR), "timeout");
    vow_clock_advance(f->loop, HOUR);
    assert_log(f, "");
    gate_open(&held.gate);
    ev_run(f->ev, 0);
    g_assert_true(held.saw_cancel);
    assert_log(f, "timeout!ETIMEDOUT");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    at_first = count_at_first();
    test_add("/offload/another-thread", runs_on_another_thread);
    test_add("/offload/signals", blocks_all_signals);
    test_add("/offload/throws", throws);
    test_add("/offload/unhandled", nobody_looks_at_the_error);
    test_add("/offload/first-job", threads_start_with_the_first_job);
    test_add("/offload/loop-waits", the_loop_waits_for_jobs);
    test_add("/offload/loop-goes-on", the_loop_goes_on);
    test_add("/offload/order", in_order_on_one_thread);
    test_add("/offload/several", several_at_once);
    test_add("/offload/full", a_full_queue_refuses);
    test_add("/offload/no-queue", without_a_queue);
    test_add("/offload/limits", limits_change);
    test_add("/offload/no-thread", no_thread_to_be_had);
    test_add("/offload/drop/queued", dropped_in_the_queue);
    test_add("/offload/cancel/queued", cancelled_in_the_queue);
    test_add("/offload/drop/running", dropped_while_it_runs);
    test_add("/offload/cancel/running", cancelled_while_it_runs);
    test_add("/offload/drop/ended", dropped_when_it_has_ended);
    test_add("/offload/cancel/ended", cancelled_when_it_has_ended);
    test_add("/offload/late-error", a_late_error_is_dropped);
    test_add("/offload/timeout", times_out);
    return g_test_run();
}
