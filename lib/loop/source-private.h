/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source is what a program subscribes to: something that happens again and again. Each time it settles the
 * promise of one who waits for it.
 *
 * A source is a promise itself, which is never fulfilled and which the program knows under another name. So
 * it is counted, reported as a leak and stopped with its loop as promises are, and stays safe to free after
 * that.
 */
#ifndef VOW_LOOP_SOURCE_PRIVATE_H
#define VOW_LOOP_SOURCE_PRIVATE_H

#include "loop/loop-private.h"

typedef struct vow__source {
    vow_promise promise; /* of a vow__source_kind */
    vow__link waiting;   /* of vow__next, in the order in which they came */
    vow__link told;      /* of vow__next, those that were told what may come back */
    bool is_armed;       /* somebody waits */
} vow__source;

typedef struct vow__source_kind {
    vow__kind kind; /* its halt is vow__source_stop() */
    vow__kind next; /* of those who wait: VOW__NEXT_KIND() */
    /* Gives what has happened already: a value or a throw, and its place, which is a number of the source's
     * own. False if nothing has happened. */
    bool (*take)(vow__source *self, vow_value *value, uint64_t *place);
    /* Takes back what was given from that place and nobody has looked at. It is to be given again. */
    void (*put_back)(vow__source *self, vow_value value, uint64_t place);
    void (*arm)(vow__source *self);    /* somebody waits now */
    void (*disarm)(vow__source *self); /* nobody waits any more */
    void (*close)(vow__source *self);  /* the last call: stops all watchers */
} vow__source_kind;

/* A new source, of `size` bytes that begin with a vow__source; NULL, with errno set, when it cannot be
 * made. */
void *vow__source_new(vow_loop *loop, size_t size, const vow__source_kind *kind, const char *site);
/* A promise of what happens next. */
vow_promise *vow__source_next(vow__source *self, const char *site);
/* Something may be there to take: gives it to the first who waits, if anybody does. */
void vow__source_offer(vow__source *self);
/* Ends a source: rejects the promises of those who wait. NULL does nothing. */
void vow__source_free(vow__source *self);

static inline bool vow__source_is_awaited(const vow__source *self)
{
    return !vow__list_is_empty(&self->waiting);
}

/* arm() and disarm() of a source whose watchers are always active, but keep ev_run() going only while
 * somebody waits. */
void vow__source_hold(vow__source *self);
void vow__source_let_be(vow__source *self);

/* vow__kind.halt of the source. */
void vow__source_stop(vow_promise *promise);

/* The kind of those who wait for a source. */
#define VOW__NEXT_KIND(text)                                                                               \
    {                                                                                                      \
        .name = text, .halt = vow__next_stop, .put_back = vow__next_put_back, .dispose = vow__next_dispose \
    }
void vow__next_stop(vow_promise *promise);
void vow__next_put_back(vow_promise *promise, vow_value value);
void vow__next_dispose(vow_promise *promise);

#endif
