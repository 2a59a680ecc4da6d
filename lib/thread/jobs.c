/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the queues of jobs, which of them may begin, and how many threads there are for them. */
#include "thread/workers-state-private.h"

static vow__lane_of_jobs *const usual = &vow__workers_state.lanes[VOW__LANE_USUAL];
static vow__lane_of_jobs *const slow = &vow__workers_state.lanes[VOW__LANE_SLOW];

/* ---- The queues ---------------------------------------------------------------------------------------- */

void vow__jobs_reset(void)
{
    for (int i = 0; i < VOW__LANES; i++) {
        vow__list_init(&vow__workers_state.lanes[i].queue);
        vow__workers_state.lanes[i].queued = 0;
    }
    vow__jobs_uncount();
}

void vow__jobs_uncount(void)
{
    for (int i = 0; i < VOW__LANES; i++)
        vow__workers_state.lanes[i].running = 0;
}

static void jobs_append(vow__job *job)
{
    vow__lane_of_jobs *lane = &vow__workers_state.lanes[job->lane];

    job->ticket = vow__workers_state.tickets++;
    vow__list_append(&lane->queue, &job->link);
    lane->queued++;
}

static void remove_from_queue(vow__job *job)
{
    vow__list_unlink(&job->link);
    vow__workers_state.lanes[job->lane].queued--;
}

/* How many of `queued` slow jobs may begin now. */
static size_t slow_that_may_begin(size_t queued)
{
    unsigned max = vow__workers_state.threads_max - vow__workers_state.threads_max / 2;
    size_t room = max > slow->running ? max - slow->running : 0;

    return queued < room ? queued : room;
}

static vow__job *jobs_first_of(const vow__lane_of_jobs *lane)
{
    return lane->queued ? VOW__CONTAINER_OF(lane->queue.next, vow__job, link) : NULL;
}

static vow__job *take_earlier(vow__job *one, vow__job *other)
{
    vow__job *job = !other || (one && one->ticket < other->ticket) ? one : other;

    if (job) {
        remove_from_queue(job);
        job->state = VOW__JOB_TAKEN;
    }
    return job;
}

vow__job *vow__jobs_take(void)
{
    return take_earlier(jobs_first_of(usual), slow_that_may_begin(slow->queued) ? jobs_first_of(slow) : NULL);
}

vow__job *vow__jobs_take_any(void)
{
    return take_earlier(jobs_first_of(usual), jobs_first_of(slow));
}

/* ---- Threads for them ---------------------------------------------------------------------------------- */

static size_t free_threads(void)
{
    return vow__workers_state.threads - usual->running - slow->running;
}

/* Starts threads as long as a job would have to wait for one. If none can be had, that is no failure while
 * another one is there. */
static void provide_thread(size_t jobs)
{
    while (jobs > free_threads() && vow__workers_state.threads < vow__workers_state.threads_max)
        if (!vow__worker_start())
            break;
}

/* How many jobs may begin as soon as there are threads, if one more job comes to the lane `one_more`. */
static size_t count_ready(const vow__lane_of_jobs *one_more)
{
    return usual->queued + (one_more == usual) + slow_that_may_begin(slow->queued + (one_more == slow));
}

/* Whether one more job may go to a lane. */
static enum vow__submitted jobs_admit(const vow__lane_of_jobs *lane)
{
    size_t ready = count_ready(lane), served;

    if (vow__workers_state.is_closing)
        return VOW__SHUTTING_DOWN;
    provide_thread(ready);
    if (!vow__workers_state.threads)
        return VOW__NO_THREAD;
    served = ready < free_threads() ? ready : free_threads();
    if (usual->queued + slow->queued + 1 - served > vow__workers_state.queued_max)
        return VOW__QUEUE_FULL;
    return VOW__SUBMITTED;
}

enum vow__submitted vow__workers_submit(vow__job *job)
{
    enum vow__submitted result;

    job->state = VOW__JOB_QUEUED;
    atomic_init(&job->is_cancelled, false);
    pthread_mutex_lock(&vow__workers_state.lock);
    result = jobs_admit(&vow__workers_state.lanes[job->lane]);
    if (result == VOW__SUBMITTED) {
        jobs_append(job);
        pthread_cond_signal(&vow__workers_state.work);
    }
    pthread_mutex_unlock(&vow__workers_state.lock);
    return result;
}

bool vow__workers_withdraw(vow__job *job)
{
    bool is_mine;

    pthread_mutex_lock(&vow__workers_state.lock);
    is_mine = job->state != VOW__JOB_TAKEN;
    if (job->state == VOW__JOB_QUEUED)
        remove_from_queue(job);
    atomic_store_explicit(&job->is_cancelled, true, memory_order_relaxed);
    pthread_mutex_unlock(&vow__workers_state.lock);
    return is_mine;
}

bool vow__workers_is_lost(const vow__job *job)
{
    bool is_lost;

    pthread_mutex_lock(&vow__workers_state.lock);
    is_lost = job->state == VOW__JOB_LOST;
    pthread_mutex_unlock(&vow__workers_state.lock);
    return is_lost;
}

const vow__job *vow__workers_current(void)
{
    return vow__worker_self ? vow__worker_self->job : NULL;
}

void vow__workers_set_limits(unsigned threads, size_t queued)
{
    pthread_mutex_lock(&vow__workers_state.lock);
    vow__workers_state.threads_max = threads ? threads : vow__workers_default_threads();
    vow__workers_state.queued_max = queued;
    provide_thread(count_ready(NULL));
    pthread_cond_broadcast(&vow__workers_state.work);
    pthread_mutex_unlock(&vow__workers_state.lock);
}

size_t vow__workers_queue_limit(void)
{
    size_t limit;

    pthread_mutex_lock(&vow__workers_state.lock);
    limit = vow__workers_state.queued_max;
    pthread_mutex_unlock(&vow__workers_state.lock);
    return limit;
}
