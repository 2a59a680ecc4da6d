/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: how a pending promise ends when nobody waits for it any more, or when it
 * is cancelled. What it waits for goes first, then it cleans up, as nested try blocks would; and if what it
 * waits for takes time to clean up, so does it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>

static struct ref_error *cancelled(struct ref_promise *promise)
{
    return ref_error_new(promise->info->world, ECANCELED, true);
}

/* ---- What it waits for --------------------------------------------------------------------------------- */

/* Gives up what it waits for, which may then take time to clean up. */
static void give_up(struct ref_promise *promise, struct ref_promise *up, int why)
{
    ref_ignore(promise, up, why);
    if (!up)
        return;
    ref_unref(up);
    if (!up->freed && up->state == '?' && up->cancelled) {
        promise->left++;
        ref_subscribe(promise, up, REF_ENDED);
    }
}

static void give_up_inputs(struct ref_promise *promise)
{
    for (int i = 0; i < promise->n; i++) {
        struct ref_promise *input = promise->inputs[i];
        promise->inputs[i] = NULL;
        if (input)
            give_up(promise, input, REF_OUTCOME + i);
    }
}

static void stop_resolver(struct ref_promise *promise)
{
    struct model_source *source = promise->source;

    source->reference = NULL;
    if (source->tells)
        model_call_cancel(source);
}

static void stop_waiting(struct ref_promise *promise)
{
    enum ref_wait wait = promise->wait;
    struct ref_promise *up = promise->up;
    struct ref_value given = ref_value_take(&promise->given);

    promise->wait = REF_NOTHING;
    promise->up = NULL;
    promise->timed = false;
    promise->left = 0;
    if (wait == REF_RESOLVER)
        stop_resolver(promise);
    else if (wait == REF_INPUTS)
        give_up_inputs(promise);
    else
        give_up(promise, up, wait == REF_JOB ? REF_FOLLOW : REF_OUTCOME);
    ref_value_drop(given);
}

/* ---- Clean-up ------------------------------------------------------------------------------------------ */

/* In a loop that is being freed nothing comes any more. */
static void clean_in_vain(struct ref_promise *promise, struct ref_promise *until)
{
    struct ref_promise *origin = promise->origin;

    promise->origin = NULL;
    ref_settle_error(promise, cancelled(promise));
    ref_cell_drop(promise->outcome);
    if (until) {
        ref_look(until);
        ref_unref(until);
    }
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

static void clean_finally(struct ref_promise *promise)
{
    promise->wait = REF_RUNNING;
    struct ref_value value = model_call_finally(promise->info).reference;
    promise->wait = REF_NOTHING;
    if (value.kind == MODEL_THROW) {
        ref_settle_error(promise, value.object);
    } else if (value.kind == MODEL_FOLLOW) {
        promise->outcome = ref_cell_of_error(promise->info->world, cancelled(promise));
        promise->outcome_state = '!';
        ref_clean(promise, value.object);
    } else {
        ref_value_drop(value);
    }
}

static void clean_combined(struct ref_promise *promise)
{
    for (int i = 0; i < promise->n; i++) {
        if (promise->results[i])
            ref_cell_drop(promise->results[i]);
        promise->results[i] = NULL;
    }
}

/* Its own clean-up. True if there is nothing more to wait for. */
static bool clean_up(struct ref_promise *promise)
{
    promise->wait = REF_NOTHING;
    promise->in_cleanup = true;
    if (promise->kind == REF_FINALLY)
        clean_finally(promise);
    else if (promise->kind == REF_ATTACH)
        model_call_drop(promise->info->tied);
    else if (promise->kind == REF_TASK)
        ref_task_run(promise, MODEL_AT_FINALLY);
    else if (promise->kind == REF_COMBINED)
        clean_combined(promise);
    return promise->state != '?' || promise->wait == REF_NOTHING;
}

/* ---- The end ------------------------------------------------------------------------------------------- */

bool ref_stop(struct ref_promise *promise)
{
    if (promise->wait == REF_RUNNING)
        return promise->kind == REF_REACT;
    if (promise->wait == REF_CLEANING || promise->wait == REF_ENDING)
        return false;
    if (promise->kind == REF_TASK && promise->in_cleanup)
        return false;
    stop_waiting(promise);
    if (promise->left) {
        promise->wait = REF_ENDING;
        return false;
    }
    return clean_up(promise);
}

void ref_cancel(struct ref_promise *promise)
{
    if (promise->state == '?' && !promise->cancelled) {
        promise->cancelled = promise->ended = true;
        if (ref_stop(promise) && promise->state == '?')
            ref_settle_error(promise, cancelled(promise));
    }
    ref_unref(promise);
}

void ref_ended(struct ref_promise *promise)
{
    if (--promise->left)
        return;
    ref_hold(promise);
    if (clean_up(promise) && promise->state == '?')
        ref_settle_error(promise, cancelled(promise));
    ref_release(promise);
}

/* ---- The end of the loop ------------------------------------------------------------------------------- */

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
    promise->cancelled = promise->ended = true;
    if (promise->wait == REF_CLEANING) {
        end_cleaning(promise);
    } else if (promise->wait == REF_ENDING) {
        clean_up(promise);
    } else if (promise->kind == REF_TASK && promise->in_cleanup) {
        ref_ignore(promise, promise->up, REF_OUTCOME);
        ref_task_end(promise);
    } else {
        ref_stop(promise);
        if (promise->wait == REF_ENDING)
            clean_up(promise);
    }
    if (promise->state == '?')
        ref_settle_error(promise, cancelled(promise));
    ref_unref(promise);
}
