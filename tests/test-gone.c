/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was given away and is gone is noticed by every function that takes it, promises and all else that the
 * library knows as one, as long as its memory was not used again.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "nulls.h"

#include <fcntl.h>
#include <signal.h>

static bool ignored;
static const void *got;

static vow_promise *gone(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    vow_unref(promise);
    return promise;
}

static vow_value give_nil(void *data)
{
    (void) data;
    return vow_nil();
}

static void drop_nothing(void *pointer)
{
    (void) pointer;
}

struct waiter {
    vow_task task;
    vow_promise *promise;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->promise);
    VOW_END(me);
}

static void handlers(fixture *f)
{
    GONE_HERE(vow_then, vow_detach(vow_then(gone(f), NULL, NULL)));
    GONE_HERE(vow_catch, vow_detach(vow_catch(gone(f), NULL, NULL)));
    GONE_HERE(vow_then_catch, vow_detach(vow_then_catch(gone(f), NULL, NULL, NULL)));
    GONE_HERE(vow_finally, vow_detach(vow_finally(gone(f), give_nil, NULL)));
    GONE_HERE(vow_attach, vow_detach(vow_attach(gone(f), f, drop_nothing)));
    GONE_HERE(vow_timeout, vow_detach(vow_timeout(gone(f), 1)));
    GONE_HERE(vow_follow, vow_value_drop(vow_follow(gone(f))));
    GONE_HERE(vow_run, vow_error_unref(vow_run(gone(f), NULL)));
    GONE_OF(VOW_AWAIT, vow_detach(vow_async(f->loop, waiter, .promise = gone(f))));
}

static void references(fixture *f)
{
    GONE_HERE(vow_ref, vow_unref(vow_ref(gone(f))));
    GONE_HERE(vow_cancel, vow_cancel(gone(f)));
    GONE_HERE(vow_detach, vow_detach(gone(f)));
    GONE_HERE(vow_forget, vow_forget(gone(f)));
    GONE_HERE(vow_shield, vow_detach(vow_shield(gone(f))));
    GONE_OF(vow_unref, vow_unref(gone(f)));
}

static void looks(fixture *f)
{
    GONE_HERE(vow_peek, vow_peek(gone(f)));
    GONE_HERE(vow_is_pending, ignored = vow_is_pending(gone(f)));
    GONE_HERE(vow_is_fulfilled, ignored = vow_is_fulfilled(gone(f)));
    GONE_HERE(vow_is_rejected, ignored = vow_is_rejected(gone(f)));
    GONE_HERE(vow_promise_loop, vow_promise_loop(gone(f)));
    GONE_HERE(vow_promise_site, vow_promise_site(gone(f)));
}

static void combinators(fixture *f)
{
    GONE_HERE(vow_all, vow_detach(vow_all_of(f->loop, gone(f))));
    GONE_HERE(vow_all_settled, vow_detach(vow_all_settled_of(f->loop, gone(f))));
    GONE_HERE(vow_any, vow_detach(vow_any_of(f->loop, gone(f))));
    GONE_HERE(vow_race, vow_detach(vow_race_of(f->loop, gone(f))));
    GONE_HERE(vow_select, vow_detach(vow_select_of(f->loop, gone(f))));
    GONE_HERE(vow_all, vow_detach(vow_all_of(f->loop, vow_never(f->loop), gone(f))));
}

/* ---- What the program knows under another name --------------------------------------------------------- */

static vow_interval *no_interval(fixture *f)
{
    vow_interval *interval = vow_interval_new(f->loop, 1);

    vow_interval_free(interval);
    return interval;
}

static vow_watch *no_watch(fixture *f)
{
    vow_watch *watch = vow_watch_new(f->loop, "/", 0);

    vow_watch_free(watch);
    return watch;
}

static vow_signals *no_signals(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1);

    vow_signals_free(signals);
    return signals;
}

static vow_poll *no_poll(fixture *f)
{
    vow_poll *poll = vow_poll_new(f->loop, STDIN_FILENO);

    vow_poll_free(poll);
    return poll;
}

static vow_stream *no_stream(fixture *f)
{
    vow_stream *stream = vow_stream_new(f->loop, open("/dev/null", O_RDWR));

    vow_stream_free(stream);
    return stream;
}

/* The loop lets one that it has started itself go when it has ended. */
static vow_process *no_process(fixture *f)
{
    vow_value value;
    vow_process *process;

    vow_error_unref(vow_run(vow_process_start(f->loop, &(vow_process_options){.program = "true"}), &value));
    process = vow_take_process(&value);
    vow_error_unref(vow_run(vow_process_wait(process), NULL));
    vow_process_free(process);
    return process;
}

static void sources(fixture *f)
{
    GONE_HERE(vow_interval_next, vow_detach(vow_interval_next(no_interval(f))));
    GONE_OF(vow_interval_free, vow_interval_free(no_interval(f)));
    GONE_HERE(vow_watch_next, vow_detach(vow_watch_next(no_watch(f))));
    GONE_OF(vow_watch_stat, got = vow_watch_stat(no_watch(f)));
    GONE_OF(vow_watch_free, vow_watch_free(no_watch(f)));
    GONE_HERE(vow_signals_next, vow_detach(vow_signals_next(no_signals(f))));
    GONE_OF(vow_signals_free, vow_signals_free(no_signals(f)));
}

static void descriptors(fixture *f)
{
    char byte;

    GONE_HERE(vow_poll_next, vow_detach(vow_poll_next(no_poll(f), EV_READ)));
    GONE_OF(vow_poll_free, vow_poll_free(no_poll(f)));
    GONE_HERE(vow_stream_read, vow_detach(vow_stream_read(no_stream(f), &byte, 1)));
    GONE_HERE(vow_stream_write, vow_detach(vow_stream_write(no_stream(f), "x", 1)));
    GONE_OF(vow_stream_free, vow_stream_free(no_stream(f)));
    GONE_HERE(vow_process_wait, vow_detach(vow_process_wait(no_process(f))));
    GONE_OF(vow_process_free, vow_process_free(no_process(f)));
}

/* Makes and frees one. */
#define NO(kind, made)                       \
    static vow_##kind *no_##kind(fixture *f) \
    {                                        \
        vow_##kind *kind = made;             \
                                             \
        vow_##kind##_free(kind);             \
        return kind;                         \
    }

NO(semaphore, vow_semaphore_new(f->loop, 1))
NO(mutex, vow_mutex_new(f->loop))
NO(rwlock, vow_rwlock_new(f->loop))
NO(event, vow_event_new(f->loop))
NO(condition, vow_condition_new(f->loop))
NO(latch, vow_latch_new(f->loop, 1))
NO(barrier, vow_barrier_new(f->loop, 1))

static void waited_for(fixture *f)
{
    vow_value value;

    GONE_HERE(vow_semaphore_acquire, vow_detach(vow_semaphore_acquire(no_semaphore(f))));
    GONE_HERE(vow_semaphore_acquire_many, vow_detach(vow_semaphore_acquire_many(no_semaphore(f), 1)));
    GONE_HERE(vow_semaphore_try_acquire, ignored = vow_semaphore_try_acquire(no_semaphore(f), &value));
    GONE_HERE(vow_semaphore_available, ignored = vow_semaphore_available(no_semaphore(f)));
    GONE_OF(vow_semaphore_free, vow_semaphore_free(no_semaphore(f)));
    GONE_HERE(vow_mutex_lock, vow_detach(vow_mutex_lock(no_mutex(f))));
    GONE_HERE(vow_mutex_try_lock, ignored = vow_mutex_try_lock(no_mutex(f), &value));
    GONE_OF(vow_mutex_free, vow_mutex_free(no_mutex(f)));
    GONE_HERE(vow_rwlock_read, vow_detach(vow_rwlock_read(no_rwlock(f))));
    GONE_HERE(vow_rwlock_write, vow_detach(vow_rwlock_write(no_rwlock(f))));
    GONE_OF(vow_rwlock_free, vow_rwlock_free(no_rwlock(f)));
    GONE_HERE(vow_event_wait, vow_detach(vow_event_wait(no_event(f))));
    GONE_HERE(vow_event_set, vow_event_set(no_event(f)));
    GONE_HERE(vow_event_clear, vow_event_clear(no_event(f)));
    GONE_HERE(vow_event_is_set, ignored = vow_event_is_set(no_event(f)));
    GONE_OF(vow_event_free, vow_event_free(no_event(f)));
    GONE_HERE(vow_condition_wait, vow_detach(vow_condition_wait(no_condition(f))));
    GONE_HERE(vow_condition_notify, vow_condition_notify(no_condition(f), 1));
    GONE_HERE(vow_condition_notify_all, vow_condition_notify_all(no_condition(f)));
    GONE_OF(vow_condition_free, vow_condition_free(no_condition(f)));
    GONE_HERE(vow_latch_wait, vow_detach(vow_latch_wait(no_latch(f))));
    GONE_HERE(vow_latch_count_down, vow_latch_count_down(no_latch(f), 1));
    GONE_OF(vow_latch_free, vow_latch_free(no_latch(f)));
    GONE_HERE(vow_barrier_wait, vow_detach(vow_barrier_wait(no_barrier(f))));
    GONE_OF(vow_barrier_free, vow_barrier_free(no_barrier(f)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/gone/handlers", handlers);
    test_add("/gone/references", references);
    test_add("/gone/looks", looks);
    test_add("/gone/combinators", combinators);
    test_add("/gone/sources", sources);
    test_add("/gone/sync", waited_for);
    test_add("/gone/descriptors", descriptors);
    return g_test_run();
}
