/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: what the player calls.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- The loops ------------------------------------------------------------------ */

static bool begin(struct model_world *world)
{
    struct reference *reference = calloc(1, sizeof *reference);

    reference->world = world;
    world->state = reference;
    ref_begin(reference);
    return true;
}

static void end(struct model_world *world)
{
    struct reference *reference = world->state;

    for (int i = 0; i < reference->n_memory; i++)
        free(reference->memory[i]);
    free(reference->memory);
    free(reference);
}

static void turn(struct model_world *world, int ev)
{
    ref_turn(world->state, &((struct reference *) world->state)->evs[ev]);
}

static void call(struct model_world *world, int ev)
{
    ref_call(&((struct reference *) world->state)->evs[ev]);
}

static void stop_ticks(struct model_world *world, int loop)
{
    ref_stop_ticks(&((struct reference *) world->state)->loops[loop]);
}

static void free_loop(struct model_world *world, int loop)
{
    ref_close(&((struct reference *) world->state)->loops[loop]);
}

static int live(struct model_world *world, int loop)
{
    const struct reference *reference = world->state;
    int n = 0;

    for (int i = 0; i < reference->n_nodes; i++)
        n += !reference->nodes[i]->gone && reference->nodes[i]->info->loop == loop;
    return n;
}

/* ---- Promises ------------------------------------------------------------------- */

static char state(void *node)
{
    return ((struct node *) node)->state;
}

static struct node *resolved(struct model_info *info, struct model_outcome outcome)
{
    struct node *node = ref_new(info);

    ref_resolve(node, ref_value(info->world, outcome, NULL, NULL));
    return node;
}

static struct node *try(struct model_info *info)
{
    struct ref_loop *loop = &((struct reference *) info->world->state)->loops[info->loop];
    struct node *node;

    ref_enter(loop);
    node = resolved(info, model_call_try(info));
    ref_leave_program(loop);
    return node;
}

static struct node *make_from_nothing(struct model_info *info)
{
    struct node *node;

    if (info->made == MODEL_TRY)
        return try(info);
    if (info->made == MODEL_RESOLVED)
        return resolved(info, info->outcome);
    node = ref_new(info);
    if (info->made == MODEL_RESOLVER) {
        node->wait[0].why = RESOLVER;
        node->source = info->source;
        info->source->reference = node;
    } else if (info->made == MODEL_TICK) {
        ref_tick(node);
    } else if (info->made == MODEL_SLEEP || info->made == MODEL_YIELD) {
        node->wait[0].why = CLOCK;
        if (info->made == MODEL_YIELD)
            ref_yield(node);
        node->ticks = true;
        node->due = info->world->clock + info->seconds;
    } else if (info->made == MODEL_TASK) {
        ref_ref(node);
        ref_enter(ref_loop_of(node));
        ref_task(node, MODEL_AT_START);
        ref_leave_program(ref_loop_of(node));
        ref_unref(node);
    }
    return node;
}

static struct list *list_new(struct model_info *info)
{
    struct list *list = ref_allocate(info->world, sizeof *list);

    list->n = info->n;
    for (int i = 0; i < info->n; i++)
        list->places[i] = ref_cell(info->world, (struct value){.kind = NIL});
    return list;
}

static void start_combined(struct node *node)
{
    const struct model_info *info = node->info;

    node->left = info->n;
    if (info->made == MODEL_ALL || info->made == MODEL_ALL_SETTLED)
        node->results = list_new(node->info);
    if (info->n || info->made == MODEL_RACE || info->made == MODEL_SELECT)
        return;
    if (info->made == MODEL_ANY) {
        ref_reject(node, ref_error(info->world, VOW_EAGGREGATE, false));
        return;
    }
    ref_fulfil(node, ref_cell(info->world, (struct value){LIST, 0, node->results}));
    node->results = NULL;
}

static void *make(struct model_info *info, void **inputs)
{
    struct node *node;

    if (info->made < MODEL_PASS)
        return make_from_nothing(info);
    node = ref_new(info);
    node->ticks = info->made == MODEL_TIMEOUT;
    node->due = info->world->clock + info->seconds;
    if (info->made == MODEL_SHIELD && state(inputs[0]) == '?')
        ref_keep(inputs[0]);
    for (int i = 0; i < info->n; i++)
        ref_wait(node, i, inputs[i], OUTCOME);
    if (info->made >= MODEL_ALL)
        start_combined(node);
    return node;
}

static void *ref(void *node)
{
    ref_ref(node);
    return node;
}

static void unref(void *node)
{
    ref_unref(node);
}

static void detach(void *node)
{
    if (((struct node *) node)->state == '?')
        ref_keep(node);
    ref_unref(node);
}

static void forget(void *node)
{
    ((struct node *) node)->forgotten = true;
    detach(node);
}

static void cancel(void *node)
{
    ref_cancel(node);
}

/* Its clean-up is seen to its end, if somebody else's interest does not keep it. */
static void give_up(struct node *node)
{
    if (node->interest > 1)
        return;
    ref_ref(node);
    ref_cancel(node);
    if (node->state == '?')
        ref_drive(node);
}

static void run(void *promise, char *text, size_t size)
{
    struct node *node = promise;
    struct value value = {.kind = NIL};

    if (ref_drive(node)) {
        ref_look(node);
        ref_show(node, text, size);
        if (node->state == '=' && node->info->world->has_ticks)
            snprintf(text, size, "nil");
        else if (node->state == '=')
            value = ref_take(node->info->world, node->cell);
    } else {
        snprintf(text, size, "!%d", EDEADLK);
        give_up(node);
    }
    ref_unref(node);
    ref_drop(value);
}

static void show(void *promise, char *text, size_t size)
{
    struct node *node = promise;

    ref_look(node);
    ref_show(node, text, size);
}

static void take(void *promise, int index)
{
    struct cell *cell = ((struct node *) promise)->cell;

    ref_look(promise);
    if (index >= 0 && cell->value.kind == LIST && index < ((struct list *) cell->value.object)->n)
        cell = ((struct list *) cell->value.object)->places[index];
    ref_drop(ref_take(((struct node *) promise)->info->world, cell));
}

/* ---- Resolvers ------------------------------------------------------------------ */

static void resolve_with(struct model_source *source, struct value value)
{
    struct node *node = source->reference;

    source->reference = NULL;
    if (!node) {
        ref_drop(value);
        return;
    }
    node->wait[0].why = NOTHING;
    node->source = NULL;
    ref_resolve(node, value);
}

static void resolve(struct model_source *source, struct model_outcome outcome)
{
    resolve_with(source, ref_value(source->info->world, outcome, NULL, NULL));
}

static void abandon(struct model_source *source)
{
    if (source->reference)
        resolve_with(source, (struct value){THROW, 0, ref_error(source->info->world, ECANCELED, false)});
}

static void move(struct model_source *to, struct model_source *from)
{
    struct node *node = from->reference;

    to->reference = node;
    from->reference = NULL;
    if (node)
        node->source = to;
}

static bool is_waited_for(const struct model_source *source)
{
    return source->reference;
}

const struct model_side model_reference = {
    begin,  end,    turn, call,    stop_ticks, free_loop, live,          make,  ref,  unref, detach,
    forget, cancel, run,  resolve, abandon,    move,      is_waited_for, state, show, take,
};
