/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind queue_put, of those that wait for room. It owns its value until that goes on into the queue. */
#include <errno.h>

#include "sync/queue-private.h"

#include "base/misuse-private.h"

typedef struct putter {
    vow__waiter waiter; /* its link is in queue->puts, or among those whose values are to go */
    vow_value value;    /* nil once it went on */
} putter;

/* Nobody is served by an offer: puts get in by vow__queue_next() and vow__queue_let_in(). */
static bool take_nothing(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    (void) line;
    (void) waiter;
    (void) value;
    return false;
}

static const vow__line_kind puts_kind = {.take = take_nothing};

void vow__queue_init_puts(vow_queue *queue)
{
    vow__line_init(&queue->puts, &puts_kind, &queue->promise);
}

void vow__queue_drop(vow_loop *loop, vow_value value)
{
    bool was_unseen = loop->is_unseen;

    vow__enter_program(loop);
    loop->is_unseen = true;
    vow_value_drop(value);
    loop->is_unseen = was_unseen;
    vow__leave_program(loop);
}

/* ---- The promise --------------------------------------------------------------------------------------- */

static vow_value put_take_value(putter *put)
{
    vow_value value = put->value;

    put->value = vow_nil();
    return value;
}

/* Dropped or cancelled while it waits, or gone. May run a drop function. */
static void put_drop_value(vow_promise *promise)
{
    putter *put = (putter *) promise;

    vow__list_unlink(&put->waiter.link);
    vow__list_init(&put->waiter.link);
    vow__queue_drop(vow__loop_of(promise), put_take_value(put));
}

vow_promise *vow__queue_wait_put(vow_queue *queue, vow_value value, const char *site)
{
    static const vow__kind kind = {.name = "queue_put",
                                   .halt = vow__waiter_halt,
                                   .stop = put_drop_value,
                                   .dispose = put_drop_value,
                                   .input = vow__waiter_input};
    vow_loop *loop = vow__loop_of(&queue->promise);
    putter *put = vow__waiter_new(&queue->puts, sizeof *put, &kind, site);
    vow_promise *refused;

    if (put) {
        put->value = value;
        return vow__line_ask(&queue->puts, &put->waiter);
    }
    refused = vow__refusal(loop);
    vow__queue_drop(loop, value);
    return refused;
}

/* ---- On into the queue --------------------------------------------------------------------------------- */

static putter *first_put(const vow_queue *queue)
{
    return (putter *) vow__line_first(&queue->puts);
}

/* The first in line gets in. Its value is the caller's. */
static vow_value fulfil_first(vow_queue *queue)
{
    putter *put = (putter *) vow__line_take_first(&queue->puts);
    vow_value value = put_take_value(put);

    vow__fulfil(&put->waiter.promise, vow_nil());
    return value;
}

vow_value vow__queue_next(vow_queue *queue, uint64_t *place)
{
    if (queue->returned.length)
        return vow__placed_take(&queue->returned, place);
    *place = queue->taken++;
    return queue->ring.length ? vow__ring_take(&queue->ring) : fulfil_first(queue);
}

/* Without memory they go on waiting: what they bring can be taken all the same. */
void vow__queue_let_in(vow_queue *queue)
{
    while (!vow__line_is_empty(&queue->puts) && vow__queue_length(queue) < queue->capacity &&
           vow__ring_push(&queue->ring, first_put(queue)->value))
        (void) fulfil_first(queue);
}

/* ---- The end ------------------------------------------------------------------------------------------- */

vow_error *vow__queue_error(const vow_queue *queue, const char *site)
{
    static vow_error closed = {
        .domain = &vow_domain_errno, .refs = 1, .code = EPIPE, .message = "the queue is closed"};

    return vow__error_new_or(&closed, site, EPIPE, "vow_queue_put: the queue made at %s is closed",
                             vow__site_text(queue->promise.site));
}

void vow__queue_end_puts(vow_queue *queue, vow__link *ended, bool is_over)
{
    vow__list_init(ended);
    while (!vow__line_is_empty(&queue->puts)) {
        vow__waiter *put = vow__line_take_first(&queue->puts);
        const char *site = put->promise.site;

        vow__list_append(ended, &put->link);
        vow__reject(&put->promise, is_over ? vow__queue_error(queue, site) : &vow__error_cancelled);
    }
}

void vow__queue_release_puts(vow__link *ended)
{
    while (!vow__list_is_empty(ended))
        put_drop_value(&VOW__CONTAINER_OF(ended->next, vow__waiter, link)->promise);
}
