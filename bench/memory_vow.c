/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Memory, libvow: n pending promises, all alive, then all freed. Prints ns for each (made and freed), bytes for
 * each while they are alive, and how many bytes of each the program still has when they are freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;
static double left;

static void work(struct bench *bench)
{
    size_t n = bench->n;
    vow_resolver *resolvers = bench_array(n, sizeof *resolvers);
    vow_promise **promises = bench_array(n, sizeof(vow_promise *));
    int64_t before;

    before = bench_rss();
    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        promises[i] = vow_promise_new(loop, &resolvers[i], NULL);
    bench_alive(bench);
    bench->checksum += vow_loop_live(loop);
    for (size_t i = 0; i < n; i++)
        vow_unref(promises[i]);
    bench_end(bench);
    left = (double) (bench_rss() - before) / (double) n;
    free(resolvers);
    free(promises);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 10000000, work);
    fprintf(stderr, "%.3f\n", left);
    vow_loop_free(loop);
    return status;
}
