/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model_run(): plays a program on both sides and compares, see model.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first byte says how to play, the second which allocation fails. */
static struct model_world *world_new(const struct model_side *side, const uint8_t *data, size_t size)
{
    struct model_world *world = calloc(1, sizeof *world);

    world->side = side;
    world->data = data;
    world->size = size;
    int mode = model_next(world);
    world->mode = mode < 160 ? MODEL_EXACT : (enum model_mode) (1 + mode % (MODEL_MODES - 1));
    world->fail_at = 1 + model_next(world);
    world->clock = 1;
    for (int i = 0; i < MODEL_SOURCES; i++)
        world->sources[i].index = i;
    return world;
}

static char *world_free(struct model_world *world)
{
    char *log = world->log;

    free(world->wrong);
    free(world);
    return log;
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
            model_wrong(world, "p%d was dropped %d times", world->foreigns[i].info->id, world->foreigns[i].dropped);
    }
}

/* ---- Comparison ---------------------------------------------------------------------------------------- */

/* The log up to the first line that differs, and what the reference has there. */
static char *difference(const char *log, const char *expected)
{
    size_t same = 0, line = 0;

    for (; log[same] && log[same] == expected[same]; same++) {
        if (log[same] == '\n')
            line = same + 1;
    }
    size_t length = line + strcspn(log + line, "\n"), other = strcspn(expected + line, "\n");
    char *text = malloc(length + other + 200);
    sprintf(text, "%.*s\n^^^ libvow says so; the reference says:\n%.*s\n", (int) length, log, (int) other, expected + line);
    return text;
}

static char *complaint(const struct model_world *world, const char *who)
{
    char *text = malloc(world->log_length + 2 * MODEL_TEXT + 100);

    sprintf(text, "%s^^^ %s: %s\n", world->log ? world->log : "", who, world->wrong);
    return text;
}

static char *play(const struct model_side *side, const uint8_t *data, size_t size, char **log)
{
    struct model_world *world = world_new(side, data, size);
    char *wrong = NULL;

    model_play(world);
    check_end(world);
    if (world->wrong)
        wrong = complaint(world, side == &model_library ? "libvow" : "the reference");
    *log = world_free(world);
    return wrong;
}

char *model_run(const uint8_t *data, size_t size)
{
    char *log, *expected;
    char *wrong = play(&model_library, data, size, &log);

#ifndef STUB
    if (!wrong && (size == 0 || data[0] < 160)) {
        wrong = play(&model_reference, data, size, &expected);
        if (!wrong && strcmp(log, expected) != 0)
            wrong = difference(log, expected);
        free(expected);
    }
#else
 (void)expected;
#endif
    free(log);
    return wrong;
}
