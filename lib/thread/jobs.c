/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the queue of jobs, and how many threads there are for them. */
#include "thread/crew-private.h"

static size_t free_threads(void)
{
    return vow__crew.threads - vow__crew.running;
}

/* A thread more, if a job would have to wait for one. That there is none to be had is no failure while
 * another one is there. */
static void provide_thread(size_t jobs)
{
    while (jobs > free_threads() && vow__crew.threads < vow__crew.threads_max)
        if (!vow__worker_start())
            break;
}

/* Whether a job more may be in the queue. */
static enum vow__submitted admit(void)
{
    if (vow__crew.is_closing)
        return VOW__SHUTTING_DOWN;
    if (vow__crew.queued >= free_threads())
        provide_thread(vow__crew.queued + 1);
    if (!vow__crew.threads)
        return VOW__NO_THREAD;
    if (vow__crew.queued >= free_threads() && vow__crew.queued - free_threads() >= vow__crew.queued_max)
        return VOW__QUEUE_FULL;
    return VOW__SUBMITTED;
}

enum vow__submitted vow__workers_submit(vow__job *job)
{
    enum vow__submitted result;

    job->state = VOW__JOB_QUEUED;
    atomic_init(&job->is_cancelled, false);
    pthread_mutex_lock(&vow__crew.lock);
    result = admit();
    if (result == VOW__SUBMITTED) {
        vow__list_append(&vow__crew.queue, &job->link);
        vow__crew.queued++;
        pthread_cond_signal(&vow__crew.work);
    }
    pthread_mutex_unlock(&vow__crew.lock);
    return result;
}

bool vow__workers_withdraw(vow__job *job)
{
    bool is_mine;

    pthread_mutex_lock(&vow__crew.lock);
    is_mine = job->state != VOW__JOB_TAKEN;
    if (job->state == VOW__JOB_QUEUED) {
        vow__list_unlink(&job->link);
        vow__crew.queued--;
    }
    atomic_store_explicit(&job->is_cancelled, true, memory_order_relaxed);
    pthread_mutex_unlock(&vow__crew.lock);
    return is_mine;
}

bool vow__workers_is_lost(const vow__job *job)
{
    bool is_lost;

    pthread_mutex_lock(&vow__crew.lock);
    is_lost = job->state == VOW__JOB_LOST;
    pthread_mutex_unlock(&vow__crew.lock);
    return is_lost;
}

const vow__job *vow__workers_current(void)
{
    return vow__worker_self ? vow__worker_self->job : NULL;
}

void vow__workers_set_limits(unsigned threads, size_t queued)
{
    pthread_mutex_lock(&vow__crew.lock);
    vow__crew.threads_max = threads ? threads : vow__crew_default_threads();
    vow__crew.queued_max = queued;
    provide_thread(vow__crew.queued);
    pthread_cond_broadcast(&vow__crew.work);
    pthread_mutex_unlock(&vow__crew.lock);
}

size_t vow__workers_queue_limit(void)
{
    size_t limit;

    pthread_mutex_lock(&vow__crew.lock);
    limit = vow__crew.queued_max;
    pthread_mutex_unlock(&vow__crew.lock);
    return limit;
}
