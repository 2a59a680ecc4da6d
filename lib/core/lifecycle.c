/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns a loop from its making until its memory is freed: when the loop has been closed and nobody holds a
 * promise of it any more.
 */
#include "core/drop-private.h"
#include "core/operations-private.h"

#include <string.h>

/* How many jobs a closing loop runs before it asks whether it is late, which costs a system call. */
#define JOBS_AT_ONCE 1024

/* How much memory a loop keeps in lists; none where its pools keep no blocks, either. */
#define STASH_BYTES ((size_t) 1 << 20)

static void immortal_init(vow_promise *promise, vow_error *error)
{
    static const vow__kind kind = {.name = "promise"};

    promise->kind = &kind;
    promise->u.value = vow__value_of_error(error);
    promise->flags = VOW__REJECTED | VOW__IMMORTAL;
}

vow_loop *vow__loop_new(size_t size, const vow__host *host)
{
    vow_loop *loop = (vow_loop *) (void *) vow__pools_new(size);

    if (!loop)
        return NULL;
    memset((char *) loop + sizeof loop->pools, 0, size - sizeof loop->pools);
    vow__list_init(&loop->queue);
    loop->host = host;
    loop->lists.limit = VOW__POOL_KEEPS && !loop->pools.is_single ? STASH_BYTES : 0;
    immortal_init(&loop->no_memory, &vow__error_no_memory);
    immortal_init(&loop->closed, &vow__error_cancelled);
    vow__loops_add(loop);
    return loop;
}

/* Cancels a pending promise, unless it is in its clean-up, which is left to finish. Those that nobody waits
 * for have their turn first. */
static void cancel_one(vow_promise *promise)
{
    if (vow__is_pending(promise) && !(promise->flags & (VOW__SHIELDED | VOW__DOOMED))) {
        promise->refs++;
        vow_cancel(promise);
    }
}

static void cancel_root(void *block, void *data)
{
    vow_promise *promise = block;

    (void) data;
    if (vow__is_pending(promise) && vow__list_is_empty(&promise->u.reactions))
        cancel_one(promise);
}

static void cancel_any(void *block, void *data)
{
    (void) data;
    cancel_one(block);
}

/* Reports a promise that outlives its loop. Guards it, so that whoever gives up its last reference sees that
 * the loop goes, too. */
static void orphan_one(void *block, void *data)
{
    vow_promise *promise = block;

    promise->flags |= VOW__GUARDED;
    vow__report_leak(data, promise);
}

/* If a clean-up waits for something that no event will bring any more, has it wait for a rejected promise
 * instead. */
static void end_wait(void *block, void *data)
{
    vow_promise *promise = block;
    vow_loop *loop = data;
    enum vow__mode mode = promise->mode;
    vow_promise *upstream;

    if (!vow__is_pending(promise) ||
        (mode != VOW__WAIT_REACTION && mode != VOW__WAIT_ADOPT && mode != VOW__WAIT_CLEAN_UP))
        return;
    upstream = (vow_promise *) promise->wait.upstream;
    if (!upstream || !vow__is_pending(upstream))
        return;
    vow__list_unlink(&promise->wait.link);
    vow__wait(promise, vow__refusal(loop), mode);
    vow_unref(upstream);
}

static vow_promise *promise_of(vow__reaction *job)
{
    if (vow__is_branch(job))
        return VOW__CONTAINER_OF(job, vow__branch, wait)->owner;
    return VOW__CONTAINER_OF(job, vow_promise, wait);
}

/* Whether a promise is in a clean-up of its own that may have no end, and would go on with it in its next
 * job. */
static bool is_going_on(const vow_promise *promise)
{
    return promise->kind->cut && vow__is_pending(promise) && (promise->flags & VOW__SHIELDED) &&
           promise->mode == VOW__WAIT_REACTION;
}

/* Reports such a promise, ends its clean-up where it stands, and settles it. */
static void closing_cut(vow_loop *loop, vow_promise *promise)
{
    vow_promise *upstream;

    promise->refs++;
    vow__report_straggler(loop, promise);
    vow__list_unlink(&promise->wait.link);
    upstream = vow__take_own_upstream(promise);
    promise->mode = VOW__WAIT_NONE;
    promise->kind->cut(promise);
    promise->flags &= (uint16_t) ~VOW__SHIELDED;
    vow__reject(promise, &vow__error_cancelled);
    if (upstream)
        vow__unref(upstream);
    vow__unref(promise);
}

/* Cuts those that are in the queue now: they have had their turn often enough. */
static void cut_all(vow_loop *loop)
{
    vow__link late;

    if (vow__list_is_empty(&loop->queue))
        return;
    vow__list_init(&late);
    vow__list_splice(&late, &loop->queue);
    vow__list_init(&loop->queue);
    while (!vow__list_is_empty(&late)) {
        vow__link *link = vow__list_take_first(&late);
        vow_promise *promise = promise_of(VOW__CONTAINER_OF(link, vow__reaction, link));

        vow__list_append(&loop->queue, link);
        if (is_going_on(promise))
            closing_cut(loop, promise);
    }
}

/*
 * Lets clean-up finish. New promises are refused and pending ones end. So this ends, unless a task awaits
 * again and again in VOW_FINALLY: once the loop is late, such a task is cut, and so is, soon, any that this
 * sets going. If an operation goes on that cannot be stopped, whoever waits for it is left where it stands.
 * What a clean-up left pending behind it, for a resolver of another library, say, is cancelled in turn.
 */
static void run_clean_up(vow_loop *loop)
{
    unsigned count = 0;

    loop->is_draining = true;
    do {
        while (!vow__list_is_empty(&loop->queue)) {
            vow__run_job(loop);
            if (++count % JOBS_AT_ONCE == 0 && loop->host->is_late(loop))
                cut_all(loop);
        }
        if (loop->host->finish(loop) && vow__list_is_empty(&loop->queue))
            vow__pools_each(&loop->pools, end_wait, loop);
        if (vow__list_is_empty(&loop->queue))
            vow__pools_each(&loop->pools, cancel_any, NULL);
    } while (!vow__list_is_empty(&loop->queue));
    loop->is_draining = false;
}

void vow__loop_close(vow_loop *loop)
{
    vow__drops *paused = vow__drops_pause();

    vow__enter_program(loop);
    loop->is_closed = true;
    loop->is_awake = true; /* for good: the host must not be woken any more */
    vow__pools_seal(&loop->pools);
    vow__report_circles(loop);
    vow__pools_each(&loop->pools, cancel_root, NULL);
    vow__pools_each(&loop->pools, cancel_any, NULL);
    run_clean_up(loop);
    loop->host->end(loop);
    vow__pools_each(&loop->pools, orphan_one, loop);
    loop->host->close(loop);
    vow__loops_remove(loop);
    vow__leave_program(loop);
    vow__drops_go_on(paused);
}
