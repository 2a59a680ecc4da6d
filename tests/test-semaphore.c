/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semaphores: permits are counted, none is lost or there twice, those who wait are served in order, and a
 * permit comes back whatever becomes of the one who was to have it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <stdint.h>

static vow_semaphore *semaphore_new(fixture *f, size_t permits)
{
    vow_semaphore *self = vow_semaphore_new(f->loop, permits);

    g_assert_nonnull(self);
    return self;
}

static vow_value try_acquire(vow_semaphore *self)
{
    vow_value permit;

    g_assert_true(vow_semaphore_try_acquire(self, &permit));
    g_assert_true(permit.type == &vow_type_permit);
    return permit;
}

/* What a promise is fulfilled with already. */
static vow_value take(vow_promise *promise)
{
    vow_value value;

    g_assert_true(vow_is_fulfilled(promise));
    value = vow_take(vow_peek(promise));
    vow_unref(promise);
    return value;
}

static vow_value acquire(vow_semaphore *self)
{
    return take(vow_semaphore_acquire(self));
}

static vow_value acquire_many(vow_semaphore *self, size_t n)
{
    return take(vow_semaphore_acquire_many(self, n));
}

#define assert_available(self, n) g_assert_cmpuint(vow_semaphore_available(self), ==, n)

/* ---- Counting ------------------------------------------------------------------------------------------ */

static void permits_are_counted(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 3);
    vow_value a, b, c, none = vow_int(1);

    assert_available(self, 3);
    a = acquire(self);
    g_assert_cmpstr(vow_value_type_name(&a), ==, "permit");
    b = try_acquire(self);
    assert_available(self, 1);
    c = acquire(self);
    g_assert_false(vow_semaphore_try_acquire(self, &none));
    g_assert_true(vow_is_nil(&none));
    assert_available(self, 0);
    vow_value_drop(b);
    vow_value_drop(a);
    assert_available(self, 2);
    vow_value_drop(c);
    assert_available(self, 3);
    vow_semaphore_free(self);
}

static void several_at_once(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 100);
    vow_value held[33];

    for (int i = 0; i < 33; i++)
        held[i] = acquire_many(self, 3);
    assert_available(self, 1);
    vow_value_drop(held[7]);
    vow_value_drop(held[20]);
    assert_available(self, 7);
    held[7] = acquire_many(self, 1);
    held[20] = acquire_many(self, 5);
    assert_available(self, 1);
    for (int i = 0; i < 33; i++)
        vow_value_drop(held[i]);
    assert_available(self, 100);
    vow_value_drop(acquire_many(self, 100));
    assert_available(self, 100);
    vow_semaphore_free(self);
}

static void impossible_numbers(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 2);

    watch(f, vow_semaphore_acquire_many(self, 0), "none");
    watch(f, vow_semaphore_acquire_many(self, 3), "three");
    watch(f, vow_semaphore_acquire_many(self, SIZE_MAX), "all");
    turn(f);
    assert_log(f, "none!EINVAL three!EINVAL all!EINVAL");
    assert_available(self, 2);
    vow_semaphore_free(self);
    errno = 0;
    g_assert_null(vow_semaphore_new(f->loop, 0));
    g_assert_cmpint(errno, ==, EINVAL);
    errno = 0;
    g_assert_null(vow_semaphore_new(f->loop, (size_t) -1));
    g_assert_cmpint(errno, ==, EINVAL);
    self = semaphore_new(f, SIZE_MAX / 2);
    vow_value_drop(acquire_many(self, SIZE_MAX / 2));
    vow_semaphore_free(self);
}

/* ---- Order --------------------------------------------------------------------------------------------- */

/* A promise of a permit that notes its name, and keeps the permit until the end of its promise. */
static vow_promise *note_when_had(fixture *f, vow_promise *promise, const char *name)
{
    return vow_then(promise, pass_value, tag_new(f, name));
}

static void first_come_first_served(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 1);
    vow_value held = acquire(self);
    vow_promise *a = note_when_had(f, vow_semaphore_acquire(self), "a");
    vow_promise *b = note_when_had(f, vow_semaphore_acquire(self), "b");
    vow_promise *c = note_when_had(f, vow_semaphore_acquire(self), "c");

    vow_value_drop(held);
    turn(f);
    assert_log(f, "a");
    vow_unref(b); /* it waits still */
    vow_unref(a); /* it has a permit */
    turn(f);
    assert_log(f, "c");
    vow_unref(c);
    assert_available(self, 1);
    vow_semaphore_free(self);
}

/* Who wants more is not passed by those who want less. */
static void small_ones_wait_behind(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 3);
    vow_value one = acquire(self), two = acquire_many(self, 2), none;
    vow_promise *large = note_when_had(f, vow_semaphore_acquire_many(self, 3), "large");
    vow_promise *small = note_when_had(f, vow_semaphore_acquire(self), "small");

    vow_value_drop(two);
    assert_available(self, 2);
    g_assert_false(vow_semaphore_try_acquire(self, &none));
    turn(f);
    assert_log(f, "");
    vow_value_drop(one);
    turn(f);
    assert_log(f, "large");
    vow_unref(large);
    turn(f);
    assert_log(f, "small");
    vow_unref(small);
    vow_semaphore_free(self);
}

/* When it leaves, those behind it have their turn at once. */
static void large_one_leaves(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 4);
    vow_value held = acquire_many(self, 2);
    vow_promise *large = vow_semaphore_acquire_many(self, 4);
    vow_promise *a = vow_semaphore_acquire(self), *b = vow_semaphore_acquire(self);
    vow_promise *c = vow_semaphore_acquire(self);

    g_assert_true(vow_is_pending(a));
    vow_unref(large);
    g_assert_true(vow_is_fulfilled(a) && vow_is_fulfilled(b) && vow_is_pending(c));
    vow_value_drop(held);
    g_assert_true(vow_is_fulfilled(c));
    vow_unref(b);
    assert_available(self, 2);
    vow_unref(a);
    vow_unref(c);
    assert_available(self, 4);
    vow_semaphore_free(self);
}

/* ---- Coming back --------------------------------------------------------------------------------------- */

static void dropped_before_a_look(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 2);
    vow_value held = acquire(self);
    vow_promise *a, *b;

    vow_unref(vow_semaphore_acquire(self));
    assert_available(self, 1);
    a = vow_timeout(vow_semaphore_acquire_many(self, 2), 1000);
    b = vow_race_of(f->loop, vow_semaphore_acquire(self), vow_sleep(f->loop, 1000));
    vow_value_drop(held);
    turn(f);
    g_assert_true(vow_is_fulfilled(a) && vow_is_pending(b));
    vow_cancel(a); /* the permits go on, and come back */
    turn(f);
    g_assert_true(vow_is_fulfilled(b));
    assert_available(self, 1);
    vow_unref(b);
    assert_available(self, 2);
    vow_unref(vow_then(vow_semaphore_acquire(self), saw_value, tag_new(f, "never")));
    vow_unref(vow_all_of(f->loop, vow_semaphore_acquire(self), vow_semaphore_acquire(self)));
    assert_available(self, 2);
    vow_semaphore_free(self);
}

struct holder {
    vow_task task;
    fixture *f;
    vow_semaphore *semaphore;
    const char *name;
    vow_promise *until;
};

VOW_ASYNC(holder, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_semaphore_acquire(me->semaphore));
    note(me->f, "%s", me->name);
    VOW_AWAIT(me, vow_semaphore_acquire(me->semaphore)); /* the first permit goes here */
    note(me->f, "%s-again", me->name);
    VOW_AWAIT(me, vow_all_of(VOW_LOOP(me), vow_semaphore_acquire(me->semaphore), vow_ref(me->until)));
    note(me->f, "%s-done", me->name);
    VOW_FINALLY(me);
    vow_unref(me->until);
    VOW_END(me);
}

/* The next await gives back what the last one gave; so does the end of the task. */
static void await_gives_back(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 1);
    struct source source;
    vow_promise *until = pending(f, &source, "until");
    vow_promise *a =
        vow_async(f->loop, holder, .f = f, .semaphore = self, .name = "a", .until = vow_ref(until));
    vow_promise *b = vow_async(f->loop, holder, .f = f, .semaphore = self, .name = "b", .until = until);

    turn(f);
    assert_log(f, "a b a-again b-again");
    vow_resolve(&source.resolver, vow_nil());
    turn(f);
    assert_log(f, "a-done b-done");
    assert_available(self, 1);
    vow_unref(a);
    vow_unref(b);
    vow_semaphore_free(self);
}

static void task_is_cancelled(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 1);
    vow_value held = acquire(self);
    struct source source;
    vow_promise *until = pending(f, &source, "until");
    vow_promise *a =
        vow_async(f->loop, holder, .f = f, .semaphore = self, .name = "a", .until = vow_ref(until));
    vow_promise *b = vow_async(f->loop, holder, .f = f, .semaphore = self, .name = "b", .until = until);

    vow_value_drop(held); /* a has it, and does not know yet */
    vow_cancel(a);
    turn(f);
    assert_log(f, "b b-again");
    vow_unref(b);
    assert_log(f, "until-cancelled");
    assert_available(self, 1);
    vow_semaphore_free(self);
}

/* ---- Ends ---------------------------------------------------------------------------------------------- */

static void freed_while_somebody_waits(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 2);
    vow_value one = acquire(self), other = try_acquire(self), many;
    vow_promise *quiet;

    watch(f, vow_semaphore_acquire(self), "a");
    watch(f, vow_semaphore_acquire_many(self, 2), "b");
    quiet = vow_semaphore_acquire(self);
    vow_value_drop(one);
    vow_semaphore_free(self);
    vow_unref(quiet); /* that nobody looks at it is not reported */
    turn(f);
    assert_log(f, "a=permit b!ECANCELED");
    vow_value_drop(other); /* it is safe to release still */
    self = semaphore_new(f, 4);
    many = acquire_many(self, 3);
    vow_semaphore_free(self);
    vow_value_drop(many);
}

static void values_outlive_the_loop(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 5);
    vow_value one = acquire(self), many = acquire_many(self, 3);

    vow_semaphore_free(self);
    free_loop(f);
    vow_value_drop(many);
    vow_value_drop(one);
}

static void outlives_its_loop(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 2);
    vow_value one = acquire(self), none;
    vow_promise *kept = vow_semaphore_acquire_many(self, 2);

    watch(f, vow_semaphore_acquire(self), "a");
    f->expect_live = 4;
    free_loop(f);
    expect_report(f, "(semaphore) was never released");
    expect_report(f, "(semaphore_acquire) was never released");
    assert_log(f, "");
    vow_unref(kept);
    vow_unref(vow_semaphore_acquire(self));
    vow_unref(vow_semaphore_acquire_many(self, 2));
    g_assert_false(vow_semaphore_try_acquire(self, &none));
    vow_value_drop(one);
    vow_semaphore_free(self);
}

struct freer {
    vow_task task;
    fixture *f;
    vow_semaphore *semaphore;
};

VOW_ASYNC(freer, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_semaphore_acquire(me->semaphore));
    note(me->f, "freed");
    vow_semaphore_free(me->semaphore);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me))); /* the permit goes here */
    VOW_END(me);
}

static void freed_in_a_handler(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 1);

    watch(f, vow_async(f->loop, freer, .f = f, .semaphore = self), "task");
    watch(f, vow_semaphore_acquire(self), "other");
    turn(f);
    turn(f);
    assert_log(f, "freed other!ECANCELED task=nil");
}

/* ---- Inside of others ---------------------------------------------------------------------------------- */

struct nest {
    fixture *f;
    vow_semaphore *semaphore;
    vow_value permit;
    vow_promise *other;
};

/* A drop function that gives a permit back, waits anew and drops another one who waits. */
static void nest_drop(void *pointer)
{
    struct nest *self = pointer;

    vow_value_drop(self->permit);
    watch(self->f, vow_semaphore_acquire(self->semaphore), "inner");
    vow_unref(self->other);
    note(self->f, "dropped");
}

static void inside_a_drop_function(fixture *f)
{
    static const vow_type nest_type = {"nest", nest_drop};
    vow_semaphore *self = semaphore_new(f, 1);
    struct nest nest = {f, self, acquire(self), NULL};

    nest.other = vow_semaphore_acquire(self);
    vow_value_drop(vow_own(&nest, &nest_type));
    turn(f);
    assert_log(f, "dropped inner=permit");
    assert_available(self, 1);
    vow_semaphore_free(self);
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static void assert_no_memory(vow_promise *promise)
{
    assert_peek(promise, "!ENOMEM");
    vow_unref(promise);
}

static void play_out_of_memory(fixture *f)
{
    vow_semaphore *self = NULL;
    vow_value held[9];
    size_t n = 0;

    while (!self) {
        memory_fail(f, ++n, false);
        errno = 0;
        self = vow_semaphore_new(f->loop, 20);
        g_assert_true(self || errno == ENOMEM);
    }
    g_assert_cmpuint(n, >=, 3);
    memory_fail(f, 1, true);
    assert_no_memory(vow_semaphore_acquire_many(self, 2));
    memory_fail(f, 0, false);
    held[0] = acquire_many(self, 2);
    memory_fail(f, 1, true);
    assert_no_memory(vow_semaphore_acquire_many(self, 2));
    assert_no_memory(vow_semaphore_acquire(self));
    memory_fail(f, 0, false);
    assert_available(self, 18);
    for (int i = 1; i < 9; i++)
        held[i] = acquire_many(self, 2);
    assert_available(self, 2);
    for (int i = 0; i < 9; i++)
        vow_value_drop(held[i]);
    assert_available(self, 20);
    vow_semaphore_free(self);
}

static void out_of_memory(fixture *f)
{
    with_single_blocks(f, play_out_of_memory);
}

/* One who waits is one allocation, and to serve it takes none. */
static void one_allocation(fixture *f)
{
    vow_semaphore *self = semaphore_new(f, 6);
    vow_promise *waiting[4];
    vow_value held = acquire_many(self, 6);
    size_t before;

    memory_fail(f, 0, false);
    before = f->memory.allocated;
    for (int i = 0; i < 4; i++)
        waiting[i] = i & 1 ? vow_semaphore_acquire_many(self, 2) : vow_semaphore_acquire(self);
    g_assert_cmpuint(f->memory.allocated - before, <=, 4);
    before = f->memory.allocated;
    vow_value_drop(held);
    for (int i = 0; i < 4; i++)
        vow_value_drop(take(waiting[i]));
    g_assert_cmpuint(f->memory.allocated, ==, before);
    vow_value_drop(try_acquire(self));
    assert_available(self, 6);
    vow_semaphore_free(self);
}

enum { MANY = 1000000 };

static void shuffle(vow_promise **promises, int n)
{
    for (int i = n - 1; i > 0; i--) {
        int other = g_test_rand_int_range(0, i + 1);
        vow_promise *promise = promises[i];

        promises[i] = promises[other];
        promises[other] = promise;
    }
}

static void a_million_wait(fixture *f)
{
    vow_promise **waiting = g_new(vow_promise *, MANY);
    vow_semaphore *self = semaphore_new(f, 3);
    vow_value held = acquire_many(self, 3);

    for (int i = 0; i < MANY; i++)
        waiting[i] = vow_semaphore_acquire_many(self, (size_t) (1 + i % 3));
    shuffle(waiting, MANY);
    for (int i = 0; i < MANY / 2; i++)
        vow_unref(waiting[i]);
    vow_value_drop(held);
    for (int i = MANY / 2; i < MANY; i++) /* each that was served hands on what it had */
        vow_unref(waiting[i]);
    assert_available(self, 3);
    vow_semaphore_free(self);
    g_free(waiting);
}

static void a_million_are_served(fixture *f)
{
    vow_promise **waiting = g_new(vow_promise *, MANY);
    vow_semaphore *self = semaphore_new(f, 1);
    vow_value held = acquire(self);

    for (int i = 0; i < MANY; i++)
        waiting[i] = vow_semaphore_acquire(self);
    vow_value_drop(held);
    for (int i = 0; i < MANY; i++)
        vow_value_drop(take(waiting[i]));
    vow_semaphore_free(self);
    g_free(waiting);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/semaphore/counted", permits_are_counted);
    test_add("/semaphore/several", several_at_once);
    test_add("/semaphore/impossible", impossible_numbers);
    test_add("/semaphore/order", first_come_first_served);
    test_add("/semaphore/no-overtaking", small_ones_wait_behind);
    test_add("/semaphore/large-one-leaves", large_one_leaves);
    test_add("/semaphore/unseen", dropped_before_a_look);
    test_add("/semaphore/await-gives-back", await_gives_back);
    test_add("/semaphore/task-cancelled", task_is_cancelled);
    test_add("/semaphore/freed", freed_while_somebody_waits);
    test_add("/semaphore/values-outlive-the-loop", values_outlive_the_loop);
    test_add("/semaphore/outlives-its-loop", outlives_its_loop);
    test_add("/semaphore/freed-in-a-handler", freed_in_a_handler);
    test_add("/semaphore/inside-a-drop-function", inside_a_drop_function);
    test_add("/semaphore/out-of-memory", out_of_memory);
    test_add("/semaphore/one-allocation", one_allocation);
    test_add("/semaphore/a-million", a_million_wait);
    test_add("/semaphore/a-million-served", a_million_are_served);
    return g_test_run();
}
