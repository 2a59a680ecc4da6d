/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structure behind all timers, alone: no libev, no clock. Random programs set and cancel timers and let
 * them run out, even while others run out; a sorted list says what has to happen.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <glib.h>
#include <string.h>

#include "time/wheel-private.h"

enum { TIMERS = 400, PROGRAMS = 50, OPERATIONS = 40000, LOOKED_AT = 64 };

struct entry {
    vow__timer timer;
    double at;       /* while it is set */
    uint64_t number; /* of the call that set it */
};

struct world {
    vow__wheel wheel;
    struct entry entries[TIMERS];
    struct entry *sorted[TIMERS]; /* those that are set, by time and number */
    int n;
    uint64_t calls;
    double now;
    uint64_t seed;
    int depth;
    uint64_t expired, cancelled, nested;
};

static uint64_t pick(struct world *w, uint64_t n)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (w->seed >> 16) % n;
}

/* ---- The sorted list ----------------------------------------------------------------------------------- */

static void list_add(struct world *w, struct entry *entry)
{
    int i = w->n++;

    for (; i > 0 && w->sorted[i - 1]->at > entry->at; i--)
        w->sorted[i] = w->sorted[i - 1];
    w->sorted[i] = entry;
}

static void list_remove(struct world *w, const struct entry *entry)
{
    int i = 0;

    while (w->sorted[i] != entry)
        i++;
    memmove(&w->sorted[i], &w->sorted[i + 1], sizeof w->sorted[0] * (size_t) (--w->n - i));
}

/* The first that was set no later than by call number `last` and ends until `limit`. */
static struct entry *list_first(const struct world *w, uint64_t last, double limit)
{
    for (int i = 0; i < w->n && w->sorted[i]->at <= limit; i++)
        if (w->sorted[i]->number <= last)
            return w->sorted[i];
    return NULL;
}

/* ---- Operations ---------------------------------------------------------------------------------------- */

static void operate(struct world *w);

/* From nothing to centuries, and for ever; often the same as another's. */
static double delay(struct world *w)
{
    static const double units[] = {1e-9, 1e-6,  1. / 16384, 1e-3,      0.05, 1.,   5.,   60.,
                                   3600, 86400, 1e7,        3155760e3, 1e11, 1e12, 1e13, 1e300};
    uint64_t i = pick(w, 6 + pick(w, G_N_ELEMENTS(units) - 5));

    switch (pick(w, 4)) {
    case 0:
        return 0;
    case 1:
        return units[i] * (double) pick(w, 4);
    case 2:
        return units[i] * (double) pick(w, 100);
    default:
        return units[i] * (double) pick(w, 1 << 30) / (1 << 30);
    }
}

static void set(struct world *w)
{
    struct entry *entry = &w->entries[pick(w, TIMERS)];

    if (vow__timer_is_set(&entry->timer))
        return;
    if (!w->wheel.count)
        vow__wheel_adjust(&w->wheel, w->now);
    entry->at = w->now + delay(w);
    if (w->n && pick(w, 4) == 0 && w->sorted[pick(w, (uint64_t) w->n)]->at >= w->now)
        entry->at = w->sorted[w->n / 2]->at >= w->now ? w->sorted[w->n / 2]->at : w->now;
    entry->number = ++w->calls;
    vow__wheel_set(&w->wheel, &entry->timer, entry->at);
    list_add(w, entry);
}

static void cancel(struct world *w)
{
    struct entry *entry = &w->entries[pick(w, TIMERS)];

    if (!vow__timer_is_set(&entry->timer))
        return;
    vow__wheel_cancel(&w->wheel, &entry->timer);
    list_remove(w, entry);
    w->cancelled++;
}

static void run_out(struct world *w)
{
    double limit = w->now;
    uint64_t last = w->calls;
    vow__timer *timer;

    vow__wheel_gather(&w->wheel, limit);
    while ((timer = vow__wheel_take(&w->wheel, limit))) {
        struct entry *entry = list_first(w, last, limit);

        g_assert_nonnull(entry);
        g_assert_true(timer == &entry->timer);
        g_assert_false(vow__timer_is_set(timer));
        list_remove(w, entry);
        w->expired++;
        w->depth++;
        for (uint64_t i = pick(w, 3); i && w->depth < 4; i--)
            operate(w);
        w->depth--;
    }
    g_assert_null(list_first(w, last, limit));
}

/* Nothing wakes for nothing, but to spread what lies together. */
static void jump(struct world *w)
{
    for (int i = 0; w->n && i <= VOW__WHEEL_LEVELS; i++) {
        double next = vow__wheel_next(&w->wheel), first = w->sorted[0]->at;

        g_assert_cmpfloat(next, <=, first);
        if (w->n <= LOOKED_AT)
            g_assert_cmpfloat(next, ==, first);
        if (next > w->now)
            w->now = next;
        if (next == first)
            break;
        g_assert_cmpint(i, <, VOW__WHEEL_LEVELS);
        run_out(w);
    }
    run_out(w);
}

static void pass_time(struct world *w)
{
    w->now += delay(w) * (pick(w, 2) ? 0.1 : 1);
    if (w->now > 1e14)
        w->now = 1e14;
    run_out(w);
}

static void operate(struct world *w)
{
    uint64_t what = pick(w, 32);

    if (what < 15)
        set(w);
    else if (what < 24)
        cancel(w);
    else if (what < 27)
        jump(w);
    else if (what < 29 || w->depth)
        run_out(w), w->nested += w->depth > 0;
    else
        pass_time(w);
}

static void clear(struct world *w)
{
    for (int i = 0; i < TIMERS; i++)
        if (vow__timer_is_set(&w->entries[i].timer))
            vow__wheel_cancel(&w->wheel, &w->entries[i].timer);
    w->n = 0;
    g_assert_cmpuint(w->wheel.count, ==, 0);
}

static void begin(struct world *w, uint64_t seed)
{
    static const double starts[] = {0, 0.1, 12345.678, 3e6, 1.7e9};

    memset(w, 0, sizeof *w);
    vow__wheel_init(&w->wheel);
    for (int i = 0; i < TIMERS; i++)
        vow__timer_init(&w->entries[i].timer, NULL);
    w->seed = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);
    w->now = starts[seed % G_N_ELEMENTS(starts)];
}

static void as_a_sorted_list(void)
{
    static struct world w;
    uint64_t expired = 0, cancelled = 0, nested = 0;

    for (uint64_t program = 0; program < PROGRAMS; program++) {
        begin(&w, program);
        for (int i = 0; i < OPERATIONS; i++) {
            operate(&w);
            g_assert_cmpuint(w.wheel.count, ==, (size_t) w.n);
            if (i % 5000 == 4999) {
                clear(&w);
                w.now = (double) pick(&w, 1 << 20);
            }
        }
        clear(&w);
        expired += w.expired;
        cancelled += w.cancelled;
        nested += w.nested;
    }
    g_test_message("%" G_GUINT64_FORMAT " ran out, %" G_GUINT64_FORMAT " were cancelled", expired, cancelled);
    g_assert_cmpuint(expired, >, 100000);
    g_assert_cmpuint(cancelled, >, 100000);
    g_assert_cmpuint(nested, >, 1000);
}

/* The wall clock may be set back, by whatever it takes. */
static void a_clock_that_is_set_back(void)
{
    static struct world w;

    for (uint64_t program = 0; program < PROGRAMS; program++) {
        begin(&w, program);
        for (int i = 0; i < OPERATIONS / 10; i++) {
            operate(&w);
            if (pick(&w, 50) == 0) {
                w.now -= delay(&w);
                w.now = w.now < -1e14 ? -1e14 : w.now;
                vow__wheel_adjust(&w.wheel, w.now);
                run_out(&w);
            }
        }
        clear(&w);
    }
}

/* Many at one level and in one slot, in all orders, run out in one go. */
static void many_at_once(void)
{
    enum { N = 100000 };
    struct entry *entries = g_new0(struct entry, N);
    static struct world w;
    vow__timer *timer;

    for (uint64_t order = 0; order < 5; order++) {
        const struct entry *before = NULL;
        int n = 0;

        begin(&w, order);
        vow__wheel_adjust(&w.wheel, w.now);
        for (int i = 0; i < N; i++) {
            double part = order == 0 ? i : order == 1 ? N - i : order == 2 ? i % 7 : (double) pick(&w, N);

            vow__timer_init(&entries[i].timer, NULL);
            entries[i].number = (uint64_t) i;
            entries[i].at = w.now + (order == 4 ? 1e-5 : 1e3) * part / N;
            vow__wheel_set(&w.wheel, &entries[i].timer, entries[i].at);
        }
        vow__wheel_gather(&w.wheel, w.now + 1e4);
        while ((timer = vow__wheel_take(&w.wheel, w.now + 1e4))) {
            const struct entry *entry = VOW__CONTAINER_OF(timer, struct entry, timer);

            if (before)
                g_assert_true(before->at < entry->at ||
                              (before->at == entry->at && before->number < entry->number));
            before = entry;
            n++;
        }
        g_assert_cmpint(n, ==, N);
    }
    g_free(entries);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wheel/sorted-list", as_a_sorted_list);
    g_test_add_func("/wheel/set-back", a_clock_that_is_set_back);
    g_test_add_func("/wheel/many", many_at_once);
    return g_test_run();
}
