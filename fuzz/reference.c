/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: values, settling, the job queue, and what the player calls.
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

/* ---- Values -------------------------------------------------------------------------------------------- */

struct error *ref_error(struct model_world *world, int code, bool quiet)
{
    struct error *error = ref_allocate(world, sizeof *error);

    *error = (struct error){code, quiet};
    return error;
}

struct cell *ref_cell(struct model_world *world, struct value value)
{
    struct cell *cell = ref_allocate(world, sizeof *cell);

    *cell = (struct cell){1, value};
    return cell;
}

struct cell *ref_share(struct node *from)
{
    if (from->cell->value.kind == NIL || from->cell->value.kind == INT)
        return ref_cell(from->info->world, from->cell->value); /* plain values are copied */
    from->cell->holders++;
    return from->cell;
}

void ref_leave_cell(struct cell *cell)
{
    if (cell && --cell->holders == 0)
        ref_drop(cell->value);
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

/* Of an error one takes a reference; of anything else it is the content. */
static struct value take_cell(struct cell *cell)
{
    struct value value = cell->value;

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
        return cell ? take_cell(cell) : (struct value){.kind = NIL};
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

static void append(struct turns *turns, struct turn turn)
{
    if (turns->n == MAX_TURNS)
        abort();
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

void ref_wait(struct node *node, int which, struct node *on, enum why why)
{
    struct turns *turns = on && on->state == '?' && why != SUBSCRIBE ? &on->turns : &ref_of(node)->queue;

    node->wait[which] = (struct wait){why, on};
    append(turns, (struct turn){node, which});
}

void ref_leave(struct node *node, int which)
{
    if (node->wait[which].on)
        remove_turn(&node->wait[which].on->turns, node, which);
    remove_turn(&ref_of(node)->queue, node, which);
    node->wait[which] = (struct wait){NOTHING, NULL};
}

/* ---- Settling ------------------------------------------------------------------------------------------ */

/* Those who wait have their turn, in the order in which they came; then the loop gives its interest up. */
static void settle(struct node *node, char state)
{
    struct turns *queue = &ref_of(node)->queue;

    if (node->state != '?')
        model_wrong(node->info->world, "the reference settles p%d twice", node->info->id);
    node->state = state;
    for (int i = 0; i < node->turns.n; i++)
        append(queue, node->turns.turn[i]);
    node->turns.n = 0;
    if (node->kept)
        append(queue, (struct turn){node, KEPT_UNTIL_NOW});
}

void ref_fulfil(struct node *node, struct cell *cell)
{
    node->cell = cell;
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
        ref_reject(node, ref_error(node->info->world, ELOOP, false));
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

static void run_job(struct turn turn)
{
    if (turn.which == KEPT_UNTIL_NOW) {
        turn.who->kept = false;
        ref_unref(turn.who);
        return;
    }
    ref_ref(turn.who);
    run_wait(turn.who, turn.which);
    ref_unref(turn.who);
}

void ref_drain(struct reference *reference)
{
    while (reference->queue.n) {
        struct turn turn = reference->queue.turn[0];

        remove_turn(&reference->queue, turn.who, turn.which);
        run_job(turn);
    }
}

/* ---- What the player calls: the loop ------------------------------------------------------------------- */

static bool begin(struct model_world *world)
{
    struct reference *reference = calloc(1, sizeof *reference);

    reference->world = world;
    world->state = reference;
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

/* The next one that is due and has not come: of those that yield, or of the others by time. */
static struct node *next_due(const struct reference *reference, bool yields)
{
    struct node *next = NULL;

    for (int i = 0; i < reference->n_nodes; i++) {
        struct node *node = reference->nodes[i];

        if (node->ticks && node->due < reference->world->clock && (node->due == 0) == yields &&
            (!next || node->due < next->due))
            next = node;
    }
    return next;
}

/* What yields comes first, all of it at once. */
static void turn(struct model_world *world)
{
    struct reference *reference = world->state;
    struct node *node;

    ref_drain(reference);
    while ((node = next_due(reference, true)))
        ref_ring(node);
    ref_drain(reference);
    while ((node = next_due(reference, false))) {
        ref_ring(node);
        ref_drain(reference);
    }
}

static bool free_loop(struct model_world *world)
{
    (void) world;
    return false;
}

static int live(struct model_world *world)
{
    const struct reference *reference = world->state;
    int n = 0;

    for (int i = 0; i < reference->n_nodes; i++)
        n += !reference->nodes[i]->gone;
    return n;
}

/* ---- What the player calls: promises ------------------------------------------------------------------- */

static struct node *make_from_nothing(struct model_info *info)
{
    struct model_outcome outcome = info->outcome;
    struct node *node;

    if (info->made == MODEL_TRY)
        outcome = model_call_try(info);
    node = ref_new(info);
    if (info->made == MODEL_RESOLVER) {
        node->wait[0].why = RESOLVER;
        node->source = info->source;
        info->source->reference = node;
    } else if (info->made == MODEL_SLEEP || info->made == MODEL_YIELD) {
        node->wait[0].why = CLOCK;
        node->ticks = true;
        node->due = info->made == MODEL_YIELD ? 0 : info->world->clock + info->seconds;
    } else if (info->made == MODEL_TASK) {
        ref_ref(node);
        ref_task(node, MODEL_AT_START);
        ref_unref(node);
    } else {
        ref_resolve(node, ref_value(info->world, outcome, NULL, NULL));
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
    if (info->n || info->made == MODEL_RACE)
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

static void cancel(void *node)
{
    ref_cancel(node);
}

static char state(void *node)
{
    return ((struct node *) node)->state;
}

static void show(void *promise, char *text, size_t size)
{
    struct node *node = promise;

    node->seen = true;
    ref_show(node, text, size);
}

static void take(void *promise, int index)
{
    struct cell *cell = ((struct node *) promise)->cell;

    if (index >= 0 && cell->value.kind == LIST && index < ((struct list *) cell->value.object)->n)
        cell = ((struct list *) cell->value.object)->places[index];
    ref_drop(take_cell(cell));
}

/* ---- What the player calls: resolvers ------------------------------------------------------------------ */

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
    begin,  end,     turn,    free_loop, live,          make,  ref,  unref, detach,
    cancel, resolve, abandon, move,      is_waited_for, state, show, take,
};
