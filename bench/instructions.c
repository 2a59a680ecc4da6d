/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Instruction counts of four core paths, for valgrind --tool=callgrind (see instructions.sh). Counting is on
 * only inside the functions count_..., each of which does its path N times, in one run of the loop.
 *
 *     cycle    new + then + resolve + run + free, each begun by the handler of the one before
 *     await    a task awaits a new promise, which another task resolves: new + await + resolve + go on + free
 *     gather   spawn + await + all, in groups of ten; for each task, the values added up
 *     deadline a deadline on a pending promise, set and dropped
 */
#include <stdio.h>
#include <string.h>
#include <vow.h>

#include "bench.h"

enum { N = 10000, GROUP = 10 };

/* Not inlined, so that callgrind finds them by name. They return a checksum. */
int64_t count_cycle(vow_loop *loop);
int64_t count_await(vow_loop *loop);
int64_t count_gather(vow_loop *loop);
int64_t count_deadline(vow_loop *loop);

/* Runs a promise to its end, and returns its value, an integer. */
static int64_t run(vow_promise *promise)
{
    vow_value value;

    if (vow_run(promise, &value))
        bench_fail("a promise rejected");
    return vow_as_int(&value);
}

/* ---- cycle ---- */

struct cycle {
    vow_loop *loop;
    int64_t left, sum;
    vow_promise *current, *previous;
    vow_resolver done;
};

static vow_value begin_next(vow_value *value, void *data);

static void begin(struct cycle *me)
{
    vow_resolver resolver;

    vow_unref(me->previous);
    me->previous = me->current;
    me->current = vow_then(vow_promise_new(me->loop, &resolver, NULL), begin_next, me);
    vow_resolve(&resolver, vow_int(me->left));
}

static vow_value begin_next(vow_value *value, void *data)
{
    struct cycle *me = data;

    me->sum += vow_as_int(value);
    if (--me->left)
        begin(me);
    else
        vow_resolve(&me->done, vow_int(me->sum));
    return vow_nil();
}

int64_t count_cycle(vow_loop *loop)
{
    struct cycle me = {.loop = loop, .left = N};
    vow_promise *end = vow_promise_new(loop, &me.done, NULL);
    int64_t sum;

    begin(&me);
    sum = run(end);
    vow_unref(me.previous);
    vow_unref(me.current);
    return sum;
}

/* ---- await ---- */

/* Two of these resolve, in turn, what the other awaits. */
struct player {
    vow_task task;
    vow_resolver *mine, *other;
    int64_t left, sum;
};

VOW_ASYNC(player, me)
{
    VOW_BEGIN(me);
    for (; me->left; me->left--) {
        vow_resolve(me->other, vow_int(me->left)); /* before it awaits the first time this does nothing */
        VOW_AWAIT(me, vow_promise_new(VOW_LOOP(me), me->mine, NULL));
        me->sum += vow_as_int(VOW_RESULT(me));
    }
    vow_resolve(me->other, vow_int(0));
    VOW_RETURN(me, vow_int(me->sum));
    VOW_END(me);
}

int64_t count_await(vow_loop *loop)
{
    vow_resolver first = {0}, second = {0};
    vow_promise *a = vow_async(loop, player, .mine = &first, .other = &second, .left = N / 2);
    vow_promise *b = vow_async(loop, player, .mine = &second, .other = &first, .left = N / 2);
    int64_t sum = run(a);

    return sum + run(b);
}

/* ---- gather ---- */

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

struct gatherer {
    vow_task task;
    vow_promise *settled;
    int64_t groups, sum;
};

static vow_promise *group(const struct gatherer *me)
{
    vow_promise *tasks[GROUP];
    vow_loop *loop = VOW_LOOP(me);

    for (int i = 0; i < GROUP; i++)
        tasks[i] = vow_async(loop, child, .settled = me->settled, .number = me->groups + i);
    return vow_all(loop, GROUP, tasks);
}

VOW_ASYNC(gatherer, me)
{
    VOW_BEGIN(me);
    for (; me->groups; me->groups--) {
        VOW_AWAIT(me, group(me));
        for (size_t i = 0; i < GROUP; i++)
            me->sum += vow_as_int(vow_list_at(vow_as_list(VOW_RESULT(me)), i));
    }
    VOW_RETURN(me, vow_int(me->sum));
    VOW_END(me);
}

int64_t count_gather(vow_loop *loop)
{
    vow_promise *settled = vow_resolved(loop, vow_nil());
    int64_t sum = run(vow_async(loop, gatherer, .settled = settled, .groups = N / GROUP));

    vow_unref(settled);
    return sum;
}

/* ---- deadline ---- */

int64_t count_deadline(vow_loop *loop)
{
    vow_promise *guarded = vow_never(loop);
    int64_t sum = 0;

    for (int i = 0; i < N; i++) {
        vow_promise *promise = vow_timeout(vow_ref(guarded), 100);

        sum += vow_is_pending(promise);
        vow_unref(promise);
    }
    vow_unref(guarded);
    return sum;
}

/* ---- */

static const struct path {
    const char *name;
    int64_t (*count)(vow_loop *loop);
    int64_t sum;
} paths[] = {
    {"cycle", count_cycle, (N + INT64_C(1)) * N / 2},
    {"await", count_await, (N / 2 + INT64_C(1)) * (N / 2) - N / 2},
    {"gather", count_gather, (N / GROUP + INT64_C(1) + GROUP - 1) * N / 2},
    {"deadline", count_deadline, N},
};

int main(int argc, char **argv)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    const struct path *path = paths;

    while (argc < 2 || strcmp(path->name, argv[1]) != 0)
        if (argc < 2 || ++path == paths + sizeof paths / sizeof paths[0])
            bench_fail("usage: instructions cycle|await|gather|deadline");
    for (int i = 0; i < 2; i++)
        if (path->count(loop) != path->sum)
            bench_fail("a checksum is wrong");
    printf("%d\n", 2 * N);
    vow_loop_free(loop);
    return 0;
}
