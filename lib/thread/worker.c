/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns a thread of the pool from its start to its end. A thread that ends joins the one that ended before it.
 * Whoever shuts the pool down joins the last one: when that returns, no code of ours runs on any of them.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdint.h>

#include "os/this-thread-private.h"
#include "thread/workers-state-private.h"

static bool is_current(const vow__worker *worker)
{
    return worker->generation == vow__workers_state.generation;
}

/* The next job for a thread, waited for; NULL when it should end. */
static vow__job *next_job(const vow__worker *worker)
{
    while (is_current(worker) && vow__workers_state.threads <= vow__workers_state.threads_max) {
        vow__job *job = vow__jobs_take();

        if (job || vow__workers_state.is_closing)
            return job;
        pthread_cond_wait(&vow__workers_state.work, &vow__workers_state.lock);
    }
    return NULL;
}

/* One thread less runs a job of this lane. If a job of the lane has had to wait for that, it may begin
 * now. */
static void leave_lane(vow__lane_of_jobs *lane)
{
    lane->running--;
    if (lane->queued)
        pthread_cond_signal(&vow__workers_state.work);
}

/* Runs a job, without the lock. As soon as run() has returned, the thread counts as free. So whoever gets the
 * result and offloads the next job at once needs no other thread. */
static void worker_run_job(vow__worker *worker, vow__job *job)
{
    vow__lane_of_jobs *lane = &vow__workers_state.lanes[job->lane];

    worker->job = job;
    worker->owner = job->owner;
    worker->site = job->site;
    lane->running++;
    pthread_mutex_unlock(&vow__workers_state.lock);
    job->kind->run(job);
    pthread_mutex_lock(&vow__workers_state.lock);
    worker->job = NULL;
    if (is_current(worker))
        leave_lane(lane);
    vow__workers_state.done++;
    vow__workers_done_here++;
    pthread_mutex_unlock(&vow__workers_state.lock);
    job->kind->done(job);
    pthread_mutex_lock(&vow__workers_state.lock);
    vow__workers_state.done--;
    vow__workers_done_here--;
    worker->owner = NULL;
    pthread_cond_broadcast(&vow__workers_state.ended);
}

/* Nobody counts on this thread any more. Gives the lock back. */
static void worker_leave(vow__worker *worker)
{
    bool has_before = is_current(worker) && vow__workers_state.has_last;
    pthread_t before = vow__workers_state.last;

    vow__list_unlink(&worker->link);
    if (is_current(worker)) {
        vow__workers_state.threads--;
        vow__workers_state.last = pthread_self();
        vow__workers_state.has_last = true;
    } else {
        pthread_detach(pthread_self());
    }
    pthread_cond_broadcast(&vow__workers_state.ended);
    pthread_mutex_unlock(&vow__workers_state.lock);
    if (has_before)
        pthread_join(before, NULL);
}

static void *thread_main(void *generation)
{
    vow__worker worker = {.generation = (unsigned) (uintptr_t) generation};
    vow__job *job;

    vow__name_this_thread("vow-offload");
    pthread_mutex_lock(&vow__workers_state.lock);
    vow__worker_self = &worker;
    vow__list_append(&vow__workers_state.workers, &worker.link);
    while ((job = next_job(&worker)))
        worker_run_job(&worker, job);
    vow__worker_self = NULL;
    worker_leave(&worker);
    return NULL;
}

/* Signals are for the threads of the program, so a thread of the pool blocks them all. */
bool vow__worker_start(void)
{
    sigset_t all, before;
    pthread_t thread;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread, NULL, thread_main, (void *) (uintptr_t) vow__workers_state.generation);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!code)
        vow__workers_state.threads++;
    return !code;
}
