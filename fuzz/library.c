/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The side of the model test that is libvow.
 *
 * A second passes when an ev_loop looks for events, for which it never waits, and no other time: libev asks
 * clock_gettime(), which is ours while a program is played. Memory comes from an allocator that counts, and
 * fails as it is told to.
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

/* What is on an ev_loop besides libvow. */
struct own {
    struct ev_loop *ev;
    ev_idle no_rest;
    ev_prepare called; /* never started: fed */
};

/* To whom a report goes. */
struct hook {
    struct model_world *world;
    int loop;
};

struct library {
    struct model_world *world;
    vow_loop *loops[MODEL_LOOPS];
    vow_interval *intervals[MODEL_LOOPS];
    struct own owns[MODEL_EVS];
    struct hook hooks[MODEL_LOOPS];
    int blocks, allocated; /* outstanding now; calls so far */
};

static vow_loop *loop_of(const struct model_info *info)
{
    return ((struct library *) info->world->state)->loops[info->loop];
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

/* What libev still finds there, which no sanitizer sees, is not to look right. */
static void release(void *data, void *block, size_t size)
{
    memset(block, 0xdb, size);
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

static void call_report(const vow_report *report, void *data)
{
    const struct hook *hook = data;

    if (report->kind == VOW_REPORT_UNHANDLED)
        model_call_report(hook->world, hook->loop, report->made_at, vow_error_code(report->error));
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

/* Where there is no memory for an interval, something else. */
static vow_promise *tick(struct model_info *info)
{
    vow_interval **interval = &((struct library *) info->world->state)->intervals[info->loop];

    if (!*interval)
        *interval = vow_interval_new(loop_of(info), model_interval(info->loop));
    return *interval ? vow_interval_next_at(*interval, info->site)
                     : vow_resolved_at(loop_of(info), vow_nil(), info->site);
}

static void stop_ticks(struct model_world *world, int loop)
{
    vow_interval **interval = &((struct library *) world->state)->intervals[loop];

    vow_interval_free(*interval);
    *interval = NULL;
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
    case MODEL_TICK:
        return tick(info);
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

static bool takes(vow_loop *loop)
{
    return !((const struct hook *) vow_loop_data(loop))->world->has_ticks;
}

static void run(void *promise, char *text, size_t size)
{
    vow_loop *loop = vow_promise_loop(promise);
    vow_value value = vow_nil();
    vow_error *error = vow_run_at(promise, takes(loop) ? &value : NULL, "run");

    if (error)
        snprintf(text, size, "!%d", vow_error_code(error));
    else
        show(&value, text, size);
    vow_error_unref(error);
    vow_value_drop(value);
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

/* ---- The loops ----------------------------------------------------------------------------------------- */

static void before_waiting(struct ev_loop *ev)
{
    model_pass_time(((struct library *) ev_userdata(ev))->world);
}

static void after_waiting(struct ev_loop *ev)
{
    (void) ev;
}

static void no_rest_cb(struct ev_loop *ev, ev_idle *watcher, int revents)
{
    (void) ev;
    (void) watcher;
    (void) revents;
}

static void called_cb(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
    (void) ev;
    (void) revents;
    model_call_program(watcher->data);
}

/* What is ours does not keep an ev_run() going. */
static void own_begin(struct own *own, struct library *library)
{
    own->ev = ev_loop_new(EVBACKEND_SELECT | EVFLAG_NOENV);
    ev_set_userdata(own->ev, library);
    ev_set_loop_release_cb(own->ev, before_waiting, after_waiting);
    ev_idle_init(&own->no_rest, no_rest_cb);
    ev_set_priority(&own->no_rest, EV_MINPRI);
    ev_idle_start(own->ev, &own->no_rest);
    ev_unref(own->ev);
    ev_prepare_init(&own->called, called_cb);
    own->called.data = library->world;
}

static void own_end(struct own *own, struct model_world *world)
{
    ev_clear_pending(own->ev, &own->called);
    ev_set_loop_release_cb(own->ev, NULL, NULL);
    if (ev_run(own->ev, EVRUN_NOWAIT))
        model_wrong(world, "a watcher is active though its loop was freed");
    ev_ref(own->ev);
    ev_idle_stop(own->ev, &own->no_rest);
    ev_loop_destroy(own->ev);
}

static void loop_begin(struct library *library, int loop)
{
    struct hook *hook = &library->hooks[loop];

    library->loops[loop] = vow_loop_new(library->owns[model_ev(loop)].ev);
    if (!library->loops[loop])
        return;
    library->world->loops[loop].state = MODEL_LOOP_OPEN;
    *hook = (struct hook){library->world, loop};
    vow_loop_set_data(library->loops[loop], hook);
    vow_loop_set_report(library->loops[loop], call_report, hook);
}

/* A loop that there was no memory for is one that was freed. */
static bool begin(struct model_world *world)
{
    struct library *library = calloc(1, sizeof *library);

    library->world = world;
    world->state = library;
    for (int i = 0; i < MODEL_SOURCES; i++)
        world->sources[i].resolver = &world->sources[i].library;
    vow_allocator_set(&(vow_allocator){allocate, release, library});
    clock_now = &world->clock;
    for (int ev = 0; ev < MODEL_EVS; ev++)
        own_begin(&library->owns[ev], library);
    for (int loop = 0; loop < world->n_loops; loop++)
        loop_begin(library, loop);
    return library->loops[0];
}

static struct own *own_of(const struct model_world *world, int ev)
{
    return &((struct library *) world->state)->owns[ev];
}

static void turn(struct model_world *world, int ev)
{
    ev_run(own_of(world, ev)->ev, EVRUN_NOWAIT);
}

static void call(struct model_world *world, int ev)
{
    ev_feed_event(own_of(world, ev)->ev, &own_of(world, ev)->called, EV_CUSTOM);
}

static void free_loop(struct model_world *world, int loop)
{
    vow_loop_free(((struct library *) world->state)->loops[loop]);
}

static int live(struct model_world *world, int loop)
{
    return (int) vow_loop_live(((struct library *) world->state)->loops[loop]);
}

static void end(struct model_world *world)
{
    struct library *library = world->state;

    for (int loop = 0; loop < world->n_loops; loop++) {
        stop_ticks(world, loop);
        if (world->loops[loop].state == MODEL_LOOP_OPEN) /* something was wrong already */
            vow_loop_free(library->loops[loop]);
    }
    for (int ev = 0; ev < MODEL_EVS; ev++)
        own_end(&library->owns[ev], world);
    clock_now = NULL;
    if (library->blocks)
        model_wrong(world, "%d blocks of memory are left", library->blocks);
    vow_allocator_set(NULL);
    free(library);
}

const struct model_side model_library = {
    begin,  end,    turn, call,    stop_ticks, free_loop, live,          make,  ref,          unref, detach,
    forget, cancel, run,  resolve, abandon,    move,      is_waited_for, state, show_promise, take,
};
