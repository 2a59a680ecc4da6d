/* SPDX-License-Identifier: BSD-2-Clause */
/* The public functions of a queue, and its life. See queue-private.h for what holds between calls. */
#include <errno.h>

#include "sync/queue-private.h"

#include "base/misuse-private.h"

/* ---- Its life ------------------------------------------------------------------------------------------ */

/* Nothing gets in any more, and nothing comes back. */
static void queue_halt(vow_promise *promise)
{
    vow_queue *queue = (vow_queue *) promise;

    queue->is_closed = true;
    queue->returned.out = 0;
    vow__line_stop(&queue->takes);
    vow__line_stop(&queue->puts);
}

/* May run drop functions. */
static void queue_stop(vow_promise *promise)
{
    vow_queue *queue = (vow_queue *) promise;
    uint64_t place;

    while (vow__queue_length(queue))
        vow__queue_drop(vow__loop_of(promise), vow__queue_next(queue, &place));
    vow__placed_clear(&queue->returned);
    vow__ring_clear(&queue->ring);
}

static const vow__kind queue_kind = {.name = "queue", .halt = queue_halt, .stop = queue_stop};

vow_queue *vow_queue_new_at(vow_loop *loop, size_t capacity, const char *site)
{
    vow_queue *queue;

    vow__check_loop(loop, "vow_queue_new", site);
    queue = vow__object_new(loop, sizeof *queue, &queue_kind, site);
    if (!queue)
        return NULL;
    queue->capacity = capacity;
    queue->is_closed = false;
    queue->taken = 0;
    queue->returned = (vow__placed){NULL, 0, 0, 0};
    queue->ring = (vow__ring){NULL, 0, 0, 0};
    vow__queue_init_puts(queue);
    vow__queue_init_takes(queue);
    return queue;
}

void vow_queue_close_at(vow_queue *queue, const char *site)
{
    vow__link ended;

    vow__check_handle(queue, "queue", "vow_queue_close", site);
    queue->is_closed = true;
    vow__line_offer(&queue->takes);
    vow__queue_end_puts(queue, &ended, true);
    vow__queue_release_puts(&ended);
}

/* Values go in their order: first what is in the queue. */
void vow_queue_free(vow_queue *queue)
{
    vow__link ended;

    if (!queue)
        return;
    vow__check_handle(queue, "queue", "vow_queue_free", NULL);
    queue->is_closed = true;
    vow__line_end(&queue->takes);
    vow__queue_end_puts(queue, &ended, false);
    vow_unref(&queue->promise);
    vow__queue_release_puts(&ended);
}

size_t vow_queue_length_at(const vow_queue *queue, const char *site)
{
    vow__check_handle(queue, "queue", "vow_queue_length", site);
    return vow__queue_length(queue);
}

/* ---- In ------------------------------------------------------------------------------------------------ */

/* Whether a value has to wait before it gets in. */
static bool is_full(const vow_queue *queue)
{
    if (!vow__line_is_empty(&queue->takes))
        return false;
    return !vow__line_is_empty(&queue->puts) || vow__queue_length(queue) >= queue->capacity;
}

/* Puts a value into a queue that is not full. False when there is no memory. */
static bool enter(vow_queue *queue, vow_value value)
{
    if (vow__line_is_empty(&queue->takes))
        return vow__ring_push(&queue->ring, value);
    return vow__queue_hand_over(queue, value);
}

/* As enter(): NULL, or why the value does not get in. */
static vow_error *put_now(vow_queue *queue, vow_value value, const char *site)
{
    if (!value.type)
        return vow__error_new_or(&vow__error_no_memory, site, EINVAL,
                                 "vow_queue_put: the value is nil, which is the end of a queue");
    if (queue->is_closed)
        return vow__queue_error(queue, site);
    return enter(queue, value) ? NULL : &vow__error_no_memory;
}

/* The value is dropped last: that may run anything. */
vow_promise *vow_queue_put_at(vow_queue *queue, vow_value value, const char *site)
{
    static const vow__kind kind = {.name = "queue_put"};
    vow_loop *loop;
    vow_promise *promise;
    vow_error *error;

    vow__check_handle(queue, "queue", "vow_queue_put", site);
    if (value.type && !queue->is_closed && is_full(queue))
        return vow__queue_wait_put(queue, value, site);
    loop = vow__loop_of(&queue->promise);
    promise = vow__promise_new(loop, sizeof *promise, &kind, site);
    error = promise ? put_now(queue, value, site) : NULL;
    if (promise && !error) {
        vow__fulfil(promise, vow_nil());
        return promise;
    }
    if (promise)
        vow__reject(promise, error);
    else
        promise = vow__refusal(loop);
    vow__queue_drop(loop, value);
    return promise;
}

bool vow_queue_try_put_at(vow_queue *queue, vow_value value, const char *site)
{
    vow__check_handle(queue, "queue", "vow_queue_try_put", site);
    if (value.type && !queue->is_closed && !is_full(queue) && enter(queue, value))
        return true;
    vow__queue_drop(vow__loop_of(&queue->promise), value);
    return false;
}

/* ---- Out ----------------------------------------------------------------------------------------------- */

vow_promise *vow_queue_take_at(vow_queue *queue, const char *site)
{
    vow__check_handle(queue, "queue", "vow_queue_take", site);
    return vow__queue_wait_take(queue, site);
}

/* There is no promise that an error could reject: it comes as a value. */
bool vow_queue_try_take_at(vow_queue *queue, vow_value *value, const char *site)
{
    uint64_t place;

    vow__check_handle(queue, "queue", "vow_queue_try_take", site);
    if (!value)
        vow__misuse_null("vow_queue_try_take", "value", site);
    *value = vow_nil();
    if (vow__queue_is_empty(queue))
        return false;
    *value = vow__queue_next(queue, &place);
    if (value->type == &vow__type_throw)
        value->type = &vow_type_error;
    vow__queue_let_in(queue);
    return true;
}
