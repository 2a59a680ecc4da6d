/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: intervals. The contract, in the words of <vow/interval.h>: "Each tick goes
 * to one of those who wait, in the order in which they came. If a promise is dropped and nobody has looked at
 * its ticks, they go to the next one, and count as missed there."
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>
#include <math.h>

static struct node *first_who_waits(const struct ref_loop *loop)
{
    const struct reference *reference = loop->reference;

    for (int i = 0; i < reference->n_nodes; i++) {
        if (reference->nodes[i]->awaits_tick && ref_loop_of(reference->nodes[i]) == loop)
            return reference->nodes[i];
    }
    return NULL;
}

void ref_halt(struct node *node)
{
    struct ref_loop *loop = ref_loop_of(node);

    node->ticks = false;
    if (node->awaits_tick) {
        node->awaits_tick = false;
        loop->interval->ticks = first_who_waits(loop);
    }
}

static void arm(struct ref_loop *loop)
{
    loop->interval->ticks = true;
    loop->interval->due = loop->base + (loop->told + 1) * model_interval(loop->number);
}

/* All that passed since somebody was told, and those that came back, as one: to `node`, which is the first
 * who waits, or NULL; false if there is none. */
static bool tell(struct ref_loop *loop, struct node *node)
{
    double due = floor((loop->reference->world->clock - loop->base) / model_interval(loop->number));
    double ticks = loop->returned + due - loop->told;
    struct cell *cell;

    if (!node || ticks < 1)
        return false;
    loop->told = due;
    loop->returned = 0;
    ref_halt(node);
    cell = ref_cell(loop->reference->world, (struct value){INT, (int) ticks - 1, NULL});
    cell->from = loop->interval;
    ref_fulfil(node, cell);
    return true;
}

void ref_tell(struct node *interval)
{
    struct ref_loop *loop = ref_loop_of(interval);

    tell(loop, first_who_waits(loop));
    if (first_who_waits(loop))
        arm(loop);
}

void ref_tick(struct node *node)
{
    struct ref_loop *loop = ref_loop_of(node);
    struct node *first = first_who_waits(loop);

    if (!loop->interval) {
        loop->interval = ref_new_inner(node);
        loop->base = loop->reference->world->clock;
        loop->told = loop->returned = 0;
    }
    if (!first && tell(loop, node))
        return;
    node->awaits_tick = true;
    if (!first)
        arm(loop);
}

void ref_return_tick(struct node *interval, int number)
{
    struct ref_loop *loop = ref_loop_of(interval);

    if (loop->interval != interval || loop->is_closed)
        return;
    loop->returned += number + 1;
    tell(loop, first_who_waits(loop));
}

void ref_stop_ticks(struct ref_loop *loop)
{
    struct node *node;

    while ((node = first_who_waits(loop))) {
        ref_halt(node);
        ref_reject(node, ref_error(loop->reference->world, ECANCELED, true));
    }
    if (loop->interval)
        loop->interval->gone = true;
    loop->interval = NULL;
}
