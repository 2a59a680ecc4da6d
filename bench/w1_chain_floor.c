/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W1, floor: a chain of n operations, each of which completes the next one with its result. */
#include "floor.h"

static int64_t last;

static void add_one(struct op *op)
{
    struct op *waiter = op->waiter;
    int64_t value = op->value + 1;

    floor_free(op);
    if (waiter) {
        waiter->value = value;
        floor_complete(waiter);
    } else {
        last = value;
    }
}

static void work(struct bench *bench)
{
    bench_begin(bench);
    struct op *first = floor_new(add_one, NULL), *op = first;
    for (size_t i = 1; i < bench->n; i++) {
        op->waiter = floor_new(add_one, NULL);
        op = op->waiter;
    }
    bench_alive(bench);
    first->value = 0;
    floor_complete(first);
    ev_run(floor_ev, EVRUN_NOWAIT);
    bench_end(bench);
    bench->checksum += (uint64_t) last;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work);
}
