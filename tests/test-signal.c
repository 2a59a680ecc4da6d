/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: one as a promise, and subscriptions. They are raised in this thread, so libev's handler has run
 * when raise() returns; only a turn of the loop is left.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "misuse.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static bool is_default(int signum)
{
    struct sigaction action;

    g_assert_cmpint(sigaction(signum, NULL, &action), ==, 0);
    return action.sa_handler == SIG_DFL;
}

static void send(fixture *f, int signum)
{
    g_assert_cmpint(raise(signum), ==, 0);
    turn(f);
}

static vow_signals *subscribe(fixture *f, int signum)
{
    vow_signals *signals = vow_signals_of(f->loop, signum);

    g_assert_nonnull(signals);
    return signals;
}

/* ---- One ----------------------------------------------------------------------------------------------- */

static void one_signal_fulfils(fixture *f)
{
    vow_promise *p = vow_signal(f->loop, SIGUSR1);

    assert_peek(p, "pending");
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    g_assert_cmpint(run_int(p), ==, SIGUSR1);
    g_assert_true(is_default(SIGUSR1));
}

static void one_signal_dropped(fixture *f)
{
    vow_promise *p = vow_signal(f->loop, SIGUSR1);

    g_assert_false(is_default(SIGUSR1));
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(p);
    g_assert_true(is_default(SIGUSR1));
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
    p = vow_signal(f->loop, SIGUSR1);
    watch(f, vow_ref(p), "p");
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    vow_cancel(p);
    turn(f);
    assert_log(f, "p!ECANCELED");
    g_assert_true(is_default(SIGUSR1));
}

static void one_signal_seen_by_all(fixture *f)
{
    watch(f, vow_signal(f->loop, SIGUSR1), "a");
    watch(f, vow_then(vow_signal(f->loop, SIGUSR1), NULL, NULL), "b");
    send(f, SIGUSR1);
    assert_log(f, "a=10 b=10");
}

static void one_signal_and_its_loop_freed(fixture *f)
{
    watch(f, vow_signal(f->loop, SIGUSR1), "p");
    f->expect_live = 2;
    free_loop(f);
    g_assert_true(is_default(SIGUSR1));
}

static const int no_signals[] = {0, -1, SIGKILL, SIGSTOP, 32, NSIG, 1 << 30};

static void what_is_no_signal(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(no_signals); i++) {
        run_fails(vow_signal(f->loop, no_signals[i]), EINVAL, "vow_signal: signal ");
        errno = 0;
        g_assert_null(vow_signals_of(f->loop, SIGUSR1, no_signals[i], SIGUSR2));
        g_assert_cmpint(errno, ==, EINVAL);
        g_assert_true(is_default(SIGUSR1));
    }
    errno = 0;
    g_assert_null(vow_signals_new(f->loop, 0, NULL));
    g_assert_cmpint(errno, ==, EINVAL);
    g_assert_null(vow_signals_new(f->loop, SIZE_MAX / 8, no_signals));
    g_assert_cmpint(errno, ==, EINVAL);
}

/* ---- Subscriptions ------------------------------------------------------------------------------------- */

static void subscription_keeps_what_nobody_waits_for(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1, SIGUSR2, SIGHUP);

    g_assert_nonnull(signals);
    send(f, SIGUSR2);
    send(f, SIGHUP);
    send(f, SIGUSR1);
    send(f, SIGHUP);
    watch(f, vow_signals_next(signals), "1");
    watch(f, vow_signals_next(signals), "2");
    send(f, SIGUSR2);
    watch(f, vow_signals_next(signals), "3");
    watch(f, vow_signals_next(signals), "4");
    watch(f, vow_signals_next(signals), "5");
    turn(f);
    assert_log(f, "1=12 2=1 3=10 4=12");
    send(f, SIGUSR1);
    assert_log(f, "5=10");
    vow_signals_free(signals);
    g_assert_true(is_default(SIGUSR1) && is_default(SIGUSR2) && is_default(SIGHUP));
}

struct counter {
    vow_task task;
    vow_signals *signals;
    int seen;
    int *told;
};

VOW_ASYNC(counter, me)
{
    VOW_BEGIN(me);
    for (me->seen = 0; me->seen < 3; me->seen++) {
        VOW_AWAIT(me, vow_signals_next(me->signals));
        *me->told = me->seen + 1;
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    }
    VOW_END(me);
}

/* None is missed between two awaits of a task. */
static void subscription_in_a_task(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);
    int told = 0;
    vow_promise *p = vow_async(f->loop, counter, .signals = signals, .told = &told);

    for (int i = 1; i <= 3; i++) {
        g_assert_cmpint(raise(SIGUSR1), ==, 0);
        while (told < i)
            turn(f);
    }
    g_assert_null(vow_run(p, NULL));
    vow_signals_free(signals);
}

static void subscription_alone_keeps_no_loop_going(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1, SIGUSR2);
    vow_promise *p;

    g_assert_nonnull(signals);
    g_assert_false(ev_run(f->ev, 0));
    p = vow_signals_next(signals);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(p);
    g_assert_false(ev_run(f->ev, 0));
    p = vow_all_of(f->loop, vow_signals_next(signals), vow_signals_next(signals));
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    turn(f);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    g_assert_cmpint(raise(SIGUSR2), ==, 0);
    g_assert_null(vow_run(p, NULL));
    g_assert_false(ev_run(f->ev, 0));
    vow_signals_free(signals);
}

static void run_of_nothing_but_a_kept_signal(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);

    send(f, SIGUSR1);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR1);
    vow_signals_free(signals);
}

static void dropped_next_loses_nothing(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);
    vow_promise *dropped = vow_signals_next(signals);
    vow_promise *second = vow_signals_next(signals);

    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    vow_unref(dropped);
    g_assert_cmpint(run_int(second), ==, SIGUSR1);
    send(f, SIGUSR1);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR1);
    vow_signals_free(signals);
}

static void each_subscription_sees_it(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);
    vow_signals *a = subscribe(f, SIGUSR1);
    vow_signals *b = subscribe(f, SIGUSR1);
    vow_signals *c = vow_signals_of(other, SIGUSR1, SIGUSR1);

    g_assert_nonnull(c);
    send(f, SIGUSR1);
    vow_signals_free(a);
    g_assert_cmpint(run_int(vow_signals_next(b)), ==, SIGUSR1);
    g_assert_cmpint(run_int(vow_signals_next(c)), ==, SIGUSR1);
    vow_signals_free(b);
    g_assert_false(is_default(SIGUSR1));
    send(f, SIGUSR1);
    g_assert_cmpint(run_int(vow_signals_next(c)), ==, SIGUSR1);
    vow_signals_free(c);
    g_assert_true(is_default(SIGUSR1));
    vow_loop_free(other);
}

static void freed_while_somebody_waits(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);

    watch(f, vow_signals_next(signals), "a");
    watch(f, vow_signals_next(signals), "b");
    vow_signals_free(signals);
    turn(f);
    assert_log(f, "a!ECANCELED b!ECANCELED");
    g_assert_true(is_default(SIGUSR1));
    vow_detach(vow_signals_next(signals = subscribe(f, SIGUSR1)));
    vow_signals_free(signals);
    turn(f);
    vow_signals_free(NULL);
}

static vow_value free_signals(void *signals)
{
    vow_signals_free(signals);
    return vow_nil();
}

/* Who waits is cancelled, and its clean-up ends the subscription. */
static void freed_by_a_clean_up(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);
    vow_promise *second = vow_signals_next(signals);

    vow_unref(vow_finally(vow_signals_next(signals), free_signals, signals));
    run_fails(second, ECANCELED, "");
    signals = subscribe(f, SIGUSR1);
    vow_detach(vow_finally(vow_signals_next(signals), free_signals, signals));
    f->expect_live = 3;
    free_loop(f);
    g_assert_true(is_default(SIGUSR1));
}

static void left_over_when_its_loop_is_freed(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1, SIGUSR2);
    vow_promise *p;

    g_assert_nonnull(signals);
    send(f, SIGUSR2);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR2);
    p = vow_signals_next(signals);
    f->expect_live = 2;
    free_loop(f);
    expect_report(f, "(signals) was never released");
    expect_report(f, "(signals_next) was never released");
    g_assert_true(is_default(SIGUSR1) && is_default(SIGUSR2));
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    p = vow_signals_next(signals);
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    vow_signals_free(signals);
}

/* ---- What cannot be had -------------------------------------------------------------------------------- */

static void no_signal_on_two_ev_loops(fixture *f)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *other = vow_loop_new(ev);
    vow_signals *signals = subscribe(f, SIGUSR1);

    run_fails(vow_signal(other, SIGUSR1), EBUSY, "signal 10");
    errno = 0;
    g_assert_null(vow_signals_of(other, SIGUSR2, SIGUSR1));
    g_assert_cmpint(errno, ==, EBUSY);
    g_assert_true(is_default(SIGUSR2));
    vow_signals_free(signals);
    watch(f, vow_signal(other, SIGUSR1), "other");
    run_fails(vow_signal(f->loop, SIGUSR1), EBUSY, "signal 10");
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    ev_run(ev, 0);
    assert_log(f, "other=10");
    vow_loop_free(other);
    ev_loop_destroy(ev);
}

static void child_signal_is_the_default_loops(fixture *f)
{
    run_fails(vow_signal(f->loop, SIGCHLD), EBUSY, "signal 17");
    struct ev_loop *ev = ev_default_loop(0);
    vow_loop *loop = vow_loop_new(ev);
    vow_signals *signals = vow_signals_of(loop, SIGCHLD);

    g_assert_nonnull(signals);
    g_assert_cmpint(raise(SIGCHLD), ==, 0);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGCHLD);
    vow_signals_free(signals);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
}

static void no_descriptor_left(fixture *f)
{
    struct rlimit before, none = {f->descriptors, 0};
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *loop = vow_loop_new(ev);

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    none.rlim_cur = 3;
    none.rlim_max = before.rlim_max;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    run_fails(vow_signal(loop, SIGUSR1), EMFILE, "vow_signal: signal 10");
    errno = 0;
    g_assert_null(vow_signals_of(loop, SIGUSR1));
    g_assert_cmpint(errno, ==, EMFILE);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
}

static void no_memory(fixture *f)
{
    memory_fail(f, 1, true);
    run_fails(vow_signal(f->loop, SIGUSR1), ENOMEM, "");
    errno = 0;
    g_assert_null(vow_signals_of(f->loop, SIGUSR1));
    g_assert_cmpint(errno, ==, ENOMEM);
    g_assert_true(is_default(SIGUSR1));
}

/* The first promise of its size on this loop. */
static void no_memory_to_wait(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);

    send(f, SIGUSR1);
    memory_fail(f, 1, true);
    run_fails(vow_signals_next(signals), ENOMEM, "");
    memory_fail(f, 0, false);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR1);
    vow_signals_free(signals);
}

static vow_value subscribe_late(void *data)
{
    fixture *f = data;

    errno = 0;
    g_assert_null(vow_signals_of(f->loop, SIGUSR1));
    note(f, "%s", errno == ECANCELED ? "ECANCELED" : "?");
    vow_unref(vow_signal(f->loop, SIGUSR1));
    return vow_nil();
}

static void while_the_loop_is_freed(fixture *f)
{
    vow_detach(vow_finally(vow_sleep(f->loop, 1000), subscribe_late, f));
    f->expect_live = 2;
    free_loop(f);
    assert_log(f, "ECANCELED");
}

MISUSE(null_loop, vow_unref(vow_signal(NULL, SIGUSR1)); (void) f, "vow_signal", "the loop is NULL", false)
MISUSE(null_subscription, vow_unref(vow_signals_next(NULL));
       (void) f, "vow_signals_next", "the subscription is NULL", false)

/* ---- Told, and not seen -------------------------------------------------------------------------------- */

/* Told and dropped, it is the first in line; through whatever passed it on. */
static void unseen_it_stays_the_first(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1, SIGUSR2, SIGHUP);

    send(f, SIGUSR2);
    send(f, SIGUSR1);
    vow_promise *all[] = {vow_signals_next(signals), vow_signals_next(signals)};
    g_assert_true(vow_is_fulfilled(all[0]) && vow_is_fulfilled(all[1]));
    send(f, SIGHUP);
    vow_unref(vow_all(f->loop, 2, all));
    vow_unref(vow_timeout(vow_signals_next(signals), 3600));
    vow_promise *twice = vow_signals_next(signals);
    send(f, SIGUSR2); /* once more: it is the same */
    vow_unref(twice);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR2);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR1);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGHUP);
    vow_promise *none = vow_signals_next(signals);
    turn(f);
    assert_peek(none, "pending");
    vow_unref(none);
    vow_signals_free(signals);
}

static void unseen_it_goes_to_who_waits(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);
    vow_promise *told = vow_signals_next(signals), *next = vow_signals_next(signals);

    send(f, SIGUSR1);
    g_assert_true(vow_is_fulfilled(told) && vow_is_pending(next));
    vow_unref(told);
    g_assert_cmpint(run_int(next), ==, SIGUSR1);
    told = vow_signals_next(signals); /* seen, it does not come again */
    send(f, SIGUSR1);
    (void) vow_peek(told);
    vow_unref(told);
    next = vow_signals_next(signals);
    turn(f);
    assert_peek(next, "pending");
    vow_unref(next);
    vow_signals_free(signals);
}

static void unseen_until_nothing_is_left(fixture *f)
{
    vow_signals *signals = subscribe(f, SIGUSR1);
    vow_promise *told[3];

    for (int i = 0; i < 3; i++) {
        told[i] = vow_signals_next(signals);
        send(f, SIGUSR1);
    }
    vow_signals_free(signals);
    vow_unref(told[0]);
    signals = subscribe(f, SIGUSR1);
    vow_promise *last = vow_signals_next(signals);
    send(f, SIGUSR1);
    f->expect_live = 4; /* the subscription, and those who were told */
    free_loop(f);
    expect_report(f, "(signals) was never released");
    for (int i = 0; i < 3; i++)
        expect_report(f, "(signals_next) was never released");
    vow_unref(last);
    vow_unref(told[1]);
    vow_unref(told[2]);
    vow_signals_free(signals);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/signal/one/fulfils", one_signal_fulfils);
    test_add("/signal/one/dropped", one_signal_dropped);
    test_add("/signal/one/seen-by-all", one_signal_seen_by_all);
    test_add("/signal/one/loop-freed", one_signal_and_its_loop_freed);
    test_add("/signal/no-signal", what_is_no_signal);
    test_add("/signal/subscription/keeps", subscription_keeps_what_nobody_waits_for);
    test_add("/signal/subscription/in-a-task", subscription_in_a_task);
    test_add("/signal/subscription/alone", subscription_alone_keeps_no_loop_going);
    test_add("/signal/subscription/run-of-kept", run_of_nothing_but_a_kept_signal);
    test_add("/signal/subscription/dropped-next", dropped_next_loses_nothing);
    test_add("/signal/subscription/each-sees-it", each_subscription_sees_it);
    test_add("/signal/unseen/first-in-line", unseen_it_stays_the_first);
    test_add("/signal/unseen/who-waits", unseen_it_goes_to_who_waits);
    test_add("/signal/unseen/freed", unseen_until_nothing_is_left);
    test_add("/signal/subscription/freed", freed_while_somebody_waits);
    test_add("/signal/subscription/freed-by-clean-up", freed_by_a_clean_up);
    test_add("/signal/subscription/left-over", left_over_when_its_loop_is_freed);
    test_add("/signal/refused/two-ev-loops", no_signal_on_two_ev_loops);
    test_add("/signal/refused/child", child_signal_is_the_default_loops);
    test_add("/signal/refused/no-descriptor", no_descriptor_left);
    test_add("/signal/refused/no-memory", no_memory);
    test_add("/signal/refused/no-memory-to-wait", no_memory_to_wait);
    test_add("/signal/refused/loop-freed", while_the_loop_is_freed);
    test_add("/signal/misuse/null-loop", test_null_loop);
    test_add("/signal/misuse/null-subscription", test_null_subscription);
    return g_test_run();
}
