/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the making of the pool, and what a fork(2) does to it: the child begins with an empty pool. */
#define _POSIX_C_SOURCE 200809L
#include "thread/workers-state-private.h"

#include <unistd.h>

#include "os/this-thread-private.h"

#define THREADS_MAX 32   /* by default */
#define THREADS_MORE 4   /* more than processors, by default: jobs often wait for the system */
#define QUEUED_MAX 65536 /* by default */

vow__workers vow__workers_state = {.lock = PTHREAD_MUTEX_INITIALIZER};
_Thread_local vow__worker *vow__worker_self;
_Thread_local unsigned vow__workers_done_here;

unsigned vow__workers_default_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        processors = 1;
    return processors > THREADS_MAX - THREADS_MORE ? THREADS_MAX : (unsigned) processors + THREADS_MORE;
}

static void init_conditions(void)
{
    vow__condition_init(&vow__workers_state.work);
    vow__condition_init(&vow__workers_state.ended);
}

/* The child must find each job either in the pool or handed over. So waits until none is between the two. */
static void before_fork(void)
{
    pthread_mutex_lock(&vow__workers_state.lock);
    while (vow__workers_state.done > vow__workers_done_here)
        pthread_cond_wait(&vow__workers_state.ended, &vow__workers_state.lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&vow__workers_state.lock);
}

static void lose_queue(const vow__link *queue)
{
    for (vow__link *link = queue->next; link != queue; link = link->next)
        VOW__CONTAINER_OF(link, vow__job, link)->state = VOW__JOB_LOST;
}

static void lose_jobs(void)
{
    for (int i = 0; i < VOW__LANES; i++)
        lose_queue(&vow__workers_state.lanes[i].queue);
    for (vow__link *link = vow__workers_state.workers.next; link != &vow__workers_state.workers;
         link = link->next) {
        vow__worker *lost = VOW__CONTAINER_OF(link, vow__worker, link);

        if (lost != vow__worker_self && lost->job)
            lost->job->state = VOW__JOB_LOST;
    }
}

/* No thread of the pool is here but the one that forked, if it is of the pool. What was submitted runs in the
 * parent. */
static void workers_after_fork_in_child(void)
{
    lose_jobs();
    vow__jobs_reset();
    vow__list_init(&vow__workers_state.workers);
    if (vow__worker_self)
        vow__list_append(&vow__workers_state.workers, &vow__worker_self->link);
    vow__workers_state.threads = 0;
    vow__workers_state.done = vow__workers_done_here;
    vow__workers_state.generation++;
    vow__workers_state.is_closing = false;
    vow__workers_state.has_last = false;
    init_conditions();
    pthread_mutex_unlock(&vow__workers_state.lock);
}

static void workers_set_up(void)
{
    vow__jobs_reset();
    vow__list_init(&vow__workers_state.workers);
    vow__workers_state.queued_max = QUEUED_MAX;
    vow__workers_state.threads_max = vow__workers_default_threads();
    init_conditions();
    pthread_atfork(before_fork, after_fork_in_parent, workers_after_fork_in_child);
}

void vow__workers_set_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, workers_set_up);
}
