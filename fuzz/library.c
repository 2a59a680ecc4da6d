/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The side of the model test that is libvow.
 *
 * No time passes but what the program lets pass: libev asks clock_gettime(), which is ours while a program is
 * played. Memory comes from an allocator that counts, and fails as it is told to.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "model.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct library {
    struct model_world *world;
    vow_loop *loop;
    struct ev_loop *ev;
    int blocks, allocated; /* outstanding now; calls so far */
};

static vow_loop *loop_of(const struct model_info *info)
{
    return ((struct library *) info->world->state)->loop;
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static const double *clock_now; /* of the program that is being played, or NULL */

/* Timers go by the monotonic clock; whoever looks at the wall clock meanwhile (libFuzzer does) sees that. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (!clock_now || clock != CLOCK_MONOTONIC)
        return (int) syscall(SYS_clock_gettime, clock, time);
    time->tv_sec = (time_t) *clock_now;
    time->tv_nsec = 0;
    return 0;
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static void *allocate(void *data, size_t size, size_t alignment)
{
    struct library *library = data;
    const struct model_world *world = library->world;
    int number = ++library->allocated;

    if ((world->mode == MODEL_FAIL_ONE && number == world->fail_at) ||
        (world->mode == MODEL_FAIL_FROM && number >= world->fail_at))
        return NULL;
    library->blocks++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *data, void *block, size_t size)
{
    (void) size;
    ((struct library *) data)->blocks--;
    free(block);
}

/* ---- What libvow calls --------------------------------------------------------------------------------- */

static void call_drop(void *thing)
{
    model_call_drop(thing);
}

static vow_error *call_subscribe(void *object, vow_resolver *resolver)
{
    struct model_foreign *foreign = object;
    struct model_source source = {.resolver = resolver, .index = -1, .info = foreign->info};
    int code = model_call_subscribe(foreign, &source);

    return code ? vow_error_new(code, "foreign") : NULL;
}

static void call_foreign_drop(void *object)
{
    model_call_foreign_drop(object);
}

static const vow_type thing_type = {"thing", call_drop};
static const vow_thenable foreign_type = {"foreign", call_subscribe, call_foreign_drop};

/* `value` and `error` are what a handler looks at, or NULL. */
static vow_value value_of(struct model_outcome outcome, vow_value *value, const vow_error *error)
{
    switch (outcome.what) {
    case MODEL_INT:
        return vow_int(outcome.number);
    case MODEL_THING:
        return vow_own(outcome.object, &thing_type);
    case MODEL_THROW:
        return vow_throwf(outcome.number, "model");
    case MODEL_FOLLOW:
        return vow_follow(outcome.object);
    case MODEL_FOREIGN:
        return vow_follow_thenable(&foreign_type, outcome.object);
    case MODEL_TAKE:
        return vow_take(value);
    case MODEL_RETHROW:
        return vow_throw(vow_error_ref(error));
    default:
        return vow_nil();
    }
}

static void show(const vow_value *value, char *text, size_t size);

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

static void show(const vow_value *value, char *text, size_t size)
{
    if (vow_is_nil(value))
        snprintf(text, size, "nil");
    else if (vow_is_int(value))
        snprintf(text, size, "%d", (int) vow_as_int(value));
    else if (vow_is_error(value))
        snprintf(text, size, "!%d", vow_error_code(vow_as_error(value)));
    else if (vow_is_list(value))
        show_list(vow_as_list(value), text, size);
    else
        snprintf(text, size, "t%d", ((struct model_thing *) vow_as(value, &thing_type))->id);
}

static vow_value call_then(vow_value *value, void *data)
{
    char text[MODEL_TEXT];

    show(value, text, sizeof text);
    return value_of(model_call_then(data, text), value, NULL);
}

static vow_value call_catch(const vow_error *error, void *data)
{
    return value_of(model_call_catch(data, vow_error_code(error)), NULL, error);
}

static vow_value call_finally(void *data)
{
    return value_of(model_call_finally(data), NULL, NULL);
}

static vow_value call_try(void *data)
{
    return value_of(model_call_try(data), NULL, NULL);
}

static void call_cancel(vow_resolver *resolver)
{
    model_call_cancel((struct model_source *) (void *) resolver);
}

static void call_attached(void *info)
{
    model_call_attached(info);
}

static void call_report(const vow_report *report, void *world)
{
    if (report->kind == VOW_REPORT_UNHANDLED)
        model_call_report(world, report->made_at, vow_error_code(report->error));
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

struct player {
    vow_task task;
    struct model_info *info;
    struct model_step step;
};

static void ask(struct player *me, enum model_at at)
{
    char text[MODEL_TEXT];
    bool has_value = at == MODEL_AT_RESULT || at == MODEL_AT_FINALLY_RESULT;

    if (has_value)
        show(VOW_RESULT(me), text, sizeof text);
    me->step = model_call_task(me->info, at, has_value ? text : NULL);
}

VOW_ASYNC(player, me)
{
    VOW_BEGIN(me);
    for (ask(me, MODEL_AT_START); me->step.kind != MODEL_END; ask(me, MODEL_AT_RESULT)) {
        if (me->step.kind == MODEL_RETURN)
            VOW_RETURN(me, value_of(me->step.outcome, VOW_RESULT(me), NULL));
        if (me->step.kind == MODEL_AWAIT)
            VOW_AWAIT(me, me->step.promise);
        else
            VOW_TRY_AWAIT(me, me->step.promise);
    }
    VOW_FINALLY(me);
    for (ask(me, MODEL_AT_FINALLY); me->step.kind != MODEL_END; ask(me, MODEL_AT_FINALLY_RESULT)) {
        if (me->step.kind == MODEL_RETURN)
            VOW_RETURN(me, value_of(me->step.outcome, VOW_RESULT(me), NULL));
        if (me->step.kind == MODEL_AWAIT)
            VOW_AWAIT(me, me->step.promise);
        else
            VOW_TRY_AWAIT(me, me->step.promise);
    }
    VOW_END(me);
}

/* ---- Promises ------------------------------------------------------------------------------------------ */

static void *make_from_nothing(struct model_info *info)
{
    vow_loop *loop = loop_of(info);

    switch (info->made) {
    case MODEL_RESOLVER:
        return vow_promise_new_at(loop, &info->source->library, info->source->tells ? call_cancel : NULL,
                                  info->site);
    case MODEL_RESOLVED:
        return vow_resolved_at(loop, value_of(info->outcome, NULL, NULL), info->site);
    case MODEL_TRY:
        return vow_try_at(loop, call_try, info, info->site);
    case MODEL_SLEEP:
        return vow_sleep_at(loop, info->seconds, info->site);
    case MODEL_YIELD:
        return vow_yield_at(loop, info->site);
    default:
        return vow_async_at(loop, &vow__task_player, &(struct player){.info = info}, info->site);
    }
}

static void *make_from_one(struct model_info *info, vow_promise *input)
{
    switch (info->made) {
    case MODEL_THEN:
        return vow_then_at(input, call_then, info, info->site);
    case MODEL_CATCH:
        return vow_catch_at(input, call_catch, info, info->site);
    case MODEL_THEN_CATCH:
        return vow_then_catch_at(input, call_then, call_catch, info, info->site);
    case MODEL_FINALLY:
        return vow_finally_at(input, call_finally, info, info->site);
    case MODEL_ATTACH:
        return vow_attach_at(input, info, call_attached, info->site);
    case MODEL_TIMEOUT:
        return vow_timeout_at(input, info->seconds, info->site);
    case MODEL_SHIELD:
        return vow_shield_at(input, info->site);
    default:
        return vow_then_at(input, NULL, NULL, info->site);
    }
}

static void *make_from_several(struct model_info *info, void **inputs)
{
    vow_loop *loop = info->n ? vow_promise_loop(inputs[0]) : loop_of(info);
    static vow_promise *(*const ways[])(vow_loop *, size_t, vow_promise *const *, const char *) = {
        vow_all_at, vow_all_settled_at, vow_any_at, vow_race_at};
    vow_promise *promises[MODEL_INPUTS];

    for (int i = 0; i < info->n; i++)
        promises[i] = inputs[i];
    return ways[info->made - MODEL_ALL](loop, (size_t) info->n, promises, info->site);
}

/* The program keeps what it keeps; of the rest this has the only reference. */
static void *make_select(struct model_info *info, void **inputs)
{
    vow_loop *loop = info->n ? vow_promise_loop(inputs[0]) : loop_of(info);
    const vow_promise *promises[MODEL_INPUTS];
    vow_promise *promise;

    for (int i = 0; i < info->n; i++)
        promises[i] = inputs[i];
    promise = vow_select_at(loop, (size_t) info->n, promises, info->site);
    for (int i = 0; i < info->n; i++)
        vow_unref(inputs[i]);
    return promise;
}

static void *make(struct model_info *info, void **inputs)
{
    if (info->made < MODEL_PASS)
        return make_from_nothing(info);
    if (info->made == MODEL_SELECT)
        return make_select(info, inputs);
    return info->made < MODEL_ALL ? make_from_one(info, inputs[0]) : make_from_several(info, inputs);
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

static void forget(void *promise)
{
    vow_forget(promise);
}

static void cancel(void *promise)
{
    vow_cancel(promise);
}

static void resolve(struct model_source *source, struct model_outcome outcome)
{
    vow_resolve(source->resolver, value_of(outcome, NULL, NULL));
}

static void abandon(struct model_source *source)
{
    vow_resolver_abandon(source->resolver);
}

static void move(struct model_source *to, struct model_source *from)
{
    vow_resolver_move(&to->library, from->resolver, to->tells ? call_cancel : NULL);
}

static bool is_waited_for(const struct model_source *source)
{
    return vow_resolver_is_pending(source->resolver);
}

static char state(void *promise)
{
    bool pending = vow_is_pending(promise), fulfilled = vow_is_fulfilled(promise);

    if (pending + fulfilled + vow_is_rejected(promise) != 1)
        return '#';
    return pending ? '?' : fulfilled ? '=' : '!';
}

static void show_promise(void *promise, char *text, size_t size)
{
    show(vow_peek(promise), text, size);
}

static void take(void *promise, int index)
{
    vow_value *value = vow_peek(promise);

    if (index >= 0 && vow_is_list(value) && (size_t) index < vow_list_length(vow_as_list(value)))
        value = vow_list_at(vow_as_list(value), (size_t) index);
    vow_value_drop(vow_take(value));
}

/* ---- The loop ------------------------------------------------------------------------------------------ */

static bool begin(struct model_world *world)
{
    struct library *library = calloc(1, sizeof *library);

    library->world = world;
    world->state = library;
    for (int i = 0; i < MODEL_SOURCES; i++)
        world->sources[i].resolver = &world->sources[i].library;
    vow_allocator_set(&(vow_allocator){allocate, release, library});
    clock_now = &world->clock;
    library->ev = ev_loop_new(EVBACKEND_SELECT | EVFLAG_NOENV);
    library->loop = vow_loop_new(library->ev);
    if (library->loop)
        vow_loop_set_report(library->loop, call_report, world);
    return library->loop;
}

static void turn(struct model_world *world)
{
    struct ev_loop *ev = ((struct library *) world->state)->ev;

    ev_now_update(ev); /* what begins in this turn begins now */
    ev_run(ev, EVRUN_NOWAIT);
}

static bool free_loop(struct model_world *world)
{
    vow_loop_free(((struct library *) world->state)->loop);
    return true;
}

static int live(struct model_world *world)
{
    return (int) vow_loop_live(((struct library *) world->state)->loop);
}

static void end(struct model_world *world)
{
    struct library *library = world->state;

    if (ev_run(library->ev, EVRUN_NOWAIT))
        model_wrong(world, "a watcher is active though the loop was freed");
    ev_loop_destroy(library->ev);
    clock_now = NULL;
    if (library->blocks)
        model_wrong(world, "%d blocks of memory are left", library->blocks);
    vow_allocator_set(NULL);
    free(library);
}

const struct model_side model_library = {
    begin,  end,    turn,    free_loop, live, make,          ref,   unref,        detach,
    forget, cancel, resolve, abandon,   move, is_waited_for, state, show_promise, take,
};
