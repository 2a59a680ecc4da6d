/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main program of a model test: decisions, the trace, turns of the loop, and how a program ends.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Decisions and the trace --------------------------------------------------------------------------- */

int model_next(struct model_world *world)
{
    return world->at < world->size ? world->data[world->at++] : 0;
}

int model_pick(struct model_world *world, int n)
{
    return model_next(world) % n;
}

int model_ev(int loop)
{
    return loop / 2;
}

double model_interval(int loop)
{
    return 1.70013 + loop * 0.0101;
}

bool model_may_run(const struct model_world *world, int loop)
{
    return world->loops[loop].state == MODEL_LOOP_OPEN && !world->loops[loop].busy;
}

bool model_is_compared(const struct model_world *world)
{
    return world->mode == MODEL_EXACT && !world->is_over;
}

void model_pass_time(struct model_world *world)
{
    world->clock += 1;
    model_note(world, "- %g", world->clock);
}

static void insert(struct model_text *text, size_t at, const char *line, size_t length)
{
    if (text->length + length >= text->size) {
        text->size = 2 * (text->size + length) + 1024;
        text->bytes = realloc(text->bytes, text->size);
        if (!text->bytes)
            abort();
    }
    memmove(text->bytes + at + length, text->bytes + at, text->length - at);
    memcpy(text->bytes + at, line, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

static size_t make_line(const struct model_world *world, char *line, size_t size, const char *format,
                        va_list arguments)
{
    size_t indent = world->hushed ? 2 : 4 * (size_t) world->depth;

    memset(line, ' ', indent);
    vsnprintf(line + indent, size - indent - 1, format, arguments);
    strcat(line, "\n");
    return strlen(line);
}

/* Where a line belongs among those that are sorted. */
static size_t place_of(const struct model_text *sorted, const char *line)
{
    size_t at = 0;

    while (at < sorted->length && strncmp(sorted->bytes + at, line, strcspn(line, "\n") + 1) < 0)
        at += strcspn(sorted->bytes + at, "\n") + 1;
    return at;
}

void model_note(struct model_world *world, const char *format, ...)
{
    char line[8 * MODEL_TEXT];
    va_list arguments;

    va_start(arguments, format);
    size_t length = make_line(world, line, sizeof line, format, arguments);
    va_end(arguments);
    if (world->hushed)
        insert(&world->sorted, place_of(&world->sorted, line), line, length);
    else
        insert(&world->log, world->log.length, line, length);
}

static void note_sorted(struct model_world *world)
{
    if (world->sorted.length)
        insert(&world->log, world->log.length, world->sorted.bytes, world->sorted.length);
    world->sorted.length = 0;
}

void model_wrong(struct model_world *world, const char *format, ...)
{
    char line[2 * MODEL_TEXT];
    va_list arguments;

    if (world->wrong || (world->is_over && world->side == &model_reference))
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    world->wrong = strdup(line);
}

/* ---- What can be seen ---------------------------------------------------------------------------------- */

static int show_slot(const struct model_world *world, const struct model_slot *slot, char *text, size_t size)
{
    char value[MODEL_TEXT] = "";
    char state = world->side->state(slot->promise);

    if (state == '=' && world->looks) /* to peek at an error would be to have looked at it */
        world->side->show(slot->promise, value, sizeof value);
    return snprintf(text, size, " p%d%c%s", slot->info->id, state, value);
}

void model_look(struct model_world *world)
{
    char text[6 * MODEL_TEXT] = "";
    size_t used = 0;

    if (!world->depth)
        note_sorted(world);
    for (int i = 0; i < MODEL_SLOTS && used + 1 < sizeof text; i++) {
        if (world->slots[i].promise)
            used += (size_t) show_slot(world, &world->slots[i], text + used, sizeof text - used);
    }
    for (int i = 0; i < MODEL_SOURCES && used + 1 < sizeof text; i++) {
        if (world->side->is_waited_for(&world->sources[i]))
            used += (size_t) snprintf(text + used, sizeof text - used, " r%d", i);
    }
    model_note(world, "|%s", text);
}

/* ---- The end of a program ------------------------------------------------------------------------------ */

/* A value may be in a promise that it owns: then somebody has to break the circle. */
static void empty_all(struct model_world *world)
{
    for (int i = 0; i < world->n_things; i++) {
        void *promise = world->things[i].promise;

        if (!promise)
            continue;
        model_note(world, "> unref p%d of t%d", world->things[i].info->id, i);
        world->things[i].promise = NULL;
        world->side->unref(promise);
    }
}

static void release_all(struct model_world *world)
{
    for (int i = 0; i < MODEL_SLOTS; i++) {
        void *promise = world->slots[i].promise;

        if (!promise)
            continue;
        model_note(world, "> unref p%d", world->slots[i].info->id);
        world->slots[i].promise = NULL;
        world->side->unref(promise);
    }
    empty_all(world);
}

static void turn(struct model_world *world, int ev)
{
    model_note(world, "> turn %d", ev);
    world->side->turn(world, ev);
}

static void settle_all(struct model_world *world)
{
    for (int i = 0; i < MODEL_SOURCES; i++) {
        struct model_source *source = &world->sources[i];

        if (!world->side->is_waited_for(source))
            continue;
        model_note(world, "> resolve r%d", i);
        source->info->used = true;
        world->side->resolve(source, (struct model_outcome){.what = MODEL_NIL});
    }
}

/* Everything is let go, and what clean-up still waits for comes. What is alive then waits for itself, or the
 * library has lost it: the reference tells. */
static void wind_up(struct model_world *world)
{
    release_all(world);
    for (int loop = 0; loop < world->n_loops; loop++) {
        if (world->loops[loop].state == MODEL_LOOP_OPEN)
            world->side->stop_ticks(world, loop);
    }
    for (int i = 0; i < 6; i++) {
        settle_all(world);
        for (int ev = 0; ev < MODEL_EVS; ev++)
            turn(world, ev);
        release_all(world); /* what clean-up kept */
    }
    model_look(world);
    for (int loop = 0; loop < world->n_loops; loop++) {
        if (world->loops[loop].state == MODEL_LOOP_OPEN)
            model_note(world, world->side->live(world, loop) ? "some are alive" : "none is alive");
    }
}

/* What the loop's end has left. */
static void check_held(struct model_world *world, int loop)
{
    for (int i = 0; i < MODEL_SLOTS; i++) {
        const struct model_slot *slot = &world->slots[i];

        if (slot->promise && slot->info->loop == loop && world->side->state(slot->promise) == '?')
            model_wrong(world, "p%d is pending though its loop was freed", slot->info->id);
    }
    for (int i = 0; i < MODEL_SOURCES; i++) {
        const struct model_source *source = &world->sources[i];

        if (world->side->is_waited_for(source) && source->info->loop == loop)
            model_wrong(world, "r%d is waited for though its loop was freed", i);
    }
}

/* In which order a loop cancels what does not wait for one another is its own affair. */
void model_free_loop(struct model_world *world, int loop, bool is_loud)
{
    model_note(world, "> free loop %d", loop);
    if (is_loud && model_is_compared(world)) {
        world->is_over = true;
        world->compared = world->log.length;
    }
    world->hushed += !is_loud;
    world->side->stop_ticks(world, loop);
    world->loops[loop].state = MODEL_LOOP_FREEING;
    world->side->free_loop(world, loop);
    world->loops[loop].state = MODEL_LOOP_FREED;
    world->hushed -= !is_loud;
    check_held(world, loop);
}

static int first_open(const struct model_world *world)
{
    int loop = 0;

    while (loop < world->n_loops && world->loops[loop].state != MODEL_LOOP_OPEN)
        loop++;
    return loop;
}

/* ---- What stands in the main program alone ------------------------------------------------------------- */

static void step(struct model_world *world)
{
    int loop = first_open(world), what = model_next(world);

    if (loop == world->n_loops || what >= 64)
        model_operate(world);
    else if (what == 63)
        model_free_loop(world, loop, true);
    else
        turn(world, world->n_loops > 2 ? model_pick(world, MODEL_EVS) : 0);
    model_look(world);
}

static void take_down(struct model_world *world)
{
    wind_up(world);
    for (int loop; (loop = first_open(world)) < world->n_loops;)
        model_free_loop(world, loop, false);
    release_all(world);
    model_look(world);
}

/* The reference knows nothing of what follows where the comparison is over. */
static bool goes_on(const struct model_world *world)
{
    return !world->wrong && !(world->is_over && world->side == &model_reference);
}

void model_play(struct model_world *world)
{
    if (world->side->begin(world)) {
        while (goes_on(world) && world->at < world->size)
            step(world);
        if (goes_on(world))
            take_down(world);
    }
    world->side->end(world);
}
