/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: values, settling, jobs.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reference *ref_of(const struct node *node)
{
    return node->info->world->state;
}

struct ref_loop *ref_loop_of(const struct node *node)
{
    return &ref_of(node)->loops[node->info->loop];
}

void *ref_allocate(struct model_world *world, size_t size)
{
    struct reference *reference = world->state;
    size_t n = (size_t) reference->n_memory;

    reference->memory = realloc(reference->memory, (n + 1) * sizeof *reference->memory);
    reference->memory[n] = calloc(1, size);
    if (!reference->memory[n])
        abort();
    return reference->memory[reference->n_memory++];
}

struct node *ref_new(struct model_info *info)
{
    struct reference *reference = info->world->state;
    struct node *node = ref_allocate(info->world, sizeof *node);

    node->info = info;
    node->state = '?';
    node->interest = 1;
    reference->nodes[reference->n_nodes++] = node;
    return node;
}

struct node *ref_new_inner(const struct node *node)
{
    struct model_info *info = ref_allocate(node->info->world, sizeof *info);

    *info = *node->info;
    info->made = MODEL_RESOLVED;
    return ref_new(info);
}

/* ---- Values -------------------------------------------------------------------------------------------- */

struct error *ref_error(struct model_world *world, int code, bool quiet)
{
    struct error *error = ref_allocate(world, sizeof *error);

    *error = (struct error){code, quiet};
    return error;
}

struct error *ref_error_self(struct model_world *world)
{
    struct reference *reference = world->state;

    if (!reference->self)
        reference->self = ref_error(world, ELOOP, false);
    return reference->self;
}

struct cell *ref_cell(struct model_world *world, struct value value)
{
    struct cell *cell = ref_allocate(world, sizeof *cell);

    *cell = (struct cell){.holders = 1, .value = value};
    return cell;
}

struct cell *ref_share(struct node *from)
{
    if (!from->cell->from && (from->cell->value.kind == NIL || from->cell->value.kind == INT))
        return ref_cell(from->info->world, from->cell->value); /* plain values are copied */
    if (from->interest == 1 && from->cell->of == from && !from->cell->from)
        from->cell->of = NULL; /* it is handed on */
    from->cell->holders++;
    return from->cell;
}

void ref_leave_cell(struct cell *cell)
{
    if (!cell || --cell->holders)
        return;
    if (cell->from && !cell->seen)
        ref_return_tick(cell->from, cell->value.number);
    ref_drop(cell->value);
}

/* Who sees a list sees what is in it. */
static void look_at(struct cell *cell)
{
    const struct list *list = cell->value.object;

    cell->seen = true;
    for (int i = 0; cell->value.kind == LIST && i < list->n; i++)
        look_at(list->places[i]);
}

void ref_look(struct node *node)
{
    node->seen = true;
    if (node->cell)
        look_at(node->cell);
}

static void drop_list(const struct list *list)
{
    for (int i = 0; i < list->n; i++)
        ref_leave_cell(list->places[i]);
}

void ref_drop(struct value value)
{
    if (value.kind == THING)
        model_call_drop(value.object);
    else if (value.kind == LIST)
        drop_list(value.object);
    else if (value.kind == FOLLOW)
        ref_unref(value.object);
    else if (value.kind == FOREIGN)
        model_call_foreign_drop(value.object);
}

/* A list that others have, too: what cannot be copied is in both. */
static struct list *copy_list(struct model_world *world, const struct list *list)
{
    struct list *copy = ref_allocate(world, sizeof *copy);

    *copy = *list;
    for (int i = 0; i < list->n; i++) {
        if (list->places[i]->value.kind == THING || list->places[i]->value.kind == LIST)
            list->places[i]->holders++;
        else
            copy->places[i] = ref_cell(world, list->places[i]->value);
    }
    return copy;
}

/* A list that is taken stands alone, and so do the lists in it. */
static void stand_alone(struct model_world *world, struct list *list)
{
    for (int i = 0; i < list->n; i++) {
        struct cell *cell = list->places[i];

        if (cell->value.kind != LIST)
            continue;
        if (cell->holders > 1) {
            list->places[i] = ref_cell(world, (struct value){LIST, 0, copy_list(world, cell->value.object)});
            cell->holders--;
        }
        stand_alone(world, list->places[i]->value.object);
    }
}

/* Of an error one takes a reference; of anything else it is the content. */
struct value ref_take(struct model_world *world, struct cell *cell)
{
    struct value value = cell->value;

    if (value.kind == LIST)
        stand_alone(world, value.object);
    if (value.kind != ERROR)
        cell->value = (struct value){.kind = NIL};
    return value;
}

struct value ref_value(struct model_world *world, struct model_outcome outcome, struct cell *cell,
                       struct error *error)
{
    switch (outcome.what) {
    case MODEL_INT:
        return (struct value){INT, outcome.number, NULL};
    case MODEL_THING:
        return (struct value){THING, 0, outcome.object};
    case MODEL_THROW:
        return (struct value){THROW, 0, ref_error(world, outcome.number, false)};
    case MODEL_FOLLOW:
        return (struct value){FOLLOW, 0, outcome.object};
    case MODEL_FOREIGN:
        return (struct value){FOREIGN, 0, outcome.object};
    case MODEL_TAKE:
        return cell ? ref_take(world, cell) : (struct value){.kind = NIL};
    case MODEL_RETHROW:
        return (struct value){THROW, 0, error};
    default:
        return (struct value){.kind = NIL};
    }
}

static void show_value(struct value value, char *text, size_t size);

static void show_list(const struct list *list, char *text, size_t size)
{
    size_t used = (size_t) snprintf(text, size, "[");

    for (int i = 0; i < list->n && used + 8 < size; i++) {
        if (i)
            used += (size_t) snprintf(text + used, size - used, ",");
        show_value(list->places[i]->value, text + used, size - used - 4);
        used += strlen(text + used);
    }
    snprintf(text + used, size - used, "]");
}

static void show_value(struct value value, char *text, size_t size)
{
    if (value.kind == INT)
        snprintf(text, size, "%d", value.number);
    else if (value.kind == THING)
        snprintf(text, size, "t%d", ((struct model_thing *) value.object)->id);
    else if (value.kind == LIST)
        show_list(value.object, text, size);
    else if (value.kind == ERROR)
        snprintf(text, size, "!%d", ((struct error *) value.object)->code);
    else
        snprintf(text, size, "nil");
}

void ref_show(struct node *node, char *text, size_t size)
{
    if (node->state == '=')
        show_value(node->cell->value, text, size);
    else
        show_value((struct value){ERROR, 0, node->error}, text, size);
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

static void append(struct model_world *world, struct turns *turns, struct turn turn)
{
    if (turns->n == turns->room) {
        struct turn *more = ref_allocate(world, (size_t) (2 * turns->n + 8) * sizeof *more);

        for (int i = 0; i < turns->n; i++)
            more[i] = turns->turn[i];
        turns->turn = more;
        turns->room = 2 * turns->n + 8;
    }
    turns->turn[turns->n++] = turn;
}

static void remove_turn(struct turns *turns, const struct node *who, int which)
{
    for (int i = 0; i < turns->n; i++) {
        if (turns->turn[i].who == who && turns->turn[i].which == which) {
            memmove(&turns->turn[i], &turns->turn[i + 1], (size_t) (--turns->n - i) * sizeof turns->turn[0]);
            return;
        }
    }
}

static void queue(struct node *node, struct turn turn)
{
    append(node->info->world, &ref_loop_of(node)->queue, turn);
    ref_wake(ref_loop_of(node));
}

void ref_wait(struct node *node, int which, struct node *on, enum why why)
{
    node->wait[which] = (struct wait){why, on};
    if (on && on->state == '?' && why != SUBSCRIBE)
        append(on->info->world, &on->turns, (struct turn){node, which});
    else
        queue(node, (struct turn){node, which});
}

void ref_add(struct node *on, struct turn turn)
{
    if (on->state == '?')
        append(on->info->world, &on->turns, turn);
    else
        queue(on, turn);
}

void ref_remove(struct node *on, struct node *who, int which)
{
    remove_turn(&on->turns, who, which);
    remove_turn(&ref_loop_of(on)->queue, who, which);
}

void ref_leave(struct node *node, int which)
{
    if (node->wait[which].on)
        remove_turn(&node->wait[which].on->turns, node, which);
    remove_turn(&ref_loop_of(node)->queue, node, which);
    node->wait[which] = (struct wait){NOTHING, NULL};
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

void ref_place(struct node *node)
{
    append(node->info->world, &ref_loop_of(node)->queue, (struct turn){node, PLACE});
}

void ref_no_place(struct node *node)
{
    remove_turn(&ref_loop_of(node)->queue, node, PLACE);
}

/* At its place in the queue, or at the end. Whether the loop may have something to do now. */
static bool queue_turns(struct node *node, struct turns *queue)
{
    struct model_world *world = node->info->world;
    struct turns rest = {.n = 0};
    bool was_there;
    int at = 0, n = node->turns.n;

    while (at < queue->n && (queue->turn[at].who != node || queue->turn[at].which != PLACE))
        at++;
    for (int i = at + 1; i < queue->n; i++)
        append(world, &rest, queue->turn[i]);
    was_there = at < queue->n;
    queue->n = at;
    for (int i = 0; i < node->turns.n; i++)
        append(world, queue, node->turns.turn[i]);
    for (int i = 0; i < rest.n; i++)
        append(world, queue, rest.turn[i]);
    node->turns.n = 0;
    return n || was_there;
}

/* Those who wait have their turn, in the order in which they came; then the loop gives its interest up. */
static void settle(struct node *node, char state)
{
    struct model_world *world = node->info->world;
    struct turns *queue = &ref_loop_of(node)->queue;
    bool is_news;

    if (node->state != '?')
        model_wrong(world, "the reference settles p%d twice", node->info->id);
    node->state = state;
    is_news = queue_turns(node, queue) || node->kept;
    if (node->kept)
        append(world, queue, (struct turn){node, KEPT_UNTIL_NOW});
    if (is_news && queue->n)
        ref_wake(ref_loop_of(node));
}

void ref_fulfil(struct node *node, struct cell *cell)
{
    node->cell = cell;
    if (!cell->of)
        cell->of = node;
    settle(node, '=');
}

void ref_reject(struct node *node, struct error *error)
{
    node->error = error;
    settle(node, '!');
}

void ref_resolve(struct node *node, struct value value)
{
    if (node->state != '?' || node->ended) {
        ref_drop(value);
    } else if (value.kind == THROW) {
        ref_reject(node, value.object);
    } else if (value.kind == FOLLOW && value.object == node) {
        ref_reject(node, ref_error_self(node->info->world));
        ref_unref(node);
    } else if (value.kind == FOLLOW) {
        ref_wait(node, 0, value.object, SUBSCRIBE);
    } else if (value.kind == FOREIGN) {
        node->foreign = value;
        ref_wait(node, 0, NULL, THENABLE);
    } else {
        ref_fulfil(node, ref_cell(node->info->world, value));
    }
}

void ref_adopt(struct node *node, struct node *from)
{
    if (from->state == '!') {
        from->seen = true;
        ref_reject(node, from->error);
    } else {
        ref_fulfil(node, ref_share(from));
    }
    ref_unref(from);
}

/* ---- Jobs ---------------------------------------------------------------------------------------------- */

static void run_wait(struct node *node, int which)
{
    struct wait wait = node->wait[which];

    node->wait[which] = (struct wait){NOTHING, NULL};
    if (wait.why == SUBSCRIBE)
        ref_wait(node, which, wait.on, ADOPT);
    else if (wait.why == ADOPT)
        ref_adopt(node, wait.on);
    else if (wait.why == THENABLE)
        ref_subscribe(node);
    else if (wait.why == CLEANED)
        ref_cleaned(node, wait.on);
    else
        ref_run(node, which, wait.on);
}

void ref_run_job(struct turn turn)
{
    if (turn.which == DRIVEN)
        return;
    if (turn.which == KEPT_UNTIL_NOW) {
        turn.who->kept = false;
        ref_unref(turn.who);
        return;
    }
    ref_ref(turn.who);
    run_wait(turn.who, turn.which);
    ref_unref(turn.who);
}
