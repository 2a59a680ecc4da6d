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

static struct model_slot *pick_slot(struct model_world *world, int number, const struct model_info *but)
{
    struct model_slot *found[MODEL_SLOTS];
    int n = 0;

    for (int i = 0; i < MODEL_SLOTS; i++) {
        if (world->slots[i].promise && world->slots[i].info != but)
            found[n++] = &world->slots[i];
    }
    return n ? found[number % n] : NULL;
}

void *model_give(struct model_world *world, const struct model_info *but, const char *what)
{
    int number = model_next(world);
    struct model_slot *slot = pick_slot(world, number & 127, but);
    bool keep = number & 128;
    void *promise;

    if (!slot)
        return NULL;
    promise = slot->promise;
    model_note(world, "> %s p%d%s", what, slot->info->id, keep ? ", kept" : "");
    if (keep)
        return world->side->ref(promise);
    slot->promise = NULL;
    return promise;
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

static struct model_info *info_new(struct model_world *world, enum model_made made)
{
    struct model_info *info = &world->infos[world->n_infos];

    *info = (struct model_info){.world = world, .id = world->n_infos++, .made = made};
    snprintf(info->site, sizeof info->site, "p%d", info->id);
    return info;
}

static bool is_room(const struct model_world *world)
{
    return world->n_infos < MODEL_PROMISES;
}

/* ---- Values -------------------------------------------------------------------------------------------- */

static struct model_thing *thing_new(struct model_world *world)
{
    struct model_thing *thing = &world->things[world->n_things];

    if (world->n_things == MODEL_THINGS)
        return NULL;
    *thing = (struct model_thing){.world = world, .id = world->n_things++};
    /* A drop function that acts makes visible in which order values go. */
    thing->acts = (world->mode != MODEL_EXACT || world->loop != MODEL_LOOP_OPEN) && model_pick(world, 4) == 3;
    return thing;
}

static struct model_foreign *foreign_new(struct model_world *world)
{
    if (world->n_foreigns == MODEL_THINGS || !is_room(world))
        return NULL;
    struct model_foreign *foreign = &world->foreigns[world->n_foreigns++];
    *foreign = (struct model_foreign){.info = info_new(world, MODEL_FOREIGN_FUTURE)};
    model_note(world, "p%d is foreign", foreign->info->id);
    return foreign;
}

static struct model_outcome with_object(enum model_what what, void *object)
{
    return object ? (struct model_outcome){what, 0, object} : (struct model_outcome){.what = MODEL_NIL};
}

struct model_outcome model_outcome(struct model_world *world, bool has_value)
{
    switch (model_pick(world, 12)) {
    case 1:
        return (struct model_outcome){MODEL_INT, model_next(world), NULL};
    case 2:
    case 3:
    case 4:
        return with_object(MODEL_THING, thing_new(world));
    case 5:
    case 6:
        return (struct model_outcome){MODEL_THROW, 1000 + ++world->n_errors, NULL};
    case 7:
    case 8:
    case 9:
        return with_object(MODEL_FOLLOW, model_give(world, NULL, "follow"));
    case 10:
        return with_object(MODEL_FOREIGN, foreign_new(world));
    case 11:
        return (struct model_outcome){.what = has_value ? MODEL_TAKE : MODEL_NIL};
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
    "resolver", "resolved", "try",     "sleep",  "yield", "task",        "pass", "then", "catch",  "both",
    "finally",  "attach",   "timeout", "shield", "all",   "all_settled", "any",  "race", "select",
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
        info->outcome = model_outcome(world, false);
    } else if (info->made == MODEL_SLEEP || info->made == MODEL_TIMEOUT) {
        info->seconds = duration(world, info);
    } else if (info->made == MODEL_ATTACH) {
        info->tied = thing_new(world);
        info->made = info->tied ? MODEL_ATTACH : MODEL_PASS; /* there are too many things already */
    }
    return true;
}

static bool take_inputs(struct model_world *world, struct model_info *info, void **inputs)
{
    int n = info->made >= MODEL_ALL ? model_pick(world, MODEL_INPUTS + 1) : info->made >= MODEL_PASS;

    for (void *input; info->n < n && (input = model_give(world, NULL, names[info->made])); info->n++)
        inputs[info->n] = input;
    if (info->n)
        return true;
    /* What is made of nothing needs the loop itself, which may be no more. */
    return (info->made < MODEL_PASS || info->made >= MODEL_ALL) && world->loop != MODEL_LOOP_FREED;
}

static void make(struct model_world *world, enum model_made made)
{
    void *inputs[MODEL_INPUTS];
    struct model_info *info;
    void *promise;

    if (!is_room(world))
        return;
    info = info_new(world, made);
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
    void *promise = model_give(world, NULL, name);

    if (promise)
        function(promise);
}

static void take(struct model_world *world)
{
    struct model_slot *slot = pick_slot(world, model_next(world), NULL);

    if (!slot || world->side->state(slot->promise) != '=')
        return;
    model_note(world, "> take p%d", slot->info->id);
    world->side->take(slot->promise, model_pick(world, MODEL_INPUTS + 1) - 1);
}

static void peek(struct model_world *world)
{
    struct model_slot *slot = pick_slot(world, model_next(world), NULL);
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
        outcome = model_outcome(world, false);
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
    MODEL_SELECT,   MODEL_SHIELD,
};
enum { MADE = sizeof made_often / sizeof made_often[0] };

void model_operate(struct model_world *world)
{
    int what = model_pick(world, MADE + 14);

    if (what >= 14)
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
