/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: values, references, settling and jobs.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>
#include <stdlib.h>

struct reference *ref_of(const struct model_world *world)
{
    return world->state;
}

void *ref_memory(struct model_world *world, size_t size)
{
    struct reference *reference = ref_of(world);
    void *memory = calloc(1, size);

    reference->memory = realloc(reference->memory, (size_t) (reference->n_memory + 1) * sizeof(void *));
    if (!memory || !reference->memory)
        abort();
    reference->memory[reference->n_memory++] = memory;
    return memory;
}

struct ref_promise *ref_new(struct model_info *info, enum ref_kind kind)
{
    struct reference *reference = ref_of(info->world);
    struct ref_promise *promise = ref_memory(info->world, sizeof *promise);
    size_t n = (size_t) reference->n_promises + 1;

    reference->promises = realloc(reference->promises, n * sizeof(struct ref_promise *));
    if (!reference->promises)
        abort();
    reference->promises[reference->n_promises++] = promise;
    promise->info = info;
    promise->kind = kind;
    promise->state = '?';
    promise->refs = 1;
    return promise;
}

bool ref_is_freeing(const struct ref_promise *promise)
{
    return promise->info->world->loops[promise->info->loop] != MODEL_LOOP;
}

/* ---- Values -------------------------------------------------------------------------------------------- */

struct ref_error *ref_error_new(struct model_world *world, int code, bool quiet)
{
    struct ref_error *error = ref_memory(world, sizeof *error);

    error->code = code;
    error->quiet = quiet;
    return error;
}

struct ref_cell *ref_cell_new(struct model_world *world, struct ref_value value)
{
    struct ref_cell *cell = ref_memory(world, sizeof *cell);

    cell->shares = 1;
    cell->value = value;
    return cell;
}

struct ref_cell *ref_cell_of_error(struct model_world *world, struct ref_error *error)
{
    return ref_cell_new(world, (struct ref_value){MODEL_ERROR, 0, error});
}

struct ref_cell *ref_cell_share(struct ref_cell *cell)
{
    cell->shares++;
    return cell;
}

void ref_cell_drop(struct ref_cell *cell)
{
    if (!--cell->shares)
        ref_value_drop(cell->value);
}

static void drop_list(struct ref_list *list)
{
    for (int i = 0; i < list->n; i++)
        ref_cell_drop(list->places[i]);
}

void ref_value_drop(struct ref_value value)
{
    if (value.kind == MODEL_THING)
        model_call_drop(value.object);
    else if (value.kind == MODEL_LIST)
        drop_list(value.object);
    else if (value.kind == MODEL_FOLLOW)
        ref_unref(value.object);
    else if (value.kind == MODEL_FOREIGN)
        model_call_foreign_drop(value.object);
}

struct ref_value ref_value_take(struct ref_value *value)
{
    struct ref_value content = *value;

    if (content.kind != MODEL_ERROR) /* a rejected promise always has one */
        *value = (struct ref_value){MODEL_NIL, 0, NULL};
    return content;
}

/* ---- References ---------------------------------------------------------------------------------------- */

static void report_unhandled(struct ref_promise *promise)
{
    struct ref_error *error = promise->cell->value.object;

    if (!promise->looked && !error->quiet)
        model_call_report(promise->info->world, false, promise->info->site, error);
}

void ref_free(struct ref_promise *promise)
{
    if (promise->state == '?') /* somebody may wait for its clean-up */
        ref_settle_error(promise, ref_error_new(promise->info->world, ECANCELED, true));
    promise->freed = true;
    if (promise->state == '!')
        report_unhandled(promise);
    ref_cell_drop(promise->cell);
}

void ref_unref(struct ref_promise *promise)
{
    if (promise->freed || promise->refs <= 0)
        model_wrong(promise->info->world, "p%d: unref of a promise that is gone", promise->info->id);
    if (--promise->refs)
        return;
    ref_forsake(promise);
}

void ref_hold(struct ref_promise *promise)
{
    promise->holds++;
}

void ref_release(struct ref_promise *promise)
{
    if (!--promise->holds && !promise->refs)
        ref_forsake(promise);
}

void ref_look(struct ref_promise *promise)
{
    promise->looked = true;
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

void ref_push(struct ref_promise *who, int why)
{
    struct ref_loop *loop = &ref_of(who->info->world)->loops[who->info->loop];

    loop->jobs = realloc(loop->jobs, (size_t) (loop->n_jobs + 1) * sizeof *loop->jobs);
    if (!loop->jobs)
        abort();
    loop->jobs[loop->n_jobs++] = (struct ref_job){who, why};
}

void ref_subscribe(struct ref_promise *who, struct ref_promise *to, int why)
{
    if (to->state != '?') {
        ref_push(who, why);
        return;
    }
    to->reactions = realloc(to->reactions, (size_t) (to->n_reactions + 1) * sizeof *to->reactions);
    if (!to->reactions)
        abort();
    to->reactions[to->n_reactions++] = (struct ref_job){who, why};
}

static void ignore(struct ref_job *jobs, int n, const struct ref_promise *who, int why)
{
    for (int i = 0; i < n; i++) {
        if (jobs[i].who == who && jobs[i].why == why)
            jobs[i].who = NULL;
    }
}

void ref_ignore(struct ref_promise *who, struct ref_promise *to, int why)
{
    struct ref_loop *loop = &ref_of(who->info->world)->loops[who->info->loop];

    if (to)
        ignore(to->reactions, to->n_reactions, who, why);
    if (loop->jobs)
        ignore(loop->jobs + loop->next_job, loop->n_jobs - loop->next_job, who, why);
}

void ref_settle(struct ref_promise *promise, char state, struct ref_cell *cell)
{
    promise->state = state;
    promise->cell = cell;
    promise->wait = REF_NOTHING;
    for (int i = 0; i < promise->n_reactions; i++) {
        if (promise->reactions[i].who)
            ref_push(promise->reactions[i].who, promise->reactions[i].why);
    }
    promise->n_reactions = 0;
}

void ref_settle_error(struct ref_promise *promise, struct ref_error *error)
{
    ref_settle(promise, '!', ref_cell_of_error(promise->info->world, error));
}

void ref_settle_as(struct ref_promise *promise, struct ref_promise *other)
{
    ref_look(other);
    ref_settle(promise, other->state, ref_cell_share(other->cell));
}

/* To follow oneself is to wait for ever, so it is an error. */
static void follow(struct ref_promise *promise, struct ref_promise *other)
{
    if (promise == other) {
        ref_settle_error(promise, ref_error_new(promise->info->world, ELOOP, false));
        ref_unref(other);
        return;
    }
    promise->up = other;
    promise->wait = REF_JOB;
    ref_push(promise, REF_FOLLOW);
}

void ref_resolve(struct ref_promise *promise, struct ref_value value)
{
    if (value.kind == MODEL_THROW) {
        ref_settle_error(promise, value.object);
    } else if (value.kind == MODEL_FOLLOW) {
        follow(promise, value.object);
    } else if (value.kind == MODEL_FOREIGN) {
        promise->given = value;
        promise->wait = REF_JOB;
        ref_push(promise, REF_FOLLOW);
    } else {
        ref_settle(promise, '=', ref_cell_new(promise->info->world, value));
    }
}
