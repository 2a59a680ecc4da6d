/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops that are made on one thread and freed on another. In a debug build this is misuse and noticed.
 * Without those checks it does no harm, neither to other loops nor to the messages that say where a promise
 * was made.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "misuse.h"

#include <pthread.h>

enum { THREADS = 4, LOOPS = 3, ROUNDS = 50 };

/* Each thread makes loops and frees those of the one beside it. */
struct ring {
    pthread_barrier_t barrier;
    struct seat {
        struct ring *ring;
        struct ev_loop *ev[LOOPS];
        vow_loop *loop[LOOPS];
    } seats[THREADS];
};

static void make(struct seat *seat)
{
    for (int i = 0; i < LOOPS; i++) {
        seat->ev[i] = ev_loop_new(0);
        g_assert_nonnull(seat->ev[i]);
        seat->loop[i] = vow_loop_new(seat->ev[i]);
        g_assert_nonnull(seat->loop[i]);
    }
}

static void use_and_free(struct seat *seat)
{
    for (int i = 0; i < LOOPS; i++) {
        g_assert_null(vow_run(vow_idle(seat->loop[i]), NULL));
        vow_loop_free(seat->loop[i]);
        ev_loop_destroy(seat->ev[i]);
    }
}

static void *sit(void *data)
{
    struct seat *seat = data;
    struct ring *ring = seat->ring;
    struct seat *beside = &ring->seats[(seat - ring->seats + 1) % THREADS];

    for (int round = 0; round < ROUNDS; round++) {
        make(seat);
        pthread_barrier_wait(&ring->barrier);
        use_and_free(beside);
        pthread_barrier_wait(&ring->barrier);
    }
    return NULL;
}

static void handed_round(fixture *f)
{
    struct ring ring;
    pthread_t threads[THREADS];

    (void) f;
    pthread_barrier_init(&ring.barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        ring.seats[i].ring = &ring;
    for (int i = 0; i < THREADS; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, sit, &ring.seats[i]), ==, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&ring.barrier);
}

static void *use_on_thread(void *seat)
{
    use_and_free(seat);
    return NULL;
}

/* The loops that went were made after the fixture's, and before the one that is asked about last. */
static void misuse_after_others(fixture *f)
{
    struct seat seat = {.ring = NULL};
    pthread_t thread;

    make(&seat);
    pthread_create(&thread, NULL, use_on_thread, &seat);
    pthread_join(thread, NULL);
    make(&seat);
    vow_loop_free(seat.loop[1]);
    vow_as_str(vow_peek(number(f)));
}

static void message_after_others(fixture *f)
{
    expect_abort(f, misuse_after_others, "vow_as_str", "int, where str", true);
}

#ifdef VOW_DEBUG
static void checked(fixture *f)
{
    (void) f;
    g_test_skip("the library checks threads when it is built with --enable-debug");
}
#define UNCHECKED(test) ((void) (test), checked)
#else
#define UNCHECKED(test) (test)
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/loop-threads/handed-round", UNCHECKED(handed_round));
    test_add("/loop-threads/message", UNCHECKED(message_after_others));
    return g_test_run();
}
