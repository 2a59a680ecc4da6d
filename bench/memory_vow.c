/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Memory, libvow: n pending promises, all alive, then all freed: in the order in which they were made; again,
 * in a random order; and again, first every second one, whose room as many new ones use, then all. Prints ns
 * for each (made and freed in order), bytes for each while they are alive, and on the standard error what the
 * program then has more than before, in bytes for each of the n: after the first, after the second, with half
 * of them freed, with that room used again, and at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;
static vow_resolver *resolvers;
static vow_promise **promises;
static int64_t before;

static void make(size_t first, size_t n, size_t step)
{
    for (size_t i = first; i < n; i += step)
        promises[i] = vow_promise_new(loop, &resolvers[i], NULL);
}

static void let_go(size_t first, size_t n, size_t step)
{
    for (size_t i = first; i < n; i += step)
        vow_unref(promises[i]);
}

static void print_left(size_t n)
{
    fprintf(stderr, "%.3f ", (double) (bench_rss() - before) / (double) n);
}

static void shuffle(size_t n)
{
    uint64_t seed = 1;

    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t) ((uint64_t) bench_random(&seed) * i >> 31);
        vow_promise *promise = promises[k];

        promises[k] = promises[i - 1];
        promises[i - 1] = promise;
    }
}

static void in_order(struct bench *bench)
{
    bench_begin(bench);
    make(0, bench->n, 1);
    bench_alive(bench);
    bench->checksum += vow_loop_live(loop);
    let_go(0, bench->n, 1);
    bench_end(bench);
    print_left(bench->n);
}

static void at_random(size_t n)
{
    make(0, n, 1);
    shuffle(n);
    let_go(0, n, 1);
    print_left(n);
}

static void by_halves(size_t n)
{
    make(0, n, 1);
    let_go(0, n, 2);
    print_left(n);
    make(0, n, 2);
    print_left(n);
    let_go(0, n, 1);
    print_left(n);
}

static void work(struct bench *bench)
{
    resolvers = bench_array(bench->n, sizeof *resolvers);
    promises = bench_array(bench->n, sizeof(vow_promise *));
    before = bench_rss();
    in_order(bench);
    at_random(bench->n);
    by_halves(bench->n);
    free(resolvers);
    free(promises);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 10000000, work);
    vow_loop_free(loop);
    return status;
}
