/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: what each kind of promise does when what it waited for has come. These are
 * ECMAScript's algorithms, turn for turn, and the few kinds that it has not.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>
#include <stdio.h>

static struct value user_value(struct node *node, struct model_outcome outcome, struct node *on)
{
    return ref_value(node->info->world, outcome, on->cell, on->error);
}

/* ---- then, catch, attach, timeout ---------------------------------------------------------------------- */

static void run_then(struct node *node, struct node *on)
{
    char text[MODEL_TEXT];

    ref_look(on);
    ref_show(on, text, sizeof text);
    ref_resolve(node, user_value(node, model_call_then(node->info, text), on));
    ref_unref(on);
}

static void run_catch(struct node *node, struct node *on)
{
    on->seen = true;
    ref_resolve(node, user_value(node, model_call_catch(node->info, on->error->code), on));
    ref_unref(on);
}

void ref_attached(struct node *node)
{
    if (!node->stage++) /* also when it is cancelled while it does this */
        model_call_attached(node->info);
}

static void run_attach(struct node *node, struct node *on)
{
    ref_attached(node);
    if (node->state == '?')
        ref_adopt(node, on);
    else
        ref_unref(on); /* it was cancelled meanwhile */
}

void ref_ring(struct node *node)
{
    node->ticks = false;
    if (node == ref_loop_of(node)->interval) {
        ref_tell(node);
        return;
    }
    if (node->info->made == MODEL_TIMEOUT && node->wait[0].on->state != '?')
        return; /* it came in time */
    if (node->info->made != MODEL_TIMEOUT) {
        ref_fulfil(node, ref_cell(node->info->world, (struct value){.kind = NIL}));
        return;
    }
    node->late = ref_error(node->info->world, ETIMEDOUT, false);
    ref_decide(node);
}

/* ---- finally ------------------------------------------------------------------------------------------- */

enum { WAITING, CLEANING, PASSING };

/* The outcome that would have passed on is not wanted any more. */
static void drop_passed_on(struct node *node)
{
    struct node *source = node->passes_on;

    node->passes_on = NULL;
    if (source)
        ref_unref(source);
}

/* What the handler returned is to be waited for. */
static void await_returned(struct node *node, struct value value)
{
    struct node *returned = value.object;

    if (value.kind == FOREIGN) {
        returned = ref_new_inner(node);
        ref_resolve(returned, value);
    }
    if (returned == node) {
        drop_passed_on(node);
        ref_reject(node, ref_error_self(node->info->world));
        ref_unref(returned);
    } else {
        ref_wait(node, 0, returned, OUTCOME);
    }
}

bool ref_finally(struct node *node)
{
    struct value value;

    node->stage = CLEANING;
    node->cleaning = true;
    value = ref_value(node->info->world, model_call_finally(node->info), NULL, NULL);
    if (value.kind == THROW) {
        drop_passed_on(node);
        ref_reject(node, value.object);
    } else if (value.kind == FOLLOW || value.kind == FOREIGN) {
        await_returned(node, value);
        return node->state != '?';
    } else {
        ref_drop(value);
    }
    return true;
}

static void pass_on(struct node *node, struct node *returned)
{
    struct node *source = node->passes_on;

    if (returned && returned->state == '!') {
        drop_passed_on(node);
        ref_adopt(node, returned);
        return;
    }
    node->passes_on = NULL;
    if (source && !node->cancelled) {
        ref_adopt(node, source);
    } else {
        if (source)
            ref_unref(source);
        ref_reject(node, ref_error(node->info->world, ECANCELED, true));
    }
    if (returned)
        ref_unref(returned);
}

static void run_finally(struct node *node, struct node *on)
{
    if (node->stage == WAITING) {
        node->passes_on = on;
        if (ref_finally(node) && node->state == '?')
            ref_wait(node, 0, NULL, OUTCOME);
    } else if (node->stage == CLEANING) {
        node->stage = PASSING;
        ref_wait(node, 0, on, OUTCOME);
    } else {
        pass_on(node, on);
    }
}

/* ---- Combinators --------------------------------------------------------------------------------------- */

/* An error that comes second, before that is told, is nobody's concern. */
static void adopt_first(struct node *node, struct node *on)
{
    for (int i = 0; i < node->info->n; i++) {
        if (node->wait[i].on && node->wait[i].on->state == '!')
            node->wait[i].on->seen = true;
    }
    node->passes_on = on;
    ref_decide(node);
}

static void place(struct node *node, int which, struct cell *cell)
{
    struct list *list = node->results;

    list->places[which] = cell;
    if (--node->left)
        return;
    node->results = NULL;
    ref_fulfil(node, ref_cell(node->info->world, (struct value){LIST, 0, list}));
}

static void run_all(struct node *node, int which, struct node *on)
{
    if (on->state == '!') {
        if (node->info->made == MODEL_ALL) {
            adopt_first(node, on);
            return;
        }
        on->seen = true;
        place(node, which, ref_cell(node->info->world, (struct value){ERROR, 0, on->error}));
    } else {
        place(node, which, ref_share(on));
    }
    ref_unref(on);
}

static void run_any(struct node *node, struct node *on)
{
    if (on->state == '=') {
        adopt_first(node, on);
        return;
    }
    on->seen = true;
    if (--node->left == 0)
        ref_reject(node, ref_error(node->info->world, VOW_EAGGREGATE, false));
    ref_unref(on);
}

/* What somebody else is interested in is left as it is; the rest is ended, as an outcome has it. */
static void run_select(struct node *node, int which, struct node *on)
{
    node->wait[which].on = on; /* though it has had its turn */
    while (node->wait[node->chosen].on->state == '?')
        node->chosen++;
    for (int i = 0; i < node->info->n; i++) {
        struct node *input = node->wait[i].on;

        if (input && input->interest > ref_count_waits(node, input)) {
            ref_leave(node, i);
            input->interest--;
        }
    }
    ref_decide(node);
}

/* ---- Tasks --------------------------------------------------------------------------------------------- */

static void let_awaited_go(struct node *node)
{
    struct node *awaited = node->passes_on;

    node->passes_on = NULL;
    if (awaited)
        ref_unref(awaited);
}

/* It ends with another outcome than it was about to. */
static void drop_replaced(struct node *node, struct value before, struct value outcome)
{
    if (before.kind == THROW && (outcome.kind != THROW || outcome.object != before.object))
        ref_report(node, before.object);
    ref_drop(before);
}

/* That a task was cancelled only a throw in its clean-up hides. Then what it would have followed ends, too.
 */
void ref_finish(struct node *node)
{
    struct value outcome = node->outcome;
    bool hides = outcome.kind == THROW && node->overridden;

    node->outcome = (struct value){.kind = NIL};
    let_awaited_go(node);
    node->finished = true;
    node->cleaning = false;
    if (node->cancelled && !hides && outcome.kind == FOLLOW) {
        ref_resolve(node, outcome);
        if (node->state == '?')
            ref_end(node);
    } else if (node->cancelled && !hides) {
        ref_reject(node, ref_error(node->info->world, ECANCELED, true));
        drop_replaced(node, outcome, (struct value){.kind = NIL});
    } else {
        ref_resolve(node, outcome);
    }
}

/* What it was to follow is ended, and has its clean-up before the task ends: true while that goes on. */
static bool drop_followed(struct node *node, struct node *followed)
{
    let_awaited_go(node);
    node->wait[0] = (struct wait){OUTCOME, followed}; /* without a turn, which it will not have */
    return ref_drop_wait(node);
}

/* It leaves with an outcome; true if it was in its clean-up, which is over then. */
static bool leave(struct node *node, struct value outcome)
{
    struct value before = node->outcome;
    bool is_over = node->in_finally;

    node->outcome = outcome;
    node->overridden = node->in_finally;
    node->in_finally = node->cleaning = true;
    if (before.kind == FOLLOW)
        node->left = drop_followed(node, before.object);
    else
        drop_replaced(node, before, outcome);
    return is_over;
}

static void await(struct node *node, const struct model_step *step)
{
    node->tries = step->kind == MODEL_TRY_AWAIT;
    node->running = true; /* what it looked at may own the task itself */
    let_awaited_go(node);
    node->running = false;
    ref_wait(node, 0, step->promise, OUTCOME);
    if (!node->cut || node->in_finally)
        return;
    node->cleaning = false; /* it was ended while it ran: its clean-up follows now */
    ref_end(node);
}

static struct model_step ask(struct node *node, enum model_at at)
{
    char text[MODEL_TEXT];
    bool has_value = at == MODEL_AT_RESULT || at == MODEL_AT_FINALLY_RESULT;
    struct model_step step;

    if (has_value)
        ref_show(node->passes_on, text, sizeof text);
    node->running = true;
    step = model_call_task(node->info, at, has_value ? text : NULL);
    node->running = false;
    return step;
}

bool ref_task(struct node *node, enum model_at at)
{
    for (;; at = MODEL_AT_FINALLY) {
        struct node *awaited = at == MODEL_AT_FINALLY ? NULL : node->passes_on;
        struct model_step step = ask(node, at);

        if (step.kind == MODEL_AWAIT || step.kind == MODEL_TRY_AWAIT) {
            await(node, &step);
            return false;
        }
        if (step.kind == MODEL_END && node->in_finally)
            break;
        if (step.kind == MODEL_END)
            node->in_finally = node->cleaning = true;
        else if (leave(node,
                       ref_value(node->info->world, step.outcome, awaited ? awaited->cell : NULL, NULL)))
            break;
    }
    if (!node->left)
        ref_finish(node);
    return !node->left;
}

static void run_task(struct node *node, struct node *on)
{
    node->passes_on = on;
    ref_look(on);
    if (on->state == '=' || node->tries) {
        ref_task(node, node->in_finally ? MODEL_AT_FINALLY_RESULT : MODEL_AT_RESULT);
    } else if (leave(node, (struct value){THROW, 0, on->error})) {
        if (!node->left)
            ref_finish(node);
    } else {
        ref_task(node, MODEL_AT_FINALLY);
    }
}

/* ---- Foreign futures ----------------------------------------------------------------------------------- */

/* What then() throws counts unless the resolver, wherever it is now, was used. */
void ref_subscribe(struct node *node)
{
    struct value foreign = node->foreign;
    struct model_foreign *future = foreign.object;
    struct model_source source = {.reference = node, .index = -1, .info = future->info};
    struct model_world *world = node->info->world;
    int code;

    node->foreign = (struct value){.kind = NIL};
    node->wait[0].why = RESOLVER;
    node->source = &source;
    code = model_call_subscribe(future, &source);
    if (node->wait[0].why == RESOLVER && (code || node->source == &source)) {
        node->source->reference = NULL;
        node->source = NULL;
        node->wait[0].why = NOTHING;
        ref_resolve(node, (struct value){THROW, 0, ref_error(world, code ? code : ECANCELED, false)});
    }
    ref_drop(foreign);
}

/* ---- Whichever ----------------------------------------------------------------------------------------- */

void ref_run(struct node *node, int which, struct node *on)
{
    node->ticks = false; /* of a timeout: it came in time */
    switch (node->info->made) {
    case MODEL_FINALLY:
        run_finally(node, on);
        return;
    case MODEL_ATTACH:
        run_attach(node, on);
        return;
    case MODEL_TASK:
        run_task(node, on);
        return;
    case MODEL_ALL:
    case MODEL_ALL_SETTLED:
        run_all(node, which, on);
        return;
    case MODEL_ANY:
        run_any(node, on);
        return;
    case MODEL_RACE:
        adopt_first(node, on);
        return;
    case MODEL_SELECT:
        run_select(node, which, on);
        return;
    case MODEL_THEN:
    case MODEL_CATCH:
    case MODEL_THEN_CATCH:
        if (on->state == '=' && node->info->made != MODEL_CATCH) {
            run_then(node, on);
            return;
        }
        if (on->state == '!' && node->info->made != MODEL_THEN) {
            run_catch(node, on);
            return;
        }
        break;
    default:
        break;
    }
    ref_adopt(node, on);
}
