/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: how a pending promise ends when nobody waits for it any more, or when it
 * is cancelled. What it waits for goes first, then it cleans up, as nested try blocks would.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>

static struct ref_error *cancelled(struct ref_promise *promise)
{
    return ref_error_new(promise->info->world, ECANCELED, true);
}

/* Gives up what it waits for and returns it; that may be gone by then. */
static struct ref_promise *give_up(struct ref_promise *promise, int why)
{
    struct ref_promise *up = promise->up;

    ref_ignore(promise, up, why);
    promise->up = NULL;
    promise->wait = REF_NOTHING;
    promise->timed = false;
    if (up)
        ref_unref(up);
    return up;
}

static void stop_resolver(struct ref_promise *promise)
{
    struct model_source *source = promise->source;

    promise->wait = REF_NOTHING;
    source->reference = NULL;
    if (source->tells)
        model_call_cancel(source);
}

static void stop_job(struct ref_promise *promise)
{
    struct ref_value given = ref_value_take(&promise->given);

    give_up(promise, REF_FOLLOW);
    ref_value_drop(given);
}

static void stop_inputs(struct ref_promise *promise)
{
    promise->wait = REF_NOTHING;
    for (int i = 0; i < promise->n; i++) {
        struct ref_promise *input = promise->inputs[i];
        if (!input)
            continue;
        promise->inputs[i] = NULL;
        ref_ignore(promise, input, REF_OUTCOME + i);
        ref_unref(input);
    }
    for (int i = 0; i < promise->n; i++) {
        if (promise->results[i])
            ref_cell_drop(promise->results[i]);
        promise->results[i] = NULL;
    }
}

/* ---- Clean-up ------------------------------------------------------------------------------------------ */

/* In a loop that is being freed nothing comes any more. */
static void clean_in_vain(struct ref_promise *promise, struct ref_promise *until)
{
    struct ref_promise *origin = promise->origin;

    promise->origin = NULL;
    ref_settle_error(promise, cancelled(promise));
    ref_cell_drop(promise->outcome);
    if (until)
        ref_look(until);
    if (until)
        ref_unref(until);
    if (origin)
        ref_unref(origin);
}

void ref_clean(struct ref_promise *promise, struct ref_promise *until)
{
    if (ref_is_freeing(promise)) {
        clean_in_vain(promise, until);
        return;
    }
    promise->wait = REF_CLEANING;
    promise->up = until;
    ref_subscribe(promise, until, REF_OUTCOME);
    ref_push(promise, REF_FOLLOWED);
}

static bool clean_finally(struct ref_promise *promise)
{
    promise->wait = REF_RUNNING;
    promise->cancelled = true;
    struct ref_value value = model_call_finally(promise->info).reference;
    promise->wait = REF_NOTHING;
    if (value.kind == MODEL_THROW) {
        ref_settle_error(promise, value.object);
    } else if (value.kind == MODEL_FOLLOW) {
        promise->outcome = ref_cell_of_error(promise->info->world, cancelled(promise));
        promise->outcome_state = '!';
        ref_clean(promise, value.object);
        return promise->state != '?';
    } else {
        ref_value_drop(value);
    }
    return true;
}

/* What is tied to the end of a chain may be needed by a clean-up that goes on. */
static bool clean_attach(struct ref_promise *promise, struct ref_promise *up)
{
    if (up->kept && up->state == '?') {
        up->refs++;
        promise->up = up;
        promise->wait = REF_UPSTREAM;
        promise->cancelled = true;
        promise->in_cleanup = true;
        ref_subscribe(promise, up, REF_OUTCOME);
        return false;
    }
    model_call_drop(promise->info->tied);
    return true;
}

static bool clean_task(struct ref_promise *promise)
{
    promise->cancelled = true;
    promise->in_cleanup = true;
    ref_task_run(promise, MODEL_AT_FINALLY);
    return promise->state != '?';
}

static bool stop_upstream(struct ref_promise *promise)
{
    struct ref_promise *up = give_up(promise, REF_OUTCOME);

    switch (promise->kind) {
    case REF_FINALLY:
        return clean_finally(promise);
    case REF_ATTACH:
        return clean_attach(promise, up);
    case REF_TASK:
        return clean_task(promise);
    default:
        return true;
    }
}

bool ref_stop(struct ref_promise *promise)
{
    switch (promise->wait) {
    case REF_RESOLVER:
        stop_resolver(promise);
        return true;
    case REF_UPSTREAM:
        return promise->in_cleanup ? false : stop_upstream(promise);
    case REF_JOB:
        stop_job(promise);
        return true;
    case REF_ADOPTING:
        give_up(promise, REF_OUTCOME);
        return true;
    case REF_INPUTS:
        stop_inputs(promise);
        return true;
    case REF_CLEANING:
        return false;
    case REF_RUNNING:
        return promise->kind == REF_REACT;
    default:
        return true;
    }
}

void ref_cancel(struct ref_promise *promise)
{
    if (promise->state == '?' && !promise->cancelled) {
        promise->cancelled = true;
        if (ref_stop(promise) && promise->state == '?')
            ref_settle_error(promise, cancelled(promise));
    }
    ref_unref(promise);
}

static void end_cleaning(struct ref_promise *promise)
{
    struct ref_promise *until = promise->up;

    promise->up = NULL;
    ref_ignore(promise, until, REF_OUTCOME);
    ref_ignore(promise, NULL, REF_FOLLOWED);
    ref_ignore(promise, NULL, REF_CLEANED);
    clean_in_vain(promise, until);
}

void ref_end(struct ref_promise *promise)
{
    promise->cancelled = true;
    if (promise->wait == REF_CLEANING) {
        end_cleaning(promise);
    } else if (promise->in_cleanup && promise->kind == REF_TASK) {
        ref_ignore(promise, promise->up, REF_OUTCOME);
        ref_task_end(promise);
    } else if (promise->in_cleanup) {
        give_up(promise, REF_OUTCOME);
        model_call_drop(promise->info->tied);
    } else {
        ref_stop(promise);
    }
    if (promise->state == '?')
        ref_settle_error(promise, cancelled(promise));
    ref_unref(promise);
}
