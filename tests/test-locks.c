/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutexes and read-write locks: who has the lock, in which order, and how it comes back.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"

#include <errno.h>

static vow_mutex *mutex_new(fixture *f)
{
    vow_mutex *self = vow_mutex_new(f->loop);

    g_assert_nonnull(self);
    return self;
}

static vow_rwlock *rwlock_new(fixture *f)
{
    vow_rwlock *self = vow_rwlock_new(f->loop);

    g_assert_nonnull(self);
    return self;
}

/* What a promise is fulfilled with already. */
static vow_value take(vow_promise *promise)
{
    vow_value value;

    g_assert_true(vow_is_fulfilled(promise));
    value = vow_take(vow_peek(promise));
    g_assert_true(value.type == &vow_type_lock);
    vow_unref(promise);
    return value;
}

/* ---- Mutex --------------------------------------------------------------------------------------------- */

static void one_at_a_time(fixture *f)
{
    vow_mutex *self = mutex_new(f);
    vow_value lock = take(vow_mutex_lock(self)), none = vow_int(1);
    vow_promise *a = vow_mutex_lock(self), *b = vow_mutex_lock(self), *c = vow_mutex_lock(self);

    g_assert_false(vow_mutex_try_lock(self, &none));
    g_assert_true(vow_is_nil(&none));
    g_assert_true(vow_is_pending(a));
    vow_value_drop(lock);
    g_assert_true(vow_is_fulfilled(a) && vow_is_pending(b));
    vow_unref(b);
    vow_unref(a); /* nobody has looked: it goes to the next in line */
    g_assert_true(vow_is_fulfilled(c));
    vow_value_drop(take(c));
    g_assert_true(vow_mutex_try_lock(self, &lock));
    g_assert_cmpstr(vow_value_type_name(&lock), ==, "lock");
    vow_value_drop(lock);
    vow_mutex_free(self);
}

struct section {
    vow_task task;
    fixture *f;
    vow_mutex *mutex;
    const char *name;
    vow_promise *until;
    vow_value lock;
};

VOW_ASYNC(section, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_mutex_lock(me->mutex));
    me->lock = vow_take(VOW_RESULT(me));
    note(me->f, "%s-in", me->name);
    VOW_AWAIT(me, vow_ref(me->until));
    note(me->f, "%s-out", me->name);
    VOW_FINALLY(me);
    vow_unref(me->until);
    vow_value_drop(vow_take(&me->lock));
    VOW_END(me);
}

static vow_promise *section(fixture *f, vow_mutex *mutex, const char *name, vow_promise *until)
{
    return vow_async(f->loop, section, .f = f, .mutex = mutex, .name = name, .until = until);
}

/* Whichever way a task ends, the next one has its turn. */
static void sections_do_not_mix(fixture *f)
{
    vow_mutex *self = mutex_new(f);
    vow_promise *waits, *holds;

    watch(f, section(f, self, "a", vow_rejected(f->loop, vow_error_new(EIO, "it failed"))), "a");
    waits = section(f, self, "b", vow_yield(f->loop));
    holds = section(f, self, "c", vow_never(f->loop));
    watch(f, section(f, self, "d", vow_resolved(f->loop, vow_nil())), "d");
    watch(f, section(f, self, "e", vow_resolved(f->loop, vow_nil())), "e");
    vow_cancel(waits);
    turn(f);
    assert_log(f, "a-in c-in a!EIO");
    vow_cancel(holds);
    turn(f);
    assert_log(f, "d-in d-out e-in d=nil e-out e=nil");
    vow_mutex_free(self);
}

static void mutex_is_freed(fixture *f)
{
    vow_mutex *self = mutex_new(f);
    vow_value lock = take(vow_mutex_lock(self));

    watch(f, vow_mutex_lock(self), "a");
    vow_mutex_free(self);
    turn(f);
    assert_log(f, "a!ECANCELED");
    vow_value_drop(lock);
    self = mutex_new(f);
    lock = take(vow_mutex_lock(self));
    vow_mutex_free(self);
    free_loop(f);
    vow_value_drop(lock);
}

static void mutex_outlives_its_loop(fixture *f)
{
    vow_mutex *self = mutex_new(f);
    vow_value none, lock = take(vow_mutex_lock(self));
    vow_rwlock *rwlock = rwlock_new(f);

    f->expect_live = 2;
    free_loop(f);
    expect_report(f, "(mutex) was never released");
    expect_report(f, "(rwlock) was never released");
    vow_value_drop(lock);
    g_assert_false(vow_mutex_try_lock(self, &none));
    vow_unref(vow_mutex_lock(self));
    vow_unref(vow_rwlock_read(rwlock));
    vow_unref(vow_rwlock_write(rwlock));
    vow_mutex_free(self);
    vow_rwlock_free(rwlock);
}

/* ---- A task that waits for itself ---------------------------------------------------------------------- */

struct twice {
    vow_task task;
    vow_mutex *mutex;
    vow_value lock;
    bool tries;
};

VOW_ASYNC(twice, me)
{
    VOW_BEGIN(me);
    if (me->tries) {
        if (!vow_mutex_try_lock(me->mutex, &me->lock))
            VOW_THROW(me, vow_error_new(EBUSY, "it is locked"));
    } else {
        VOW_AWAIT(me, vow_mutex_lock(me->mutex));
        me->lock = vow_take(VOW_RESULT(me));
    }
    VOW_AWAIT(me, vow_mutex_lock(me->mutex));
    VOW_FINALLY(me);
    vow_value_drop(vow_take(&me->lock));
    VOW_END(me);
}

#ifdef VOW_DEBUG
static void lock_twice(fixture *f, bool tries)
{
    if (g_test_subprocess()) {
        vow_mutex *self = mutex_new(f);
        vow_promise *task = vow_async(f->loop, twice, .mutex = self, .tries = tries);

        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        vow_error_unref(vow_run(task, NULL));
        exit(0);
    }
    run_in_child(f);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(
        "libvow: misuse of vow_mutex_lock: the task has the lock already, which it asked for at "
        "*test-locks.c:*, at *test-locks.c:* (promise made at *test-locks.c:*)\n");
}

static void task_locks_twice(fixture *f)
{
    lock_twice(f, false);
}

static void task_tries_and_locks(fixture *f)
{
    lock_twice(f, true);
}
#else
static void task_locks_twice(fixture *f)
{
    (void) f;
    g_test_skip("only debug builds look");
}

static void task_tries_and_locks(fixture *f)
{
    task_locks_twice(f);
}
#endif

/* The lock that an await gave goes at the next await: to ask for it again is no misuse. */
struct again {
    vow_task task;
    fixture *f;
    vow_mutex *mutex;
    int rounds;
};

VOW_ASYNC(again, me)
{
    VOW_BEGIN(me);
    for (me->rounds = 0; me->rounds < 3; me->rounds++)
        VOW_AWAIT(me, vow_mutex_lock(me->mutex));
    VOW_AWAIT(me, vow_all_of(VOW_LOOP(me), vow_mutex_lock(me->mutex)));
    VOW_AWAIT(me, vow_mutex_lock(me->mutex));
    note(me->f, "done");
    VOW_END(me);
}

static void each_await_gives_back(fixture *f)
{
    vow_mutex *self = mutex_new(f);

    watch(f, vow_async(f->loop, again, .f = f, .mutex = self), "a");
    watch(f, vow_async(f->loop, again, .f = f, .mutex = self), "b");
    turn(f);
    assert_log(f, "done done a=nil b=nil");
    vow_mutex_free(self);
}

/* A task that returns its lock to another one has ended: a later one may have its place in memory. */
struct locker {
    vow_task task;
    vow_mutex *mutex;
};

VOW_ASYNC(locker, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_mutex_lock(me->mutex));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_END(me);
}

static void lock_is_handed_on(fixture *f)
{
    vow_mutex *self = mutex_new(f);
    vow_promise *waits;
    vow_value lock;

    g_assert_null(vow_run(vow_async(f->loop, locker, .mutex = self), &lock));
    waits = vow_async(f->loop, locker, .mutex = self);
    turn(f);
    g_assert_true(vow_is_pending(waits));
    vow_value_drop(lock);
    g_assert_null(vow_run(waits, NULL));
    vow_mutex_free(self);
}

/* ---- Read-write lock ----------------------------------------------------------------------------------- */

static void many_read_one_writes(fixture *f)
{
    vow_rwlock *self = rwlock_new(f);
    vow_value a = take(vow_rwlock_read(self)), b = take(vow_rwlock_read(self));
    vow_promise *writer = vow_rwlock_write(self), *other = vow_rwlock_write(self);
    vow_promise *reader = vow_rwlock_read(self), *last = vow_rwlock_read(self);

    vow_value_drop(a);
    g_assert_true(vow_is_pending(writer));
    vow_value_drop(b);
    g_assert_true(vow_is_fulfilled(writer) && vow_is_pending(other) && vow_is_pending(reader));
    vow_value_drop(take(writer));
    g_assert_true(vow_is_fulfilled(other) && vow_is_pending(reader));
    vow_unref(other); /* nobody has looked */
    a = take(reader);
    b = take(last);
    vow_value_drop(b);
    vow_value_drop(a);
    vow_value_drop(take(vow_rwlock_write(self)));
    vow_rwlock_free(self);
}

/* Readers do not pass a writer who waits; when it leaves, they go on. */
static void waiting_writer_is_not_passed(fixture *f)
{
    vow_rwlock *self = rwlock_new(f);
    vow_value a = take(vow_rwlock_read(self));
    vow_promise *writer = vow_rwlock_write(self);
    vow_promise *reader = vow_rwlock_read(self), *other = vow_rwlock_read(self);

    g_assert_true(vow_is_pending(reader));
    vow_unref(writer);
    g_assert_true(vow_is_fulfilled(reader) && vow_is_fulfilled(other));
    writer = vow_rwlock_write(self);
    vow_value_drop(a);
    vow_value_drop(take(reader));
    g_assert_true(vow_is_pending(writer));
    vow_unref(other);
    g_assert_true(vow_is_fulfilled(writer));
    vow_unref(writer);
    vow_rwlock_free(self);
}

static void rwlock_is_freed(fixture *f)
{
    vow_rwlock *self = rwlock_new(f);
    vow_value a = take(vow_rwlock_read(self)), b = take(vow_rwlock_read(self));

    watch(f, vow_rwlock_write(self), "w");
    watch(f, vow_rwlock_read(self), "r");
    vow_rwlock_free(self);
    turn(f);
    assert_log(f, "w!ECANCELED r!ECANCELED");
    vow_value_drop(a);
    vow_value_drop(b);
    self = rwlock_new(f);
    a = take(vow_rwlock_write(self));
    vow_rwlock_free(self);
    vow_value_drop(a);
}

/* ---- Many ---------------------------------------------------------------------------------------------- */

enum { MANY = 1000000 };

static void a_million_wait(fixture *f)
{
    vow_promise **waiting = g_new(vow_promise *, MANY);
    vow_rwlock *rwlock = rwlock_new(f);
    vow_mutex *mutex = mutex_new(f);
    vow_value held[2] = {take(vow_rwlock_write(rwlock)), take(vow_mutex_lock(mutex))};

    for (int i = 0; i < MANY; i++)
        waiting[i] = i % 2   ? vow_mutex_lock(mutex)
                     : i % 3 ? vow_rwlock_read(rwlock)
                             : vow_rwlock_write(rwlock);
    for (int i = MANY - 1; i > 0; i--) {
        int other = g_test_rand_int_range(0, i + 1);
        vow_promise *promise = waiting[i];

        waiting[i] = waiting[other];
        waiting[other] = promise;
    }
    for (int i = 0; i < MANY / 2; i++)
        vow_unref(waiting[i]);
    vow_value_drop(held[0]);
    vow_value_drop(held[1]);
    for (int i = MANY / 2; i < MANY; i++)
        vow_unref(waiting[i]);
    vow_value_drop(take(vow_rwlock_write(rwlock)));
    vow_value_drop(take(vow_mutex_lock(mutex)));
    vow_rwlock_free(rwlock);
    vow_mutex_free(mutex);
    g_free(waiting);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/locks/mutex/one-at-a-time", one_at_a_time);
    test_add("/locks/mutex/sections", sections_do_not_mix);
    test_add("/locks/mutex/freed", mutex_is_freed);
    test_add("/locks/outlive-the-loop", mutex_outlives_its_loop);
    test_add("/locks/misuse/lock-twice", task_locks_twice);
    test_add("/locks/misuse/try-and-lock", task_tries_and_locks);
    test_add("/locks/mutex/each-await-gives-back", each_await_gives_back);
    test_add("/locks/mutex/handed-on", lock_is_handed_on);
    test_add("/locks/rwlock/many-read", many_read_one_writes);
    test_add("/locks/rwlock/writer-is-not-passed", waiting_writer_is_not_passed);
    test_add("/locks/rwlock/freed", rwlock_is_freed);
    test_add("/locks/a-million", a_million_wait);
    return g_test_run();
}
