/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of tasks that hand values to one another.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

/* ---- Queues -------------------------------------------------------------------------------------------- */

struct giver {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_queue *queue;
    int given;
};

VOW_ASYNC(giver, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    for (me->given = 0; me->given < 3; me->given++)
        AWAIT(me, vow_queue_put(me->queue, owned(me->w->f, NULL)));
    VOW_FINALLY(me);
    vow_queue_close(me->queue);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

/* There may have been no memory for it, and nothing else. */
static void let_go(vow_promise *promise)
{
    if (vow_is_rejected(promise))
        vow_forget(promise);
    else
        vow_unref(promise);
}

struct taker {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_queue *queue;
    int taken;
};

VOW_ASYNC(taker, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    for (;;) {
        let_go(vow_queue_take(me->queue)); /* what it may have is not lost */
        AWAIT(me, vow_queue_take(me->queue));
        if (vow_is_nil(VOW_RESULT(me)))
            VOW_RETURN(me, vow_int(me->taken));
        me->taken++;
    }
    VOW_FINALLY(me);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

static void end_queue(void *queue)
{
    vow_queue_free(queue);
}

static vow_promise *make_queue_of(struct world *w, size_t capacity)
{
    vow_queue *queue = vow_queue_new(w->loop, capacity);

    if (!queue)
        return vow_rejected(w->loop, vow_error_new(errno, "no queue"));
    vow_promise *takes = vow_async(w->loop, taker, .w = w, .queue = queue);
    vow_promise *gives = vow_async(w->loop, giver, .w = w, .queue = queue);
    return vow_attach(vow_all_of(w->loop, takes, gives), queue, end_queue);
}

static vow_promise *make_queue(struct world *w)
{
    return make_queue_of(w, 1);
}

static vow_promise *make_rendezvous(struct world *w)
{
    return make_queue_of(w, 0);
}

/* Freed with values in it, and with one that waits for room. */
static vow_promise *make_full(struct world *w)
{
    vow_queue *queue = vow_queue_new(w->loop, 2);

    if (!queue)
        return vow_rejected(w->loop, vow_error_new(errno, "no queue"));
    vow_promise *gives = vow_async(w->loop, giver, .w = w, .queue = queue);
    return vow_attach(vow_race_of(w->loop, ended(w, gives), make_resolve(w)), queue, end_queue);
}

const struct scenario exchange_scenarios[] = {
    {"queue", make_queue, "[3,nil]", NULL, 0, 0},
    {"rendezvous", make_rendezvous, "[3,nil]", NULL, 0, 0},
    {"full", make_full, "thing", NULL, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
