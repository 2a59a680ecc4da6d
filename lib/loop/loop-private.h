/* SPDX-License-Identifier: BSD-2-Clause */
/* The libev half of a vow_loop. */
#ifndef VOW_LOOP_LOOP_PRIVATE_H
#define VOW_LOOP_LOOP_PRIVATE_H

#include <ev.h>

#include "core/bytes-private.h"
#include "core/operations-private.h"

/* Something of a loop that has to know more of it than promises do. */
typedef struct vow__ward vow__ward;

typedef struct vow__ward_kind {
    void (*close)(vow__ward *self);  /* the loop is about to be freed */
    void (*forked)(vow__ward *self); /* vow_loop_fork(): this process is a copy of the one that made it */
} vow__ward_kind;

struct vow__ward {
    vow__link link; /* in the loop's `wards`; either function may take it out */
    const vow__ward_kind *kind;
};

typedef struct vow__ev_loop {
    vow_loop core;
    struct ev_loop *ev;
    ev_prepare drain;   /* never started: fed, at EV_MAXPRI, when the job queue is no longer empty */
    ev_check turn;      /* while somebody yields: ends their wait, once the loop has looked for events */
    ev_idle no_wait;    /* as long, so that it looks without waiting */
    vow__link yielding; /* of vow__yield */
    vow__link wards;    /* of vow__ward */
    unsigned completed; /* operations on descriptors that this drain completed at once */
    vow__bytes *spare;  /* a buffer that the next stream that reads may have, or NULL */
    vow_promise runs;   /* owns the branches that vow_run() waits by */
    struct vow__runner *runner; /* the innermost vow_run() that is under way, or NULL */
    struct vow__inbox *inbox;   /* NULL until something on another thread is to settle a promise */
    double patience;            /* seconds that vow_loop_free() waits for jobs that run */
} vow__ev_loop;

static inline vow__ev_loop *vow__ev_loop_of(vow_loop *loop)
{
    return (vow__ev_loop *) (void *) loop;
}

static inline struct ev_loop *vow__ev(const vow_promise *promise)
{
    return vow__ev_loop_of(vow__loop_of(promise))->ev;
}

/* Runs the jobs until there are none. */
void vow__loop_drain(vow__ev_loop *loop);

/*
 * For a watcher's callback that settles promises and then returns to libev: between these two nobody is asked
 * to drain the queue, and then it is drained here. That is the same moment, without a trip through libev's
 * pending events, which is 70 instructions. Whatever handlers may free must not be touched afterwards.
 */
static inline bool vow__loop_enter(vow__ev_loop *loop)
{
    bool is_first = !loop->core.is_awake;

    loop->core.is_awake = true;
    return is_first;
}

static inline void vow__loop_leave(vow__ev_loop *loop, bool is_first)
{
    if (!is_first)
        return;
    loop->core.is_awake = false;
    if (!vow__list_is_empty(&loop->core.queue))
        vow__loop_drain(loop);
}

/* The last that a watcher's callback does, where it settles one promise: see vow__loop_enter(). */
static inline void vow__resolve_and_leave(vow_promise *promise, vow_value value)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));
    bool is_first = vow__loop_enter(loop);

    vow__resolve(promise, value);
    vow__loop_leave(loop, is_first);
}

/* From now on, and until it is taken out of the list, it is told. */
void vow__ward_add(vow__ward *self, const vow__ward_kind *kind, vow_loop *loop);
/* Sets up what vow_run() waits by. */
void vow__run_init(vow__ev_loop *loop);
/* Sets the watchers for vow_yield() up, and takes them down. */
void vow__yield_init(vow__ev_loop *loop);
void vow__yield_close(vow__ev_loop *loop);

#endif
