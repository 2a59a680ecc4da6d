/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: how promises end when nobody waits for them any more, or when one is
 * cancelled.
 *
 * First everything is found that nobody waits for once the one is gone. Then that ends, what is waited for
 * before what waits for it, and each cleans up; where a clean-up takes time, what waits for it ends later.
 * Then what has ended is released.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>

struct ending {
    struct ref_promise *found[2 * MODEL_PROMISES];   /* whom nobody waits for */
    struct ref_promise *ordered[2 * MODEL_PROMISES]; /* in the order in which they end */
    int n_found, n_ordered;
};

static struct ref_error *cancelled(struct ref_promise *promise)
{
    return ref_error_new(promise->info->world, ECANCELED, true);
}

/* ---- Who ends ------------------------------------------------------------------------------------------ */

static void find(struct ending *ending, struct ref_promise *promise);

static void give_up(struct ending *ending, struct ref_promise *promise, struct ref_promise *up, int why)
{
    ref_ignore(promise, up, why);
    if (!up)
        return;
    promise->behind[promise->n_behind++] = up;
    if (!--up->refs)
        find(ending, up);
}

/* A clean-up that has begun goes on. */
static bool is_cleaning_up(const struct ref_promise *promise)
{
    return promise->wait == REF_CLEANING || promise->wait == REF_ENDING || promise->wait == REF_RUNNING ||
           (promise->kind == REF_TASK && promise->in_cleanup);
}

static void give_up_upstream(struct ending *ending, struct ref_promise *promise)
{
    struct ref_promise *up = promise->up;

    promise->n_behind = 0;
    promise->cancelled = true;
    if (is_cleaning_up(promise))
        return;
    promise->up = NULL;
    if (promise->wait == REF_UPSTREAM || promise->wait == REF_ADOPTING)
        give_up(ending, promise, up, REF_OUTCOME);
    if (promise->wait == REF_JOB)
        give_up(ending, promise, up, REF_FOLLOW);
    for (int i = 0; i < promise->n && promise->wait == REF_INPUTS; i++)
        give_up(ending, promise, promise->inputs[i], REF_OUTCOME + i);
}

/* Where its own user code is running, that is looked at when it has returned. */
static void find(struct ending *ending, struct ref_promise *promise)
{
    if (promise->holds) {
        promise->cancelled = promise->state == '?';
        return;
    }
    ending->found[ending->n_found++] = promise;
    promise->found = true;
    if (promise->state == '?')
        give_up_upstream(ending, promise);
}

static void order(struct ending *ending, struct ref_promise *promise)
{
    promise->found = false;
    for (int i = 0; i < promise->n_behind; i++) {
        if (promise->behind[i]->found)
            order(ending, promise->behind[i]);
    }
    ending->ordered[ending->n_ordered++] = promise;
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

static void clean_until(struct ref_promise *promise, struct ref_promise *until)
{
    promise->wait = REF_CLEANING;
    promise->up = until;
    if (ref_is_freeing(promise)) {
        clean_in_vain(promise, until);
        return;
    }
    ref_subscribe(promise, until, REF_OUTCOME);
    ref_push(promise, REF_FOLLOWED);
}

static struct ref_promise *foreign_promise(struct ref_promise *promise, struct ref_value value)
{
    struct ref_promise *until = ref_new(promise->info, REF_PLAIN);

    ref_resolve(until, value);
    return until;
}

bool ref_clean(struct ref_promise *promise, struct ref_value value)
{
    promise->wait = REF_NOTHING;
    if (value.kind == MODEL_FOLLOW && value.object == promise) {
        ref_unref(promise);
        value = (struct ref_value){MODEL_THROW, 0, ref_error_new(promise->info->world, ELOOP, false)};
    }
    if (value.kind == MODEL_THROW)
        ref_settle_error(promise, value.object);
    else if (value.kind == MODEL_FOLLOW)
        clean_until(promise, value.object);
    else if (value.kind == MODEL_FOREIGN)
        clean_until(promise, foreign_promise(promise, value));
    else
        ref_value_drop(value);
    return promise->state == '?' && promise->wait == REF_NOTHING;
}

static void clean_finally(struct ref_promise *promise)
{
    promise->wait = REF_RUNNING;
    promise->outcome = ref_cell_of_error(promise->info->world, cancelled(promise));
    promise->outcome_state = '!';
    ref_clean(promise, model_call_finally(promise->info).reference);
}

static void drop_results(struct ref_promise *promise)
{
    for (int i = 0; i < promise->n; i++) {
        if (promise->results[i])
            ref_cell_drop(promise->results[i]);
        promise->results[i] = NULL;
    }
}

static void clean_up(struct ref_promise *promise)
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
        drop_results(promise);
}

/* ---- The end ------------------------------------------------------------------------------------------- */

static void stop(struct ref_promise *promise)
{
    struct model_source *source = promise->source;
    struct ref_value given = ref_value_take(&promise->given);

    promise->timed = false;
    if (promise->wait == REF_RESOLVER) {
        promise->wait = REF_NOTHING;
        source->reference = NULL;
        if (source->tells)
            model_call_cancel(source);
    }
    ref_value_drop(given);
}

/* How many of those that it waited for still clean up. */
static int count_ending(struct ref_promise *promise)
{
    int n = 0;

    for (int i = 0; i < promise->n_behind && !ref_is_freeing(promise); i++) {
        struct ref_promise *behind = promise->behind[i];
        if (behind->freed || behind->state != '?' || !behind->cancelled)
            continue;
        n++;
        ref_subscribe(promise, behind, REF_ENDED);
    }
    return n;
}

static void end(struct ref_promise *promise)
{
    if (promise->state != '?' || is_cleaning_up(promise))
        return;
    stop(promise);
    promise->left = count_ending(promise);
    if (promise->left)
        promise->wait = REF_ENDING;
    else if (promise->state == '?')
        clean_up(promise);
}

/* What is not over yet is the loop's. */
static void release(struct ref_promise *promise)
{
    if (promise->state != '?' || promise->wait == REF_NOTHING) {
        ref_free(promise);
        return;
    }
    promise->refs = 1;
    ref_subscribe(promise, promise, REF_GIVE_UP);
}

static void end_all(struct ending *ending, struct ref_promise *root)
{
    order(ending, root);
    for (int i = 0; i < ending->n_ordered; i++)
        end(ending->ordered[i]);
}

static void release_all(struct ending *ending, const struct ref_promise *but)
{
    for (int i = 0; i < ending->n_ordered; i++) {
        if (ending->ordered[i] != but)
            release(ending->ordered[i]);
    }
}

void ref_forsake(struct ref_promise *promise)
{
    struct ending ending = {.n_found = 0};

    find(&ending, promise);
    if (!ending.n_found)
        return;
    end_all(&ending, promise);
    release_all(&ending, NULL);
}

static void settle_cancelled(struct ref_promise *promise)
{
    if (promise->state == '?')
        ref_settle_error(promise, cancelled(promise));
}

/* The handler of a then or catch is not clean-up: nobody waits for it. */
static void cancel(struct ref_promise *promise)
{
    struct ending ending = {.n_found = 0};
    bool handles = promise->wait == REF_RUNNING && promise->kind == REF_REACT;

    promise->ended = true;
    give_up_upstream(&ending, promise);
    end_all(&ending, promise);
    if (handles || promise->wait == REF_NOTHING)
        settle_cancelled(promise);
    release_all(&ending, promise);
}

void ref_cancel(struct ref_promise *promise)
{
    if (promise->state == '?' && !promise->cancelled)
        cancel(promise);
    ref_unref(promise);
}

void ref_ended(struct ref_promise *promise)
{
    if (--promise->left)
        return;
    ref_hold(promise);
    clean_up(promise);
    if (promise->wait == REF_NOTHING)
        settle_cancelled(promise);
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
    ref_hold(promise);
    promise->cancelled = promise->ended = true;
    if (promise->wait == REF_CLEANING)
        end_cleaning(promise);
    else if (promise->wait == REF_ENDING)
        clean_up(promise);
    else if (promise->kind == REF_TASK && promise->in_cleanup)
        ref_task_end(promise);
    else
        cancel(promise);
    settle_cancelled(promise);
    ref_release(promise);
}
