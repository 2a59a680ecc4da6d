/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W2, floor, the other reading: the ready queue is drained by a call of its own for each operation. */
#include "floor.h"

static uint64_t sum;

static void add(struct op *op)
{
    sum += (uint64_t) op->value;
    floor_free(op);
}

static void work(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t i = bench->n; i > 0; i--) {
        struct op *op = floor_new(add, NULL);

        op->value = (int64_t) i;
        floor_complete(op);
        floor_drain();
    }
    bench_end(bench);
    bench->checksum += sum;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 5000000, work);
}
