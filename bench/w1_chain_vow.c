/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W1, libvow: a chain of n thens is built, its first promise is resolved, and every handler adds one. */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

static vow_value add_one(vow_value *value, void *data)
{
    (void) data;
    return vow_int(vow_as_int(value) + 1);
}

static void work(struct bench *bench)
{
    vow_resolver first;
    vow_value last;

    bench_begin(bench);
    vow_promise *chain = vow_promise_new(loop, &first, NULL);
    for (size_t i = 0; i < bench->n; i++)
        chain = vow_then(chain, add_one, NULL);
    bench_alive(bench);
    vow_resolve(&first, vow_int(0));
    if (vow_run(chain, &last))
        bench_fail("the chain rejected");
    bench_end(bench);
    bench->checksum += (uint64_t) vow_as_int(&last);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work);
    vow_loop_free(loop);
    return status;
}
