/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W4, libvow: one task awaits a settled promise n times. */
#include <vow.h>

#include "bench.h"

static vow_loop *loop;

struct waiter {
    vow_task task;
    vow_promise *settled;
    size_t left;
    int64_t sum;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    for (; me->left; me->left--) {
        VOW_AWAIT(me, vow_ref(me->settled));
        me->sum += vow_as_int(VOW_RESULT(me));
    }
    VOW_RETURN(me, vow_int(me->sum));
    VOW_END(me);
}

static void work(struct bench *bench)
{
    vow_promise *settled = vow_resolved(loop, vow_int(3));
    vow_value sum;

    bench_begin(bench);
    if (vow_run(vow_async(loop, waiter, .settled = settled, .left = bench->n), &sum))
        bench_fail("the task rejected");
    bench_end(bench);
    vow_unref(settled);
    bench->checksum += (uint64_t) vow_as_int(&sum);
}

int main(int argc, char **argv)
{
    loop = vow_loop_new(EV_DEFAULT);
    int status = bench_main(argc, argv, 10000000, work);
    vow_loop_free(loop);
    return status;
}
