/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues under strain: values whose release uses the queue, memory that runs out, a million who wait.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "queues.h"

#include <errno.h>

/* ---- Drop functions that use the queue ----------------------------------------------------------------- */

/* An item whose release does something to a queue. */
struct trap {
    fixture *f;
    vow_queue *queue;
    vow_promise *other;
    void (*deed)(struct trap *trap);
};

static void spring(void *pointer)
{
    struct trap *trap = pointer;

    note(trap->f, "trap");
    trap->f->owned--;
    trap->deed(trap);
}

static const vow_type trap_type = {"trap", spring};

static vow_value trapped(struct trap *trap)
{
    trap->f->owned++;
    return vow_own(trap, &trap_type);
}

static void free_it(struct trap *trap)
{
    vow_queue_free(trap->queue);
}

static void drop_other(struct trap *trap)
{
    vow_unref(trap->other);
}

static void use_it(struct trap *trap)
{
    vow_value value;

    g_assert_false(vow_queue_try_put(trap->queue, owned(trap->f, "late")));
    vow_promise *put = vow_queue_put(trap->queue, owned(trap->f, "later"));
    assert_peek(put, "!EPIPE");
    vow_unref(put);
    if (vow_queue_try_take(trap->queue, &value))
        vow_value_drop(value);
    vow_queue_close(trap->queue);
}

/* A put that waits is dropped, and its value frees the queue. */
static void a_dropped_put_frees(fixture *f)
{
    struct trap trap = {f, queue_of(f, 0), NULL, free_it};
    vow_promise *put = vow_queue_put(trap.queue, trapped(&trap));

    watch(f, vow_queue_put(trap.queue, owned(f, "b")), "b");
    vow_unref(put);
    turn(f);
    assert_log(f, "trap ~b b!ECANCELED");
}

static void closing_frees(fixture *f)
{
    struct trap trap = {f, queue_of(f, 1), NULL, free_it};

    fill(f, trap.queue, "a");
    watch(f, vow_queue_put(trap.queue, trapped(&trap)), "put");
    watch(f, vow_queue_put(trap.queue, owned(f, "b")), "b");
    vow_queue_close(trap.queue);
    turn(f);
    assert_log(f, "trap ~a ~b put!EPIPE b!EPIPE");
}

static void closing_drops_another(fixture *f)
{
    struct trap trap = {f, queue_of(f, 0), NULL, drop_other};

    watch(f, vow_queue_put(trap.queue, trapped(&trap)), "put");
    trap.other = vow_queue_put(trap.queue, owned(f, "b"));
    watch(f, vow_queue_put(trap.queue, owned(f, "c")), "c");
    vow_queue_close(trap.queue);
    assert_log(f, "trap ~b ~c");
    expect_report(f, "is closed"); /* nobody looked */
    turn(f);
    assert_log(f, "put!EPIPE c!EPIPE");
    vow_queue_free(trap.queue);
}

static void used_while_it_is_freed(fixture *f)
{
    struct trap trap = {f, queue_of(f, 3), NULL, use_it};
    struct trap waits = {f, NULL, NULL, drop_other};

    g_assert_true(vow_queue_try_put(trap.queue, trapped(&trap)));
    fill(f, trap.queue, "ab");
    watch(f, vow_queue_put(trap.queue, trapped(&waits)), "put");
    waits.other = vow_queue_put(trap.queue, owned(f, "c"));
    vow_queue_free(trap.queue);
    assert_log(f, "trap ~late ~later ~a ~b trap ~c");
    turn(f);
    assert_log(f, "put!ECANCELED");
}

/* A refused value frees the queue that refused it. */
static void a_refused_put_frees(fixture *f)
{
    struct trap trap = {f, queue_of(f, 1), NULL, free_it}, again = {f, queue_of(f, 1), NULL, free_it};

    vow_queue_close(trap.queue);
    run_fails(vow_queue_put(trap.queue, trapped(&trap)), EPIPE, "is closed");
    vow_queue_close(again.queue);
    g_assert_false(vow_queue_try_put(again.queue, trapped(&again)));
    assert_log(f, "trap trap");
}

/* A queue in a queue in a queue: no stack is deep enough to release them one inside the other. */
static void free_queue(void *queue)
{
    vow_queue_free(queue);
}

static void queues_in_queues(fixture *f)
{
    static const vow_type type = {"queue", free_queue};
    vow_queue *outer = queue_of(f, 1);

    for (int i = 0; i < 100000; i++) {
        vow_queue *inner = outer;

        outer = queue_of(f, 1);
        g_assert_true(vow_queue_try_put(outer, vow_own(inner, &type)));
    }
    vow_queue_free(outer);
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

/* Whoever waits is one allocation. */
static void waiters_are_one_allocation(fixture *f)
{
    vow_queue *full = queue_of(f, 0), *empty = queue_of(f, 1);
    vow_promise *waiting[2000];

    memory_fail(f, 0, false);
    for (int i = 0; i < 2000; i += 2) {
        waiting[i] = vow_queue_put(full, vow_int(i));
        waiting[i + 1] = vow_queue_take(empty);
    }
    g_assert_cmpuint(f->memory.allocated, <, 2000 + 16); /* some for whole slabs of them */
    for (int i = 0; i < 2000; i++)
        vow_unref(waiting[i]);
    vow_queue_free(full);
    vow_queue_free(empty);
}

/* Every allocation of a queue's life fails in turn, and all after it: nothing is lost, the rest is in order.
 */
static void one_life(fixture *f, bool *is_complete)
{
    vow_queue *queue = vow_queue_new(f->loop, 9);
    vow_promise *held[4], *puts[12];
    vow_value value;
    int in = 0;

    if (!queue) {
        g_assert_cmpint(errno, ==, ENOMEM);
        return;
    }
    held[0] = vow_queue_take(queue);
    for (int i = 0; i < 12; i++) {
        puts[i] = vow_queue_put(queue, owned(f, NULL));
        if (vow_is_rejected(puts[i]))
            g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(puts[i]))), ==, ENOMEM);
    }
    for (int i = 1; i < 4; i++)
        held[i] = vow_queue_take(queue);
    for (int i = 0; i < 4; i += 2)
        vow_unref(held[i]);
    memory_fail(f, 0, false);
    *is_complete = true;
    for (int i = 1; i < 4; i += 2) {
        *is_complete = *is_complete && vow_is_fulfilled(held[i]);
        if (vow_is_rejected(held[i]))
            g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(held[i]))), ==, ENOMEM);
        vow_unref(held[i]);
    }
    while (vow_queue_try_take(queue, &value)) {
        vow_value_drop(value);
        in++;
    }
    for (int i = 0; i < 12; i++) {
        in -= vow_is_fulfilled(puts[i]);
        *is_complete = *is_complete && vow_is_fulfilled(puts[i]);
        vow_unref(puts[i]);
    }
    g_assert_cmpint(in, ==, 0);
    vow_queue_free(queue);
}

static void out_of_memory(fixture *f)
{
    bool is_complete = false;

    for (size_t n = 1; !is_complete; n++) {
        memory_fail(f, n, n % 2);
        one_life(f, &is_complete);
        memory_fail(f, 0, false);
        while (f->reports->len)
            expect_report(f, "memory");
        g_assert_cmpint(f->owned, ==, 0);
        g_assert_cmpuint(n, <, 200);
    }
    g_string_truncate(f->log, 0);
}

/* A put that cannot get in for want of memory is not stuck: it can be taken. */
static void no_memory_for_room(fixture *f)
{
    vow_queue *queue = queue_of(f, 10);
    vow_promise *takes[10], *puts[10];

    for (int i = 0; i < 10; i++) {
        g_assert_true(vow_queue_try_put(queue, vow_int(i)));
        takes[i] = vow_queue_take(queue);
    }
    for (int i = 0; i < 8; i++)
        g_assert_true(vow_queue_try_put(queue, vow_int(10 + i)));
    for (int i = 0; i < 10; i++)
        vow_unref(takes[i]);
    g_assert_cmpuint(vow_queue_length(queue), ==, 18);
    for (int i = 0; i < 10; i++)
        puts[i] = vow_queue_put(queue, vow_int(18 + i));
    for (int i = 0; i < 9; i++)
        g_assert_cmpint(run_int(vow_queue_take(queue)), ==, i);
    vow_promise *take = vow_queue_take(queue);
    g_assert_cmpint(vow_as_int(vow_peek(take)), ==, 9);
    vow_unref(take);
    for (int i = 10; i < 28; i++) {
        vow_value value;

        memory_fail(f, 1, true);
        g_assert_true(vow_queue_try_take(queue, &value));
        g_assert_cmpint(vow_as_int(&value), ==, i);
    }
    memory_fail(f, 0, false);
    for (int i = 0; i < 10; i++)
        run_nil(puts[i]);
    vow_queue_free(queue);
}

static void no_queue(fixture *f)
{
    memory_fail(f, 1, true);
    g_assert_null(vow_queue_new(f->loop, 1));
    g_assert_cmpint(errno, ==, ENOMEM);
}

/* ---- A million ----------------------------------------------------------------------------------------- */

enum { MANY = 1000000 };

static void shuffle(vow_promise **promises)
{
    GRand *random = g_rand_new_with_seed(13);

    for (int i = MANY - 1; i > 0; i--) {
        int k = g_rand_int_range(random, 0, i + 1);
        vow_promise *promise = promises[i];

        promises[i] = promises[k];
        promises[k] = promise;
    }
    g_rand_free(random);
}

static void drop_half(vow_promise **promises)
{
    for (int i = 0; i < MANY; i += 2) {
        vow_unref(promises[i]);
        promises[i] = NULL;
    }
}

static void a_million_takes(fixture *f)
{
    vow_promise **takes = g_new(vow_promise *, MANY);
    vow_queue *queue = queue_of(f, 0);

    for (int i = 0; i < MANY; i++)
        takes[i] = vow_queue_take(queue);
    shuffle(takes);
    drop_half(takes);
    for (int i = 0; i < MANY / 2; i++)
        g_assert_true(vow_queue_try_put(queue, vow_int(i)));
    g_assert_false(vow_queue_try_put(queue, vow_int(0)));
    for (int i = 1; i < MANY; i += 2)
        vow_unref(takes[i]); /* in whatever order */
    g_assert_cmpuint(vow_queue_length(queue), ==, MANY / 2);
    for (int i = 0; i < MANY / 2; i++) {
        vow_value value;

        g_assert_true(vow_queue_try_take(queue, &value));
        g_assert_cmpint(vow_as_int(&value), ==, i);
    }
    vow_queue_free(queue);
    g_free(takes);
}

static void a_million_puts(fixture *f)
{
    vow_promise **puts = g_new(vow_promise *, MANY);
    vow_queue *queue = queue_of(f, 0);
    int64_t last = -1;
    vow_value value;

    for (int i = 0; i < MANY; i++)
        puts[i] = vow_queue_put(queue, vow_int(i));
    shuffle(puts);
    drop_half(puts);
    for (int i = 0; i < MANY / 2; i++) {
        g_assert_true(vow_queue_try_take(queue, &value));
        g_assert_cmpint(vow_as_int(&value), >, last);
        last = vow_as_int(&value);
    }
    g_assert_false(vow_queue_try_take(queue, &value));
    for (int i = 1; i < MANY; i += 2)
        vow_unref(puts[i]);
    vow_queue_free(queue);
    g_free(puts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/queue-inside/a-dropped-put-frees", a_dropped_put_frees);
    test_add("/queue-inside/closing-frees", closing_frees);
    test_add("/queue-inside/closing-drops-another", closing_drops_another);
    test_add("/queue-inside/used-while-it-is-freed", used_while_it_is_freed);
    test_add("/queue-inside/a-refused-put-frees", a_refused_put_frees);
    test_add("/queue-inside/queues-in-queues", queues_in_queues);
    test_add("/queue-inside/memory/one-allocation", waiters_are_one_allocation);
    test_add("/queue-inside/memory/out-of-memory", out_of_memory);
    test_add("/queue-inside/memory/no-room", no_memory_for_room);
    test_add("/queue-inside/memory/no-queue", no_queue);
    test_add("/queue-inside/a-million/takes", a_million_takes);
    test_add("/queue-inside/a-million/puts", a_million_puts);
    return g_test_run();
}
