/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs of waits, drops, looks, releases, notices and frees, on one object and on a model of it in
 * as few words as possible: an array of all waits in the order in which they came. After each step the two
 * agree on who waits, who was served and with what, and how much is left. GLib prints the seed;
 * `--seed=R02S...` repeats a run.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

enum { WAITS = 24, PROGRAMS = 1000, STEPS = 600, TOTAL = 7 };

enum kind { SEMAPHORE, MUTEX, RWLOCK, EVENT, CONDITION, LATCH, BARRIER };

/* A wait that the program still has something of. */
struct wait {
    vow_promise *promise; /* NULL: it was looked at, and the value is in `value` */
    vow_value value;
    int wants;      /* permits; or 1 to read and TOTAL to write */
    int number;     /* what it was fulfilled with, where that is a number */
    bool is_served; /* in the model */
};

struct world {
    fixture *f;
    enum kind kind;
    void *object;
    struct wait waits[WAITS]; /* the first `count` are in use, in the order in which they came */
    int count;
    int left; /* permits; or what a latch has to count */
    bool is_set;
};

static int any(int n)
{
    return g_test_rand_int_range(0, n);
}

/* ---- The model ----------------------------------------------------------------------------------------- */

/* Whether a value stands for something that comes back. */
static bool is_lent(const struct world *w)
{
    return w->kind <= RWLOCK;
}

static int waiting(const struct world *w)
{
    int n = 0;

    for (int i = 0; i < w->count; i++)
        n += !w->waits[i].is_served;
    return n;
}

/* Serves those that wait, the first one first, as long as `budget` and what is left suffice. */
static void serve(struct world *w, int budget)
{
    for (int i = 0; i < w->count; i++) {
        struct wait *wait = &w->waits[i];

        if (wait->is_served)
            continue;
        if (budget-- <= 0 || (is_lent(w) && wait->wants > w->left))
            return;
        wait->is_served = true;
        if (is_lent(w))
            w->left -= wait->wants;
    }
}

/* What happens by itself after each step. */
static void settle_model(struct world *w)
{
    if (is_lent(w) || (w->kind == EVENT && w->is_set) || (w->kind == LATCH && w->left == 0))
        serve(w, WAITS);
    if (w->kind == BARRIER && waiting(w) == TOTAL) {
        int number = 0;

        for (int i = 0; i < w->count; i++)
            if (!w->waits[i].is_served)
                w->waits[i].number = number++;
        serve(w, WAITS);
    }
}

static void forget(struct world *w, int i)
{
    for (w->count--; i < w->count; i++)
        w->waits[i] = w->waits[i + 1];
}

/* ---- Comparing ----------------------------------------------------------------------------------------- */

static void compare(struct world *w)
{
    for (int i = 0; i < w->count; i++) {
        const struct wait *wait = &w->waits[i];

        if (wait->promise && wait->is_served != vow_is_fulfilled(wait->promise))
            g_error("wait %d of %d, for a %d: %s", i, w->count, w->kind,
                    wait->is_served ? "it waits" : "it was served");
    }
    if (w->kind == SEMAPHORE)
        g_assert_cmpuint(vow_semaphore_available(w->object), ==, (size_t) w->left);
    if (w->kind == EVENT)
        g_assert_cmpint(vow_event_is_set(w->object), ==, w->is_set);
}

/* ---- Steps --------------------------------------------------------------------------------------------- */

static vow_promise *wait_for(struct world *w, int *wants)
{
    switch (w->kind) {
    case SEMAPHORE:
        *wants = 1 + (any(2) ? 0 : any(TOTAL));
        return *wants > 1 || any(2) ? vow_semaphore_acquire_many(w->object, (size_t) *wants)
                                    : vow_semaphore_acquire(w->object);
    case MUTEX:
        return vow_mutex_lock(w->object);
    case RWLOCK:
        *wants = any(3) ? 1 : TOTAL * WAITS;
        return *wants == 1 ? vow_rwlock_read(w->object) : vow_rwlock_write(w->object);
    case EVENT:
        return vow_event_wait(w->object);
    case CONDITION:
        return vow_condition_wait(w->object);
    case LATCH:
        return vow_latch_wait(w->object);
    default:
        return vow_barrier_wait(w->object);
    }
}

static void step_wait(struct world *w)
{
    struct wait *wait = &w->waits[w->count];
    vow_promise *promise;

    if (w->count == WAITS)
        return;
    *wait = (struct wait){NULL, {0}, 1, 0, false};
    if (!any(10))
        memory_fail(w->f, 1, true);
    promise = wait_for(w, &wait->wants);
    memory_fail(w->f, 0, false);
    if (vow_is_rejected(promise)) {
        assert_peek(promise, "!ENOMEM");
        vow_unref(promise);
        return;
    }
    if (!any(4))
        promise = vow_timeout(promise, 1000);
    wait->promise = promise;
    w->count++;
}

static void step_try(struct world *w)
{
    struct wait *wait = &w->waits[w->count];
    bool is_had, may = w->left > 0 && !waiting(w);

    if (w->count == WAITS || w->kind > MUTEX)
        return;
    *wait = (struct wait){NULL, {0}, 1, 0, true};
    is_had = w->kind == SEMAPHORE ? vow_semaphore_try_acquire(w->object, &wait->value)
                                  : vow_mutex_try_lock(w->object, &wait->value);
    g_assert_cmpint(is_had, ==, may);
    if (!is_had)
        return;
    w->left--;
    w->count++;
}

/* It goes, whether it waits, was served and not looked at, or was looked at. */
static void step_drop(struct world *w)
{
    int i = w->count ? any(w->count) : 0;
    struct wait wait = w->waits[i];

    if (!w->count)
        return;
    forget(w, i);
    if (is_lent(w) && wait.is_served)
        w->left += wait.wants;
    if (w->kind == CONDITION && wait.is_served && wait.promise)
        serve(w, 1);
    if (wait.promise && any(2))
        vow_cancel(wait.promise);
    else if (wait.promise)
        vow_unref(wait.promise);
    else
        vow_value_drop(wait.value);
}

static void step_look(struct world *w)
{
    struct wait *wait = &w->waits[w->count ? any(w->count) : 0];

    if (!w->count || !wait->promise || !wait->is_served)
        return;
    wait->value = vow_take(vow_peek(wait->promise));
    if (w->kind == BARRIER)
        g_assert_cmpint(vow_as_int(&wait->value), ==, wait->number);
    vow_unref(wait->promise);
    wait->promise = NULL;
}

static void step_own(struct world *w)
{
    int n = any(4);

    switch (w->kind) {
    case EVENT:
        w->is_set = any(2);
        if (w->is_set)
            vow_event_set(w->object);
        else
            vow_event_clear(w->object);
        break;
    case CONDITION:
        serve(w, n == 3 ? WAITS : n);
        if (n == 3)
            vow_condition_notify_all(w->object);
        else
            vow_condition_notify(w->object, (size_t) n);
        break;
    case LATCH:
        w->left -= n < w->left ? n : w->left;
        vow_latch_count_down(w->object, (size_t) n);
        break;
    default:
        step_try(w);
    }
}

/* ---- Programs ------------------------------------------------------------------------------------------ */

static void *object_new(const struct world *w)
{
    switch (w->kind) {
    case SEMAPHORE:
        return vow_semaphore_new(w->f->loop, TOTAL);
    case MUTEX:
        return vow_mutex_new(w->f->loop);
    case RWLOCK:
        return vow_rwlock_new(w->f->loop);
    case EVENT:
        return vow_event_new(w->f->loop);
    case CONDITION:
        return vow_condition_new(w->f->loop);
    case LATCH:
        return vow_latch_new(w->f->loop, (size_t) w->left);
    default:
        return vow_barrier_new(w->f->loop, TOTAL);
    }
}

static void object_free(struct world *w)
{
    switch (w->kind) {
    case SEMAPHORE:
        vow_semaphore_free(w->object);
        break;
    case MUTEX:
        vow_mutex_free(w->object);
        break;
    case RWLOCK:
        vow_rwlock_free(w->object);
        break;
    case EVENT:
        vow_event_free(w->object);
        break;
    case CONDITION:
        vow_condition_free(w->object);
        break;
    case LATCH:
        vow_latch_free(w->object);
        break;
    default:
        vow_barrier_free(w->object);
    }
}

/* All that still wait see ECANCELED; what was served is as it was. */
static void end(struct world *w)
{
    object_free(w);
    turn(w->f);
    for (int i = 0; i < w->count; i++) {
        struct wait *wait = &w->waits[i];

        if (wait->promise && !wait->is_served)
            assert_peek(wait->promise, "!ECANCELED");
        else if (wait->promise)
            g_assert_true(vow_is_fulfilled(wait->promise));
        vow_unref(wait->promise);
        vow_value_drop(wait->value);
    }
}

static void play(fixture *f, enum kind kind)
{
    struct world w = {.f = f, .kind = kind};
    int steps = any(STEPS);

    w.left = kind == SEMAPHORE ? TOTAL
             : kind == MUTEX   ? 1
             : kind == RWLOCK  ? TOTAL * WAITS
             : kind == LATCH   ? any(STEPS / 4)
                               : 0;
    w.object = object_new(&w);
    g_assert_nonnull(w.object);
    for (int i = 0; i < steps; i++) {
        static void (*const deeds[])(struct world * w) = {step_wait, step_wait, step_wait, step_drop,
                                                          step_look, step_own,  step_drop};

        deeds[any(G_N_ELEMENTS(deeds))](&w);
        settle_model(&w);
        turn(f); /* what passes the outcome on has it, too */
        compare(&w);
    }
    end(&w);
}

static void plays(fixture *f, enum kind kind)
{
    for (int i = 0; i < PROGRAMS; i++)
        play(f, kind);
}

#define PLAYS(name, kind)        \
    static void name(fixture *f) \
    {                            \
        plays(f, kind);          \
    }

PLAYS(semaphores, SEMAPHORE)
PLAYS(mutexes, MUTEX)
PLAYS(rwlocks, RWLOCK)
PLAYS(events, EVENT)
PLAYS(conditions, CONDITION)
PLAYS(latches, LATCH)
PLAYS(barriers, BARRIER)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/sync-random/semaphores", semaphores);
    test_add("/sync-random/mutexes", mutexes);
    test_add("/sync-random/rwlocks", rwlocks);
    test_add("/sync-random/events", events);
    test_add("/sync-random/conditions", conditions);
    test_add("/sync-random/latches", latches);
    test_add("/sync-random/barriers", barriers);
    return g_test_run();
}
