/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for jobs that run, and ends the threads. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>

#include "os/this-thread-private.h"
#include "thread/workers-state-private.h"

/* Waits until a job or a thread has ended; false at the deadline. */
static bool wait_until(const vow__deadline *deadline)
{
    return vow__condition_wait(&vow__workers_state.ended, &vow__workers_state.lock, deadline);
}

static bool is_waited_for(const vow__worker *worker)
{
    const vow__job *job = worker->job;

    return !job || !job->is_self_contained || !atomic_load_explicit(&job->is_cancelled, memory_order_relaxed);
}

static bool has_job_of(const void *owner)
{
    if (vow__workers_state.refused == owner)
        return true;
    for (vow__link *link = vow__workers_state.workers.next; link != &vow__workers_state.workers;
         link = link->next) {
        const vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (worker->owner == owner && is_waited_for(worker))
            return true;
    }
    return false;
}

bool vow__workers_wait(const void *owner, const vow__deadline *deadline)
{
    bool is_over;

    pthread_mutex_lock(&vow__workers_state.lock);
    while (has_job_of(owner))
        if (!wait_until(deadline))
            break;
    is_over = !has_job_of(owner);
    pthread_mutex_unlock(&vow__workers_state.lock);
    return is_over;
}

/* Refuses the jobs in the queue. Gives the lock back for each call of refuse(), which is not ours. */
static void refuse_queued(void)
{
    vow__job *job;

    while ((job = vow__jobs_take_any())) {
        vow__workers_state.done++;
        vow__workers_done_here++;
        vow__workers_state.refused = job->owner;
        pthread_mutex_unlock(&vow__workers_state.lock);
        job->kind->refuse(job);
        pthread_mutex_lock(&vow__workers_state.lock);
        vow__workers_state.done--;
        vow__workers_done_here--;
        vow__workers_state.refused = NULL;
        pthread_cond_broadcast(&vow__workers_state.ended);
    }
}

static void cancel_running(void)
{
    for (vow__link *link = vow__workers_state.workers.next; link != &vow__workers_state.workers;
         link = link->next) {
        vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (worker->job)
            atomic_store_explicit(&worker->job->is_cancelled, true, memory_order_relaxed);
    }
}

/* Gives up the threads that are left: each ends with its job. Returns how many have one. */
static size_t leave_behind(void (*name)(const char *site, void *data), void *data)
{
    size_t count = 0;

    for (vow__link *link = vow__workers_state.workers.next; link != &vow__workers_state.workers;
         link = link->next) {
        vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (!worker->owner)
            continue;
        name(worker->site, data);
        count++;
    }
    vow__workers_state.generation++;
    vow__workers_state.threads = 0;
    vow__jobs_uncount();
    return count;
}

/* Gives the lock back. The thread that ended last has joined all the others. */
static void join_last(void)
{
    bool has_last = vow__workers_state.has_last;
    pthread_t last = vow__workers_state.last;

    vow__workers_state.has_last = false;
    pthread_mutex_unlock(&vow__workers_state.lock);
    if (has_last)
        pthread_join(last, NULL);
}

static bool is_empty(void)
{
    return !vow__workers_state.threads && vow__list_is_empty(&vow__workers_state.workers);
}

size_t vow__workers_shut_down(const vow__deadline *deadline, void (*name)(const char *site, void *data),
                              void *data)
{
    size_t count = 0;

    pthread_mutex_lock(&vow__workers_state.lock);
    while (vow__workers_state.is_closing)
        if (!wait_until(deadline))
            break;
    vow__workers_state.is_closing = true;
    refuse_queued();
    cancel_running();
    pthread_cond_broadcast(&vow__workers_state.work);
    while (!is_empty())
        if (!wait_until(deadline))
            break;
    if (!is_empty())
        count = leave_behind(name, data);
    vow__workers_state.is_closing = false;
    pthread_cond_broadcast(&vow__workers_state.ended);
    join_last();
    return count;
}
