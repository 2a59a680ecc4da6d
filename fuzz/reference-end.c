/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: how promises end that do not settle by themselves. The contract, in the
 * words of <vow/promise.h>:
 *
 *     "References are interest: when the last one to a pending promise goes, whatever was to settle it is
 *     cancelled." "Clean-up goes from the inside out: what a promise waits for is cleaned up before the
 *     promise itself. If a clean-up awaits something, the loop keeps it until it is done, and then runs what
 *     comes after it."
 *
 * So the end of a promise is: stop what it does itself; for each promise that it waits for, end that if
 * nobody else is interested; then, once those that are in their clean-up are done, clean up; then it settles
 * with ECANCELED for those who hold it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>

void ref_ref(struct node *node)
{
    node->interest++;
}

void ref_keep(struct node *node)
{
    if (node->kept)
        return;
    node->kept = true;
    node->interest++;
}

void ref_report(const struct node *node, const struct error *error)
{
    if (!error->quiet && !node->forgotten)
        model_call_report(node->info->world, node->info->loop, node->info->site, error->code);
}

/* Nobody is interested any more in how it settled, or it never will settle. */
static void go(struct node *node)
{
    node->gone = true;
    if (node->state == '!' && !node->seen)
        ref_report(node, node->error);
    if (node->results)
        ref_drop((struct value){LIST, 0, node->results});
    ref_leave_cell(node->cell);
}

/* The end of one that is in its clean-up is the end of that. */
static void end_unless_cleaning(struct node *node)
{
    node->cancelled = true;
    if (node->cleaning)
        ref_keep(node);
    else if (!node->ended)
        ref_end(node);
}

static void end_or_go(struct node *node)
{
    ref_enter(ref_loop_of(node));
    if (node->state == '?')
        end_unless_cleaning(node);
    else
        go(node);
    ref_leave_program(ref_loop_of(node));
}

void ref_unref(struct node *node)
{
    if (--node->interest == 0)
        end_or_go(node);
}

void ref_cancel(struct node *node)
{
    if (--node->interest == 0 || node->state == '?')
        end_or_go(node);
}

/* ---- What it does itself ------------------------------------------------------------------------------- */

static void stop(struct node *node)
{
    struct model_source *source = node->source;
    struct value foreign = node->foreign;

    ref_halt(node);
    node->foreign = (struct value){.kind = NIL};
    if (foreign.kind == FOREIGN)
        ref_leave(node, 0);
    ref_drop(foreign);
    if (node->wait[0].why == RESOLVER) {
        node->wait[0].why = NOTHING;
        node->source = NULL;
        source->reference = NULL;
        if (source->tells)
            model_call_cancel(source);
    }
}

/* ---- What it waits for --------------------------------------------------------------------------------- */

/* What becomes of each promise that was waited for. */
enum fate { LEFT, GO, END, CLEANS_UP };
struct inner {
    int n;
    struct node *node[MODEL_INPUTS];
    enum fate fate[MODEL_INPUTS];
};

int ref_count_waits(const struct node *node, const struct node *on)
{
    int n = 0;

    for (int i = 0; i < MODEL_INPUTS; i++)
        n += node->wait[i].on == on;
    return n;
}

/* It leaves `on`, but for one interest that is kept until the end of that. */
static void leave(struct node *node, struct node *on)
{
    on->interest -= ref_count_waits(node, on) - 1;
    for (int i = 0; i < MODEL_INPUTS; i++) {
        if (node->wait[i].on == on)
            ref_leave(node, i);
    }
}

/* Whether the one ends because the other does, which waits for it. */
static bool is_behind(const struct node *node, const struct node *on)
{
    while (node && node != on)
        node = node->ends_for;
    return node;
}

/* What was cancelled is waited for, whoever else holds it, unless in a circle: there it waits for this one.
 * What goes on for others is left to them. */
static enum fate decide(const struct node *node, struct node *on)
{
    bool is_last = on->interest == 1;
    bool is_ending = on->cancelled || on->cleaning;

    if (on->state == '=' && is_last && on->cell->of == on && on->cell->holders > 1) {
        ref_unref(on); /* at once: others have its value, which goes with the last of them */
        return LEFT;
    }
    if (on->state != '?' && is_last)
        return GO;
    if (on->state != '?' || (!is_last && !on->cancelled) || is_behind(node, on)) {
        on->interest--;
        return LEFT;
    }
    on->cancelled = true;
    if (is_last && on->cleaning)
        ref_keep(on);
    on->ended |= !is_ending; /* in its turn; what would settle it until then is ignored */
    if (!is_ending)
        ref_halt(on);
    return is_ending ? CLEANS_UP : END;
}

static struct inner leave_all(struct node *node)
{
    struct inner inner = {.n = 0};

    for (int i = 0; i < MODEL_INPUTS; i++) {
        struct node *on = node->wait[i].on;

        if (!on) {
            ref_leave(node, i); /* its turn, if it was to have one */
            continue;
        }
        leave(node, on);
        inner.node[inner.n] = on;
        inner.fate[inner.n++] = decide(node, on);
    }
    return inner;
}

static void end_one(struct node *on, const struct node *node)
{
    on->ends_for = node;
    ref_end(on);
    on->ends_for = NULL;
}

static void end_all(const struct node *node, const struct inner *inner)
{
    for (int i = 0; i < inner->n; i++) {
        if (inner->fate[i] == END)
            end_one(inner->node[i], node);
        else if (inner->fate[i] == GO)
            ref_unref(inner->node[i]);
    }
}

/* Those whose clean-up goes on are waited for; how many. */
static int wait_for_all(struct node *node, const struct inner *inner)
{
    int n = 0;

    for (int i = 0; i < inner->n; i++) {
        struct node *on = inner->node[i];

        if (inner->fate[i] != END && inner->fate[i] != CLEANS_UP)
            continue;
        if (on->state == '?') {
            ref_wait(node, i, on, CLEANED);
            n++;
        } else {
            ref_unref(on);
        }
    }
    return n;
}

/* ---- Clean-up ------------------------------------------------------------------------------------------ */

/* True while it goes on. */
static bool clean_task(struct node *node)
{
    if (node->finished)
        return false;
    if (node->running) {
        node->cut = true;
        return true;
    }
    node->in_finally = true;
    return !ref_task(node, MODEL_AT_FINALLY) || node->state == '?';
}

static bool clean_kind(struct node *node)
{
    if (node->info->made == MODEL_FINALLY)
        return !ref_finally(node);
    if (node->info->made == MODEL_TASK)
        return clean_task(node);
    if (node->info->made == MODEL_ATTACH)
        ref_attached(node);
    return false;
}

static void clean(struct node *node)
{
    bool goes_on;

    node->ended = false;
    node->cleaning = node->cancelled = true;
    ref_ref(node);
    goes_on = clean_kind(node);
    node->interest--;
    if (goes_on) {
        ref_keep(node);
        return;
    }
    node->cleaning = false;
    if (!node->interest)
        go(node);
    else if (node->state == '?')
        ref_reject(node, ref_error(node->info->world, ECANCELED, true));
}

/* What it dropped for the sake of its outcome has cleaned up. */
static void settle_decided(struct node *node)
{
    struct error *late = node->late;
    struct node *first = node->passes_on;

    node->cleaning = false;
    node->late = NULL;
    node->passes_on = NULL;
    if (!node->cancelled && first) {
        ref_adopt(node, first);
        return;
    }
    if (!node->cancelled && !late) {
        ref_fulfil(node, ref_cell(node->info->world, (struct value){INT, node->chosen, NULL}));
        return;
    }
    ref_reject(node, node->cancelled ? ref_error(node->info->world, ECANCELED, true) : late);
    if (first)
        ref_unref(first);
    else if (late && node->cancelled)
        ref_report(node, late);
}

void ref_decide(struct node *node)
{
    struct list *results = node->results;
    struct inner inner;

    ref_ref(node);
    ref_enter(ref_loop_of(node));
    node->cleaning = node->decided = true;
    ref_place(node);
    inner = leave_all(node);
    end_all(node, &inner);
    node->results = NULL;
    if (results)
        ref_drop((struct value){LIST, 0, results});
    ref_leave_program(ref_loop_of(node));
    ref_unref(node); /* its own clean-up is let finish */
    node->left = wait_for_all(node, &inner);
    if (node->left)
        ref_no_place(node);
    else
        settle_decided(node);
}

void ref_end(struct node *node)
{
    struct inner inner;

    node->ended = true;
    stop(node);
    inner = leave_all(node);
    end_all(node, &inner);
    node->left = wait_for_all(node, &inner);
    if (!node->left) {
        clean(node);
        return;
    }
    node->ended = false;
    node->cleaning = true;
    ref_keep(node);
}

bool ref_drop_wait(struct node *node)
{
    struct inner inner = leave_all(node);

    end_all(node, &inner);
    return wait_for_all(node, &inner) > 0;
}

void ref_cleaned(struct node *node, struct node *on)
{
    ref_unref(on);
    if (--node->left)
        return;
    if (node->decided)
        settle_decided(node);
    else if (node->in_finally && !node->finished)
        ref_finish(node);
    else
        clean(node);
}
