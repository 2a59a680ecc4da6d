/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: what the player calls.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct model_world *world)
{
    struct reference *reference = calloc(1, sizeof *reference);

    reference->world = world;
    world->state = reference;
}

static void end(struct model_world *world)
{
    struct reference *reference = ref_of(world);

    for (int i = 0; i < reference->n_promises; i++) {
        free(reference->promises[i]->reactions);
        if (!reference->promises[i]->freed)
            model_wrong(world, "p%d was not released", reference->promises[i]->info->id);
    }
    for (int i = 0; i < reference->n_memory; i++)
        free(reference->memory[i]);
    for (int i = 0; i < MODEL_LOOPS; i++)
        free(reference->loops[i].jobs);
    free(reference->memory);
    free(reference->promises);
    free(reference);
}

/* ---- Resolvers ----------------------------------------------------------------------------------------- */

/* The promise of a resolver, which is used up. NULL if it was already. */
static struct ref_promise *use(struct model_source *source)
{
    struct ref_promise *promise = source->reference;

    source->reference = NULL;
    if (promise)
        promise->wait = REF_NOTHING;
    return promise;
}

static void *promise_new(struct model_info *info, struct model_source *source, bool on_cancel)
{
    struct ref_promise *promise = ref_new(info, REF_PLAIN);

    (void) on_cancel; /* the source knows */
    source->reference = NULL;
    if (ref_is_freeing(promise)) {
        ref_settle_error(promise, ref_error_new(info->world, ECANCELED, true));
        return promise;
    }
    promise->wait = REF_RESOLVER;
    promise->source = source;
    source->reference = promise;
    return promise;
}

static void resolve(struct model_source *source, model_value value)
{
    struct ref_promise *promise = use(source);

    if (promise)
        ref_resolve(promise, value.reference);
    else
        ref_value_drop(value.reference);
}

static void reject(struct model_source *source, void *error)
{
    struct ref_promise *promise = use(source);

    if (promise)
        ref_settle_error(promise, error);
}

static void abandon(struct model_source *source)
{
    reject(source, ref_error_new(source->info->world, ECANCELED, false));
}

static void move(struct model_source *to, struct model_source *from, bool on_cancel)
{
    (void) on_cancel;
    to->reference = from->reference;
    from->reference = NULL;
    if (to->reference)
        ((struct ref_promise *) to->reference)->source = to;
}

static bool is_waited_for(const struct model_source *source)
{
    return source->reference;
}

/* ---- Promises ------------------------------------------------------------------------------------------ */

static void *resolved(struct model_info *info, model_value value)
{
    struct ref_promise *promise = ref_new(info, REF_PLAIN);

    ref_resolve(promise, value.reference);
    return promise;
}

static void *rejected(struct model_info *info, void *error)
{
    struct ref_promise *promise = ref_new(info, REF_PLAIN);

    ref_settle_error(promise, error);
    return promise;
}

static void *attempt(struct model_info *info)
{
    return resolved(info, model_call_try(info));
}

static struct ref_promise *next(struct model_info *info, void *promise, enum ref_kind kind)
{
    struct ref_promise *who = ref_new(info, kind);

    who->up = promise;
    who->wait = REF_UPSTREAM;
    ref_subscribe(who, promise, REF_OUTCOME);
    return who;
}

static void *react(struct model_info *info, void *promise, enum model_react how, bool no_handler)
{
    struct ref_promise *who = next(info, promise, REF_REACT);

    who->how = (int) how;
    who->no_handler = no_handler;
    return who;
}

static void *finally(struct model_info *info, void *promise)
{
    return next(info, promise, REF_FINALLY);
}

static void *attach(struct model_info *info, void *promise)
{
    return next(info, promise, REF_ATTACH);
}

static void *combine(struct model_info *info, enum model_combine how, int n, void **promises)
{
    return ref_combine(info, how, n, promises);
}

/* In seconds of the loop, or of the wall clock, which is the program's. */
static void set_timer(struct ref_promise *promise, enum model_timer how, double seconds)
{
    double now = ref_of(promise->info->world)->loops[promise->info->loop].now;

    promise->timed = true;
    promise->yields = how == MODEL_YIELD;
    promise->periodic = how == MODEL_SLEEP_UNTIL;
    promise->due = how == MODEL_SLEEP_UNTIL ? seconds : how == MODEL_YIELD ? 0 : now + (seconds > 0 ? seconds : 0);
}

static void *timer(struct model_info *info, enum model_timer how, double seconds)
{
    struct ref_promise *promise = ref_new(info, REF_PLAIN);

    if (ref_is_freeing(promise)) {
        ref_settle_error(promise, ref_error_new(info->world, ECANCELED, true));
        return promise;
    }
    promise->wait = REF_CLOCK;
    set_timer(promise, how, seconds);
    return promise;
}

static void *timeout(struct model_info *info, void *promise, double seconds)
{
    struct ref_promise *who = next(info, promise, REF_TIMEOUT);

    set_timer(who, MODEL_SLEEP, seconds);
    return who;
}

static void *task(struct model_info *info)
{
    struct ref_promise *promise = ref_new(info, REF_TASK);

    ref_task_run(promise, MODEL_AT_START);
    return promise;
}

static void *ref(void *promise)
{
    ((struct ref_promise *) promise)->refs++;
    return promise;
}

static void unref(void *promise)
{
    ref_unref(promise);
}

static void detach(void *given)
{
    struct ref_promise *promise = given;

    if (promise->state == '?')
        ref_subscribe(promise, promise, REF_GIVE_UP);
    else
        ref_unref(promise);
}

static void cancel(void *promise)
{
    ref_cancel(promise);
}

static char state(void *promise)
{
    return ((struct ref_promise *) promise)->state;
}

static void *peek(void *given)
{
    struct ref_promise *promise = given;

    if (promise->state == '?')
        return NULL;
    ref_look(promise);
    return &promise->cell->value;
}

/* ---- Values -------------------------------------------------------------------------------------------- */

static model_value make(enum model_kind kind, int number, void *object)
{
    return (model_value){.reference = {kind, number, object}};
}

static model_value take(void *place)
{
    return (model_value){.reference = ref_value_take(place)};
}

static void drop(model_value value)
{
    ref_value_drop(value.reference);
}

static void show(const void *place, char *text, size_t size);

static void show_list(const struct ref_list *list, char *text, size_t size)
{
    size_t used = (size_t) snprintf(text, size, "[");

    for (int i = 0; i < list->n && used + 8 < size; i++) {
        if (i)
            used += (size_t) snprintf(text + used, size - used, ",");
        show(&list->places[i]->value, text + used, size - used - 4);
        used += strlen(text + used);
    }
    snprintf(text + used, size - used, "]");
}

static void show(const void *place, char *text, size_t size)
{
    static const struct ref_value nil = {MODEL_NIL, 0, NULL};
    const struct ref_value *value = place ? place : &nil;

    if (!place)
        snprintf(text, size, "pending");
    else if (value->kind == MODEL_INT)
        snprintf(text, size, "%d", value->number);
    else if (value->kind == MODEL_STRING)
        snprintf(text, size, "text");
    else if (value->kind == MODEL_LIST)
        show_list(value->object, text, size);
    else if (value->kind == MODEL_ERROR)
        snprintf(text, size, "!%d", ((struct ref_error *) value->object)->code);
    else if (value->kind == MODEL_THING)
        snprintf(text, size, "t%d", ((struct model_thing *) value->object)->id);
    else
        snprintf(text, size, "%s", value->kind == MODEL_NIL ? "nil" : "other");
}

static void *list_at(void *place, int index)
{
    struct ref_value *value = place;
    struct ref_list *list = value->object;

    return value->kind == MODEL_LIST && index < list->n ? &list->places[index]->value : NULL;
}

static void *error_new(struct model_world *world, int code)
{
    return ref_error_new(world, code, false);
}

static void *error_ref(const void *error)
{
    return (void *) error;
}

static int error_code(const void *error)
{
    return ((const struct ref_error *) error)->code;
}

const struct model_side model_reference = {
    begin, end, ref_loop_new, ref_loop_free, ref_loop_live, ref_loop_turn, ref_loop_run, promise_new, resolve,
    reject, abandon, move, is_waited_for, resolved, rejected, attempt, react, finally, attach, combine, timer,
    timeout, task, ref, unref, detach, cancel, state, peek, make, take, drop, show, list_at, error_new,
    error_ref, error_code,
};
