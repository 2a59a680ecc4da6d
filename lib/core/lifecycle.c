/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns a loop from its making to the moment its memory goes, which is when it has been closed and nobody
 * holds a promise of it any more.
 */
#include "core/drop-private.h"
#include "core/operations-private.h"

#include <string.h>

/* How many jobs a closing loop runs for clean-up that awaits in VOW_FINALLY, for each promise it had. */
#define CLOSING_JOBS 64

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

/* A promise in its clean-up is left to finish; the others are cancelled, those first that nobody waits for.
 */
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

/* Whoever gives up the last reference to it must see that the loop goes, too. */
static void orphan_one(void *block, void *data)
{
    vow_promise *promise = block;

    promise->flags |= VOW__GUARDED;
    vow__report_leak(data, promise);
}

/* A clean-up waits for something that no event will bring any more: it is told so. */
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
    vow__wait(promise, vow__emergency(loop), mode);
    vow_unref(upstream);
}

/*
 * Lets clean-up finish. What it awaits now is rejected, so this ends, unless a task awaits for ever in
 * VOW_FINALLY: then it is left where it stands, and so is all of it if something goes on that it waits for.
 * What a clean-up left pending behind it, for a resolver of another library say, is cancelled in turn.
 */
static void run_clean_up(vow_loop *loop)
{
    size_t left = (vow__pools_count(&loop->pools) + 1) * CLOSING_JOBS;

    loop->is_draining = true;
    do {
        for (; left && !vow__list_is_empty(&loop->queue); left--)
            vow__run_job(loop);
        if (loop->host->finish(loop) && vow__list_is_empty(&loop->queue))
            vow__pools_each(&loop->pools, end_wait, loop);
        if (vow__list_is_empty(&loop->queue))
            vow__pools_each(&loop->pools, cancel_any, NULL);
    } while (left && !vow__list_is_empty(&loop->queue));
    loop->is_draining = false;
}

void vow__loop_close(vow_loop *loop)
{
    vow__drops *paused = vow__drops_pause();

    vow__enter_program(loop);
    loop->is_closed = true;
    loop->is_awake = true; /* for good: the host is not to be asked for anything any more */
    vow__pools_seal(&loop->pools);
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

void vow__loop_retire(vow_loop *loop)
{
    if (loop->busy || vow__pools_count(&loop->pools) || loop->no_memory.refs || loop->closed.refs)
        return;
    vow__stash_empty(&loop->lists);
    vow__pools_delete(&loop->pools);
}
