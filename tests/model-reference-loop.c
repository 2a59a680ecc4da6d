/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: loops and time.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model-reference.h"

#include <errno.h>
#include <string.h>

enum { RUN_FOR = 8 };

bool ref_loop_new(struct model_world *world, int loop)
{
    ref_of(world)->loops[loop].now = world->clock;
    return true;
}

int ref_loop_live(struct model_world *world, int loop)
{
    struct reference *reference = ref_of(world);
    int live = 0;

    for (int i = 0; i < reference->n_promises; i++)
        live += reference->promises[i]->info->loop == loop && !reference->promises[i]->freed;
    return live;
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

/* What comes first in a turn: yields, as they were made, then moments of the wall clock, then timers. */
static bool is_before(const struct ref_promise *a, const struct ref_promise *b)
{
    if (a->yields != b->yields)
        return a->yields;
    if (a->yields)
        return false;
    if (a->periodic != b->periodic)
        return a->periodic;
    return a->due < b->due;
}

static bool is_due(const struct ref_promise *promise, int loop, double now)
{
    return promise->info->loop == loop && promise->state == '?' && promise->timed && promise->due < now;
}

/* A timer that ran out in this turn: its promise is told, unless it has been dropped meanwhile. */
static void fire(struct ref_promise *promise)
{
    promise->timed = false;
    if (promise->kind != REF_TIMEOUT) {
        ref_settle(promise, '=', ref_cell_new(promise->info->world, (struct ref_value){MODEL_NIL, 0, NULL}));
        return;
    }
    struct ref_promise *up = promise->up;
    promise->up = NULL;
    ref_ignore(promise, up, REF_OUTCOME);
    ref_settle_error(promise, ref_error_new(promise->info->world, ETIMEDOUT, false));
    ref_unref(up);
}

static int collect_due(struct model_world *world, int loop, struct ref_promise **due)
{
    struct reference *reference = ref_of(world);
    int n = 0;

    for (int i = 0; i < reference->n_promises; i++) {
        struct ref_promise *promise = reference->promises[i];
        if (!is_due(promise, loop, reference->loops[loop].now))
            continue;
        int at = n++;
        for (; at > 0 && is_before(promise, due[at - 1]); at--)
            due[at] = due[at - 1];
        due[at] = promise;
    }
    return n;
}

static bool fire_due(struct model_world *world, int loop)
{
    struct ref_promise *due[2 * MODEL_PROMISES];

    ref_of(world)->loops[loop].now = world->clock;
    int n = collect_due(world, loop, due);
    for (int i = 0; i < n; i++) {
        if (due[i]->timed)
            fire(due[i]);
        ref_drain(world, loop);
    }
    return n > 0;
}

void ref_loop_turn(struct model_world *world, int loop)
{
    ref_drain(world, loop);
    fire_due(world, loop);
}

static bool has_timer(struct model_world *world, int loop)
{
    struct reference *reference = ref_of(world);

    for (int i = 0; i < reference->n_promises; i++) {
        if (reference->promises[i]->info->loop == loop && reference->promises[i]->timed)
            return true;
    }
    return false;
}

/* 0 when it is settled. */
static int wait_for(struct model_world *world, int loop, const struct ref_promise *promise)
{
    for (int left = RUN_FOR;;) {
        ref_drain(world, loop);
        if (promise->state != '?')
            return 0;
        bool fired = fire_due(world, loop);
        if (promise->state != '?')
            return 0;
        if (!has_timer(world, loop))
            return EDEADLK;
        if (!fired) {
            world->clock += 1;
            if (!left--)
                return EINTR;
        }
    }
}

int ref_loop_run(struct model_world *world, int loop, void *given, model_value *value)
{
    struct ref_promise *promise = given;
    double start = world->clock;
    int code = wait_for(world, loop, promise);

    value->reference = (struct ref_value){MODEL_NIL, 0, NULL};
    if (!code && promise->state == '!') {
        ref_look(promise);
        code = ((struct ref_error *) promise->cell->value.object)->code;
    } else if (!code) {
        value->reference = ref_value_take(&promise->cell->value);
    }
    ref_unref(promise);
    world->clock = start + 2 * RUN_FOR;
    ref_of(world)->loops[loop].now = world->clock;
    return code;
}

/* ---- The end of a loop --------------------------------------------------------------------------------- */

static void cancel_all(struct model_world *world, int loop)
{
    struct reference *reference = ref_of(world);

    for (int i = 0; i < reference->n_promises; i++) {
        struct ref_promise *promise = reference->promises[i];
        if (promise->info->loop == loop && promise->state == '?' && !promise->freed) {
            promise->refs++;
            ref_end(promise);
        }
    }
}

/* The loop itself holds nothing any more: what was detached or kept goes. */
static void give_up_all(struct model_world *world, int number)
{
    struct ref_loop *loop = &ref_of(world)->loops[number];

    while (loop->next_job < loop->n_jobs) {
        struct ref_job job = loop->jobs[loop->next_job++];
        if (job.who && job.why == REF_GIVE_UP)
            ref_unref(job.who);
    }
}

static void report_leaks(struct model_world *world, int loop)
{
    struct reference *reference = ref_of(world);

    for (int i = 0; i < reference->n_promises; i++) {
        struct ref_promise *promise = reference->promises[i];
        if (promise->info->loop == loop && !promise->freed)
            model_call_report(world, true, promise->info->site,
                              promise->state == '!' ? promise->cell->value.object : NULL);
    }
}

void ref_loop_free(struct model_world *world, int loop)
{
    cancel_all(world, loop);
    give_up_all(world, loop);
    report_leaks(world, loop);
}
