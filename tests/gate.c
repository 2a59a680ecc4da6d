/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See gate.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "gate.h"

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
