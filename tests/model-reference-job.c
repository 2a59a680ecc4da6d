/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: the jobs of promises, one after the other, each as ECMAScript has it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>
#include <stdlib.h>

/* Takes over the reference to what was waited for. */
static struct ref_promise *take_up(struct ref_promise *who)
{
    struct ref_promise *up = who->up;

    who->up = NULL;
    who->timed = false;
    return up;
}

static void settle_as_up(struct ref_promise *who)
{
    struct ref_promise *up = take_up(who);

    ref_settle_as(who, up);
    ref_unref(up);
}

/* ---- then, catch --------------------------------------------------------------------------------------- */

static bool has_handler(const struct ref_promise *who, const struct ref_promise *up)
{
    return !who->no_handler && who->how != (up->state == '=' ? MODEL_CATCH : MODEL_THEN);
}

static struct ref_value handle(struct ref_promise *who, struct ref_promise *up)
{
    if (up->state == '=')
        return model_call_then(who->info, &up->cell->value).reference;
    ref_look(up);
    return model_call_catch(who->info, up->cell->value.object).reference;
}

/* The handler may cancel its own promise: what it returns is not wanted then. */
static void react(struct ref_promise *who)
{
    if (!has_handler(who, who->up)) {
        settle_as_up(who);
        return;
    }
    struct ref_promise *up = take_up(who);
    who->wait = REF_RUNNING;
    ref_hold(who);
    struct ref_value value = handle(who, up);
    ref_unref(up);
    if (who->state == '?')
        ref_resolve(who, value);
    else
        ref_value_drop(value);
    ref_release(who);
}

/* ---- finally ------------------------------------------------------------------------------------------- */

static void leave_origin(struct ref_promise *who)
{
    struct ref_promise *origin = who->origin;
    struct ref_cell *outcome = who->outcome;

    who->origin = NULL;
    who->outcome = NULL;
    ref_cell_drop(outcome);
    ref_unref(origin);
}

static void clean(struct ref_promise *who)
{
    struct ref_promise *up = who->origin = take_up(who);

    ref_hold(who);
    who->wait = REF_RUNNING;
    ref_look(up);
    who->outcome = ref_cell_share(up->cell);
    who->outcome_state = up->state;
    if (ref_clean(who, model_call_finally(who->info).reference)) {
        who->wait = REF_CLEANING;
        who->heard = true;
        ref_push(who, REF_FOLLOWED);
    } else if (who->state != '?') {
        leave_origin(who);
    }
    ref_release(who);
}

/* What the clean-up returned is settled. Only its error counts. */
static void hear(struct ref_promise *who)
{
    struct ref_promise *up = take_up(who);

    who->heard = true;
    if (up->state == '!') {
        ref_look(up);
        who->failed = true;
        ref_cell_drop(who->outcome);
        who->outcome = ref_cell_share(up->cell);
        who->outcome_state = '!';
    }
    ref_unref(up);
}

static void finish_cleaning(struct ref_promise *who)
{
    struct ref_promise *origin = who->origin;
    struct ref_cell *outcome = who->outcome;

    who->origin = NULL;
    who->outcome = NULL;
    if (who->ended && !who->failed) {
        ref_settle_error(who, ref_error_new(who->info->world, ECANCELED, true));
        ref_cell_drop(outcome);
    } else {
        ref_settle(who, who->outcome_state, outcome);
    }
    if (origin)
        ref_unref(origin);
}

/* ECMAScript: the promise follows another one, which waits for the one that was returned. */
static void go_on_cleaning(struct ref_promise *who, int why)
{
    if (why == REF_CLEANED) {
        finish_cleaning(who);
        return;
    }
    if (why == REF_FOLLOWED)
        who->followed = true;
    else
        hear(who);
    if (who->heard && who->followed)
        ref_push(who, REF_CLEANED);
}

/* ---- attach -------------------------------------------------------------------------------------------- */

static void let_go(struct ref_promise *who)
{
    struct ref_promise *up = take_up(who);

    ref_hold(who);
    who->wait = REF_RUNNING;
    model_call_drop(who->info->tied);
    if (who->state == '?')
        ref_settle_as(who, up);
    ref_unref(up);
    ref_release(who);
}

/* ---- Following ----------------------------------------------------------------------------------------- */

static void subscribe_to_foreign(struct ref_promise *who)
{
    struct model_foreign *foreign = ref_value_take(&who->given).object;
    struct model_source source = {.reference = who, .index = -1, .info = foreign->info};

    ref_hold(who);
    who->wait = REF_RESOLVER;
    who->source = &source;
    source.tells = false;
    struct ref_error *error = model_call_subscribe(foreign, &source);
    if (error && source.reference)
        ref_settle_error(who, error);
    else if (source.reference)
        ref_settle_error(who, ref_error_new(who->info->world, ECANCELED, false));
    model_call_foreign_drop(foreign);
    ref_release(who);
}

static void follow(struct ref_promise *who)
{
    if (who->given.kind == MODEL_FOREIGN) {
        subscribe_to_foreign(who);
        return;
    }
    who->wait = REF_ADOPTING;
    ref_subscribe(who, who->up, REF_OUTCOME);
}

/* ---- Jobs ---------------------------------------------------------------------------------------------- */

static void hear_outcome(struct ref_promise *who)
{
    if (who->wait == REF_ADOPTING || who->kind == REF_TIMEOUT)
        settle_as_up(who);
    else if (who->kind == REF_FINALLY)
        clean(who);
    else if (who->kind == REF_ATTACH)
        let_go(who);
    else if (who->kind == REF_TASK)
        ref_task_resume(who);
    else
        react(who);
}

static void run_job(struct ref_promise *who, int why)
{
    if (why == REF_GIVE_UP)
        ref_unref(who);
    else if (why == REF_ENDED)
        ref_ended(who);
    else if (why == REF_FOLLOW)
        follow(who);
    else if (who->wait == REF_CLEANING)
        go_on_cleaning(who, why);
    else if (who->wait == REF_INPUTS)
        ref_collect(who, why - REF_OUTCOME);
    else
        hear_outcome(who);
}

void ref_drain(struct model_world *world, int number)
{
    struct ref_loop *loop = &ref_of(world)->loops[number];

    while (loop->next_job < loop->n_jobs) {
        struct ref_job job = loop->jobs[loop->next_job++];
        if (job.who)
            run_job(job.who, job.why);
    }
}
