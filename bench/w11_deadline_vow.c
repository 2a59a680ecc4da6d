/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W11, libvow: of OTHERS deadlines and one, all of a promise that stays pending, any one is dropped, and
 * another one set, n times; none comes.
 */
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

static double seconds(uint64_t *seed)
{
    return 100 + 60. * bench_random(seed) / 0x80000000u;
}

static void work(struct bench *bench)
{
    vow_promise **pending = bench_array(OTHERS + 1, sizeof(vow_promise *));
    vow_resolver resolver;
    vow_promise *guarded = vow_promise_new(loop, &resolver, NULL);
    uint64_t seed = 1;

    for (size_t i = 0; i <= OTHERS; i++)
        pending[i] = vow_timeout(vow_ref(guarded), seconds(&seed));
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++) {
        size_t which = bench_random(&seed) % (OTHERS + 1);

        vow_unref(pending[which]);
        pending[which] = vow_timeout(vow_ref(guarded), seconds(&seed));
    }
    bench_end(bench);
    for (size_t i = 0; i <= OTHERS; i++)
        vow_unref(pending[i]);
    vow_unref(guarded);
    free(pending);
    bench->checksum += bench->n;
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work);
    vow_loop_free(loop);
    return status;
}
