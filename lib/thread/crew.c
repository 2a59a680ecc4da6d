/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the making of the pool, and what a fork(2) does to it: the child begins with an empty pool. */
#define _POSIX_C_SOURCE 200809L
#include "thread/crew-private.h"

#include <unistd.h>

#include "os/this-thread-private.h"

#define THREADS_MAX 32   /* by default */
#define THREADS_MORE 4   /* than processors, by default: jobs are expected to wait for the system often */
#define QUEUED_MAX 65536 /* by default */

vow__workers vow__crew = {.lock = PTHREAD_MUTEX_INITIALIZER};
_Thread_local vow__worker *vow__worker_self;

unsigned vow__crew_default_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        processors = 1;
    return processors > THREADS_MAX - THREADS_MORE ? THREADS_MAX : (unsigned) processors + THREADS_MORE;
}

static void init_conditions(void)
{
    vow__condition_init(&vow__crew.work);
    vow__condition_init(&vow__crew.ended);
}

/* How many calls of done() this thread is in: what that releases might fork. */
static unsigned done_here(void)
{
    return vow__worker_self && vow__worker_self->owner && !vow__worker_self->job;
}

/* The child must find each job either in the pool or handed over, so nobody is between the two. */
static void before_fork(void)
{
    pthread_mutex_lock(&vow__crew.lock);
    while (vow__crew.done > done_here())
        pthread_cond_wait(&vow__crew.ended, &vow__crew.lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&vow__crew.lock);
}

static void lose_queue(const vow__link *queue)
{
    for (vow__link *link = queue->next; link != queue; link = link->next)
        VOW__CONTAINER_OF(link, vow__job, link)->state = VOW__JOB_LOST;
}

static void lose_jobs(void)
{
    for (int i = 0; i < VOW__LANES; i++)
        lose_queue(&vow__crew.lanes[i].queue);
    for (vow__link *link = vow__crew.workers.next; link != &vow__crew.workers; link = link->next) {
        vow__worker *lost = VOW__CONTAINER_OF(link, vow__worker, link);

        if (lost != vow__worker_self && lost->job)
            lost->job->state = VOW__JOB_LOST;
    }
}

/* No thread of the pool is here but the one that forked, if it was one of them: what was submitted runs in
 * the parent. */
static void after_fork_in_child(void)
{
    lose_jobs();
    vow__jobs_forget();
    vow__list_init(&vow__crew.workers);
    if (vow__worker_self)
        vow__list_append(&vow__crew.workers, &vow__worker_self->link);
    vow__crew.threads = 0;
    vow__crew.done = done_here();
    vow__crew.generation++;
    vow__crew.is_closing = false;
    vow__crew.has_last = false;
    init_conditions();
    pthread_mutex_unlock(&vow__crew.lock);
}

static void set_up(void)
{
    vow__jobs_forget();
    vow__list_init(&vow__crew.workers);
    vow__crew.queued_max = QUEUED_MAX;
    vow__crew.threads_max = vow__crew_default_threads();
    init_conditions();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

void vow__workers_set_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, set_up);
}
