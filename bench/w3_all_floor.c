/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W3, floor: n operations under way, each with a place in one group; the last one complete ends the group. */
#include "floor.h"

struct group {
    size_t left;
    size_t n;
    uint64_t sum;
    struct place {
        struct group *group;
        int64_t value;
    } * places;
};

static void finish(struct group *group)
{
    group->sum = 0;
    for (size_t i = 0; i < group->n; i++)
        group->sum += (uint64_t) group->places[i].value;
}

static void placed(struct op *op)
{
    struct place *place = op->data;
    struct group *group = place->group;

    place->value = op->value;
    floor_free(op);
    if (--group->left == 0)
        finish(group);
}

static void work(struct bench *bench)
{
    size_t n = bench->n;
    struct op **handles = bench_array(n, sizeof(struct op *));
    struct group group = {.left = n, .n = n};

    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        handles[i] = floor_new(placed, NULL);
    group.places = malloc(n * sizeof *group.places);
    if (!group.places)
        bench_fail("out of memory");
    for (size_t i = 0; i < n; i++) {
        group.places[i].group = &group;
        handles[i]->data = &group.places[i];
    }
    for (size_t i = 0; i < n; i++) {
        handles[i]->value = (int64_t) i;
        floor_complete(handles[i]);
    }
    bench_alive(bench);
    ev_run(floor_ev, EVRUN_NOWAIT);
    bench->checksum += group.sum;
    free(group.places);
    bench_end(bench);
    free(handles);
}

int main(int argc, char **argv)
{
    floor_init();
    return bench_main(argc, argv, 1000000, work);
}
