/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The floor: what a careful programmer writes by hand on libev, and no library. Operations come from a free
 * list; one that is complete joins a ready queue, and its callback is called from there, in order, by a
 * watcher that is fed when the queue is no longer empty. So callbacks never run inside the call that
 * completes (which is what keeps hand-written programs sane too), and any number of them costs one trip
 * through libev.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <ev.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "bench.h"

/* An operation under way. Workloads with other needs have structs of their own. */
struct op {
    struct op *next;           /* in the ready queue, or in the free list */
    void (*fn)(struct op *op); /* its callback; frees it */
    void *data;                /* the callback's */
    int64_t value;             /* its result */
    struct op *waiter;         /* what is to be completed when this is */
    uint32_t state;            /* of a callback that is called more than once */
    uint32_t left;             /* how many it waits for */
};

/* Blocks of one size, of which only as many are touched as are in use at once. */
struct pool {
    void *free;
    char *next, *end; /* of the chunk that blocks are cut from */
    size_t size;      /* of a block */
};

enum { POOL_CHUNK = 1 << 20 };

static inline void *pool_grow(struct pool *pool)
{
    char *block = malloc(POOL_CHUNK);

    if (!block)
        bench_fail("out of memory");
    pool->next = block + pool->size;
    pool->end = block + POOL_CHUNK;
    return block;
}

static inline void *pool_take(struct pool *pool)
{
    void *block = pool->free;

    if (block) {
        pool->free = *(void **) block;
        return block;
    }
    if ((size_t) (pool->end - pool->next) < pool->size)
        return pool_grow(pool);
    block = pool->next;
    pool->next += pool->size;
    return block;
}

static inline void pool_give(struct pool *pool, void *block)
{
    *(void **) block = pool->free;
    pool->free = block;
}

static struct pool ops = {.size = sizeof(struct op)};
static struct op *ready, **ready_end = &ready;
static int is_draining;
static ev_prepare ready_watcher; /* never started, only fed */
static struct ev_loop *floor_ev;

/* Calls the callbacks of all complete operations. */
static inline void floor_drain(void)
{
    is_draining = 1;
    while (ready) {
        struct op *op = ready;

        ready = op->next;
        if (!ready)
            ready_end = &ready;
        op->fn(op);
    }
    is_draining = 0;
}

static inline void ready_cb(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
    (void) ev;
    (void) watcher;
    (void) revents;
    floor_drain();
}

static inline void floor_init(void)
{
    floor_ev = ev_default_loop(0);
    ev_prepare_init(&ready_watcher, ready_cb);
    ev_set_priority(&ready_watcher, EV_MAXPRI);
}

/* An operation is complete: its callback is to be called. */
static inline void floor_complete(struct op *op)
{
    op->next = NULL;
    if (!ready && !is_draining)
        ev_feed_event(floor_ev, &ready_watcher, EV_CUSTOM);
    *ready_end = op;
    ready_end = &op->next;
}

static inline struct op *floor_new(void (*fn)(struct op *op), void *data)
{
    struct op *op = pool_take(&ops);

    op->fn = fn;
    op->data = data;
    op->waiter = NULL;
    op->state = 0;
    op->left = 0;
    return op;
}

static inline void floor_free(struct op *op)
{
    pool_give(&ops, op);
}

#endif
