/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W6, libvow: n sleeps of different lengths at once, and one all over them. They end within n microseconds
 * (but not before 50 ms), so that a large n has something to do at all times.
 */
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

static void work(struct bench *bench)
{
    size_t n = bench->n;
    vow_promise **sleeps = bench_array(n, sizeof(vow_promise *));
    uint64_t seed = 1;
    vow_value values;

    ev_now_update(vow_loop_ev(loop));
    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        sleeps[i] = vow_sleep(loop, (double) n * 1e-6 * bench_random(&seed) / 0x80000000u);
    vow_promise *all = vow_all(loop, n, sleeps);
    bench_alive(bench);
    if (vow_run(all, &values))
        bench_fail("all rejected");
    bench->checksum += vow_list_length(vow_as_list(&values));
    vow_value_drop(values);
    bench_end(bench);
    free(sleeps);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work);
    vow_loop_free(loop);
    return status;
}
