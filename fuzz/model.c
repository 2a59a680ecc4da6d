/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model_run(): plays a program on both sides and compares; see model.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first byte says how to play, the second which allocation fails. */
static struct model_world *world_new(const struct model_side *side, const uint8_t *data, size_t size)
{
    struct model_world *world = calloc(1, sizeof *world);
    int mode, shape;

    world->side = side;
    world->data = data;
    world->size = size;
    mode = model_next(world);
    world->mode = mode < 192 ? MODEL_EXACT : mode % 2 ? MODEL_FAIL_ONE : MODEL_FAIL_FROM;
    world->fail_at = world->mode == MODEL_EXACT ? 0 : 1 + model_next(world);
    shape = model_next(world);
    world->n_loops = shape % 4 == 3 ? 2 : 1 + shape % 4;
    world->looks = !(shape & 4);
    world->has_ticks = shape & 8;
    world->clock = 1;
    for (int i = 0; i < MODEL_SOURCES; i++)
        world->sources[i].index = i;
    return world;
}

static void world_free(struct model_world *world)
{
    free(world->log.bytes);
    free(world->sorted.bytes);
    free(world->wrong);
    free(world);
}

/* ---- What must hold at the end ------------------------------------------------------------------------- */

static void check_infos(struct model_world *world)
{
    for (int i = 0; i < world->n_infos; i++) {
        const struct model_info *info = &world->infos[i];

        if (info->cleans_up && info->cleaned != 1)
            model_wrong(world, "p%d was cleaned up %d times", i, info->cleaned);
    }
}

static void check_end(struct model_world *world)
{
    check_infos(world);
    for (int i = 0; i < world->n_things; i++) {
        if (world->things[i].drops != 1)
            model_wrong(world, "t%d was released %d times", i, world->things[i].drops);
    }
    for (int i = 0; i < world->n_foreigns; i++) {
        if (world->foreigns[i].dropped != 1)
            model_wrong(world, "p%d was dropped %d times", world->foreigns[i].info->id,
                        world->foreigns[i].dropped);
    }
}

/* ---- The comparison ------------------------------------------------------------------------------------ */

/* What both sides agree on up to a place, and how each goes on. */
static char *describe_difference(const char *agreed, size_t length, const char *ours, const char *theirs)
{
    static const char format[] = "%.*s--- libvow goes on:\n%.*s--- the reference goes on:\n%.*s";
    int part = 400; /* characters of each that are shown */
    size_t size = length + 2 * (size_t) part + sizeof format;
    char *text = malloc(size);

    snprintf(text, size, format, (int) length, agreed, part, ours, part, theirs);
    return text;
}

static size_t compared(const struct model_world *world)
{
    return world->is_over ? world->compared : world->log.length;
}

/* NULL if the compared parts of the traces are the same. */
static char *compare(const struct model_world *library, const struct model_world *reference)
{
    const char *ours = library->log.bytes, *theirs = reference->log.bytes;
    size_t our_end = compared(library), their_end = compared(reference);
    size_t same = 0, line = 0;

    while (same < our_end && same < their_end && ours[same] == theirs[same]) {
        if (ours[same++] == '\n')
            line = same;
    }
    if (same == our_end && same == their_end)
        return NULL;
    return describe_difference(ours, line, ours + line, theirs + line);
}

static struct model_world *play(const struct model_side *side, const uint8_t *data, size_t size)
{
    struct model_world *world = world_new(side, data, size);

    model_play(world);
    return world;
}

char *model_run(const uint8_t *data, size_t size)
{
    struct model_world *library = play(&model_library, data, size);
    char *wrong = NULL;

    check_end(library);
    if (library->mode == MODEL_EXACT) {
        struct model_world *reference = play(&model_reference, data, size);

        wrong = reference->wrong ? strdup(reference->wrong) : compare(library, reference);
        world_free(reference);
    }
    if (!wrong && library->wrong) {
        size_t room = library->log.length + strlen(library->wrong) + 2;

        wrong = malloc(room);
        snprintf(wrong, room, "%s%s\n", library->log.bytes ? library->log.bytes : "", library->wrong);
    }
    world_free(library);
    return wrong;
}

char *model_describe(const uint8_t *data, size_t size)
{
    struct model_world *world = play(&model_reference, data, size);
    char *text = strdup(world->log.bytes ? world->log.bytes : "");

    world_free(world);
    return text;
}

/* ---- Random programs ----------------------------------------------------------------------------------- */

/* SplitMix64: the same programs everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t model_random(uint64_t seed, uint8_t *data, size_t size)
{
    uint64_t state = seed;
    size_t length = 8 + (size_t) (next_random(&state) % (size - 8));

    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t) (next_random(&state) >> 32);
    return length;
}
