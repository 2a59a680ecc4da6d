/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for jobs that run, and ends the threads. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>

#include "os/this-thread-private.h"
#include "thread/crew-private.h"

/* Until a job or a thread has ended; false at the deadline. */
static bool wait_until(const vow__deadline *deadline)
{
    return vow__condition_wait(&vow__crew.ended, &vow__crew.lock, deadline);
}

static bool is_waited_for(const vow__worker *worker)
{
    const vow__job *job = worker->job;

    return !job || !job->is_loose || !atomic_load_explicit(&job->is_cancelled, memory_order_relaxed);
}

static bool has_job_of(const void *owner)
{
    if (vow__crew.refused == owner)
        return true;
    for (vow__link *link = vow__crew.workers.next; link != &vow__crew.workers; link = link->next) {
        const vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (worker->owner == owner && is_waited_for(worker))
            return true;
    }
    return false;
}

bool vow__workers_wait(const void *owner, const vow__deadline *deadline)
{
    bool is_over;

    pthread_mutex_lock(&vow__crew.lock);
    while (has_job_of(owner))
        if (!wait_until(deadline))
            break;
    is_over = !has_job_of(owner);
    pthread_mutex_unlock(&vow__crew.lock);
    return is_over;
}

/* Those in the queue do not run. Without the lock meanwhile, since refuse() is not ours. */
static void refuse_queued(void)
{
    vow__job *job;

    while ((job = vow__jobs_take_any())) {
        vow__crew.done++;
        vow__crew.refused = job->owner;
        pthread_mutex_unlock(&vow__crew.lock);
        job->kind->refuse(job);
        pthread_mutex_lock(&vow__crew.lock);
        vow__crew.done--;
        vow__crew.refused = NULL;
        pthread_cond_broadcast(&vow__crew.ended);
    }
}

static void cancel_running(void)
{
    for (vow__link *link = vow__crew.workers.next; link != &vow__crew.workers; link = link->next) {
        vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (worker->job)
            atomic_store_explicit(&worker->job->is_cancelled, true, memory_order_relaxed);
    }
}

/* The threads that are left are not counted on any more: each ends with its job. How many have one. */
static size_t leave_behind(void (*name)(const char *site, void *data), void *data)
{
    size_t count = 0;

    for (vow__link *link = vow__crew.workers.next; link != &vow__crew.workers; link = link->next) {
        vow__worker *worker = VOW__CONTAINER_OF(link, vow__worker, link);

        if (!worker->owner)
            continue;
        name(worker->site, data);
        count++;
    }
    vow__crew.generation++;
    vow__crew.threads = 0;
    vow__jobs_uncount();
    return count;
}

/* Gives the lock back. The thread that ended last has joined all the others. */
static void join_last(void)
{
    bool has_last = vow__crew.has_last;
    pthread_t last = vow__crew.last;

    vow__crew.has_last = false;
    pthread_mutex_unlock(&vow__crew.lock);
    if (has_last)
        pthread_join(last, NULL);
}

static bool is_empty(void)
{
    return !vow__crew.threads && vow__list_is_empty(&vow__crew.workers);
}

size_t vow__workers_shut_down(const vow__deadline *deadline, void (*name)(const char *site, void *data),
                              void *data)
{
    size_t count = 0;

    pthread_mutex_lock(&vow__crew.lock);
    while (vow__crew.is_closing)
        if (!wait_until(deadline))
            break;
    vow__crew.is_closing = true;
    refuse_queued();
    cancel_running();
    pthread_cond_broadcast(&vow__crew.work);
    while (!is_empty())
        if (!wait_until(deadline))
            break;
    if (!is_empty())
        count = leave_behind(name, data);
    vow__crew.is_closing = false;
    pthread_cond_broadcast(&vow__crew.ended);
    join_last();
    return count;
}
