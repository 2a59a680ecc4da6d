/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of threads, one for the process. It knows no loop and no promise: it runs jobs, first come first
 * served, and says which of them run. Its threads start when a job needs one and stay until the pool is shut
 * down.
 *
 * Some jobs can hang for long though nothing is wrong with this machine, such as a lookup whose name server
 * is gone. They have a lane of their own: together they take at most half of the threads, rounded up, so that
 * they do not hold up the others. Other jobs overtake those that have to wait for that reason, and nobody
 * overtakes them once there is room.
 *
 * All of these functions may be called on any thread.
 */
#ifndef VOW_THREAD_WORKERS_PRIVATE_H
#define VOW_THREAD_WORKERS_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline-private.h"
#include "base/link-private.h"

typedef struct vow__job vow__job;

typedef struct vow__job_kind {
    /* On a thread of the pool. */
    void (*run)(vow__job *job);
    /* Next, on the same thread. The pool does not touch the job any more: it may be gone after this. */
    void (*done)(vow__job *job);
    /* Instead of both, on the thread that shuts the pool down: the job will not run. It may be gone after
     * this. */
    void (*refuse)(vow__job *job);
} vow__job_kind;

enum vow__job_state {
    VOW__JOB_QUEUED,
    VOW__JOB_TAKEN, /* by a thread, or by the one that shuts the pool down */
    VOW__JOB_LOST   /* it was the parent's: this process was forked from it, without its threads */
};

enum vow__lane {
    VOW__LANE_USUAL,
    VOW__LANE_SLOW, /* half of the threads at most */
    VOW__LANES
};

struct vow__job {
    vow__link link;  /* in the queue of its lane */
    uint64_t ticket; /* a smaller one came earlier */
    const vow__job_kind *kind;
    enum vow__lane lane;
    bool is_self_contained; /* vow__workers_wait() does not wait for it once it is cancelled */
    const void *owner;      /* by which vow__workers_wait() knows it; not NULL */
    const char *site;       /* for messages, or NULL */
    enum vow__job_state state;
    atomic_bool is_cancelled;
};

enum vow__submitted { VOW__SUBMITTED, VOW__QUEUE_FULL, VOW__NO_THREAD, VOW__SHUTTING_DOWN };

/* Makes the pool ready to use, and safe to fork(2). To be called before anything else here. */
void vow__workers_set_up(void);
/* How many threads there may be, 0 for the default, and how many jobs may wait for one. */
void vow__workers_set_limits(unsigned threads, size_t queued);
size_t vow__workers_queue_limit(void);

/* Puts a job in its queue; kind, lane, owner and site are set. */
enum vow__submitted vow__workers_submit(vow__job *job);
/* Takes a job out of the queue: it does not run, and is the caller's. False if it runs or has run already:
 * then it is marked as cancelled, which the job may look at. */
bool vow__workers_withdraw(vow__job *job);
/* Whether a job was submitted in the parent of this process, so that it will never be done here. */
bool vow__workers_is_lost(const vow__job *job);
/* The job that runs on this thread, or NULL. */
const vow__job *vow__workers_current(void);

/* Waits until no job of an owner runs, and done() has returned for all of them. Does not wait for
 * self-contained jobs that were cancelled. False if the deadline came first. */
bool vow__workers_wait(const void *owner, const vow__deadline *deadline);
/*
 * Refuses the jobs in the queue, cancels those that run, waits for them, and ends the threads. Threads that
 * still have a job at the deadline are named one by one, under a lock, and left alone; they end with that
 * job. Returns how many they are. The pool can be used again.
 */
size_t vow__workers_shut_down(const vow__deadline *deadline, void (*name)(const char *site, void *data),
                              void *data);

#endif
