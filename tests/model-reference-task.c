/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: tasks.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>

/* The promise that was awaited last is kept until the next await, for the result that it holds. */
static void release_awaited(struct ref_promise *task)
{
    struct ref_promise *up = task->up;

    task->up = NULL;
    if (up)
        ref_unref(up);
}

static void set_returned(struct ref_promise *task, struct ref_value value)
{
    struct ref_value before = task->returned;

    task->failed = task->in_cleanup && value.kind == MODEL_THROW;
    task->returned = value;
    ref_value_drop(before);
}

static void end(struct ref_promise *task)
{
    struct ref_value value = ref_value_take(&task->returned);

    task->wait = REF_NOTHING;
    task->kind = REF_PLAIN;
    release_awaited(task);
    if (task->cancelled && !task->failed) {
        ref_value_drop(value);
        ref_settle_error(task, ref_error_new(task->info->world, ECANCELED, true));
    } else {
        ref_resolve(task, value);
    }
}

/* Leaves the body for the clean-up, or the clean-up for good. True if there is more to run. */
static bool leave(struct ref_promise *task)
{
    if (task->in_cleanup) {
        end(task);
        return false;
    }
    task->in_cleanup = true;
    return true;
}

static struct ref_value thrown(struct ref_error *error)
{
    return (struct ref_value){MODEL_THROW, 0, error};
}

/* In a loop that is being freed nothing comes any more: the await is over at once. True if there is more to
 * run. */
static bool await_in_vain(struct ref_promise *task, bool tries, const void **error)
{
    struct ref_error *cancelled = ref_error_new(task->info->world, ECANCELED, true);

    release_awaited(task);
    if (tries) {
        *error = cancelled;
        return true;
    }
    set_returned(task, thrown(cancelled));
    return leave(task);
}

static bool await(struct ref_promise *task, struct model_step step, const void **error)
{
    *error = NULL;
    release_awaited(task);
    task->up = step.promise;
    task->tries = step.kind == MODEL_TRY;
    if (task->cancelled && !task->in_cleanup) {
        release_awaited(task);
        return leave(task);
    }
    if (ref_is_freeing(task))
        return await_in_vain(task, task->tries, error);
    task->wait = REF_UPSTREAM;
    ref_subscribe(task, task->up, REF_OUTCOME);
    return false;
}

static void run(struct ref_promise *task, enum model_at at, void *place, const void *error)
{
    bool more = true;

    ref_hold(task);
    while (more) {
        bool in_cleanup = task->in_cleanup;
        task->wait = REF_RUNNING;
        struct model_step step = model_call_task(task->info, at, place, error);
        place = NULL;
        error = NULL;
        if (step.kind == MODEL_AWAIT || step.kind == MODEL_TRY) {
            more = await(task, step, &error);
        } else {
            if (step.kind == MODEL_RETURN)
                set_returned(task, step.value.reference);
            more = leave(task);
        }
        at = error ? (in_cleanup ? MODEL_AT_FINALLY_RESULT : MODEL_AT_RESULT) : MODEL_AT_FINALLY;
    }
    ref_release(task);
}

void ref_task_run(struct ref_promise *task, enum model_at at)
{
    run(task, at, NULL, NULL);
}

void ref_task_resume(struct ref_promise *task)
{
    struct ref_promise *up = task->up;
    enum model_at at = task->in_cleanup ? MODEL_AT_FINALLY_RESULT : MODEL_AT_RESULT;

    if (up->state == '=') {
        run(task, at, &up->cell->value, NULL);
        return;
    }
    ref_look(up);
    if (task->tries) {
        run(task, at, NULL, up->cell->value.object);
        return;
    }
    ref_hold(task);
    set_returned(task, thrown(up->cell->value.object));
    if (leave(task))
        run(task, MODEL_AT_FINALLY, NULL, NULL);
    ref_release(task);
}

void ref_task_end(struct ref_promise *task)
{
    const void *error = NULL;

    if (await_in_vain(task, task->tries, &error))
        run(task, error ? MODEL_AT_FINALLY_RESULT : MODEL_AT_FINALLY, NULL, error);
}
