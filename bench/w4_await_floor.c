/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W4, floor: a callback is called n times, each time because it fed its own watcher. */
#include <ev.h>

#include "bench.h"

struct waiter {
    ev_prepare watcher; /* never started, only fed */
    size_t left;
    int64_t sum;
    int64_t value;
};

static void fed(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
    struct waiter *me = watcher->data;

    (void) revents;
    me->sum += me->value;
    if (--me->left)
        ev_feed_event(ev, watcher, EV_CUSTOM);
}

static void work(struct bench *bench)
{
    struct ev_loop *ev = ev_default_loop(0);
    struct waiter waiter = {.left = bench->n, .value = 3};

    ev_prepare_init(&waiter.watcher, fed);
    waiter.watcher.data = &waiter;
    bench_begin(bench);
    ev_feed_event(ev, &waiter.watcher, EV_CUSTOM);
    ev_run(ev, EVRUN_NOWAIT);
    bench_end(bench);
    bench->checksum += (uint64_t) waiter.sum;
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, 10000000, work);
}
