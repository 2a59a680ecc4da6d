/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remotes in great number: several threads settle many while promises are dropped, the loop is freed, or the
 * process forks. What one thread settles arrives in order, and every value is released once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "gate.h"
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PRODUCERS = 4, REMOTES = 500, ROUNDS = 6 };

/* What one thread settles. Each value is one of `drops`; who looks at a promise checks the order. */
struct crowd_member {
    pthread_t thread;
    vow_remote *remotes[REMOTES];
    int next; /* the least number that may arrive next, on the loop's thread */
    atomic_int *dropped;
};

static void count_drop(void *pointer)
{
    (*(atomic_int *) pointer)++;
}

static const vow_type counted_type = {"counted", count_drop};

static void *settle_all(void *data)
{
    struct crowd_member *member = data;

    for (int i = 0; i < REMOTES; i++) {
        if (!vow_remote_is_wanted(member->remotes[i]) && i % 2)
            vow_remote_resolve(member->remotes[i], vow_nil());
        else if (i % 5 == 0)
            vow_remote_resolve(member->remotes[i], vow_own(member->dropped, &counted_type));
        else if (i % 7 == 0)
            vow_remote_reject(member->remotes[i], vow_error_new(EIO, "%d", i));
        else
            vow_remote_resolve(member->remotes[i], vow_int(i));
    }
    return NULL;
}

static vow_value check_order(vow_value *value, void *data)
{
    struct crowd_member *member = data;

    if (vow_is_int(value)) {
        g_assert_cmpint(vow_as_int(value), >=, member->next);
        member->next = (int) vow_as_int(value) + 1;
    }
    return vow_nil();
}

static vow_value ignore(const vow_error *error, void *data)
{
    (void) data;
    g_assert_cmpint(vow_error_code(error), ==, EIO);
    return vow_nil();
}

/* Some are dropped at once, some while the threads are at work, and in odd rounds the loop is freed before
 * they have done. */
static void one_round(struct ev_loop *ev, int round)
{
    static struct crowd_member members[PRODUCERS];
    vow_promise *held[PRODUCERS][REMOTES];
    vow_loop *loop = vow_loop_new(ev);
    atomic_int count = 0;

    for (int m = 0; m < PRODUCERS; m++) {
        members[m].next = 0;
        members[m].dropped = &count;
        for (int i = 0; i < REMOTES; i++)
            held[m][i] = vow_then_catch(vow_remote_new(loop, &members[m].remotes[i]), check_order, ignore,
                                        &members[m]);
        for (int i = 0; i < REMOTES; i += 3)
            vow_unref(held[m][i]);
        g_assert_cmpint(pthread_create(&members[m].thread, NULL, settle_all, &members[m]), ==, 0);
    }
    for (int m = 0; m < PRODUCERS; m++)
        for (int i = 0; i < REMOTES; i++)
            if (i % 3 == 1)
                vow_unref(held[m][i]);
            else if (i % 3 == 2)
                vow_detach(held[m][i]);
    if (round % 2 == 0)
        ev_run(ev, 0);
    vow_loop_free(loop);
    for (int m = 0; m < PRODUCERS; m++)
        pthread_join(members[m].thread, NULL);
    g_assert_cmpint(count, >, 0);
}

static void many_threads(fixture *f)
{
    for (int round = 0; round < ROUNDS; round++)
        one_round(f->ev, round);
}

/* Settled when the loop is gone, which the other thread knows of in no way that would order what it does
 * after what this one did: only the library's own can. */
struct late {
    vow_remote *remote;
    atomic_bool is_freed;
};

static void *settle_late(void *data)
{
    struct late *late = data;

    while (!atomic_load_explicit(&late->is_freed, memory_order_relaxed))
        sched_yield();
    vow_remote_resolve(late->remote, vow_strdup("late"));
    return NULL;
}

/* Without a fixture, whose allocator counts, and so orders the two threads. */
static void closed_before_it_was_settled(void)
{
    struct late late = {.is_freed = false};
    struct ev_loop *ev = ev_loop_new(0);
    vow_loop *loop = vow_loop_new(ev);
    vow_promise *promise = vow_remote_new(loop, &late.remote);
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, settle_late, &late), ==, 0);
    vow_unref(promise);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    atomic_store_explicit(&late.is_freed, true, memory_order_relaxed);
    pthread_join(thread, NULL);
}

/* ---- Fork ---------------------------------------------------------------------------------------------- */

#ifndef NO_FORK_WITH_THREADS

/* Settles one after the other while the process forks. */
struct busy {
    pthread_t thread;
    vow_remote *remotes[REMOTES];
};

static void *be_busy(void *data)
{
    struct busy *busy = data;

    for (int i = 0; i < REMOTES; i++)
        vow_remote_resolve(busy->remotes[i], vow_strdup("text"));
    return NULL;
}

/* The child can free the loop whatever the thread was doing, and the parent misses nothing. */
static void forked(fixture *f)
{
    struct busy busy;

    for (int i = 0; i < REMOTES; i++)
        vow_detach(vow_remote_new(f->loop, &busy.remotes[i]));
    g_assert_cmpint(pthread_create(&busy.thread, NULL, be_busy, &busy), ==, 0);
    for (int i = 0; i < 10; i++) {
        int status;
        pid_t child = fork();

        if (!child) {
            vow_loop_fork(f->loop);
            turn(f);
            vow_loop_free(f->loop);
            _exit(0);
        }
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_cmpint(status, ==, 0);
        turn(f);
    }
    pthread_join(busy.thread, NULL);
    g_assert_false(ev_run(f->ev, 0));
}

#else

static void forked(fixture *f)
{
    (void) f;
    g_test_skip("ThreadSanitizer does not follow threads into a forked child");
}

#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/remote-many/threads", many_threads);
    test_add("/remote-many/fork", forked);
    g_test_add_func("/remote-many/closed", closed_before_it_was_settled);
    return g_test_run();
}
