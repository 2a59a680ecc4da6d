/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the list of all loops, for messages that need to find the promise a value is in. There is one list for
 * the process, so that a loop can be taken out of it on another thread than the one that put it in.
 */
#include <pthread.h>

#include "core/operations-private.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vow_loop *loops; /* each change of it is one store, so that a child of fork(2) finds it whole */

static void loops_after_fork_in_child(void)
{
    lock = (pthread_mutex_t) PTHREAD_MUTEX_INITIALIZER;
}

static void loops_set_up(void)
{
    pthread_atfork(NULL, NULL, loops_after_fork_in_child);
}

void vow__loops_add(vow_loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, loops_set_up);
    loop->thread = pthread_self();
    pthread_mutex_lock(&lock);
    loop->next = loops;
    loops = loop;
    pthread_mutex_unlock(&lock);
}

void vow__loops_remove(vow_loop *loop)
{
    vow_loop **link = &loops;

    pthread_mutex_lock(&lock);
    while (*link != loop)
        link = &(*link)->next;
    *link = loop->next;
    pthread_mutex_unlock(&lock);
}

void vow__loop_retire(vow_loop *loop)
{
    if (loop->busy || vow__pools_count(&loop->pools) || loop->no_memory.refs || loop->closed.refs)
        return;
    vow__stash_empty(&loop->lists);
    vow__pools_delete(&loop->pools);
}

/* Compares addresses only, so that it may be asked about any value, in a promise or not. */
static const char *site_in_loop(const vow_loop *loop, const vow_value *value)
{
    for (vow__link *link = loop->pools.slabs.next; link != &loop->pools.slabs; link = link->next) {
        const vow_promise *promise = vow__slab_block_at(VOW__CONTAINER_OF(link, vow__slab, all), value);

        if (promise)
            return promise->site;
    }
    return NULL;
}

/* Leaves out the loops of other threads, which may be changing. */
const char *vow__site_of_value(const vow_value *value)
{
    const char *running = NULL;
    const char *site = NULL;

    pthread_mutex_lock(&lock);
    for (vow_loop *loop = loops; loop && !site; loop = loop->next) {
        if (!pthread_equal(loop->thread, pthread_self()))
            continue;
        site = site_in_loop(loop, value);
        if (!running && loop->running)
            running = loop->running->site;
    }
    pthread_mutex_unlock(&lock);
    return site ? site : running;
}
