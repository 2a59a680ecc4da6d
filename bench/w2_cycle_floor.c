/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W2, floor: take + set the callback + complete + call + give back, n times, in one drain of the ready queue.
 */
#include "floor.h"

static size_t left;
static uint64_t sum;

static void begin_next(struct op *op);

static void begin(int64_t number)
{
    struct op *op = floor_new(begin_next, NULL);

    op->value = number;
    floor_complete(op);
}

static void begin_next(struct op *op)
{
    sum += (uint64_t) op->value;
    if (--left)
        begin((int64_t) left);
    floor_free(op);
}

static void work(struct bench *bench)
{
    bench_begin(bench);
    sum = 0;
    left = bench->n;
    begin((int64_t) left);
    ev_run(floor_ev, EVRUN_NOWAIT);
    bench_end(bench);
    bench->checksum += sum;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 5000000, work);
}
