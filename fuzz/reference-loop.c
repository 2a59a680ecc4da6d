/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference of the model test: what an ev_loop calls, and when. The contract, in the words of
 * <vow/loop.h>: a loop "drains the queue right after the libev callback that filled it, before any other
 * pending watcher"; vow_run() "drives ev_run() on the loop's ev_loop"; while user code of a loop runs another
 * one, "until they return, no handler of this one runs", though what is due comes about; of runs in runs
 * "each of these ends in its turn, the innermost first".
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "reference.h"

#include <errno.h>
#include <string.h>

void ref_begin(struct reference *reference)
{
    for (int i = 0; i < reference->world->n_loops; i++) {
        struct ref_loop *loop = &reference->loops[i];

        loop->reference = reference;
        loop->number = i;
        loop->ev = &reference->evs[model_ev(i)];
        reference->world->loops[i].state = MODEL_LOOP_OPEN;
    }
}

/* ---- What is pending on an ev_loop --------------------------------------------------------------------- */

/* What is pending already keeps its place. */
static void feed(struct ref_ev *ev, struct event event)
{
    for (int i = 0; i < ev->n; i++) {
        if (ev->events[i].what == event.what && ev->events[i].loop == event.loop)
            return;
    }
    ev->events[ev->n++] = event;
}

static struct event take(struct ref_ev *ev, int at)
{
    struct event event = ev->events[at];

    memmove(&ev->events[at], &ev->events[at + 1], (size_t) (--ev->n - at) * sizeof event);
    return event;
}

static struct event take_next(struct ref_ev *ev)
{
    static const int rank[] = {[DRAIN] = 0, [CALL] = 1, [YIELDS] = 1, [TIMES] = 2};
    int at = 0;

    for (int i = 1; i < ev->n; i++) {
        if (rank[ev->events[i].what] <= rank[ev->events[at].what])
            at = i;
    }
    return take(ev, at);
}

void ref_wake(struct ref_loop *loop)
{
    if (!loop->is_awake)
        feed(loop->ev, (struct event){.what = DRAIN, .loop = loop});
    loop->is_awake = true;
}

void ref_call(struct ref_ev *ev)
{
    feed(ev, (struct event){.what = CALL});
}

/* ---- The queue ----------------------------------------------------------------------------------------- */

void ref_enter(struct ref_loop *loop)
{
    loop->busy++;
}

void ref_leave_program(struct ref_loop *loop)
{
    if (--loop->busy || !loop->is_put_off)
        return;
    loop->is_put_off = false;
    feed(loop->ev, (struct event){.what = DRAIN, .loop = loop});
}

static void run_jobs(struct ref_loop *loop)
{
    while (loop->queue.n) {
        struct turn turn = loop->queue.turn[0];

        memmove(loop->queue.turn, loop->queue.turn + 1, (size_t) --loop->queue.n * sizeof turn);
        ref_run_job(turn);
    }
}

static void drain(struct ref_loop *loop)
{
    if (loop->is_draining)
        return;
    loop->is_awake = true;
    loop->is_put_off = loop->busy;
    if (loop->busy)
        return;
    loop->is_draining = true;
    run_jobs(loop);
    loop->is_draining = loop->is_awake = false;
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

/* Of those of a loop that have not come: the first that yields, or of the others the first that is due before
 * `limit`. */
static struct node *next_due(const struct ref_loop *loop, bool yields, double limit)
{
    const struct reference *reference = loop->reference;
    struct node *next = NULL;

    for (int i = 0; i < reference->n_nodes; i++) {
        struct node *node = reference->nodes[i];

        if (!node->ticks || ref_loop_of(node) != loop || (node->info->made == MODEL_YIELD) != yields)
            continue;
        if (yields)
            return node;
        if (node->due < limit && (!next || node->due < next->due))
            next = node;
    }
    return next;
}

void ref_yield(struct node *node)
{
    struct ref_loop *loop = ref_loop_of(node);

    if (!next_due(loop, true, 0))
        loop->yields = ++loop->reference->n_yields;
}

/* What yields comes all at once. */
static void end_yields(struct ref_loop *loop)
{
    bool is_first = !loop->is_awake;
    struct node *node;

    loop->is_awake = true;
    while ((node = next_due(loop, true, 0)))
        ref_ring(node);
    if (!is_first)
        return;
    loop->is_awake = false;
    if (loop->queue.n)
        drain(loop);
}

static void end_times(struct ref_loop *loop)
{
    double limit = loop->ev->looked;
    struct node *node;

    while ((node = next_due(loop, false, limit))) {
        ref_ring(node);
        if (loop->queue.n)
            drain(loop);
    }
}

/* Of two loops, the one whose time comes later; who yielded first. */
static bool is_before(const struct event *one, const struct event *other)
{
    const struct node *first, *second;

    if (one->what == YIELDS)
        return one->yields < other->yields;
    first = next_due(one->loop, false, one->loop->ev->looked);
    second = next_due(other->loop, false, other->loop->ev->looked);
    return first->due > second->due;
}

/* The one that is fed last is called first. */
static void feed_all(struct reference *reference, struct ref_ev *ev, enum what what)
{
    struct event events[MODEL_LOOPS];
    int n = 0;

    for (int i = 0; i < reference->world->n_loops; i++) {
        struct event event = {what, &reference->loops[i], reference->loops[i].yields};
        int at = n;

        if (event.loop->ev != ev || !next_due(event.loop, what == YIELDS, ev->looked))
            continue;
        for (; at > 0 && is_before(&event, &events[at - 1]); at--)
            events[at] = events[at - 1];
        events[at] = event;
        n++;
    }
    for (int i = 0; i < n; i++)
        feed(ev, events[i]);
}

/* ---- Turns --------------------------------------------------------------------------------------------- */

static void call_pending(struct reference *reference, struct ref_ev *ev)
{
    while (ev->n) {
        struct event event = take_next(ev);

        if (event.what == DRAIN)
            drain(event.loop);
        else if (event.what == TIMES)
            end_times(event.loop);
        else if (event.what == CALL)
            model_call_program(reference->world);
        else if (event.yields == event.loop->yields) /* those have not ended meanwhile */
            end_yields(event.loop);
    }
}

static void look_for_events(struct reference *reference, struct ref_ev *ev)
{
    model_pass_time(reference->world);
    ev->looked = reference->world->clock;
    feed_all(reference, ev, TIMES);
    feed_all(reference, ev, YIELDS);
    call_pending(reference, ev);
}

void ref_turn(struct reference *reference, struct ref_ev *ev)
{
    call_pending(reference, ev);
    look_for_events(reference, ev);
}

static bool is_active(const struct reference *reference, const struct ref_ev *ev)
{
    for (int i = 0; i < reference->n_nodes; i++) {
        if (reference->nodes[i]->ticks && ref_loop_of(reference->nodes[i])->ev == ev)
            return true;
    }
    return false;
}

bool ref_drive(struct node *node)
{
    struct ref_loop *loop = ref_loop_of(node);
    bool goes_on = true; /* it looks for events once at least */

    ref_add(node, (struct turn){node, DRIVEN});
    drain(loop);
    if (node->state == '?')
        call_pending(loop->reference, loop->ev);
    while (node->state == '?' && goes_on) {
        look_for_events(loop->reference, loop->ev);
        goes_on = is_active(loop->reference, loop->ev);
    }
    ref_remove(node, node, DRIVEN);
    return node->state != '?';
}

/* ---- The end ------------------------------------------------------------------------------------------- */

static void cancel(struct node *node)
{
    if (node->gone || node->state != '?' || node->cleaning || node->ended)
        return;
    ref_ref(node);
    ref_cancel(node);
}

static void cancel_all(const struct ref_loop *loop, bool roots)
{
    const struct reference *reference = loop->reference;

    for (int i = 0; i < reference->n_nodes; i++) {
        struct node *node = reference->nodes[i];

        if (ref_loop_of(node) == loop && (!roots || !node->turns.n))
            cancel(node);
    }
}

/* What a clean-up still waits for no event will bring. */
static void end_waits(const struct ref_loop *loop)
{
    const struct reference *reference = loop->reference;

    for (int i = 0, n = reference->n_nodes; i < n; i++) {
        struct node *node = reference->nodes[i], *on = node->wait[0].on, *none;
        enum why why = node->wait[0].why;

        if (ref_loop_of(node) != loop || node->gone || node->state != '?' || !on || on->state != '?')
            continue;
        none = ref_new_inner(node);
        ref_reject(none, ref_error(reference->world, ECANCELED, true));
        ref_leave(node, 0);
        ref_wait(node, 0, none, why);
        ref_unref(on);
    }
}

void ref_close(struct ref_loop *loop)
{
    loop->is_closed = loop->is_awake = true;
    ref_enter(loop);
    cancel_all(loop, true);
    cancel_all(loop, false);
    do {
        loop->is_draining = true;
        run_jobs(loop);
        end_waits(loop);
        if (!loop->queue.n)
            cancel_all(loop, false);
    } while (loop->queue.n);
    loop->is_draining = false;
    for (int i = loop->ev->n - 1; i >= 0; i--) {
        if (loop->ev->events[i].loop == loop)
            take(loop->ev, i);
    }
    loop->busy--;
}
