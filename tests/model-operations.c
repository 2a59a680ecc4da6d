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

static bool is_usable(const struct model_world *world, int loop)
{
    return world->loops[loop] == MODEL_LOOP || world->loops[loop] == MODEL_LOOP_FREEING;
}

/* A slot with a promise of a loop (-1 for any that lives), which is not `but`. NULL if there is none. */
static struct model_slot *pick_slot(struct model_world *world, int number, int loop, const struct model_info *but)
{
    struct model_slot *found[MODEL_SLOTS];
    int n = 0;

    for (int i = 0; i < MODEL_SLOTS; i++) {
        struct model_slot *slot = &world->slots[i];
        if (slot->promise && slot->info != but && is_usable(world, slot->info->loop) &&
            (loop < 0 || slot->info->loop == loop))
            found[n++] = slot;
    }
    return n ? found[number % n] : NULL;
}

void *model_give(struct model_world *world, int loop, const struct model_info *but, const char *what, int *its_loop)
{
    int number = model_next(world);
    struct model_slot *slot = pick_slot(world, number & 127, loop, but);
    bool keep = number & 128;

    if (!slot)
        return NULL;
    void *promise = slot->promise;
    model_note(world, "> %s p%d%s", what, slot->info->id, keep ? ", kept" : "");
    if (its_loop)
        *its_loop = slot->info->loop;
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

struct model_info *model_info_new(struct model_world *world, int loop, const char *made)
{
    if (world->n_infos == MODEL_PROMISES)
        return NULL;
    struct model_info *info = &world->infos[world->n_infos];
    info->world = world;
    info->id = world->n_infos++;
    info->loop = loop;
    info->made = made;
    snprintf(info->site, sizeof info->site, "p%d", info->id);
    return info;
}

static int pick_loop(struct model_world *world)
{
    int first = model_pick(world, MODEL_LOOPS);

    for (int i = 0; i < MODEL_LOOPS; i++) {
        int loop = (first + i) % MODEL_LOOPS;
        if (is_usable(world, loop))
            return loop;
    }
    return -1;
}

/* For what makes a promise out of nothing: its loop, and room for it. */
static struct model_info *pick_info(struct model_world *world, const char *made)
{
    int loop = pick_loop(world);

    return loop < 0 ? NULL : model_info_new(world, loop, made);
}

/* For what makes a promise of another one, which is given. */
static struct model_info *pick_next(struct model_world *world, const char *made, void **promise)
{
    int loop;

    if (world->n_infos == MODEL_PROMISES)
        return NULL;
    *promise = model_give(world, -1, NULL, made, &loop);
    return *promise ? model_info_new(world, loop, made) : NULL;
}

static void made(struct model_world *world, void *promise, struct model_info *info)
{
    model_note(world, "p%d = %s", info->id, info->made);
    put(world, promise, info);
}

/* ---- Values -------------------------------------------------------------------------------------------- */

struct model_thing *model_thing_new(struct model_world *world, bool attached)
{
    if (world->n_things == MODEL_THINGS)
        return NULL;
    struct model_thing *thing = &world->things[world->n_things];
    thing->world = world;
    thing->id = world->n_things++;
    thing->attached = attached;
    thing->acts = model_pick(world, 4) == 3;
    return thing;
}

static model_value nil(struct model_world *world)
{
    return world->side->make(MODEL_NIL, 0, NULL);
}

static model_value new_thing(struct model_world *world)
{
    struct model_thing *thing = model_thing_new(world, false);

    return thing ? world->side->make(MODEL_THING, 0, thing) : nil(world);
}

static model_value new_throw(struct model_world *world)
{
    return world->side->make(MODEL_THROW, 0, world->side->error_new(world, 1000 + ++world->n_errors));
}

static model_value new_follow(struct model_world *world, int loop)
{
    void *promise = model_give(world, loop, NULL, "follow", NULL);

    return promise ? world->side->make(MODEL_FOLLOW, 0, promise) : nil(world);
}

static model_value new_foreign(struct model_world *world, int loop)
{
    if (world->n_foreigns == MODEL_THINGS)
        return nil(world);
    struct model_info *info = model_info_new(world, loop, "foreign");
    if (!info)
        return nil(world);
    struct model_foreign *foreign = &world->foreigns[world->n_foreigns++];
    foreign->info = info;
    return world->side->make(MODEL_FOREIGN, 0, foreign);
}

static model_value held_value(struct model_world *world)
{
    struct model_held *held = &world->values[model_pick(world, MODEL_VALUES)];

    if (!held->full)
        return nil(world);
    held->full = false;
    return held->value;
}

model_value model_outcome(struct model_world *world, int loop, void *place)
{
    switch (model_pick(world, 12)) {
    case 1:
        return world->side->make(MODEL_INT, model_next(world), NULL);
    case 2:
        return world->side->make(MODEL_STRING, 0, NULL);
    case 3:
    case 4:
        return new_thing(world);
    case 5:
    case 6:
        return new_throw(world);
    case 7:
    case 8:
        return new_follow(world, loop);
    case 9:
        return new_foreign(world, loop);
    case 10:
        return held_value(world);
    case 11:
        return place ? world->side->take(place) : nil(world);
    default:
        return nil(world);
    }
}

/* Moves the content of a place, or of one in its list, out and keeps it. */
void model_take(struct model_world *world, void *place)
{
    struct model_held *held = &world->values[model_pick(world, MODEL_VALUES)];
    void *element = world->side->list_at(place, model_pick(world, MODEL_INPUTS));
    char text[MODEL_TEXT];

    if (held->full)
        return;
    held->value = world->side->take(element ? element : place);
    held->full = true;
    world->side->show(&held->value, text, sizeof text);
    model_note(world, "> take %s", text);
}

/* ---- Promises out of nothing --------------------------------------------------------------------------- */

static struct model_source *free_source(struct model_world *world)
{
    for (int i = 0; i < MODEL_SOURCES; i++) {
        if (!world->side->is_waited_for(&world->sources[i]))
            return &world->sources[i];
    }
    return NULL;
}

static void promise_new(struct model_world *world)
{
    struct model_source *source = free_source(world);
    struct model_info *info = source ? pick_info(world, "new") : NULL;

    if (!info)
        return;
    source->info = info;
    source->tells = model_pick(world, 4) != 3;
    void *promise = world->side->promise_new(info, source, source->tells);
    model_note(world, "> r%d%s", source->index, source->tells ? "" : ", without on_cancel");
    made(world, promise, info);
}

static void resolved(struct model_world *world)
{
    struct model_info *info = pick_info(world, "resolved");

    if (info)
        made(world, world->side->resolved(info, model_outcome(world, info->loop, NULL)), info);
}

static void rejected(struct model_world *world)
{
    struct model_info *info = pick_info(world, "rejected");

    if (info)
        made(world, world->side->rejected(info, world->side->error_new(world, 1000 + ++world->n_errors)), info);
}

static void attempt(struct model_world *world)
{
    struct model_info *info = pick_info(world, "try");

    if (info)
        made(world, world->side->attempt(info), info);
}

static void task(struct model_world *world)
{
    struct model_info *info = pick_info(world, "task");

    if (info)
        made(world, world->side->task(info), info);
}

/* No two timers of a loop are due at the same time: which comes first would be libev's affair. */
static double pick_seconds(struct model_world *world, int loop)
{
    static const double units[] = {0, 0, -1, 1, 3, 1000};
    int which = model_pick(world, 6);
    double fraction = ++world->n_timers / 1024.;

    if (which == 0 || which == 2) {
        if (world->depth || world->zero_used[loop])
            return fraction;
        world->zero_used[loop] = true;
        return units[which];
    }
    return units[which] + fraction;
}

static void timer(struct model_world *world)
{
    struct model_info *info = pick_info(world, "timer");
    double seconds = 0;

    if (!info)
        return;
    enum model_timer how = (enum model_timer) model_pick(world, 3);
    if (how != MODEL_YIELD)
        seconds = pick_seconds(world, info->loop);
    if (how == MODEL_SLEEP_UNTIL)
        seconds = world->clock + (seconds > 0 ? seconds : ++world->n_timers / 1024.);
    model_note(world, "> %s %g", how == MODEL_YIELD ? "yield" : how == MODEL_SLEEP ? "sleep" : "until", seconds);
    made(world, world->side->timer(info, how, seconds), info);
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

static void resolve(struct model_world *world, struct model_source *source)
{
    model_value value = model_outcome(world, source->info->loop, NULL);
    char text[MODEL_TEXT];

    world->side->show(&value, text, sizeof text);
    model_note(world, "> resolve r%d %s", source->index, text);
    model_use(source);
    world->side->resolve(source, value);
}

static void reject(struct model_world *world, struct model_source *source)
{
    void *error = world->side->error_new(world, 1000 + ++world->n_errors);

    model_note(world, "> reject r%d", source->index);
    model_use(source);
    world->side->reject(source, error);
}

static void abandon(struct model_world *world, struct model_source *source)
{
    model_note(world, "> abandon r%d", source->index);
    model_use(source);
    world->side->abandon(source);
}

static void move(struct model_world *world, struct model_source *source)
{
    struct model_source *to = free_source(world);

    if (!to || to == source)
        return;
    to->info = source->info;
    to->tells = model_pick(world, 4) != 3;
    model_note(world, "> move r%d to r%d%s", source->index, to->index, to->tells ? "" : ", without on_cancel");
    world->side->move(to, source, to->tells);
}

void model_settle(struct model_world *world, struct model_source *source)
{
    static void (*const ways[])(struct model_world *, struct model_source *) = {
        resolve, resolve, resolve, resolve, resolve, reject, abandon, move};

    ways[model_pick(world, sizeof ways / sizeof ways[0])](world, source);
}

/* A resolver that was used already is settled a second time every now and then. */
static void settle(struct model_world *world)
{
    int number = model_next(world), n = 0;
    struct model_source *found[MODEL_SOURCES];

    for (int i = 0; i < MODEL_SOURCES; i++) {
        struct model_source *source = &world->sources[i];
        if (source->info && ((number & 128) || world->side->is_waited_for(source)))
            found[n++] = source;
    }
    if (n)
        model_settle(world, found[(number & 127) % n]);
}

/* ---- Promises out of promises -------------------------------------------------------------------------- */

static void react(struct model_world *world)
{
    static const char *const names[] = {"then", "catch", "then_catch"};
    enum model_react how = (enum model_react) model_pick(world, 3);
    bool no_handler = model_pick(world, 8) == 7;
    void *promise;
    struct model_info *info = pick_next(world, names[how], &promise);

    if (info)
        made(world, world->side->react(info, promise, how, no_handler), info);
}

static void finally(struct model_world *world)
{
    void *promise;
    struct model_info *info = pick_next(world, "finally", &promise);

    if (!info)
        return;
    info->cleans_up = true;
    made(world, world->side->finally(info, promise), info);
}

static void attach(struct model_world *world)
{
    void *promise;
    struct model_thing *thing = model_thing_new(world, true);
    struct model_info *info = thing ? pick_next(world, "attach", &promise) : NULL;

    if (thing && !info)
        thing->drops = 1; /* never given to anybody */
    if (!info)
        return;
    info->tied = thing;
    made(world, world->side->attach(info, promise), info);
}

static void timeout(struct model_world *world)
{
    void *promise;
    struct model_info *info = pick_next(world, "timeout", &promise);

    if (!info)
        return;
    double seconds = pick_seconds(world, info->loop);
    model_note(world, "> in %g", seconds);
    made(world, world->side->timeout(info, promise, seconds), info);
}

static void combine(struct model_world *world)
{
    static const char *const names[] = {"all", "all_settled", "any", "race"};
    int how = model_pick(world, 4);
    struct model_info *info = pick_info(world, names[how]);
    int n = model_pick(world, MODEL_INPUTS + 1);
    void *promises[MODEL_INPUTS];

    if (!info)
        return;
    for (int i = 0; i < n; i++) {
        promises[i] = model_give(world, info->loop, NULL, names[how], NULL);
        if (!promises[i])
            n = i;
    }
    made(world, world->side->combine(info, (enum model_combine) how, n, promises), info);
}

/* ---- References ---------------------------------------------------------------------------------------- */

static void ref(struct model_world *world)
{
    struct model_slot *slot = pick_slot(world, model_next(world), -1, NULL);

    if (slot) {
        model_note(world, "> ref p%d", slot->info->id);
        put(world, world->side->ref(slot->promise), slot->info);
    }
}

/* Also a promise whose loop is gone. */
static void unref(struct model_world *world)
{
    struct model_slot *slot = &world->slots[model_pick(world, MODEL_SLOTS)];
    void *promise = slot->promise;

    if (!promise)
        return;
    model_note(world, "> unref p%d", slot->info->id);
    slot->promise = NULL;
    world->side->unref(promise);
}

static void detach(struct model_world *world)
{
    void *promise = model_give(world, -1, NULL, "detach", NULL);

    if (promise)
        world->side->detach(promise);
}

static void cancel(struct model_world *world)
{
    void *promise = model_give(world, -1, NULL, "cancel", NULL);

    if (promise)
        world->side->cancel(promise);
}

/* Also a promise whose loop is gone. */
static void peek(struct model_world *world)
{
    struct model_slot *slot = &world->slots[model_pick(world, MODEL_SLOTS)];
    char text[MODEL_TEXT];

    if (!slot->promise)
        return;
    void *place = world->side->peek(slot->promise);
    world->side->show(place, text, sizeof text);
    model_note(world, "> peek p%d: %s", slot->info->id, text);
    if (place && model_pick(world, 3) == 2)
        model_take(world, place);
}

/* Likewise. */
static void ref_and_unref(struct model_world *world)
{
    struct model_slot *slot = &world->slots[model_pick(world, MODEL_SLOTS)];

    if (!slot->promise)
        return;
    model_note(world, "> ref and unref p%d", slot->info->id);
    world->side->unref(world->side->ref(slot->promise));
}

static void drop_held(struct model_world *world)
{
    model_value value = held_value(world);

    model_note(world, "> drop");
    world->side->drop(value);
}

void model_operate(struct model_world *world)
{
    static void (*const all[])(struct model_world *) = {
        promise_new, promise_new, promise_new, settle,   settle,  settle,  settle, resolved, rejected,
        attempt,     task,        task,        timer,    react,   react,   react,  finally,  finally,
        attach,      timeout,     combine,     combine,  ref,     unref,   unref,  detach,   detach,
        cancel,      cancel,      peek,        ref_and_unref, drop_held};

    all[model_pick(world, sizeof all / sizeof all[0])](world);
}
