/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main program of a model test: one operation after the other until the bytes are used up, with a line
 * of the log about everything that can be seen after each; then everything is released and settled.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Decisions and the log ----------------------------------------------------------------------------- */

int model_next(struct model_world *world)
{
    if (world->at == world->size || model_is_quiet(world))
        return 0;
    return world->data[world->at++];
}

int model_pick(struct model_world *world, int n)
{
    return model_next(world) % n;
}

static void append(struct model_world *world, const char *text, size_t length)
{
    if (world->log_length + length >= world->log_size) {
        world->log_size = 2 * (world->log_size + length) + 1024;
        world->log = realloc(world->log, world->log_size);
        if (!world->log)
            abort();
    }
    memcpy(world->log + world->log_length, text, length + 1);
    world->log_length += length;
}

void model_note(struct model_world *world, const char *format, ...)
{
    char line[2 * MODEL_TEXT];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (int i = 0; i < world->depth; i++)
        append(world, "    ", 4);
    append(world, line, (size_t) length < sizeof line ? (size_t) length : sizeof line - 1);
    append(world, "\n", 1);
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
        world->side->show(world->side->peek(slot->promise), value, sizeof value);
    return snprintf(text, size, " p%d%c%s", slot->info->id, state, value);
}

void model_look(struct model_world *world)
{
    char text[MODEL_SLOTS * (MODEL_TEXT + 16)] = "";
    size_t used = 0;

    for (int i = 0; i < MODEL_SLOTS; i++) {
        if (world->slots[i].promise)
            used += (size_t) show_slot(world, &world->slots[i], text + used, sizeof text - used);
    }
    for (int i = 0; i < MODEL_SOURCES; i++) {
        if (world->side->is_waited_for(&world->sources[i]))
            used += (size_t) snprintf(text + used, sizeof text - used, " r%d", i);
    }
    model_note(world, "|%s", text);
}

static void look_at_loops(struct model_world *world)
{
    for (int i = 0; i < MODEL_LOOPS; i++) {
        if (world->loops[i] == MODEL_LOOP)
            model_note(world, "| loop %d: %d live", i, world->side->loop_live(world, i));
    }
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
    for (int i = 0; i < MODEL_VALUES; i++) {
        if (world->values[i].full) {
            world->values[i].full = false;
            world->side->drop(world->values[i].value);
        }
    }
}

static void settle_all(struct model_world *world)
{
    for (int i = 0; i < MODEL_SOURCES; i++) {
        if (!world->side->is_waited_for(&world->sources[i]))
            continue;
        model_note(world, "> resolve r%d", i);
        world->sources[i].info->used = true;
        world->side->resolve(&world->sources[i], world->side->make(MODEL_NIL, 0, NULL));
    }
}

static void turn_all(struct model_world *world)
{
    world->clock += 10000;
    for (int i = 0; i < MODEL_LOOPS; i++) {
        if (world->loops[i] == MODEL_LOOP) {
            model_note(world, "> turn %d", i);
            world->side->loop_turn(world, i);
        }
    }
}

/* Clean-up that is under way when the bytes end may wait for a resolver, and then for another one. */
static void take_down(struct model_world *world)
{
    release_all(world);
    for (int i = 0; i < 5; i++) {
        turn_all(world);
        settle_all(world);
        model_look(world);
    }
    turn_all(world);
    look_at_loops(world);
    for (int i = 0; i < MODEL_LOOPS; i++) {
        if (world->loops[i] == MODEL_LOOP)
            model_free_loop(world, i);
    }
}

/* ---- What stands in the main program alone ------------------------------------------------------------- */

static int pick_loop(struct model_world *world)
{
    int first = model_pick(world, MODEL_LOOPS);

    for (int i = 0; i < MODEL_LOOPS; i++) {
        int loop = (first + i) % MODEL_LOOPS;
        if (world->loops[loop] == MODEL_LOOP)
            return loop;
    }
    return -1;
}

static void new_loop(struct model_world *world)
{
    int alive = 0, loop = -1;

    for (int i = MODEL_LOOPS; i-- > 0;) {
        alive += world->loops[i] == MODEL_LOOP;
        if (world->loops[i] == MODEL_NO_LOOP)
            loop = i;
    }
    if (loop < 0 || alive >= 2)
        return;
    model_note(world, "> loop %d = new", loop);
    if (world->side->loop_new(world, loop))
        world->loops[loop] = MODEL_LOOP;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Sorts the lines of the log from a place on. */
static void sort_log(struct model_world *world, size_t from)
{
    char *copy = strdup(world->log + from), *lines[4096], *rest = NULL;
    int n = 0;

    for (char *line = strtok_r(copy, "\n", &rest); line && n < 4096; line = strtok_r(NULL, "\n", &rest))
        lines[n++] = line;
    qsort(lines, (size_t) n, sizeof lines[0], compare_lines);
    world->log_length = from;
    for (int i = 0; i < n; i++) {
        append(world, lines[i], strlen(lines[i]));
        append(world, "\n", 1);
    }
    free(copy);
}

/* Which of several independent promises a loop cancels first is its own affair: what happens is sorted. */
void model_free_loop(struct model_world *world, int loop)
{
    model_note(world, "> free loop %d", loop);
    size_t from = world->log_length;
    world->loops[loop] = MODEL_LOOP_FREEING;
    world->side->loop_free(world, loop);
    world->loops[loop] = MODEL_LOOP_FREED;
    sort_log(world, from);
}

static void free_loop(struct model_world *world)
{
    int loop = pick_loop(world);

    if (loop >= 0 && model_pick(world, 4) == 3)
        model_free_loop(world, loop);
}

static void turn(struct model_world *world)
{
    int loop = pick_loop(world);

    if (loop < 0)
        return;
    world->clock += 1;
    world->zero_used[loop] = false;
    model_note(world, "> turn %d", loop);
    world->side->loop_turn(world, loop);
}

static void run(struct model_world *world)
{
    int loop;
    void *promise = model_give(world, -1, NULL, "run", &loop);
    model_value value;
    char text[MODEL_TEXT];

    if (!promise)
        return;
    world->zero_used[loop] = false;
    int code = world->side->loop_run(world, loop, promise, &value);
    world->side->show(&value, text, sizeof text);
    model_note(world, "ran: %d %s", code, text);
    world->side->drop(value);
}

bool model_is_quiet(const struct model_world *world)
{
    for (int i = 0; i < MODEL_LOOPS && world->mode == MODEL_EXACT; i++) {
        if (world->loops[i] == MODEL_LOOP_FREEING)
            return true;
    }
    return false;
}

static void step(struct model_world *world)
{
    static void (*const own[])(struct model_world *) = {turn, turn, turn, turn, run, free_loop, new_loop};
    int which = model_pick(world, 4);

    if (which == 0)
        own[model_pick(world, sizeof own / sizeof own[0])](world);
    else
        model_operate(world);
    model_look(world);
    look_at_loops(world);
}

void model_play(struct model_world *world)
{
    world->side->begin(world);
    new_loop(world);
    while (world->at < world->size && !world->wrong)
        step(world);
    take_down(world);
    world->side->end(world);
}
