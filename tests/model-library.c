/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The side of the model test that is libvow: one line or two a function. Loops, time and memory are in
 * model-library-loop.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-library.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- What libvow calls --------------------------------------------------------------------------------- */

static vow_value call_then(vow_value *value, void *data)
{
    return model_call_then(data, value).library;
}

static vow_value call_catch(const vow_error *error, void *data)
{
    return model_call_catch(data, error).library;
}

static vow_value call_finally(void *data)
{
    return model_call_finally(data).library;
}

static vow_value call_try(void *data)
{
    return model_call_try(data).library;
}

static void call_cancel(vow_resolver *resolver)
{
    model_call_cancel((struct model_source *) (void *) resolver);
}

static void call_drop(void *thing)
{
    model_call_drop(thing);
}

static const vow_type thing_type = {"thing", call_drop};

static vow_error *call_subscribe(void *object, vow_resolver *resolver)
{
    struct model_foreign *foreign = object;
    struct model_source source = {.resolver = resolver, .index = -1, .info = foreign->info};

    return model_call_subscribe(foreign, &source);
}

static void call_foreign_drop(void *object)
{
    model_call_foreign_drop(object);
}

static const vow_thenable foreign_type = {"foreign", call_subscribe, call_foreign_drop};

/* ---- Tasks --------------------------------------------------------------------------------------------- */

struct player {
    vow_task task;
    struct model_info *info;
    struct model_step step;
};

static void ask(struct player *me, enum model_at at)
{
    const vow_error *error = at == MODEL_AT_RESULT || at == MODEL_AT_FINALLY_RESULT ? VOW_ERROR(me) : NULL;
    void *place = error || at == MODEL_AT_START || at == MODEL_AT_FINALLY ? NULL : VOW_RESULT(me);

    me->step = model_call_task(me->info, at, place, error);
}

VOW_ASYNC(player, me)
{
    VOW_BEGIN(me);
    for (ask(me, MODEL_AT_START); me->step.kind != MODEL_END; ask(me, MODEL_AT_RESULT)) {
        if (me->step.kind == MODEL_RETURN)
            VOW_RETURN(me, me->step.value.library);
        if (me->step.kind == MODEL_AWAIT)
            VOW_AWAIT(me, me->step.promise);
        else
            VOW_TRY_AWAIT(me, me->step.promise);
    }
    VOW_FINALLY(me);
    for (ask(me, MODEL_AT_FINALLY); me->step.kind != MODEL_END; ask(me, MODEL_AT_FINALLY_RESULT)) {
        if (me->step.kind == MODEL_RETURN)
            VOW_RETURN(me, me->step.value.library);
        if (me->step.kind == MODEL_AWAIT)
            VOW_AWAIT(me, me->step.promise);
        else
            VOW_TRY_AWAIT(me, me->step.promise);
    }
    VOW_END(me);
}

static void *task(struct model_info *info)
{
    return vow_async_at(loop_of(info), &vow__task_player, &(struct player){.info = info}, info->site);
}

/* ---- Promises ------------------------------------------------------------------------------------------ */

static void *promise_new(struct model_info *info, struct model_source *source, bool on_cancel)
{
    return vow_promise_new_at(loop_of(info), &source->library, on_cancel ? call_cancel : NULL, info->site);
}

static void resolve(struct model_source *source, model_value value)
{
    vow_resolve(source->resolver, value.library);
}

static void reject(struct model_source *source, void *error)
{
    vow_reject(source->resolver, error);
}

static void abandon(struct model_source *source)
{
    vow_resolver_abandon(source->resolver);
}

static void move(struct model_source *to, struct model_source *from, bool on_cancel)
{
    vow_resolver_move(&to->library, from->resolver, on_cancel ? call_cancel : NULL);
}

static bool is_waited_for(const struct model_source *source)
{
    return vow_resolver_is_pending(source->resolver);
}

static void *resolved(struct model_info *info, model_value value)
{
    return vow_resolved_at(loop_of(info), value.library, info->site);
}

static void *rejected(struct model_info *info, void *error)
{
    return vow_rejected_at(loop_of(info), error, info->site);
}

static void *attempt(struct model_info *info)
{
    return vow_try_at(loop_of(info), call_try, info, info->site);
}

static void *react(struct model_info *info, void *promise, enum model_react how, bool no_handler)
{
    vow_then_fn then = no_handler ? NULL : call_then;
    vow_catch_fn catch = no_handler ? NULL : call_catch;

    if (how == MODEL_THEN)
        return vow_then_at(promise, then, info, info->site);
    if (how == MODEL_CATCH)
        return vow_catch_at(promise, catch, info, info->site);
    return vow_then_catch_at(promise, then, catch, info, info->site);
}

static void *finally(struct model_info *info, void *promise)
{
    return vow_finally_at(promise, call_finally, info, info->site);
}

static void *attach(struct model_info *info, void *promise)
{
    return vow_attach_at(promise, info->tied, call_drop, info->site);
}

static void *combine(struct model_info *info, enum model_combine how, int n, void **promises)
{
    static vow_promise *(*const ways[])(vow_loop *, size_t, vow_promise *const *, const char *) = {
        vow_all_at, vow_all_settled_at, vow_any_at, vow_race_at};
    vow_promise *array[MODEL_INPUTS];

    for (int i = 0; i < n; i++)
        array[i] = promises[i];
    return ways[how](loop_of(info), (size_t) n, array, info->site);
}

static void *timer(struct model_info *info, enum model_timer how, double seconds)
{
    if (how == MODEL_YIELD)
        return vow_yield_at(loop_of(info), info->site);
    if (how == MODEL_SLEEP)
        return vow_sleep_at(loop_of(info), seconds, info->site);
    return vow_sleep_until_at(loop_of(info), MODEL_WALL_CLOCK + seconds, info->site);
}

static void *timeout(struct model_info *info, void *promise, double seconds)
{
    return vow_timeout_at(promise, seconds, info->site);
}

static void *ref(void *promise)
{
    return vow_ref(promise);
}

static void unref(void *promise)
{
    vow_unref(promise);
}

static void detach(void *promise)
{
    vow_detach(promise);
}

static void cancel(void *promise)
{
    vow_cancel(promise);
}

static char state(void *promise)
{
    bool pending = vow_is_pending(promise), fulfilled = vow_is_fulfilled(promise);
    bool rejected_too = vow_is_rejected(promise);

    if (pending + fulfilled + rejected_too != 1)
        return '#';
    return pending ? '?' : fulfilled ? '=' : '!';
}

static void *peek(void *promise)
{
    return vow_peek(promise);
}

/* ---- Values -------------------------------------------------------------------------------------------- */

static vow_value make_value(enum model_kind kind, int number, void *object)
{
    switch (kind) {
    case MODEL_INT:
        return vow_int(number);
    case MODEL_STRING:
        return vow_strdup("text");
    case MODEL_THING:
        return vow_own(object, &thing_type);
    case MODEL_THROW:
        return vow_throw(object);
    case MODEL_FOLLOW:
        return vow_follow(object);
    case MODEL_FOREIGN:
        return vow_follow_thenable(&foreign_type, object);
    default:
        return vow_nil();
    }
}

static model_value make(enum model_kind kind, int number, void *object)
{
    return (model_value){.library = make_value(kind, number, object)};
}

static model_value take(void *place)
{
    return (model_value){.library = vow_take(place)};
}

static void drop(model_value value)
{
    vow_value_drop(value.library);
}

static void show(const void *place, char *text, size_t size);

static void show_list(const vow_list *list, char *text, size_t size)
{
    size_t used = (size_t) snprintf(text, size, "[");

    for (size_t i = 0; i < vow_list_length(list) && used + 8 < size; i++) {
        if (i)
            used += (size_t) snprintf(text + used, size - used, ",");
        show(vow_list_at(list, i), text + used, size - used - 4);
        used += strlen(text + used);
    }
    snprintf(text + used, size - used, "]");
}

static int error_code(const void *error)
{
    return vow_error_code(error);
}

static void show(const void *place, char *text, size_t size)
{
    const vow_value *value = place;

    if (!value)
        snprintf(text, size, "pending");
    else if (vow_is_int(value))
        snprintf(text, size, "%d", (int) vow_as_int(value));
    else if (vow_is_str(value))
        snprintf(text, size, "%s", vow_as_str(value));
    else if (vow_is_list(value))
        show_list(vow_as_list(value), text, size);
    else if (vow_is_error(value))
        snprintf(text, size, "!%d", vow_error_code(vow_as_error(value)));
    else if (value->type == &thing_type)
        snprintf(text, size, "t%d", ((struct model_thing *) vow_as(value, &thing_type))->id);
    else
        snprintf(text, size, "%s", vow_is_nil(value) ? "nil" : "other");
}

static void *list_at(void *place, int index)
{
    vow_value *value = place;

    if (!vow_is_list(value) || (size_t) index >= vow_list_length(vow_as_list(value)))
        return NULL;
    return vow_list_at(vow_as_list(value), (size_t) index);
}

static void *error_new(struct model_world *world, int code)
{
    (void) world;
    return vow_error_new(code, "error %d", code);
}

static void *error_ref(const void *error)
{
    return vow_error_ref(error);
}

const struct model_side model_library = {
    library_begin, library_end, library_loop_new, library_loop_free, library_loop_live, library_loop_turn,
    library_loop_run, promise_new, resolve, reject, abandon, move, is_waited_for, resolved, rejected, attempt,
    react, finally, attach, combine, timer, timeout, task, ref, unref, detach, cancel, state, peek, make, take,
    drop, show, list_at, error_new, error_ref, error_code,
};
