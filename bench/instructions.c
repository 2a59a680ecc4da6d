/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Instruction counts of three core paths, for valgrind --tool=callgrind (see instructions.sh). Counting is on
 * only inside the functions count_..., each of which does its path N times.
 *
 *     cycle    new + then + resolve + run + free
 *     await    await of a settled promise
 *     gather   spawn + await + gather, in groups of ten
 */
#include <stdio.h>
#include <string.h>
#include <vow.h>

#include "bench.h"

enum { N = 10000, GROUP = 10 };

/* Not inlined, so that callgrind finds them by name. */
void count_cycle(vow_loop *loop);
void count_await(vow_loop *loop);
void count_gather(vow_loop *loop);

static vow_value same(vow_value *value, void *data)
{
    (void) data;
    return vow_int(vow_as_int(value));
}

static void run(vow_promise *promise)
{
    if (vow_run(promise, NULL))
        bench_fail("a promise rejected");
}

void count_cycle(vow_loop *loop)
{
    for (int i = 0; i < N; i++) {
        vow_resolver resolver;
        vow_promise *promise = vow_then(vow_promise_new(loop, &resolver, NULL), same, NULL);

        vow_resolve(&resolver, vow_int(i));
        run(promise);
    }
}

struct waiter {
    vow_task task;
    vow_promise *settled;
    int left;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    for (; me->left; me->left--)
        VOW_AWAIT(me, vow_ref(me->settled));
    VOW_END(me);
}

void count_await(vow_loop *loop)
{
    vow_promise *settled = vow_resolved(loop, vow_int(1));

    run(vow_async(loop, waiter, .settled = settled, .left = N));
    vow_unref(settled);
}

void count_gather(vow_loop *loop)
{
    vow_promise *settled = vow_resolved(loop, vow_int(1));
    vow_promise *tasks[GROUP];

    for (int i = 0; i < N / GROUP; i++) {
        for (int k = 0; k < GROUP; k++)
            tasks[k] = vow_async(loop, waiter, .settled = settled, .left = 1);
        run(vow_all(loop, GROUP, tasks));
    }
    vow_unref(settled);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "";
    vow_loop *loop = vow_loop_new(EV_DEFAULT);

    for (int i = 0; i < 2; i++) {
        if (strcmp(path, "cycle") == 0)
            count_cycle(loop);
        else if (strcmp(path, "await") == 0)
            count_await(loop);
        else if (strcmp(path, "gather") == 0)
            count_gather(loop);
        else
            bench_fail("usage: instructions cycle|await|gather");
    }
    printf("%d\n", 2 * N);
    vow_loop_free(loop);
    return 0;
}
