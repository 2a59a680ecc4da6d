/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W7, libvow: skynet. A node has ten nodes under it, down to n leaves; each leaf gives its number, each node
 * the sum of what is under it. All leaves are alive at once.
 */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

static vow_value sum_up(vow_value *value, void *data)
{
    const vow_list *list = vow_as_list(value);
    int64_t sum = 0;

    (void) data;
    for (size_t i = 0; i < vow_list_length(list); i++)
        sum += vow_as_int(vow_list_at(list, i));
    return vow_int(sum);
}

static vow_promise *skynet(int64_t first, size_t leaves)
{
    vow_promise *children[10];

    if (leaves == 1)
        return vow_resolved(loop, vow_int(first));
    for (size_t i = 0; i < 10; i++)
        children[i] = skynet(first + (int64_t) (i * leaves / 10), leaves / 10);
    return vow_then(vow_all(loop, 10, children), sum_up, NULL);
}

static void work(struct bench *bench)
{
    vow_value sum;

    bench_begin(bench);
    vow_promise *root = skynet(0, bench->n);
    bench_alive(bench);
    if (vow_run(root, &sum))
        bench_fail("the root rejected");
    bench_end(bench);
    bench->checksum += (uint64_t) vow_as_int(&sum);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work); /* n is a power of ten */
    vow_loop_free(loop);
    return status;
}
