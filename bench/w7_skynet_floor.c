/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W7, floor: skynet with one operation for each node and leaf, which adds itself to the one above. */
#include "floor.h"

static int64_t total;

static void done(struct op *op)
{
    struct op *parent = op->waiter;

    if (parent) {
        parent->value += op->value;
        if (--parent->left == 0)
            floor_complete(parent);
    } else {
        total = op->value;
    }
    floor_free(op);
}

static void skynet(struct op *parent, int64_t first, size_t leaves)
{
    struct op *op = floor_new(done, NULL);

    op->waiter = parent;
    if (leaves == 1) {
        op->value = first;
        floor_complete(op);
        return;
    }
    op->value = 0;
    op->left = 10;
    for (size_t i = 0; i < 10; i++)
        skynet(op, first + (int64_t) (i * leaves / 10), leaves / 10);
}

static void work(struct bench *bench)
{
    bench_begin(bench);
    skynet(NULL, 0, bench->n);
    bench_alive(bench);
    ev_run(floor_ev, EVRUN_NOWAIT);
    bench_end(bench);
    bench->checksum += (uint64_t) total;
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work); /* n is a power of ten */
}
