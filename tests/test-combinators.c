/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * all, all_settled, any and race: empty, dropped, cancelled, and who owns what. Every order of settling is in
 * test-combinators-order.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

static void test_empty(fixture *f)
{
    vow_promise *all = vow_all(f->loop, 0, NULL), *settled = vow_all_settled_of(f->loop);
    vow_promise *any = vow_any_of(f->loop), *race = vow_race(f->loop, 0, NULL);

    assert_peek(all, "[]");
    assert_peek(settled, "[]");
    const vow_error *error = vow_as_error(vow_peek(any));
    g_assert_true(vow_error_domain(error) == &vow_domain_vow);
    g_assert_cmpint(vow_error_code(error), ==, VOW_EAGGREGATE);
    g_assert_cmpuint(vow_list_length(vow_error_list(error)), ==, 0);
    turn(f);
    g_assert_true(vow_is_pending(race));
    vow_unref(all);
    vow_unref(settled);
    vow_unref(any);
    vow_unref(race);
}

static vow_promise *count_and_make(fixture *f, int *count)
{
    return vow_resolved(f->loop, vow_int(++*count));
}

/* The macros evaluate each argument once, from left to right or not. */
static void test_macros_evaluate_once(fixture *f)
{
    int count = 0;
    vow_promise *all = vow_all_of(f->loop, count_and_make(f, &count), count_and_make(f, &count));

    g_assert_cmpint(count, ==, 2);
    vow_unref(all);
    vow_promise *any = vow_any_of(f->loop, count_and_make(f, &count));
    vow_promise *race = vow_race_of(f->loop, count_and_make(f, &count));
    vow_promise *settled = vow_all_settled_of(f->loop, count_and_make(f, &count));
    g_assert_cmpint(count, ==, 5);
    vow_unref(any);
    vow_unref(race);
    vow_unref(settled);
}

static void test_sites(fixture *f)
{
    const char *line = NEXT_LINE(f);
    vow_promise *promise = vow_all_of(f->loop);

    g_assert_cmpstr(vow_promise_site(promise), ==, line);
    vow_unref(promise);
}

/* The array is only read: it may be constant, and go at once. */
static void test_array_stays_the_callers(fixture *f)
{
    vow_promise *promises[2] = {vow_resolved(f->loop, vow_int(1)), vow_resolved(f->loop, vow_int(2))};
    vow_promise *all = vow_all(f->loop, 2, promises);

    memset(promises, 0xa5, sizeof promises);
    turn(f);
    assert_peek(all, "[1,2]");
    vow_unref(all);
}

static void test_dropped_drops_inputs(fixture *f)
{
    struct source a, b;

    vow_unref(
        vow_all_of(f->loop, pending(f, &a, "a"), vow_resolved(f->loop, owned(f, "v")), pending(f, &b, "b")));
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    g_assert_false(vow_resolver_is_pending(&b.resolver));
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    g_assert_nonnull(strstr(f->log->str, "a-cancelled"));
    g_string_truncate(f->log, 0);
}

/* Half of the values have come when it is dropped. */
static void test_dropped_halfway(fixture *f)
{
    struct source a, b;
    vow_promise *all = vow_all_of(f->loop, pending(f, &a, "a"), pending(f, &b, "b"));

    vow_resolve(&a.resolver, owned(f, "v"));
    turn(f);
    vow_unref(all);
    g_assert_cmpint(f->owned, ==, 0);
    g_assert_false(vow_resolver_is_pending(&b.resolver));
    g_string_truncate(f->log, 0);
}

static void test_cancelled(fixture *f)
{
    struct source a, b;
    vow_promise *any = vow_any_of(f->loop, pending(f, &a, "a"), pending(f, &b, "b"));

    vow_cancel(vow_ref(any));
    assert_log(f, "a-cancelled b-cancelled");
    assert_peek(any, "!ECANCELED");
    vow_unref(any);
}

/* A loser that somebody else holds runs on. */
static void test_held_loser_runs_on(fixture *f)
{
    struct source a;
    vow_promise *loser = pending(f, &a, "a");
    vow_promise *race = vow_race_of(f->loop, vow_ref(loser), vow_resolved(f->loop, vow_int(1)));

    turn(f);
    assert_peek(race, "1");
    vow_unref(race);
    assert_log(f, "");
    vow_resolve(&a.resolver, vow_int(2));
    assert_peek(loser, "2");
    vow_unref(loser);
}

static void test_losers_clean_up(fixture *f)
{
    struct source a, b;
    vow_promise *loser = vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end"));

    watch(f, vow_race_of(f->loop, loser, pending(f, &b, "b")), "race");
    vow_resolve(&b.resolver, vow_int(1));
    assert_log(f, "");
    turn(f);
    assert_log(f, "a-cancelled end race=1");
}

/* One promise in several places: each gets its plain value. */
static void test_same_promise_twice(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");
    vow_promise *all = vow_all_of(f->loop, vow_ref(promise), promise);

    vow_resolve(&a.resolver, vow_int(1));
    turn(f);
    assert_peek(all, "[1,1]");
    vow_unref(all);
}

static void test_many_inputs(fixture *f)
{
    enum { MANY = 10000 };
    static struct source sources[MANY];
    static vow_promise *promises[MANY];

    for (int i = 0; i < MANY; i++)
        promises[i] = pending(f, &sources[i], "x");
    vow_promise *all = vow_all(f->loop, MANY, promises);
    for (int i = MANY; i-- > 0;)
        vow_resolve(&sources[i].resolver, vow_int(i));
    turn(f);
    const vow_list *list = vow_as_list(vow_peek(all));
    g_assert_cmpuint(vow_list_length(list), ==, MANY);
    for (int i = 0; i < MANY; i++)
        g_assert_cmpint(vow_as_int(vow_list_at(list, (size_t) i)), ==, i);
    vow_unref(all);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/combinators/empty", test_empty);
    test_add("/combinators/macros-evaluate-once", test_macros_evaluate_once);
    test_add("/combinators/sites", test_sites);
    test_add("/combinators/array-stays-the-callers", test_array_stays_the_callers);
    test_add("/combinators/dropped-drops-inputs", test_dropped_drops_inputs);
    test_add("/combinators/dropped-halfway", test_dropped_halfway);
    test_add("/combinators/cancelled", test_cancelled);
    test_add("/combinators/held-loser-runs-on", test_held_loser_runs_on);
    test_add("/combinators/losers-clean-up", test_losers_clean_up);
    test_add("/combinators/same-promise-twice", test_same_promise_twice);
    test_add("/combinators/many-inputs", test_many_inputs);
    return g_test_run();
}
