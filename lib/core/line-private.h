/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line is where promises wait for what an object hands out: ticks, signals, permits, values of a queue.
 * Those who wait are served in the order in which they came. What was handed out may come back, if nobody
 * looks at it.
 *
 * An object is a promise, which is never fulfilled and which the program knows under another name. So it is
 * counted, reported as a leak and stopped with its loop as promises are, and stays safe to free after that.
 * It has a line for each thing that somebody may wait for. One who waits is a promise, too, and nothing else:
 * to wait, to be served and to leave takes O(1) and no more memory.
 *
 *     made      vow__object_new(), then vow__line_init() for each of its lines
 *     waiting   vow__waiter_new(), then vow__line_ask(); or vow__line_wait() for both
 *     served    vow__line_offer(), whenever there may be something to take
 *     stopped   vow__line_stop() for each line, in the kind's halt()
 *     freed     vow__line_end() for each line, then vow_unref() of the object's promise
 */
#ifndef VOW_CORE_LINE_PRIVATE_H
#define VOW_CORE_LINE_PRIVATE_H

#include "core/operations-private.h"

typedef struct vow__line vow__line;
typedef struct vow__waiter vow__waiter;

/* What an object does with a line. Nothing here may run code of the program. */
typedef struct vow__line_kind {
    /*
     * What the first in line gets, a value or a throw, which it owns; false if it has to wait. The waiter's
     * `place` is the object's own, to know where the value goes back to. So are members behind the waiter,
     * where its type is longer: what it asks for, or what it brings.
     */
    bool (*take)(vow__line *self, vow__waiter *waiter, vow_value *value);
    /* Takes back what the waiter was given and nobody has looked at. It is to be given again. The line is
     * offered after this. NULL for a line whose waiters are no VOW__TAKER_KIND(). */
    void (*put_back)(vow__line *self, vow__waiter *waiter, vow_value value);
    /* One who waited was dropped or cancelled, and is in line no more. Not called once the line was stopped.
     * May be NULL. */
    void (*left)(vow__line *self, vow__waiter *waiter);
    void (*arm)(vow__line *self);    /* somebody waits now; may be NULL */
    void (*disarm)(vow__line *self); /* nobody waits any more; may be NULL */
} vow__line_kind;

struct vow__line {
    const vow__line_kind *kind;
    vow_promise *object;
    vow__link waiting; /* of vow__waiter, in the order in which they came */
    vow__link told;    /* of vow__waiter, those that were given what may come back */
    bool is_armed;     /* somebody waits */
    bool is_stopped;   /* nobody is told of those who leave */
};

/* The promise of one who waits. */
struct vow__waiter {
    vow_promise promise;
    vow__line *line; /* NULL once that was stopped */
    vow__link link;  /* in line->waiting or line->told */
    uint64_t place;
};

/* The kind of those whose value needs no way back: either it is nothing, or its type's drop function gives it
 * back. */
#define VOW__WAITER_KIND(text)                   \
    {                                            \
        .name = (text), .halt = vow__waiter_halt \
    }
/* The kind of those whose value goes back to the line. If the line was stopped, the value is dropped. */
#define VOW__TAKER_KIND(text)                                                      \
    {                                                                              \
        .name = (text), .halt = vow__waiter_halt, .put_back = vow__taker_put_back, \
        .dispose = vow__taker_dispose                                              \
    }
void vow__waiter_halt(vow_promise *promise);
bool vow__taker_put_back(vow_promise *promise, vow_value value);
void vow__taker_dispose(vow_promise *promise);
/* Their vow__kind.input, for reports: what they wait for is the object. */
const vow_promise *vow__waiter_input(const vow_promise *promise);

/* An object of `size` bytes that begins with a vow_promise. NULL, with errno set to ENOMEM or ECANCELED, when
 * it cannot be made. */
void *vow__object_new(vow_loop *loop, size_t size, const vow__kind *kind, const char *site);

/* An empty line of an object. */
void vow__line_init(vow__line *self, const vow__line_kind *kind, vow_promise *object);

/* One who is to wait: `size` bytes that begin with a vow__waiter, in no line yet. NULL when there is no
 * memory or the loop is being freed: return vow__refusal(). */
void *vow__waiter_new(vow__line *self, size_t size, const vow__kind *kind, const char *site);
/* It goes to the end of the line. If nobody is before it and there is something to take, it gets that at
 * once. The promise is the caller's. */
vow_promise *vow__line_ask(vow__line *self, vow__waiter *waiter);
/* Both, for one who has nothing to say. */
vow_promise *vow__line_wait(vow__line *self, const vow__kind *kind, const char *site);

/* Something may be there to take: gives it to those who wait, the first one first, as long as there is
 * something. */
void vow__line_offer(vow__line *self);
/* Nobody is to wait here any more: settles those who do, with ECANCELED and quietly. */
void vow__line_end(vow__line *self);
/* The object was stopped. Those who wait stay where they are, to be cancelled with their loop. What was given
 * does not come back any more. */
void vow__line_stop(vow__line *self);

static inline bool vow__line_is_empty(const vow__line *self)
{
    return vow__list_is_empty(&self->waiting);
}

/* The first who waits; to be called only if somebody does. */
static inline vow__waiter *vow__line_first(const vow__line *self)
{
    return VOW__CONTAINER_OF(self->waiting.next, vow__waiter, link);
}

/* Takes the first who waits out of the line, to settle it: with vow__line_give(), or the caller does it. */
vow__waiter *vow__line_take_first(vow__line *self);
/* Gives a value, or a throw, to one who is in no line. */
void vow__line_give(vow__line *self, vow__waiter *waiter, vow_value value);

#endif
