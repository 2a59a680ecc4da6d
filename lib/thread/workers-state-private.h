/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the pool of threads, for the files that it is made of. Everything in it is read and changed
 * under its lock, and so are the links and states of jobs. Nobody touches a job once its done() has been
 * called.
 */
#ifndef VOW_THREAD_WORKERS_STATE_PRIVATE_H
#define VOW_THREAD_WORKERS_STATE_PRIVATE_H

#include <pthread.h>

#include "thread/workers-private.h"

/* A thread of the pool. This is on the thread's own stack, so that to start one takes no memory but the
 * system's. */
typedef struct vow__worker {
    vow__link link;
    vow__job *job;     /* while that runs */
    const void *owner; /* of the job, until done() has returned; else NULL */
    const char *site;  /* of the job, for as long */
    unsigned generation;
} vow__worker;

/* The jobs of a lane that wait, first come first served, and how many of it run. */
typedef struct vow__lane_of_jobs {
    vow__link queue; /* vow__job.link */
    size_t queued;
    unsigned running;
} vow__lane_of_jobs;

typedef struct vow__workers {
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for a thread: there is a job, or it should end */
    pthread_cond_t ended; /* a job or a thread has ended */
    vow__lane_of_jobs lanes[VOW__LANES];
    uint64_t tickets;  /* given to jobs so far */
    vow__link workers; /* vow__worker.link, of all generations; not those that have not begun yet */
    size_t queued_max; /* of all lanes */
    unsigned threads;  /* of this generation, also those that have not begun yet */
    unsigned threads_max;
    unsigned done;       /* calls of done() and refuse() under way, in any generation */
    const void *refused; /* the owner of the job whose refuse() is under way, or NULL */
    unsigned generation; /* how often threads were left behind, by a shutdown or a fork */
    bool is_closing;
    bool has_last;
    pthread_t last; /* the thread that ended last, not joined yet */
} vow__workers;

extern vow__workers vow__workers_state;
/* This thread, if it is one of the pool's; or NULL. */
extern _Thread_local vow__worker *vow__worker_self;
/* Of the calls that `done` counts, those that this thread is in. What they release might fork. */
extern _Thread_local unsigned vow__workers_done_here;

unsigned vow__workers_default_threads(void);
/* No job waits and none runs, as far as this process is concerned. */
void vow__jobs_reset(void);
/* Nothing that runs is counted any more. */
void vow__jobs_uncount(void);
/* The job that is to run next, out of its queue and taken; NULL when none may begin now. */
vow__job *vow__jobs_take(void);
/* The job that has waited longest, whether it may begin or not; NULL when there is none. */
vow__job *vow__jobs_take_any(void);
/* Starts a thread, under the lock. False if there is none to be had. */
bool vow__worker_start(void);

#endif
