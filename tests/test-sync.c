/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events, conditions, latches and barriers; and what all things to wait for have in common: those who wait
 * are served in order and may leave, the object may end first, and memory may run out.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* ---- Event --------------------------------------------------------------------------------------------- */

static void event_is_set(fixture *f)
{
    vow_event *self = vow_event_new(f->loop);

    g_assert_false(vow_event_is_set(self));
    watch(f, vow_event_wait(self), "a");
    watch(f, vow_event_wait(self), "b");
    vow_unref(vow_event_wait(self));
    turn(f);
    assert_log(f, "");
    vow_event_set(self);
    vow_event_clear(self); /* those who waited go on all the same */
    watch(f, vow_event_wait(self), "c");
    g_assert_false(vow_event_is_set(self));
    turn(f);
    assert_log(f, "a=nil b=nil");
    vow_event_set(self);
    vow_event_set(self);
    g_assert_true(vow_event_is_set(self));
    watch(f, vow_event_wait(self), "d");
    turn(f);
    assert_log(f, "c=nil d=nil");
    vow_event_free(self);
}

/* ---- Condition ----------------------------------------------------------------------------------------- */

static void condition_notifies(fixture *f)
{
    vow_condition *self = vow_condition_new(f->loop);

    vow_condition_notify(self, 3); /* nobody waits: it is lost */
    vow_condition_notify_all(self);
    watch(f, vow_condition_wait(self), "a");
    watch(f, vow_condition_wait(self), "b");
    watch(f, vow_condition_wait(self), "c");
    watch(f, vow_condition_wait(self), "d");
    vow_condition_notify(self, 0);
    turn(f);
    assert_log(f, "");
    vow_condition_notify(self, 2);
    watch(f, vow_condition_wait(self), "e");
    turn(f);
    assert_log(f, "a=nil b=nil");
    vow_condition_notify_all(self);
    watch(f, vow_condition_wait(self), "f");
    turn(f);
    assert_log(f, "c=nil d=nil e=nil");
    vow_condition_notify(self, 5);
    turn(f);
    assert_log(f, "f=nil");
    vow_condition_free(self);
}

/* A notice for one who is dropped goes to the next. */
static void notice_goes_on(fixture *f)
{
    vow_condition *self = vow_condition_new(f->loop);
    vow_promise *a = vow_condition_wait(self);
    vow_promise *b = vow_timeout(vow_condition_wait(self), 1000);

    watch(f, vow_condition_wait(self), "c");
    watch(f, vow_condition_wait(self), "d");
    vow_condition_notify(self, 1);
    g_assert_true(vow_is_fulfilled(a));
    vow_unref(a);
    turn(f);
    g_assert_true(vow_is_fulfilled(b));
    vow_cancel(b);
    turn(f);
    assert_log(f, "c=nil");
    a = vow_condition_wait(self);
    vow_condition_notify_all(self);
    g_assert_nonnull(vow_peek(a)); /* somebody has looked */
    watch(f, vow_condition_wait(self), "e");
    vow_unref(a);
    turn(f);
    assert_log(f, "d=nil");
    vow_condition_notify(self, 1);
    turn(f);
    assert_log(f, "e=nil");
    a = vow_condition_wait(self);
    vow_condition_notify(self, 1);
    vow_unref(a); /* nobody waits: it is lost */
    watch(f, vow_condition_wait(self), "f");
    turn(f);
    assert_log(f, "");
    a = vow_condition_wait(self);
    vow_condition_notify_all(self);
    turn(f);
    assert_log(f, "f=nil");
    vow_condition_free(self);
    vow_unref(a); /* nothing is there to give it back to */
}

/* ---- Latch --------------------------------------------------------------------------------------------- */

static void latch_counts_down(fixture *f)
{
    vow_latch *self = vow_latch_new(f->loop, 5);

    watch(f, vow_latch_wait(self), "a");
    vow_unref(vow_latch_wait(self));
    vow_latch_count_down(self, 3);
    watch(f, vow_latch_wait(self), "b");
    vow_latch_count_down(self, 0);
    turn(f);
    assert_log(f, "");
    vow_latch_count_down(self, 7);
    watch(f, vow_latch_wait(self), "c");
    vow_latch_count_down(self, 1);
    turn(f);
    assert_log(f, "a=nil b=nil c=nil");
    vow_latch_free(self);
    self = vow_latch_new(f->loop, 0);
    watch(f, vow_latch_wait(self), "d");
    turn(f);
    assert_log(f, "d=nil");
    vow_latch_free(self);
}

/* ---- Barrier ------------------------------------------------------------------------------------------- */

static void barrier_lets_all_go(fixture *f)
{
    vow_barrier *self = vow_barrier_new(f->loop, 3);

    watch(f, vow_barrier_wait(self), "a");
    watch(f, vow_barrier_wait(self), "b");
    turn(f);
    assert_log(f, "");
    watch(f, vow_barrier_wait(self), "c");
    watch(f, vow_barrier_wait(self), "d"); /* of the next round */
    turn(f);
    assert_log(f, "a=0 b=1 c=2");
    watch(f, vow_barrier_wait(self), "e");
    watch(f, vow_barrier_wait(self), "f");
    turn(f);
    assert_log(f, "d=0 e=1 f=2");
    vow_barrier_free(self);
    self = vow_barrier_new(f->loop, 1);
    watch(f, vow_barrier_wait(self), "a");
    watch(f, vow_barrier_wait(self), "b");
    turn(f);
    assert_log(f, "a=0 b=0");
    vow_barrier_free(self);
    errno = 0;
    g_assert_null(vow_barrier_new(f->loop, 0));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_barrier_new(f->loop, (size_t) -1));
    g_assert_cmpint(errno, ==, EINVAL);
}

/* A wait that is dropped takes its arrival back. */
static void arrival_is_taken_back(fixture *f)
{
    vow_barrier *self = vow_barrier_new(f->loop, 3);
    vow_promise *a, *b;

    watch(f, vow_barrier_wait(self), "a");
    b = vow_barrier_wait(self);
    watch(f, vow_timeout(vow_barrier_wait(self), 0), "c"); /* it completes the first round */
    vow_unref(b);
    turn(f);
    assert_log(f, "a=0 c=2");
    b = vow_barrier_wait(self);
    watch(f, vow_barrier_wait(self), "d");
    vow_unref(b);
    a = vow_barrier_wait(self);
    vow_cancel(vow_ref(a));
    assert_peek(a, "!ECANCELED");
    vow_unref(a);
    watch(f, vow_barrier_wait(self), "e");
    turn(f);
    assert_log(f, "");
    watch(f, vow_barrier_wait(self), "f");
    turn(f);
    assert_log(f, "d=0 e=1 f=2");
    vow_barrier_free(self);
}

/* Who finds no memory has not arrived. */
static void play_no_memory_is_no_arrival(fixture *f)
{
    vow_barrier *self = vow_barrier_new(f->loop, 2);
    vow_promise *refused;

    watch(f, vow_barrier_wait(self), "a");
    memory_fail(f, 1, true);
    refused = vow_barrier_wait(self);
    memory_fail(f, 0, false);
    assert_peek(refused, "!ENOMEM");
    vow_unref(refused);
    turn(f);
    assert_log(f, "");
    watch(f, vow_barrier_wait(self), "b");
    turn(f);
    assert_log(f, "a=0 b=1");
    vow_barrier_free(self);
}

static void no_memory_is_no_arrival(fixture *f)
{
    with_single_blocks(f, play_no_memory_is_no_arrival);
}

/* ---- All of them --------------------------------------------------------------------------------------- */

/* The functions of each kind of object as functions of the same types. */
#define OBJECT(kind, made, waited)                    \
    static void *kind##_make(vow_loop *loop)          \
    {                                                 \
        return made;                                  \
    }                                                 \
    static vow_promise *kind##_wait_for(void *object) \
    {                                                 \
        vow_##kind *self = object;                    \
                                                      \
        return waited;                                \
    }                                                 \
    static void kind##_end(void *object)              \
    {                                                 \
        vow_##kind##_free(object);                    \
    }

OBJECT(semaphore, vow_semaphore_new(loop, 1), vow_semaphore_acquire(self))
OBJECT(mutex, vow_mutex_new(loop), vow_mutex_lock(self))
OBJECT(rwlock, vow_rwlock_new(loop), vow_rwlock_write(self))
OBJECT(event, vow_event_new(loop), vow_event_wait(self))
OBJECT(condition, vow_condition_new(loop), vow_condition_wait(self))
OBJECT(latch, vow_latch_new(loop, 1), vow_latch_wait(self))
OBJECT(barrier, vow_barrier_new(loop, 5000000), vow_barrier_wait(self))

static const struct object {
    const char *name;
    void *(*make)(vow_loop *loop);
    vow_promise *(*wait)(void *object);
    void (*end)(void *object);
    bool is_taken; /* at first by one who waits */
} objects[] = {{"semaphore", semaphore_make, semaphore_wait_for, semaphore_end, true},
               {"mutex", mutex_make, mutex_wait_for, mutex_end, true},
               {"rwlock", rwlock_make, rwlock_wait_for, rwlock_end, true},
               {"event", event_make, event_wait_for, event_end, false},
               {"condition", condition_make, condition_wait_for, condition_end, false},
               {"latch", latch_make, latch_wait_for, latch_end, false},
               {"barrier", barrier_make, barrier_wait_for, barrier_end, false}};

#define EACH(object)                          \
    const struct object *object = objects;    \
    object < objects + G_N_ELEMENTS(objects); \
    object++

/* An object for which everybody has to wait. What was taken from it is put into *held. */
static void *busy(fixture *f, const struct object *object, vow_value *held)
{
    void *self = object->make(f->loop);
    vow_promise *promise;

    g_assert_nonnull(self);
    *held = vow_nil();
    if (!object->is_taken)
        return self;
    promise = object->wait(self);
    *held = vow_take(vow_peek(promise));
    vow_unref(promise);
    return self;
}

static void freed_while_many_wait(fixture *f)
{
    for (EACH(object)) {
        vow_value held;
        void *self = busy(f, object, &held);
        vow_promise *quiet = object->wait(self), *left = object->wait(self);

        watch(f, object->wait(self), "a");
        watch(f, vow_timeout(object->wait(self), 1000), "b");
        vow_unref(left);
        object->end(self);
        vow_unref(quiet);
        turn(f);
        assert_log(f, "a!ECANCELED b!ECANCELED");
        vow_value_drop(held);
    }
}

struct ends {
    const struct object *object;
    void *self;
    fixture *f;
};

static vow_value end_it(const vow_error *error, void *data)
{
    struct ends *ends = data;

    g_assert_cmpint(vow_error_code(error), ==, ECANCELED);
    ends->object->end(ends->self);
    note(ends->f, "ended");
    return vow_nil();
}

static vow_value end_on_drop(void *data)
{
    struct ends *ends = data;

    ends->object->end(ends->self);
    note(ends->f, "ended");
    return vow_nil();
}

/* A handler and the clean-up of one who waits free it, while others wait. */
static void freed_inside(fixture *f)
{
    for (EACH(object)) {
        vow_value held;
        struct ends ends = {object, busy(f, object, &held), f};
        vow_promise *first = object->wait(ends.self);

        vow_detach(vow_catch(vow_ref(first), end_it, &ends));
        watch(f, object->wait(ends.self), "a");
        vow_cancel(first);
        turn(f);
        assert_log(f, "ended a!ECANCELED");
        vow_value_drop(held);

        ends.self = busy(f, object, &held);
        first = vow_finally(object->wait(ends.self), end_on_drop, &ends);
        watch(f, object->wait(ends.self), "a");
        vow_unref(first);
        turn(f);
        assert_log(f, "ended a!ECANCELED");
        vow_value_drop(held);
    }
}

static void outlives_its_loop(fixture *f)
{
    void *selves[G_N_ELEMENTS(objects)];
    vow_value held[G_N_ELEMENTS(objects)];
    vow_promise *waiting[G_N_ELEMENTS(objects)];

    for (EACH(object)) {
        selves[object - objects] = busy(f, object, &held[object - objects]);
        waiting[object - objects] = object->wait(selves[object - objects]);
        watch(f, object->wait(selves[object - objects]), "a");
    }
    f->expect_live = G_N_ELEMENTS(objects) * 4; /* and the two that watch() makes hold for each other */
    free_loop(f);
    for (EACH(object)) {
        char *text = g_strdup_printf("(%s) was never released", object->name);

        expect_report(f, text);
        g_free(text);
    }
    for (EACH(object)) {
        expect_report(f, "was never released"); /* one who waits */
        vow_unref(object->wait(selves[object - objects]));
        object->end(selves[object - objects]);
        vow_unref(waiting[object - objects]);
        vow_value_drop(held[object - objects]);
    }
    assert_log(f, "");
}

static void play_out_of_memory(fixture *f)
{
    for (EACH(object)) {
        vow_value held;
        void *self = NULL;
        vow_promise *promise;

        for (size_t n = 1; !self; n++) {
            memory_fail(f, n, false);
            errno = 0;
            self = object->make(f->loop);
            g_assert_true(self || errno == ENOMEM);
            g_assert_true(n > 1 || !self);
        }
        object->end(self);
        memory_fail(f, 0, false);
        self = busy(f, object, &held);
        memory_fail(f, 1, true);
        promise = object->wait(self);
        memory_fail(f, 0, false);
        assert_peek(promise, "!ENOMEM");
        vow_unref(promise);
        vow_value_drop(held);
        object->end(self);
    }
}

static void out_of_memory(fixture *f)
{
    with_single_blocks(f, play_out_of_memory);
}

/* One who waits takes one allocation, and one that is served or leaves takes none. */
static void one_allocation(fixture *f)
{
    for (EACH(object)) {
        vow_value held;
        void *self = busy(f, object, &held);
        size_t before = f->memory.allocated;
        vow_promise *a = object->wait(self), *b = object->wait(self);

        g_assert_cmpuint(f->memory.allocated - before, <=, 2);
        before = f->memory.allocated;
        vow_unref(a);
        vow_value_drop(held);
        object->end(self);
        vow_unref(b);
        g_assert_cmpuint(f->memory.allocated, ==, before);
    }
}

enum { MANY = 1000000 };

static void a_million_wait(fixture *f)
{
    vow_promise **waiting = g_new(vow_promise *, MANY);

    for (EACH(object)) {
        vow_value held;
        void *self = busy(f, object, &held);

        for (int i = 0; i < MANY; i++)
            waiting[i] = object->wait(self);
        for (int i = MANY - 1; i > 0; i--) {
            int other = g_test_rand_int_range(0, i + 1);
            vow_promise *promise = waiting[i];

            waiting[i] = waiting[other];
            waiting[other] = promise;
        }
        for (int i = 0; i < MANY / 2; i++)
            vow_unref(waiting[i]);
        object->end(self);
        for (int i = MANY / 2; i < MANY; i++)
            vow_unref(waiting[i]);
        vow_value_drop(held);
    }
    g_free(waiting);
}

static void a_million_go_on(fixture *f)
{
    vow_promise **waiting = g_new(vow_promise *, MANY);
    vow_event *event = vow_event_new(f->loop);
    vow_condition *condition = vow_condition_new(f->loop);
    vow_barrier *barrier = vow_barrier_new(f->loop, MANY / 2);

    for (int i = 0; i < MANY / 2; i++) {
        waiting[2 * i] = i & 1 ? vow_event_wait(event) : vow_condition_wait(condition);
        waiting[2 * i + 1] = vow_barrier_wait(barrier);
    }
    vow_event_set(event);
    vow_condition_notify_all(condition);
    for (int i = 0; i < MANY / 2; i++) {
        g_assert_true(vow_is_fulfilled(waiting[2 * i]));
        g_assert_cmpint(vow_as_int(vow_peek(waiting[2 * i + 1])), ==, i);
        vow_unref(waiting[2 * i]);
        vow_unref(waiting[2 * i + 1]);
    }
    vow_event_free(event);
    vow_condition_free(condition);
    vow_barrier_free(barrier);
    g_free(waiting);
}

/* While the loop is freed, clean-up may use them: nothing is handed out any more, and nothing is lost. */
struct cleaner {
    vow_task task;
    fixture *f;
    const struct object *object;
    void *self;
    vow_value held;
};

VOW_ASYNC(cleaner, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_never(VOW_LOOP(me)));
    VOW_FINALLY(me);
    VOW_TRY_AWAIT(me, me->object->wait(me->self));
    g_assert_cmpint(vow_error_code(VOW_ERROR(me)), ==, ECANCELED);
    vow_value_drop(vow_take(&me->held));
    me->object->end(me->self);
    note(me->f, "cleaned");
    VOW_END(me);
}

static void used_while_the_loop_ends(fixture *f)
{
    for (EACH(object)) {
        vow_value held;
        void *self = busy(f, object, &held);

        watch(f, object->wait(self), "a");
        vow_detach(vow_async(f->loop, cleaner, .f = f, .object = object, .self = self, .held = held));
        watch(f, object->wait(self), "b");
    }
    f->expect_live = 7 * 7;
    free_loop(f);
    assert_log(f, "cleaned cleaned cleaned cleaned cleaned cleaned cleaned");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/sync/event", event_is_set);
    test_add("/sync/condition/notify", condition_notifies);
    test_add("/sync/condition/notice-goes-on", notice_goes_on);
    test_add("/sync/latch", latch_counts_down);
    test_add("/sync/barrier/rounds", barrier_lets_all_go);
    test_add("/sync/barrier/taken-back", arrival_is_taken_back);
    test_add("/sync/barrier/no-memory", no_memory_is_no_arrival);
    test_add("/sync/all/freed", freed_while_many_wait);
    test_add("/sync/all/freed-inside", freed_inside);
    test_add("/sync/all/outlives-its-loop", outlives_its_loop);
    test_add("/sync/all/out-of-memory", out_of_memory);
    test_add("/sync/all/one-allocation", one_allocation);
    test_add("/sync/all/a-million", a_million_wait);
    test_add("/sync/all/a-million-go-on", a_million_go_on);
    test_add("/sync/all/loop-ends", used_while_the_loop_ends);
    return g_test_run();
}
