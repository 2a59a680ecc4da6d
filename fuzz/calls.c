/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user code of a model test: what handlers, tasks, on_cancel, drop functions, foreign futures and a
 * watcher of the program's own do. Both sides call it. Each call notes itself, does a few operations, and
 * returns what the bytes say.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdio.h>

/* Where nothing is decided any more. */
static bool is_quiet(const struct model_world *world)
{
    return world->depth > MODEL_DEPTH || world->hushed || (world->is_over && world->side == &model_reference);
}

/* `loop` is the one that calls it, or MODEL_ANY_LOOP. */
static void begin(struct model_world *world, int loop)
{
    world->depth++;
    if (loop >= 0)
        world->loops[loop].busy++;
}

static void operate(struct model_world *world)
{
    if (is_quiet(world))
        return;
    model_look(world);
    for (int n = model_pick(world, 3); n > 0; n--)
        model_operate(world);
}

static void enter(struct model_world *world, int loop)
{
    begin(world, loop);
    operate(world);
}

static void leave(struct model_world *world, int loop)
{
    world->depth--;
    if (loop >= 0)
        world->loops[loop].busy--;
    if (!world->hushed)
        model_note(world, ".");
}

/* While a loop is freed: what is cancelled first may have its error seen, or another outcome. */
static bool is_any_order(const struct model_world *world, int loop)
{
    return world->hushed && world->loops[loop].state == MODEL_LOOP_FREEING;
}

/* What user code does, and what it returns. */
static struct model_outcome act(struct model_info *info, bool has_value)
{
    struct model_outcome outcome = {.what = MODEL_NIL};

    enter(info->world, info->loop);
    if (!is_quiet(info->world))
        outcome = model_outcome(info->world, info->loop, has_value);
    leave(info->world, info->loop);
    return outcome;
}

/* ---- Handlers ------------------------------------------------------------------------------------------ */

static void handle(struct model_info *info)
{
    if (info->handled++)
        model_wrong(info->world, "p%d: a second handler ran", info->id);
    if (info->world->loops[info->loop].state != MODEL_LOOP_OPEN)
        model_wrong(info->world, "p%d: a handler ran though its loop is being freed", info->id);
}

struct model_outcome model_call_then(struct model_info *info, const char *value)
{
    model_note(info->world, "then p%d: %s", info->id, value);
    handle(info);
    return act(info, true);
}

struct model_outcome model_call_catch(struct model_info *info, int code)
{
    struct model_outcome outcome;

    model_note(info->world, "catch p%d: %d", info->id, code);
    handle(info);
    outcome = act(info, false);
    if (outcome.what == MODEL_NIL && !info->world->hushed && model_pick(info->world, 2))
        outcome.what = MODEL_RETHROW;
    return outcome;
}

static void clean(struct model_info *info)
{
    if (info->cleaned++)
        model_wrong(info->world, "p%d: cleaned up twice", info->id);
}

struct model_outcome model_call_finally(struct model_info *info)
{
    model_note(info->world, "finally p%d", info->id);
    clean(info);
    return act(info, false);
}

struct model_outcome model_call_try(struct model_info *info)
{
    model_note(info->world, "try p%d", info->id);
    return act(info, false);
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

static struct model_step next_step(struct model_info *info, bool has_value)
{
    struct model_world *world = info->world;
    struct model_step step = {.kind = (enum model_step_kind) model_pick(world, 4)};

    if (step.kind == MODEL_RETURN)
        step.outcome = model_outcome(world, info->loop, has_value);
    else if (step.kind != MODEL_END)
        step.promise =
            model_give(world, info->loop, info, step.kind == MODEL_AWAIT ? "await" : "try").promise;
    if (step.kind != MODEL_RETURN && !step.promise)
        step.kind = MODEL_END;
    return step;
}

struct model_step model_call_task(struct model_info *info, enum model_at at, const char *value)
{
    static const char *const places[] = {"starts", "goes on", "finally", "goes on with finally"};
    struct model_world *world = info->world;
    struct model_step step = {.kind = MODEL_END};

    if (!value || !is_any_order(world, info->loop))
        model_note(world, "task p%d %s: %s", info->id, places[at], value ? value : "");
    info->cleans_up = true;
    if (at == MODEL_AT_FINALLY)
        clean(info);
    enter(world, info->loop);
    if (!is_quiet(world))
        step = next_step(info, value && value[0] != '!');
    leave(world, info->loop);
    return step;
}

/* ---- The ends ------------------------------------------------------------------------------------------ */

void model_call_cancel(struct model_source *source)
{
    struct model_info *info = source->info;

    model_note(info->world, "cancelled r%d p%d", source->index, info->id);
    if (info->cancelled++)
        model_wrong(info->world, "p%d: on_cancel was called twice", info->id);
    if (info->used)
        model_wrong(info->world, "p%d: on_cancel was called though its resolver was used", info->id);
    enter(info->world, info->loop);
    leave(info->world, info->loop);
}

static void drop(struct model_thing *thing)
{
    if (thing->drops++)
        model_wrong(thing->world, "t%d was released twice", thing->id);
}

void model_call_attached(struct model_info *info)
{
    model_note(info->world, "release p%d", info->id);
    drop(info->tied);
    enter(info->world, info->loop);
    leave(info->world, info->loop);
}

/* It owns a promise. */
static void release(struct model_thing *thing)
{
    void *promise = thing->promise;

    thing->promise = NULL;
    if (promise && thing->cancels)
        thing->world->side->cancel(promise);
    else if (promise)
        thing->world->side->unref(promise);
}

void model_call_drop(struct model_thing *thing)
{
    struct model_world *world = thing->world;
    bool is_hushed = model_is_compared(world);

    drop(thing);
    world->hushed += is_hushed;
    model_note(world, "drop t%03d", thing->id);
    begin(world, thing->loop);
    if (thing->acts)
        operate(world);
    release(thing);
    leave(world, thing->loop);
    world->hushed -= is_hushed;
}

int model_call_subscribe(struct model_foreign *foreign, struct model_source *source)
{
    struct model_world *world = foreign->info->world;
    int code = 0;

    model_note(world, "subscribe p%d", foreign->info->id);
    if (foreign->subscribed++)
        model_wrong(world, "p%d: subscribed twice", foreign->info->id);
    enter(world, foreign->info->loop);
    if (!is_quiet(world)) {
        for (int n = model_pick(world, 4); n > 0; n--)
            model_settle(world, source);
        if (model_pick(world, 4) == 3)
            code = 1000 + ++world->n_errors;
    }
    leave(world, foreign->info->loop);
    return code;
}

void model_call_foreign_drop(struct model_foreign *foreign)
{
    model_note(foreign->info->world, "drop p%d", foreign->info->id);
    if (foreign->dropped++)
        model_wrong(foreign->info->world, "p%d: dropped twice", foreign->info->id);
}

void model_call_report(struct model_world *world, int loop, const char *site, int code)
{
    if (is_any_order(world, loop))
        return;
    model_note(world, "report %s: %d", site, code);
    enter(world, loop);
    leave(world, loop);
}

void model_call_program(struct model_world *world)
{
    model_note(world, "called");
    enter(world, MODEL_ANY_LOOP);
    leave(world, MODEL_ANY_LOOP);
}
