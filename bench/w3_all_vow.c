/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W3, libvow: n pending promises, one all over them; then each is resolved, and the list is added up. */
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

static uint64_t sum_up(const vow_list *list)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < vow_list_length(list); i++)
        sum += (uint64_t) vow_as_int(vow_list_at(list, i));
    return sum;
}

static void work(struct bench *bench)
{
    size_t n = bench->n;
    vow_resolver *resolvers = bench_array(n, sizeof *resolvers);
    vow_promise **promises = bench_array(n, sizeof(vow_promise *));
    vow_value values;

    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        promises[i] = vow_promise_new(loop, &resolvers[i], NULL);
    vow_promise *all = vow_all(loop, n, promises);
    for (size_t i = 0; i < n; i++)
        vow_resolve(&resolvers[i], vow_int((int64_t) i));
    bench_alive(bench);
    if (vow_run(all, &values))
        bench_fail("all rejected");
    bench->checksum += sum_up(vow_as_list(&values));
    vow_value_drop(values);
    bench_end(bench);
    free(resolvers);
    free(promises);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work);
    vow_loop_free(loop);
    return status;
}
