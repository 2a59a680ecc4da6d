/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W5, libvow: n tasks are started, each awaits once (a settled promise), and one all gathers what they
 * return. */
#include <stdlib.h>
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

struct child {
    vow_task task;
    vow_promise *settled;
    int64_t number;
};

VOW_ASYNC(child, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_ref(me->settled));
    VOW_RETURN(me, vow_int(me->number));
    VOW_END(me);
}

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
    vow_promise **tasks = bench_array(n, sizeof(vow_promise *));
    vow_promise *settled = vow_resolved(loop, vow_nil());
    vow_value values;

    bench_begin(bench);
    for (size_t i = 0; i < n; i++)
        tasks[i] = vow_async(loop, child, .settled = settled, .number = (int64_t) i);
    vow_promise *all = vow_all(loop, n, tasks);
    bench_alive(bench);
    if (vow_run(all, &values))
        bench_fail("all rejected");
    bench->checksum += sum_up(vow_as_list(&values));
    vow_value_drop(values);
    bench_end(bench);
    vow_unref(settled);
    free(tasks);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 1000000, work);
    vow_loop_free(loop);
    return status;
}
