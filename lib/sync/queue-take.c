/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind queue_take. It waits in line until it is given a value or the end, which is nil. If nobody looks
 * at the value, that goes back to its place, an error that was put in as well, and a promise to follow.
 */
#include "sync/queue-private.h"

/* The stages of a take. In the second it has what goes back. */
enum { WAITS, HAS_VALUE };

static vow_queue *queue_of(vow__line *line)
{
    return VOW__CONTAINER_OF(line, vow_queue, takes);
}

/* The value that a take is about to be given may come back. There is room for that. */
static void goes_out(vow_queue *queue, vow__waiter *take, uint64_t place)
{
    take->place = place;
    take->promise.stage = HAS_VALUE;
    queue->returned.out++;
}

static bool take_value(vow__line *line, vow__waiter *take, vow_value *value)
{
    vow_queue *queue = queue_of(line);
    uint64_t place;

    if (vow__queue_is_empty(queue)) {
        *value = vow_nil();
        return queue->is_closed;
    }
    if (!vow__placed_make_room(&queue->returned)) {
        *value = vow_throw(&vow__error_no_memory);
        return true;
    }
    *value = vow__queue_next(queue, &place);
    goes_out(queue, take, place);
    vow__queue_let_in(queue);
    return true;
}

static void return_value(vow__line *line, vow__waiter *take, vow_value value)
{
    take->promise.stage = WAITS;
    vow__placed_add(&queue_of(line)->returned, value, take->place);
}

static const vow__line_kind takes_kind = {.take = take_value, .put_back = return_value};

void vow__queue_init_takes(vow_queue *queue)
{
    vow__line_init(&queue->takes, &takes_kind, &queue->promise);
}

bool vow__queue_hand_over(vow_queue *queue, vow_value value)
{
    vow__waiter *take;

    if (!vow__placed_make_room(&queue->returned))
        return false;
    take = vow__line_take_first(&queue->takes);
    goes_out(queue, take, queue->taken++);
    vow__line_give(&queue->takes, take, value);
    return true;
}

/* ---- The promise --------------------------------------------------------------------------------------- */

static bool take_put_back(vow_promise *promise, vow_value value)
{
    if (promise->stage != HAS_VALUE)
        return false;
    if (vow__is_rejected(promise))
        value.type = &vow__type_throw;
    return vow__taker_put_back(promise, value);
}

/* What a promise, which is pending, was given to follow, and does not yet know more about; else nil. It loses
 * that. */
static vow_value take_target(vow_promise *promise)
{
    vow_promise *target = (vow_promise *) promise->wait.upstream;
    enum vow__mode mode = promise->mode;

    if (mode != VOW__WAIT_FOLLOW && mode != VOW__WAIT_ADOPT && mode != VOW__WAIT_FOREIGN)
        return vow_nil();
    vow__list_unlink(&promise->wait.link);
    promise->mode = VOW__WAIT_NONE;
    promise->wait.upstream = 0;
    return vow_own(target, mode == VOW__WAIT_FOREIGN ? &vow__type_foreign : &vow__type_follow);
}

static void forget_value(vow__waiter *take)
{
    if (take->promise.stage != HAS_VALUE || !take->line)
        return;
    take->promise.stage = WAITS;
    vow__placed_forget(&queue_of(take->line)->returned);
}

static void take_halt(vow_promise *promise)
{
    vow__waiter *take = (vow__waiter *) promise;
    vow_value target;

    if (promise->stage == WAITS) {
        vow__waiter_halt(promise);
        return;
    }
    target = take->line ? take_target(promise) : vow_nil();
    if (target.type)
        (void) vow__taker_put_back(promise, target);
    else
        forget_value(take);
}

static void take_dispose(vow_promise *promise)
{
    forget_value((vow__waiter *) promise);
    vow__taker_dispose(promise);
}

vow_promise *vow__queue_wait_take(vow_queue *queue, const char *site)
{
    static const vow__kind kind = {.name = "queue_take",
                                   .halt = take_halt,
                                   .put_back = take_put_back,
                                   .puts_errors_back = true,
                                   .dispose = take_dispose,
                                   .input = vow__waiter_input};

    return vow__line_wait(&queue->takes, &kind, site);
}
