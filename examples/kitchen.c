/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A kitchen with two stoves. Dishes that need a stove wait for it, in the order in which they were ordered:
 * the roast, which needs both, is not passed by the salad. One guest does not want to wait and leaves. Run
 * it: examples/kitchen
 *
 * Shows: a semaphore whose permits come back by themselves, however a task ends; an event that all wait for;
 * a latch that says when everything is done.
 */
#include <stdio.h>
#include <vow.h>

struct kitchen {
    vow_event *open;
    vow_semaphore *stoves;
    vow_latch *served;
};

struct dish {
    vow_task task;
    struct kitchen *kitchen;
    const char *name;
    size_t stoves; /* how many it needs at the same time */
    vow_value stove;
};

VOW_ASYNC(dish, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_event_wait(me->kitchen->open));
    VOW_AWAIT(me, vow_semaphore_acquire_many(me->kitchen->stoves, me->stoves));
    me->stove = vow_take(VOW_RESULT(me));
    printf("%s: on %zu of the stoves\n", me->name, me->stoves);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.02));
    printf("%s: ready\n", me->name);
    VOW_FINALLY(me); /* also if it is cancelled, wherever it is */
    vow_value_drop(vow_take(&me->stove));
    vow_latch_count_down(me->kitchen->served, 1);
    VOW_END(me);
}

static vow_promise *order(vow_loop *loop, struct kitchen *kitchen, const char *name, size_t stoves)
{
    return vow_async(loop, dish, .kitchen = kitchen, .name = name, .stoves = stoves);
}

static vow_promise *serve(vow_loop *loop, struct kitchen *kitchen)
{
    vow_promise *cake;

    vow_detach(order(loop, kitchen, "soup", 1));
    vow_detach(order(loop, kitchen, "roast", 2));
    cake = order(loop, kitchen, "cake", 1);
    vow_detach(order(loop, kitchen, "salad", 1));
    vow_detach(order(loop, kitchen, "tea", 1));
    printf("the kitchen opens\n");
    vow_event_set(kitchen->open);
    vow_unref(cake); /* nobody wants it any more */
    return vow_latch_wait(kitchen->served);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    struct kitchen kitchen = {vow_event_new(loop), vow_semaphore_new(loop, 2), vow_latch_new(loop, 5)};
    int status = 1;
    if (kitchen.open && kitchen.stoves && kitchen.served) {
        vow_error *error = vow_run(serve(loop, &kitchen), NULL);
        printf("%s\n", error ? vow_error_message(error) : "the kitchen closes");
        status = error != NULL;
        vow_error_unref(error);
    } else {
        perror("kitchen");
    }
    vow_event_free(kitchen.open);
    vow_semaphore_free(kitchen.stoves);
    vow_latch_free(kitchen.served);
    vow_loop_free(loop);
    return status;
}
