/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a test holds threads where it wants them, without sleeping and without luck: each thread that comes to
 * the gate is counted, and waits until the gate is open. It is made of pthreads alone, so that
 * ThreadSanitizer sees who waits for whom.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_GATE_H
#define VOW_TEST_GATE_H

#include <pthread.h>
#include <stdbool.h>

/* ThreadSanitizer follows no thread of the parent into a forked child, and wants none to be started there. */
#if defined __SANITIZE_THREAD__
#define NO_FORK_WITH_THREADS 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define NO_FORK_WITH_THREADS 1
#endif
#endif

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int entered;
    bool is_open;
};

#define GATE_CLOSED                                                   \
    {                                                                 \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false \
    }

#define GATE_OPEN                                                    \
    {                                                                \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, true \
    }

/* Counts the thread and waits until the gate is open. */
void gate_pass(struct gate *gate);
/* Waits until n threads in all have come to the gate. */
void gate_await(struct gate *gate, int n);
void gate_open(struct gate *gate);
/* How many have come. */
int gate_entered(struct gate *gate);

/* Whether a child that a process with threads forks can start threads of its own, which POSIX does not
 * promise: under QEMU 7.2 it dies. */
bool threads_after_fork(void);

#endif
