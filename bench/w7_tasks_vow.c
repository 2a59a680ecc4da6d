/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W7, libvow, the other reading: every node and every leaf is a task. See w7_skynet_vow.c. */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

struct node {
    vow_task task;
    int64_t first;
    size_t leaves;
};

VOW_DECLARE(node);

static vow_promise *all_children(const struct node *me)
{
    vow_promise *children[10];

    for (size_t i = 0; i < 10; i++)
        children[i] = vow_async(loop, node, .first = me->first + (int64_t) (i * me->leaves / 10),
                                .leaves = me->leaves / 10);
    return vow_all(loop, 10, children);
}

static int64_t sum_up(const vow_list *list)
{
    int64_t sum = 0;

    for (size_t i = 0; i < vow_list_length(list); i++)
        sum += vow_as_int(vow_list_at(list, i));
    return sum;
}

VOW_ASYNC(node, me)
{
    VOW_BEGIN(me);
    if (me->leaves == 1)
        VOW_RETURN(me, vow_int(me->first));
    VOW_AWAIT(me, all_children(me));
    VOW_RETURN(me, vow_int(sum_up(vow_as_list(VOW_RESULT(me)))));
    VOW_END(me);
}

static void work(struct bench *bench)
{
    vow_value sum;

    bench_begin(bench);
    vow_promise *root = vow_async(loop, node, .first = 0, .leaves = bench->n);
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
