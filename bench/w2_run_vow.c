/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W2, libvow, the other reading: new + then + resolve, and a vow_run() for each, from outside any handler. */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;
static uint64_t sum;

static vow_value add(vow_value *value, void *data)
{
    (void) data;
    sum += (uint64_t) vow_as_int(value);
    return vow_nil();
}

static void work(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t i = bench->n; i > 0; i--) {
        vow_resolver resolver;
        vow_promise *promise = vow_then(vow_promise_new(loop, &resolver, NULL), add, NULL);

        vow_resolve(&resolver, vow_int((int64_t) i));
        if (vow_run(promise, NULL))
            bench_fail("the promise rejected");
    }
    bench_end(bench);
    bench->checksum += sum;
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 5000000, work);
    vow_loop_free(loop);
    return status;
}
