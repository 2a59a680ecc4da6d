/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program of the model test can do with promises, in its main program and in its handlers alike. Each
 * operation takes what it needs to know from the next bytes, notes what it does, and does nothing where it
 * would be misuse.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdio.h>

/* ---- Promises that the program holds ------------------------------------------------------------------- */

/* What is made of the promises of a loop that was freed the headers do not say. */
static bool is_usable(const struct model_world *world, int loop)
{
    return world->loops[loop].state == MODEL_LOOP_OPEN || !model_is_compared(world);
}

static bool is_of(const struct model_world *world, const struct model_slot *slot, int loop)
{
    if (loop == MODEL_USABLE)
        return is_usable(world, slot->info->loop);
    if (loop == MODEL_RUNNABLE)
        return model_may_run(world, slot->info->loop);
    return loop == MODEL_ANY_LOOP || loop == slot->info->loop;
}

static struct model_slot *pick_slot(struct model_world *world, int number, int loop,
                                    const struct model_info *but)
{
    struct model_slot *found[MODEL_SLOTS];
    int n = 0;

    for (int i = 0; i < MODEL_SLOTS; i++) {
        struct model_slot *slot = &world->slots[i];

        if (slot->promise && slot->info != but && is_of(world, slot, loop))
            found[n++] = slot;
    }
    return n ? found[number % n] : NULL;
}

struct model_slot model_give(struct model_world *world, int loop, const struct model_info *but,
                             const char *what)
{
    int number = model_next(world);
    struct model_slot *slot = pick_slot(world, number & 127, loop, but), given = {NULL, NULL};
    bool keep = number & 128;

    if (!slot)
        return given;
    given = *slot;
    model_note(world, "> %s p%d%s", what, slot->info->id, keep ? ", kept" : "");
    if (keep)
        given.promise = world->side->ref(given.promise);
    else
        slot->promise = NULL;
    return given;
}

/* Where there is no room, the program lets go of the promise. */
static void put(struct model_world *world, void *promise, struct model_info *info)
{
    for (int i = 0; i < MODEL_SLOTS; i++) {
        if (!world->slots[i].promise) {
            world->slots[i] = (struct model_slot){promise, info};
            return;
        }
    }
    if (model_pick(world, 2)) {
        model_note(world, "> detach p%d", info->id);
        world->side->detach(promise);
    } else {
        model_note(world, "> unref p%d", info->id);
        world->side->unref(promise);
    }
}

static struct model_info *info_new(struct model_world *world, enum model_made made, int loop)
{
    struct model_info *info = &world->infos[world->n_infos];

    *info = (struct model_info){.world = world, .id = world->n_infos++, .loop = loop, .made = made};
    snprintf(info->site, sizeof info->site, "p%d", info->id);
    return info;
}

static bool is_room(const struct model_world *world)
{
    return world->n_infos < MODEL_PROMISES;
}

/* ---- Values -------------------------------------------------------------------------------------------- */

static struct model_thing *thing_new(struct model_world *world, int loop)
{
    struct model_thing *thing = &world->things[world->n_things];

    if (world->n_things == MODEL_THINGS)
        return NULL;
    *thing = (struct model_thing){.world = world, .id = world->n_things++, .loop = loop};
    /* A drop function that acts makes visible in which order values go. */
    thing->acts = !model_is_compared(world) && model_pick(world, 4) == 3;
    return thing;
}

static struct model_thing *owner_new(struct model_world *world, int loop)
{
    struct model_thing *thing = thing_new(world, loop);
    struct model_slot owned;

    if (!thing)
        return NULL;
    owned = model_give(world, MODEL_ANY_LOOP, NULL, "own");
    thing->promise = owned.promise;
    thing->info = owned.info;
    thing->cancels = model_pick(world, 4) == 3;
    return thing;
}

static struct model_foreign *foreign_new(struct model_world *world, int loop)
{
    if (world->n_foreigns == MODEL_THINGS || !is_room(world))
        return NULL;
    struct model_foreign *foreign = &world->foreigns[world->n_foreigns++];
    *foreign = (struct model_foreign){.info = info_new(world, MODEL_FOREIGN_FUTURE, loop)};
    model_note(world, "p%d is foreign", foreign->info->id);
    return foreign;
}

static struct model_outcome with_object(enum model_what what, void *object)
{
    return object ? (struct model_outcome){what, 0, object} : (struct model_outcome){.what = MODEL_NIL};
}

struct model_outcome model_outcome(struct model_world *world, int loop, bool has_value)
{
    switch (model_pick(world, 14)) {
    case 1:
        return (struct model_outcome){MODEL_INT, model_next(world), NULL};
    case 2:
    case 3:
    case 4:
        return with_object(MODEL_THING, thing_new(world, loop));
    case 5:
    case 6:
        return (struct model_outcome){MODEL_THROW, 1000 + ++world->n_errors, NULL};
    case 7:
    case 8:
    case 9:
        return with_object(MODEL_FOLLOW, model_give(world, loop, NULL, "follow").promise);
    case 10:
        return with_object(MODEL_FOREIGN, foreign_new(world, loop));
    case 11:
        return (struct model_outcome){.what = has_value && !world->has_ticks ? MODEL_TAKE : MODEL_NIL};
    case 12:
    case 13:
        return with_object(MODEL_THING, owner_new(world, loop));
    default:
        return (struct model_outcome){.what = MODEL_NIL};
    }
}

/* ---- Making promises ----------------------------------------------------------------------------------- */

static struct model_source *free_source(struct model_world *world)
{
    for (int i = 0; i < MODEL_SOURCES; i++) {
        if (!world->side->is_waited_for(&world->sources[i]))
            return &world->sources[i];
    }
    return NULL;
}

static const char *const names[] = {
    "resolver", "resolved", "try",    "sleep",   "yield",  "task", "tick",        "pass", "then", "catch",
    "both",     "finally",  "attach", "timeout", "shield", "all",  "all_settled", "any",  "race", "select",
};

/* Soon, or never; with a fraction of its own, so that no two end at once. */
static double duration(struct model_world *world, const struct model_info *info)
{
    return model_pick(world, 4) + (info->id + 1) / 1024.;
}

/* What a kind needs to know besides its inputs. False when it cannot be made. */
static bool prepare(struct model_world *world, struct model_info *info)
{
    if (info->made == MODEL_RESOLVER) {
        info->source = free_source(world);
        if (!info->source)
            return false;
        info->source->info = info;
        info->source->tells = model_pick(world, 4) != 3;
    } else if (info->made == MODEL_RESOLVED) {
        info->outcome = model_outcome(world, info->loop, false);
    } else if (info->made == MODEL_SLEEP || info->made == MODEL_TIMEOUT) {
        info->seconds = duration(world, info);
    } else if (info->made == MODEL_ATTACH) {
        info->tied = thing_new(world, info->loop);
        info->made = info->tied ? MODEL_ATTACH : MODEL_PASS; /* there are too many things already */
    }
    return true;
}

static bool take_inputs(struct model_world *world, struct model_info *info, void **inputs)
{
    int n = info->made >= MODEL_ALL ? model_pick(world, MODEL_INPUTS + 1) : info->made >= MODEL_PASS;

    for (; info->n < n; info->n++) {
        struct model_slot input =
            model_give(world, info->n ? info->loop : MODEL_USABLE, NULL, names[info->made]);

        if (!input.promise)
            break;
        info->loop = input.info->loop;
        inputs[info->n] = input.promise;
    }
    if (info->n)
        return true;
    /* What is made of nothing needs the loop itself, which may be no more. */
    info->loop = world->n_loops > 1 ? model_pick(world, world->n_loops) : 0;
    return (info->made < MODEL_PASS || info->made >= MODEL_ALL) &&
           world->loops[info->loop].state != MODEL_LOOP_FREED && is_usable(world, info->loop);
}

static void make(struct model_world *world, enum model_made made)
{
    void *inputs[MODEL_INPUTS];
    struct model_info *info;
    void *promise;

    if (!is_room(world) || (made == MODEL_TICK && !world->has_ticks))
        return;
    info = info_new(world, made, 0);
    if (!take_inputs(world, info, inputs) || !prepare(world, info))
        return;
    info->cleans_up = made == MODEL_FINALLY;
    promise = world->side->make(info, inputs);
    model_note(world, "p%d = %s", info->id, names[info->made]);
    put(world, promise, info);
}

/* ---- What is done with them ---------------------------------------------------------------------------- */

static void give_up(struct model_world *world, const char *name, void (*function)(void *promise))
{
    void *promise = model_give(world, MODEL_ANY_LOOP, NULL, name).promise;

    if (promise)
        function(promise);
}

/* Until it is settled, wherever that is no misuse. */
static void run(struct model_world *world)
{
    struct model_slot given = model_give(world, MODEL_RUNNABLE, NULL, "run");
    char text[MODEL_TEXT];

    if (!given.promise)
        return;
    world->loops[given.info->loop].runs++;
    world->side->run(given.promise, text, sizeof text);
    world->loops[given.info->loop].runs--;
    model_note(world, "ran p%d: %s", given.info->id, text);
}

/* Rarely one that is the first, or the program has not much left to do. */
static void free_loop(struct model_world *world)
{
    int loop = model_pick(world, world->n_loops), how = model_next(world);

    if (model_may_run(world, loop) && !world->loops[loop].runs && (loop || how >= 224))
        model_free_loop(world, loop, how % 4 == 3);
}

/* The same with a promise that is settled by time alone, so that time passes. */
static void nap(struct model_world *world)
{
    int loop = model_pick(world, world->n_loops);
    struct model_info *info;
    char text[MODEL_TEXT];

    if (!model_may_run(world, loop) || !is_room(world))
        return;
    info = info_new(world, MODEL_SLEEP, loop);
    info->seconds = duration(world, info);
    model_note(world, "> nap p%d", info->id);
    world->loops[loop].runs++;
    world->side->run(world->side->make(info, NULL), text, sizeof text);
    world->loops[loop].runs--;
    model_note(world, "ran p%d: %s", info->id, text);
}

static void stop_ticks(struct model_world *world)
{
    int loop = model_pick(world, world->n_loops);

    if (world->loops[loop].state != MODEL_LOOP_OPEN)
        return;
    model_note(world, "> stop ticks %d", loop);
    world->side->stop_ticks(world, loop);
}

static void call(struct model_world *world)
{
    int ev = world->n_loops > 2 ? model_pick(world, MODEL_EVS) : 0;

    model_note(world, "> call %d", ev);
    world->side->call(world, ev);
}

static void take(struct model_world *world)
{
    struct model_slot *slot = pick_slot(world, model_next(world), MODEL_ANY_LOOP, NULL);

    if (!slot || world->side->state(slot->promise) != '=' || world->has_ticks)
        return;
    model_note(world, "> take p%d", slot->info->id);
    world->side->take(slot->promise, model_pick(world, MODEL_INPUTS + 1) - 1);
}

static void peek(struct model_world *world)
{
    struct model_slot *slot = pick_slot(world, model_next(world), MODEL_ANY_LOOP, NULL);
    char text[MODEL_TEXT];

    if (!slot || world->side->state(slot->promise) == '?')
        return;
    world->side->show(slot->promise, text, sizeof text);
    model_note(world, "> peek p%d: %s", slot->info->id, text);
}

static void move(struct model_world *world, struct model_source *source)
{
    struct model_source *to = free_source(world);

    if (!to || to == source || !world->side->is_waited_for(source))
        return;
    to->info = source->info;
    to->tells = model_pick(world, 4) != 3;
    model_note(world, "> move r%d to r%d", source->index, to->index);
    world->side->move(to, source);
}

static void use(struct model_world *world, const struct model_source *source)
{
    if (world->side->is_waited_for(source))
        source->info->used = true;
}

void model_settle(struct model_world *world, struct model_source *source)
{
    struct model_outcome outcome;

    if (!source->info)
        return; /* it never was one */
    switch (model_pick(world, 6)) {
    case 4:
        model_note(world, "> abandon r%d", source->index);
        use(world, source);
        world->side->abandon(source);
        break;
    case 5:
        move(world, source);
        break;
    default:
        outcome = model_outcome(world, source->info->loop, false);
        model_note(world, "> resolve r%d", source->index);
        use(world, source);
        world->side->resolve(source, outcome);
    }
}

/* Each with a weight: the programs that matter make clean-up, wait for it and drop it. */
static const enum model_made made_often[] = {
    MODEL_RESOLVER, MODEL_RESOLVER,   MODEL_RESOLVER, MODEL_RESOLVED, MODEL_TRY,         MODEL_SLEEP,
    MODEL_YIELD,    MODEL_TASK,       MODEL_TASK,     MODEL_TASK,     MODEL_PASS,        MODEL_THEN,
    MODEL_CATCH,    MODEL_THEN_CATCH, MODEL_FINALLY,  MODEL_FINALLY,  MODEL_FINALLY,     MODEL_ATTACH,
    MODEL_TIMEOUT,  MODEL_ALL,        MODEL_ANY,      MODEL_RACE,     MODEL_ALL_SETTLED, MODEL_SELECT,
    MODEL_SELECT,   MODEL_SHIELD,     MODEL_TICK,     MODEL_TICK,
};
enum { MADE = sizeof made_often / sizeof made_often[0] };

/* What is about loops, likewise. */
static void (*const about_loops[])(struct model_world *world) = {call, free_loop, stop_ticks, run, run,
                                                                 run,  nap,       nap,        nap};
enum { ABOUT_LOOPS = sizeof about_loops / sizeof about_loops[0] };

void model_operate(struct model_world *world)
{
    int what = model_pick(world, 14 + MADE + ABOUT_LOOPS);

    if (what >= 14 + MADE)
        about_loops[what - 14 - MADE](world);
    else if (what >= 14)
        make(world, made_often[what - 14]);
    else if (what == 13)
        give_up(world, "forget", world->side->forget);
    else if (what >= 9)
        model_settle(world, &world->sources[model_pick(world, MODEL_SOURCES)]);
    else if (what >= 6)
        give_up(world, "cancel", world->side->cancel);
    else if (what >= 3)
        give_up(world, "unref", world->side->unref);
    else if (what == 2)
        give_up(world, "detach", world->side->detach);
    else if (what == 1)
        take(world);
    else
        peek(world);
}
