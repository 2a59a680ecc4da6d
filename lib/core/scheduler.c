/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the job queue: every handler of a loop is called from vow__drain(), one at a time, in the order in
 * which the reactions were queued. That order is ECMAScript's: a reaction joins the queue when its promise
 * settles, or at once if that is settled already.
 */

#include "base/misuse-private.h"
#include "core/operations-private.h"
#include "core/thenable-private.h"

/* A promise's own turn, for anything but its reaction. */
static VOW__RARE void run_rare(vow_promise *promise, enum vow__mode mode)
{
    switch (mode) {
    case VOW__WAIT_FOLLOW:
        vow__wait(promise, vow__take_upstream(&promise->wait), VOW__WAIT_ADOPT);
        break;
    case VOW__WAIT_ADOPT:
        vow__adopt(promise, vow__take_upstream(&promise->wait));
        break;
    case VOW__WAIT_FOREIGN:
        vow__foreign_run(promise, (vow__foreign *) (void *) vow__take_upstream(&promise->wait));
        break;
    case VOW__WAIT_CLEAN_UP:
        vow__unwind_on(promise);
        break;
    default: /* VOW__WAIT_RELEASE */
        promise->flags &= (uint16_t) ~VOW__KEPT;
        promise->refs--;
    }
}

/* The promise may be gone after this. */
static inline void run_promise(vow_loop *loop, vow_promise *promise)
{
    enum vow__mode mode = promise->mode;

    promise->mode = VOW__WAIT_NONE;
    promise->refs++;
    loop->running = promise;
    if (VOW__LIKELY(mode == VOW__WAIT_REACTION))
        promise->kind->run(promise, &promise->wait);
    else
        run_rare(promise, mode);
    vow__unref_own(promise);
}

static inline void run_branch(vow_loop *loop, vow__branch *branch)
{
    vow_promise *owner = branch->owner;

    owner->refs++;
    loop->running = owner;
    owner->kind->run(owner, &branch->wait);
    vow__unref_own(owner);
}

static VOW__ALWAYS_INLINE void scheduler_run_job(vow_loop *loop)
{
    vow__link *link = vow__list_take_first(&loop->queue);
    vow__reaction *job = VOW__CONTAINER_OF(link, vow__reaction, link);

    /* The next job, which other work may have pushed out of the cache; and its frame, if it is a task (W8 of
     * bench/). */
    VOW__PREFETCH(link->next);
    VOW__PREFETCH((char *) link->next + 64);
    if (vow__is_branch(job))
        run_branch(loop, VOW__CONTAINER_OF(job, vow__branch, wait));
    else
        run_promise(loop, VOW__CONTAINER_OF(job, vow_promise, wait));
}

VOW__RARE void vow__run_job(vow_loop *loop)
{
    scheduler_run_job(loop);
}

void vow__drain(vow_loop *loop)
{
    loop->is_draining = true;
    loop->is_awake = true;
    while (!vow__list_is_empty(&loop->queue))
        scheduler_run_job(loop);
    loop->running = NULL;
    loop->is_draining = false;
    loop->is_awake = false;
}

/* A drain that is under way comes to new jobs by itself. */
void vow__drain_later(vow_loop *loop)
{
    if (loop->is_draining)
        return;
    loop->is_put_off = true;
    loop->is_awake = true;
}

void vow__left_program(vow_loop *loop)
{
    if (loop->is_closed) {
        vow__loop_retire(loop);
    } else if (loop->is_put_off) {
        loop->is_put_off = false;
        loop->host->wake(loop);
    }
}
