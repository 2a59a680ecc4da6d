/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user code of a model test: what handlers, tasks, on_cancel, drop functions and foreign futures do. Both
 * sides call it. Each call notes itself, does a few operations, and returns what the bytes say.
 *
 * While a loop is freed in an exact run, the order of calls is the library's affair, so they cannot go by the
 * bytes: what they do then depends on the number of their promise alone.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdio.h>

static void enter(struct model_world *world)
{
    world->depth++;
    if (model_is_quiet(world) || world->depth > MODEL_DEPTH)
        return;
    model_look(world);
    for (int n = model_pick(world, 3); n > 0; n--)
        model_operate(world);
}

static void leave(struct model_world *world)
{
    world->depth--;
}

static model_value outcome(struct model_info *info, void *place)
{
    struct model_world *world = info->world;

    if (world->depth > MODEL_DEPTH)
        return world->side->make(MODEL_NIL, 0, NULL);
    return model_outcome(world, info->loop, place);
}

static const char *show(struct model_world *world, const void *place)
{
    static char text[MODEL_TEXT];

    world->side->show(place, text, sizeof text);
    return text;
}

/* ---- Handlers ------------------------------------------------------------------------------------------ */

static void handle(struct model_info *info)
{
    if (info->handled++)
        model_wrong(info->world, "p%d: a second handler ran", info->id);
    if (info->world->loops[info->loop] != MODEL_LOOP)
        model_wrong(info->world, "p%d: a handler ran though its loop is being freed", info->id);
    enter(info->world);
}

model_value model_call_then(struct model_info *info, void *place)
{
    model_note(info->world, "then p%d: %s", info->id, show(info->world, place));
    handle(info);
    if (model_pick(info->world, 4) == 3)
        model_take(info->world, place);
    model_value value = outcome(info, place);
    leave(info->world);
    return value;
}

model_value model_call_catch(struct model_info *info, const void *error)
{
    struct model_world *world = info->world;
    model_value value;

    model_note(world, "catch p%d: %d", info->id, world->side->error_code(error));
    handle(info);
    if (model_pick(world, 4) == 3)
        value = world->side->make(MODEL_THROW, 0, world->side->error_ref(error));
    else
        value = outcome(info, NULL);
    leave(world);
    return value;
}

/* In a loop that is being freed: one of the ways to end, always the same one for a promise. */
static model_value quiet_outcome(struct model_info *info)
{
    struct model_world *world = info->world;

    switch (info->id % 4) {
    case 1:
        return world->side->make(MODEL_THROW, 0, world->side->error_new(world, 2000 + info->id));
    case 2:
        return world->side->make(MODEL_FOLLOW, 0, world->side->timer(info, MODEL_YIELD, 0));
    case 3:
        return world->side->make(MODEL_FOLLOW, 0, world->side->resolved(info, world->side->make(MODEL_INT, 1, NULL)));
    default:
        return world->side->make(MODEL_NIL, 0, NULL);
    }
}

static void clean(struct model_info *info)
{
    if (info->cleaned++)
        model_wrong(info->world, "p%d: cleaned up twice", info->id);
}

model_value model_call_finally(struct model_info *info)
{
    model_note(info->world, "finally p%d", info->id);
    clean(info);
    enter(info->world);
    model_value value = model_is_quiet(info->world) ? quiet_outcome(info) : outcome(info, NULL);
    leave(info->world);
    return value;
}

model_value model_call_try(struct model_info *info)
{
    model_note(info->world, "try p%d", info->id);
    enter(info->world);
    model_value value = outcome(info, NULL);
    leave(info->world);
    return value;
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

static const char *const places[] = {"starts", "goes on", "finally", "goes on with finally"};

/* Waits twice in a loop that is being freed, for what cannot come any more. */
static struct model_step quiet_step(struct model_info *info)
{
    struct model_step step = {.kind = MODEL_END};

    if (info->id % 2 && info->quiet_awaits < 2) {
        info->quiet_awaits++;
        step.kind = info->id % 4 == 1 ? MODEL_TRY : MODEL_AWAIT;
        step.promise = info->world->side->timer(info, MODEL_YIELD, 0);
    }
    return step;
}

static struct model_step next_step(struct model_info *info, void *place)
{
    struct model_world *world = info->world;
    struct model_step step = {.kind = (enum model_step_kind) model_pick(world, 4)};

    if (step.kind == MODEL_RETURN)
        step.value = model_outcome(world, info->loop, place);
    else if (step.kind != MODEL_END)
        step.promise = model_give(world, info->loop, info, step.kind == MODEL_AWAIT ? "await" : "try", NULL);
    if (step.kind != MODEL_RETURN && !step.promise)
        step.kind = MODEL_END;
    return step;
}

struct model_step model_call_task(struct model_info *info, enum model_at at, void *place, const void *error)
{
    struct model_world *world = info->world;
    struct model_step step = {.kind = MODEL_END};

    model_note(world, "task p%d %s: %s", info->id, places[at], place ? show(world, place) : error ? "error" : "");
    info->cleans_up = true;
    if (at == MODEL_AT_FINALLY)
        clean(info);
    enter(world);
    if (model_is_quiet(world))
        step = quiet_step(info);
    else if (world->depth <= MODEL_DEPTH)
        step = next_step(info, place);
    leave(world);
    return step;
}

/* ---- The ends ------------------------------------------------------------------------------------------ */

void model_use(struct model_source *source)
{
    if (source->info->world->side->is_waited_for(source))
        source->info->used = true;
}

void model_call_cancel(struct model_source *source)
{
    struct model_info *info = source->info;

    model_note(info->world, "cancelled r%d p%d", source->index, info->id);
    if (info->cancelled++)
        model_wrong(info->world, "p%d: on_cancel was called twice", info->id);
    if (info->used)
        model_wrong(info->world, "p%d: on_cancel was called though its resolver was used", info->id);
    enter(info->world);
    leave(info->world);
}

void model_call_drop(struct model_thing *thing)
{
    model_note(thing->world, "%s t%d", thing->attached ? "release" : "drop", thing->id);
    if (thing->drops++)
        model_wrong(thing->world, "t%d was released twice", thing->id);
    if (!thing->acts)
        return;
    enter(thing->world);
    leave(thing->world);
}

void *model_call_subscribe(struct model_foreign *foreign, struct model_source *source)
{
    struct model_world *world = foreign->info->world;
    void *error = NULL;

    model_note(world, "subscribe p%d", foreign->info->id);
    if (foreign->subscribed++)
        model_wrong(world, "p%d: subscribed twice", foreign->info->id);
    enter(world);
    for (int n = model_pick(world, 4); n > 0; n--)
        model_settle(world, source);
    if (model_pick(world, 4) == 3)
        error = world->side->error_new(world, 1000 + ++world->n_errors);
    leave(world);
    return error;
}

void model_call_foreign_drop(struct model_foreign *foreign)
{
    model_note(foreign->info->world, "drop p%d", foreign->info->id);
    if (foreign->dropped++)
        model_wrong(foreign->info->world, "p%d: dropped twice", foreign->info->id);
}

void model_call_report(struct model_world *world, bool leak, const char *site, const void *error)
{
    int code = error ? world->side->error_code(error) : 0;

    model_note(world, "report %s %s: %d", leak ? "leak" : "unhandled", site, code);
    enter(world);
    leave(world);
}
