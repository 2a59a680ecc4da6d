/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W5, floor: n small state machines, each of which waits once for its turn in the ready queue. */
#include "floor.h"

struct group {
    size_t left;
    size_t n;
    uint64_t sum;
    int64_t *values; /* what each of them returns, in order */
};

static void finish(struct group *group)
{
    group->sum = 0;
    for (size_t i = 0; i < group->n; i++)
        group->sum += (uint64_t) group->values[i];
}

static void step(struct op *op)
{
    struct group *group = op->data;

    if (op->state++ == 0) {
        floor_complete(op); /* waits for its turn */
        return;
    }
    group->values[op->value] = op->value;
    floor_free(op);
    if (--group->left == 0)
        finish(group);
}

static void work(struct bench *bench)
{
    size_t n = bench->n;
    struct group group = {.left = n, .n = n};

    bench_begin(bench);
    group.values = malloc(n * sizeof *group.values);
    if (!group.values)
        bench_fail("out of memory");
    for (size_t i = 0; i < n; i++) {
        struct op *op = floor_new(step, &group);

        op->value = (int64_t) i;
        step(op);
    }
    bench_alive(bench);
    ev_run(floor_ev, EVRUN_NOWAIT);
    bench->checksum += group.sum;
    free(group.values);
    bench_end(bench);
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work);
}
