/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a queue, for the files that share it. It holds, in this order: the values that came back,
 * those in the ring, and those of puts that wait for room. While a take waits, there is none of these. While
 * a put waits, the queue is full, or there was no memory to let its value in. When the queue is closed,
 * nobody waits.
 */
#ifndef VOW_SYNC_QUEUE_PRIVATE_H
#define VOW_SYNC_QUEUE_PRIVATE_H

#include <vow/queue.h>

#include "core/line-private.h"
#include "sync/placed-private.h"
#include "sync/ring-private.h"

struct vow_queue {
    vow_promise promise;
    size_t capacity;
    bool is_closed;
    vow__placed returned; /* of what came from the others, which says how many may come back */
    vow__ring ring;
    uint64_t taken; /* the place of the next value that is handed out for the first time */
    vow__line takes;
    vow__line puts;
};

static inline size_t vow__queue_length(const vow_queue *queue)
{
    return queue->returned.length + queue->ring.length;
}

/* Whether there is nothing to take, not even what waits for room. */
static inline bool vow__queue_is_empty(const vow_queue *queue)
{
    return !vow__queue_length(queue) && vow__line_is_empty(&queue->puts);
}

/* Drops what nobody has looked at. May run drop functions; the loop may be gone after it. */
void vow__queue_drop(vow_loop *loop, vow_value value);

/* ---- Puts that wait: queue-put.c ----------------------------------------------------------------------- */

void vow__queue_init_puts(vow_queue *queue);
/* Waits for room with a value, which is given away. */
vow_promise *vow__queue_wait_put(vow_queue *queue, vow_value value, const char *site);
/* Takes the first value out of a queue that is not empty. If it comes from a put, that is fulfilled. */
vow_value vow__queue_next(vow_queue *queue, uint64_t *place);
/* Lets in those for whom there is room now. */
void vow__queue_let_in(vow_queue *queue);
/* Why nothing gets into a queue that is closed. */
vow_error *vow__queue_error(const vow_queue *queue, const char *site);
/* Rejects all of them, and moves them to `ended`, which is initialised: their values are to go. `is_over`:
 * because the queue is closed, and not freed. */
void vow__queue_end_puts(vow_queue *queue, vow__link *ended, bool is_over);
/* Releases those values. May run drop functions, which may release the promises. */
void vow__queue_release_puts(vow__link *ended);

/* ---- Takes: queue-take.c ------------------------------------------------------------------------------- */

void vow__queue_init_takes(vow_queue *queue);
vow_promise *vow__queue_wait_take(vow_queue *queue, const char *site);
/* Hands a value to the first take that waits; false when there is no memory for it to come back. */
bool vow__queue_hand_over(vow_queue *queue, vow_value value);

#endif
