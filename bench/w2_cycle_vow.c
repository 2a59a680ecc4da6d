/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W2, libvow: new + then + resolve + run + free, n times, one after the other: each handler begins the next
 * round and frees the one before, so that all of it happens in one drain of the job queue. w2_run_vow.c calls
 * vow_run() for each instead.
 */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;
static size_t left;
static uint64_t sum;
static vow_promise *current, *previous;
static vow_resolver done;

static vow_value begin_next(vow_value *value, void *data);

static void begin(int64_t number)
{
    vow_resolver resolver;

    vow_unref(previous);
    previous = current;
    current = vow_then(vow_promise_new(loop, &resolver, NULL), begin_next, NULL);
    vow_resolve(&resolver, vow_int(number));
}

static vow_value begin_next(vow_value *value, void *data)
{
    (void) data;
    sum += (uint64_t) vow_as_int(value);
    if (--left)
        begin((int64_t) left);
    else
        vow_resolve(&done, vow_nil());
    return vow_nil();
}

static void work(struct bench *bench)
{
    bench_begin(bench);
    vow_promise *end = vow_promise_new(loop, &done, NULL);
    sum = 0;
    left = bench->n;
    begin((int64_t) left);
    if (vow_run(end, NULL))
        bench_fail("the end rejected");
    bench_end(bench);
    vow_unref(previous);
    vow_unref(current);
    previous = current = NULL;
    bench->checksum += sum;
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 5000000, work);
    vow_loop_free(loop);
    return status;
}
