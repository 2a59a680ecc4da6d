/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory runs out anywhere: each scenario runs once for every allocation it makes, with that one failing, and
 * again with all from that one on failing; and each of these in four ways: to its end, dropped at once,
 * cancelled on its way, and with its loop freed on its way. Whatever happens, nothing is leaked, each
 * clean-up runs exactly once, and the outcome is the usual one or ENOMEM. On the way it is counted that
 * settling, cancelling, dropping and draining take no memory.
 *
 * In a debug build every single promise asks the allocator; in others the pools do, for many at once.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "scenario.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum ending { RUN, DROP, CANCEL, FREE };
enum { TURNS = 4 };

/* How a scenario is run. */
struct manner {
    enum ending ending;
    bool after; /* whether all later allocations fail too */
    int turns;  /* of the ev_loop before it is ended, if it is */
};

/* ---- One run ------------------------------------------------------------------------------------------- */

static const char *running; /* the name of the scenario */

static void hangs(struct ev_loop *ev, ev_timer *timer, int revents)
{
    (void) ev;
    (void) timer;
    (void) revents;
    g_error("it hangs: %s", running);
}

static char *run_to_its_end(struct world *w, vow_promise *promise)
{
    vow_value value;
    vow_error *error;

    QUIET(w, error = vow_run(promise, &value));
    char *outcome = error ? g_strconcat("!", code_name(error), NULL) : show(&value);
    vow_error_unref(error);
    vow_value_drop(value);
    return outcome;
}

/* The outcome, if anybody sees one. */
static char *end(struct world *w, vow_promise *promise, const struct manner *manner)
{
    for (int i = 0; i < manner->turns; i++)
        QUIET(w, turn(w->f));
    switch (manner->ending) {
    case RUN:
        return run_to_its_end(w, promise);
    case DROP:
        QUIET(w, vow_unref(promise));
        return NULL;
    case CANCEL:
        QUIET(w, (void) vow_peek(promise));
        QUIET(w, vow_cancel(vow_ref(promise)));
        return run_to_its_end(w, promise);
    default:
        QUIET(w, vow_detach(promise));
        return NULL;
    }
}

static void check_outcome(const struct scenario *scenario, const struct manner *manner, bool has_failed,
                          const char *outcome)
{
    if (!outcome || strcmp(outcome, scenario->outcome) == 0)
        return;
    if (manner->ending == CANCEL && strstr(outcome, "!ECANCELED"))
        return;
    if (has_failed && (strstr(outcome, "!ENOMEM") || g_strcmp0(outcome, scenario->or_else) == 0))
        return;
    g_error("the outcome is %s, not %s", outcome, scenario->outcome);
}

static void run_on(struct world *w, const struct scenario *scenario, const struct manner *manner)
{
    collect_reports(w->f, w->loop);
    char *outcome = end(w, scenario->make(w), manner);
    check_outcome(scenario, manner, w->f->memory.failed, outcome);
    g_free(outcome);
    if (manner->ending != FREE) {
        settle_down(w);
        g_assert_cmpuint(vow_loop_live(w->loop), ==, 0);
    }
    QUIET(w, vow_loop_free(w->loop));
}

/* They drop promises themselves, or lose the error of one to that of another, which may have had no memory.
 */
static const char *const losing[] = {"circle",      "finally", "finally-throws", "lost",
                                     "meeting",     "no-time", "permits",        "race-cleans",
                                     "second-loop", "server",  "signal",         "task-cancels",
                                     "tcp",         "unix",    "too-late",       NULL};

/* When somebody looks at the outcome, that there was no memory is in it, and nowhere else. */
static void check_reports(fixture *f, const struct scenario *scenario, const struct manner *manner)
{
    bool is_told = manner->ending == RUN && !scenario->reports && !g_strv_contains(losing, scenario->name);

    if (manner->ending == RUN && !f->memory.failed)
        g_assert_cmpuint(f->reports->len, ==, scenario->reports);
    for (guint i = 0; i < f->reports->len; i++) {
        g_assert_null(strstr(f->reports->pdata[i], "never released"));
        if (is_told && strstr(f->reports->pdata[i], "out of memory"))
            g_error("%s: %s", scenario->name, (const char *) f->reports->pdata[i]);
    }
    g_ptr_array_set_size(f->reports, 0);
}

static void check_world(const struct world *w, const struct scenario *scenario)
{
    if (w->quiet > scenario->texts)
        g_error("%zu allocations, not %zu: %s", w->quiet, scenario->texts, w->where);
    check_end(w);
}

/* Runs a scenario on a loop of its own with the n-th allocation failing. Returns whether there was one. */
static bool run_once(fixture *f, const struct scenario *scenario, const struct manner *manner, size_t n)
{
    guint descriptors = count_descriptors();
    struct world w = {.f = f};

    name_path(&w);
    memory_fail(f, n, manner->after);
    w.loop = vow_loop_new(f->ev);
    if (w.loop)
        run_on(&w, scenario, manner);
    else
        g_assert_cmpuint(f->memory.failed, >, 0);
    check_reports(f, scenario, manner);
    check_world(&w, scenario);
    g_assert_cmpuint(count_descriptors(), ==, descriptors);
    return f->memory.failed > 0;
}

/* ---- All runs ------------------------------------------------------------------------------------------ */

/* The guard wakes a run that waits for nothing; it does not count as something to wait for. */
static size_t run_each(fixture *f, const struct scenario *scenario, const struct manner *manner)
{
    static const char *const endings[] = {"run", "drop", "cancel", "free"};
    ev_timer guard;
    size_t n = 1;

    ev_timer_init(&guard, hangs, 60, 0);
    running = scenario->name;
    do {
        g_test_message("%s: %s after %d turns, allocation %zu%s", scenario->name, endings[manner->ending],
                       manner->turns, n, manner->after ? " and all later ones" : "");
        ev_timer_start(f->ev, &guard);
        ev_unref(f->ev);
        bool is_again = run_once(f, scenario, manner, n);
        ev_ref(f->ev);
        ev_timer_stop(f->ev, &guard);
        if (!is_again)
            break;
    } while (n++);
    return n;
}

/* What is ended on its way is so at several points of it. */
static size_t run_every(fixture *f, const struct scenario *scenario, struct manner manner)
{
    size_t runs = 0;

    for (manner.turns = 0; manner.turns < (manner.ending == RUN ? 1 : TURNS); manner.turns++) {
        size_t n = run_each(f, scenario, &manner);
        g_assert_cmpuint(n, >, 2);
        runs += n;
    }
    return runs;
}

static void run_table(fixture *f, const struct scenario *table, enum ending ending, bool after)
{
    size_t runs = 0, scenarios = 0;

    free_loop(f);
    open_descriptors(f);
    for (const struct scenario *scenario = table; scenario->name; scenario++) {
        runs += run_every(f, scenario, (struct manner){ending, after, 0});
        scenarios++;
    }
    g_test_message("%zu scenarios, %zu runs", scenarios, runs);
}

static const struct scenario *const tables[] = {
    promise_scenarios, joined_scenarios,   task_scenarios,    stream_scenarios,   talk_scenarios,
    thread_scenarios,  event_scenarios,    process_scenarios, server_scenarios,   socket_scenarios,
    name_scenarios,    feed_scenarios,     nobody_scenarios,  listener_scenarios, anywhere_scenarios,
    queue_scenarios,   exchange_scenarios, sync_scenarios};

#define TEST(name, table, ending, after)            \
    static void name(fixture *f)                    \
    {                                               \
        run_table(f, tables[table], ending, after); \
    }
#define TESTS(name, table)                        \
    TEST(name##_run_one, table, RUN, false)       \
    TEST(name##_run_all, table, RUN, true)        \
    TEST(name##_drop_one, table, DROP, false)     \
    TEST(name##_drop_all, table, DROP, true)      \
    TEST(name##_cancel_one, table, CANCEL, false) \
    TEST(name##_cancel_all, table, CANCEL, true)  \
    TEST(name##_free_one, table, FREE, false)     \
    TEST(name##_free_all, table, FREE, true)

TESTS(promises, 0)
TESTS(joined, 1)
TESTS(tasks, 2)
TESTS(streams, 3)
TESTS(talks, 4)
TESTS(threads, 5)
TESTS(events, 6)
TESTS(processes, 7)
TESTS(servers, 8)
TESTS(sockets, 9)
TESTS(names, 10)
TESTS(feeds, 11)
TESTS(nobody, 12)
TESTS(exchanges, 16)
TESTS(shared, 17)

#define ADD(name)                                                       \
    do {                                                                \
        test_add("/scenarios/" #name "/run/one", name##_run_one);       \
        test_add("/scenarios/" #name "/run/all", name##_run_all);       \
        test_add("/scenarios/" #name "/drop/one", name##_drop_one);     \
        test_add("/scenarios/" #name "/drop/all", name##_drop_all);     \
        test_add("/scenarios/" #name "/cancel/one", name##_cancel_one); \
        test_add("/scenarios/" #name "/cancel/all", name##_cancel_all); \
        test_add("/scenarios/" #name "/free/one", name##_free_one);     \
        test_add("/scenarios/" #name "/free/all", name##_free_all);     \
    } while (0)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD(promises);
    ADD(joined);
    ADD(tasks);
    ADD(streams);
    ADD(talks);
    ADD(threads);
    ADD(events);
    ADD(processes);
    ADD(servers);
    ADD(sockets);
    ADD(names);
    ADD(nobody);
    ADD(feeds);
    ADD(exchanges);
    ADD(shared);
    return g_test_run();
}
