/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See gate.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "gate.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->entered++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void gate_await(struct gate *gate, int n)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->entered < n)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

int gate_entered(struct gate *gate)
{
    int entered;

    pthread_mutex_lock(&gate->lock);
    entered = gate->entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

static void *do_nothing(void *gate)
{
    if (gate)
        gate_pass(gate);
    return NULL;
}

/* In the child, whatever is printed on the way. */
static void start_thread(void)
{
    pthread_t thread;
    int null = open("/dev/null", O_WRONLY);

    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    if (pthread_create(&thread, NULL, do_nothing, NULL) || pthread_join(thread, NULL))
        _exit(1);
    _exit(0);
}

bool threads_after_fork(void)
{
    struct gate gate = GATE_CLOSED;
    pthread_t thread;
    int status = 1;
    pid_t child = -1;

    if (pthread_create(&thread, NULL, do_nothing, &gate))
        return false;
    gate_await(&gate, 1);
    child = fork();
    if (child == 0)
        start_thread();
    if (child > 0)
        waitpid(child, &status, 0);
    gate_open(&gate);
    pthread_join(thread, NULL);
    return status == 0;
}
