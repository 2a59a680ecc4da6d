/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's half of a vow_loop: memory, job queue, doomed promises, reports. It knows no event loop. A host
 * embeds it, says how it is woken, and calls vow__drain() or vow__drain_later().
 */
#ifndef VOW_CORE_SCHEDULER_PRIVATE_H
#define VOW_CORE_SCHEDULER_PRIVATE_H

#include <vow/report.h>

#include "core/list-private.h"
#include "core/promise-private.h"

#include <pthread.h>

typedef struct vow__host {
    /* Jobs were added outside vow__drain(): arranges for that to be called. Must not fail. */
    void (*wake)(vow_loop *loop);
    /*
     * The loop is closing and its queue has run empty: waits for operations that cannot be stopped, and
     * settles their promises. False if some go on all the same. Then whoever waits for them is left waiting,
     * since what would be cleaned up is still in use.
     */
    bool (*finish)(vow_loop *loop);
    /* The loop is closing: whether its clean-up has run for longer than its patience, waiting not counted.
     * Asked now and then. */
    bool (*is_late)(vow_loop *loop);
    /* All clean-up is done: calls what the program wants to be called then. May run handlers. */
    void (*end)(vow_loop *loop);
    /* The loop is closed, no promise of it is pending any more: releases what the host holds. */
    void (*close)(vow_loop *loop);
} vow__host;

struct vow_loop {
    vow__pools pools; /* first: see vow__loop_of() */
    vow__link queue;  /* vow__reaction.link of the jobs, in order */
    const vow__host *host;
    vow_promise *doomed;  /* the stack that vow__reap() works off */
    unsigned busy;        /* depth of calls in which the program's code may run: see vow__enter_program() */
    unsigned deciding_at; /* `busy`, while what `deciding` dropped is reaped */
    const vow_promise *deciding; /* has its outcome, and so dropped what is being reaped; or NULL */
    unsigned reaps;              /* how many calls of vow__reap() are inside one another */
    vow_promise *running;        /* whose job is running, for messages; may be gone */
    bool is_awake; /* the queue is being drained, or the host has been asked to: nobody needs to ask again */
    bool is_draining;
    bool is_put_off;  /* the queue was to be drained while the program's code ran outside of a job */
    bool is_unseen;   /* nobody has looked at what is being dropped: see vow__kind.put_back */
    bool is_refusing; /* the promise that is returned says that memory is out: see vow__drop_refused() */
    bool is_closed;
    double patience; /* seconds that closing it takes at most: what does not end by then is named */
    vow_report_fn report;
    void *report_data;
    vow__stash lists;
    vow_loop *next;   /* among all loops */
    pthread_t thread; /* that it was made on */
#ifdef VOW_DEBUG
    const struct vow__body *body; /* the innermost body of a task that runs, or NULL */
    uint64_t tasks;               /* how many tasks there have been */
#endif
    vow_promise no_memory;
    vow_promise closed;
};

/* A loop of `size` bytes that begins with a vow_loop; NULL when there is no memory. */
vow_loop *vow__loop_new(size_t size, const vow__host *host);
/* Cancels everything, reports what is still held, and frees the loop as soon as nothing is held. */
void vow__loop_close(vow_loop *loop);

/* Puts a loop in the list of all loops, as one of this thread; takes it out again, on any thread. */
void vow__loops_add(vow_loop *loop);
void vow__loops_remove(vow_loop *loop);

/* Frees the memory of a loop that is closed, if nothing of it is held any more. */
void vow__loop_retire(vow_loop *loop);

/* Whether the program's code runs: a handler or, outside of jobs, what vow__enter_program() is for. */
static inline bool vow__is_occupied(const vow_loop *loop)
{
    return loop->is_draining || loop->busy;
}

/* Runs the jobs until there are none; not to be called while the loop is occupied. May run handlers. */
void vow__drain(vow_loop *loop);
/* For a loop that is occupied: drains it as soon as it no longer is. */
void vow__drain_later(vow_loop *loop);
/* Runs the first job of a queue that is not empty. May run handlers. */
void vow__run_job(vow_loop *loop);
/* Works the doomed promises off, down to `base`. May run handlers. */
void vow__reap(vow_loop *loop, vow_promise *base);
/* The same for a promise that has its outcome, and has dropped the rest of what it waited for. */
void vow__reap_for(const vow_promise *promise, vow_promise *base);

/* Frees a promise without references, and what it holds. May run the program's hook and drop functions. */
void vow__dispose(vow_loop *loop, vow_promise *promise);

/* Goes on with a promise in VOW__WAIT_CLEAN_UP: the clean-up that comes first is done. May run handlers. */
void vow__unwind_on(vow_promise *promise);

/* Reports an error of a promise that goes unseen. May run the program's hook. */
void vow__report_unhandled(vow_loop *loop, const vow_promise *promise, const vow_error *error);
/* Reports a promise that is still held though its loop is freed. */
void vow__report_leak(vow_loop *loop, const vow_promise *promise);
/* Reports the circle that a promise is in. */
void vow__report_circle(vow_loop *loop, const vow_promise *promise);
/* Reports each circle of promises that nothing but one another can settle. Once, when their loop is freed. */
void vow__report_circles(vow_loop *loop);
/* Reports a promise whose operation or clean-up goes on, though its loop is freed and has no patience
 * left. */
void vow__report_straggler(vow_loop *loop, const vow_promise *promise);

#endif
