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
    size_t indent = 4 * (size_t) world->depth;

    memset(line, ' ', indent);
    vsnprintf(line + indent, size - indent - 1, format, arguments);
    strcat(line, "\n");
    return strlen(line);
}

void model_note(struct model_world *world, const char *format, ...)
{
    char line[8 * MODEL_TEXT];
    va_list arguments;

    va_start(arguments, format);
    size_t length = make_line(world, line, sizeof line, format, arguments);
    va_end(arguments);
    insert(&world->log, world->log.length, line, length);
}

void model_note_drop(struct model_world *world, int thing)
{
    char line[32];
    size_t at = 0, length = (size_t) snprintf(line, sizeof line, "  drop t%03d\n", thing);

    while (at < world->drops.length && strncmp(world->drops.bytes + at, line, length) < 0)
        at += length;
    insert(&world->drops, at, line, length);
}

static void note_drops(struct model_world *world)
{
    if (world->drops.length)
        insert(&world->log, world->log.length, world->drops.bytes, world->drops.length);
    world->drops.length = 0;
}

void model_wrong(struct model_world *world, const char *format, ...)
{
    char line[2 * MODEL_TEXT];
    va_list arguments;

    if (world->wrong)
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

    if (state == '=') /* to peek at an error would be to have looked at it */
        world->side->show(slot->promise, value, sizeof value);
    return snprintf(text, size, " p%d%c%s", slot->info->id, state, value);
}

void model_look(struct model_world *world)
{
    char text[6 * MODEL_TEXT] = "";
    size_t used = 0;

    if (!world->depth)
        note_drops(world);
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
}

static void turn(struct model_world *world)
{
    world->clock += 1;
    model_note(world, "> turn");
    world->side->turn(world);
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
    for (int i = 0; i < 6; i++) {
        settle_all(world);
        turn(world);
        release_all(world); /* what clean-up kept */
    }
    model_look(world);
    model_note(world, world->side->live(world) ? "some are alive" : "none is alive");
}

static void check_held(struct model_world *world)
{
    for (int i = 0; i < MODEL_SLOTS; i++) {
        if (world->slots[i].promise && world->side->state(world->slots[i].promise) == '?')
            model_wrong(world, "p%d is pending though its loop was freed", world->slots[i].info->id);
    }
    for (int i = 0; i < MODEL_SOURCES; i++) {
        if (world->side->is_waited_for(&world->sources[i]))
            model_wrong(world, "r%d is waited for though its loop was freed", i);
    }
}

/* In which order a loop cancels what does not wait for one another is its own affair: what happens from here
 * on is not compared, but everything must still happen exactly once, whatever user code does meanwhile. */
static bool free_loop(struct model_world *world)
{
    model_note(world, "> free the loop");
    world->compared = world->log.length;
    world->loop = MODEL_LOOP_FREEING;
    if (!world->side->free_loop(world))
        return false;
    world->loop = MODEL_LOOP_FREED;
    check_held(world);
    return true;
}

/* ---- What stands in the main program alone ------------------------------------------------------------- */

/* False when there is nothing more to do on this side. */
static bool step(struct model_world *world)
{
    int what = model_next(world);

    if (world->loop == MODEL_LOOP_OPEN && what < 64) {
        if (what == 63)
            return free_loop(world);
        turn(world);
    } else {
        model_operate(world);
    }
    model_look(world);
    return true;
}

void model_play(struct model_world *world)
{
    bool goes_on = world->side->begin(world);

    while (goes_on && world->at < world->size && !world->wrong)
        goes_on = step(world);
    if (goes_on && world->loop == MODEL_LOOP_OPEN) {
        wind_up(world);
        goes_on = free_loop(world);
    }
    if (goes_on)
        release_all(world);
    world->side->end(world);
}
