/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A million links: every kind of chain is settled, rejected, cancelled and freed on a stack of 8 MiB, which
 * would be too small by far for anything that takes a stack frame a link.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <sys/resource.h>

enum { DEPTH = 1000000, STACK = 8 * 1024 * 1024 };

/* Adds one link; `count` is how often the links' functions ran. */
typedef vow_promise *(*link_fn)(fixture *f, vow_promise *promise, int *count);

static vow_value count_value(vow_value *value, void *count)
{
    ++*(int *) count;
    return vow_take(value);
}

static vow_value count_end(void *count)
{
    ++*(int *) count;
    return vow_nil();
}

static void count_drop(void *count)
{
    ++*(int *) count;
}

static vow_promise *link_then(fixture *f, vow_promise *promise, int *count)
{
    (void) f;
    return vow_then(promise, count_value, count);
}

static vow_promise *link_catch(fixture *f, vow_promise *promise, int *count)
{
    (void) f, (void) count;
    return vow_catch(promise, NULL, NULL);
}

static vow_promise *link_finally(fixture *f, vow_promise *promise, int *count)
{
    (void) f;
    return vow_finally(promise, count_end, count);
}

static vow_promise *link_attach(fixture *f, vow_promise *promise, int *count)
{
    (void) f;
    return vow_attach(promise, count, count_drop);
}

static vow_promise *link_follow(fixture *f, vow_promise *promise, int *count)
{
    (void) count;
    return vow_resolved(f->loop, vow_follow(promise));
}

static vow_promise *link_all(fixture *f, vow_promise *promise, int *count)
{
    (void) count;
    return vow_all_of(f->loop, promise);
}

static vow_promise *link_all_settled(fixture *f, vow_promise *promise, int *count)
{
    (void) count;
    return vow_all_settled_of(f->loop, promise);
}

static vow_promise *link_any(fixture *f, vow_promise *promise, int *count)
{
    (void) count;
    return vow_any_of(f->loop, promise);
}

static vow_promise *link_race(fixture *f, vow_promise *promise, int *count)
{
    (void) count;
    return vow_race_of(f->loop, promise);
}

struct waiter {
    vow_task task;
    vow_promise *given;
    int *count;
};

VOW_ASYNC(waiter, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->given);
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    ++*me->count;
    VOW_END(me);
}

static vow_promise *link_task(fixture *f, vow_promise *promise, int *count)
{
    return vow_async(f->loop, waiter, .given = promise, .count = count);
}

/* Each kind of link, and whether its function runs when it is fulfilled, when it is rejected or cancelled. */
static const struct kind {
    const char *name;
    link_fn link;
    bool runs_on_value, runs_on_error;
    const char *value; /* what 1 is at the end of the chain; NULL for something a million levels deep */
    const char *error; /* what EIO is */
} kinds[] = {
    {"then", link_then, true, false, "1", "!EIO"},
    {"catch", link_catch, false, false, "1", "!EIO"},
    {"finally", link_finally, true, true, "1", "!EIO"},
    {"attach", link_attach, true, true, "1", "!EIO"},
    {"follow", link_follow, false, false, "1", "!EIO"},
    {"all", link_all, false, false, NULL, "!EIO"},
    {"all-settled", link_all_settled, false, false, NULL, NULL},
    {"any", link_any, false, false, "1", "!EAGGREGATE"},
    {"race", link_race, false, false, "1", "!EIO"},
    {"task", link_task, true, true, "1", "!EIO"},
};

static vow_promise *chain(fixture *f, const struct kind *kind, struct source *a, int *count)
{
    vow_promise *promise = pending(f, a, "a");

    g_test_message("%s", kind->name);
    *count = 0;
    for (int i = 0; i < DEPTH; i++)
        promise = kind->link(f, promise, count);
    turn(f);
    return promise;
}

/* Looks at the outcome and frees it, with all that is nested in it. */
static void check_outcome(vow_promise *promise, const char *expected)
{
    g_assert_false(vow_is_pending(promise));
    if (expected)
        assert_peek(promise, expected);
    else
        g_assert_cmpuint(vow_list_length(vow_as_list(vow_peek(promise))), ==, 1);
    vow_unref(promise);
}

static void test_settled(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct source a;
        int count;
        vow_promise *promise = chain(f, &kinds[i], &a, &count);
        vow_resolve(&a.resolver, vow_int(1));
        turn(f);
        check_outcome(promise, kinds[i].value);
        g_assert_cmpint(count, ==, kinds[i].runs_on_value ? DEPTH : 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void test_rejected(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct source a;
        int count;
        vow_promise *promise = chain(f, &kinds[i], &a, &count);
        vow_reject(&a.resolver, vow_error_new(EIO, "broken"));
        turn(f);
        check_outcome(promise, kinds[i].error);
        g_assert_cmpint(count, ==, kinds[i].runs_on_error ? DEPTH : 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* From the end: one call stops all of it. */
static void test_dropped(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct source a;
        int count;
        vow_unref(chain(f, &kinds[i], &a, &count));
        assert_log(f, "a-cancelled");
        g_assert_cmpint(count, ==, kinds[i].runs_on_error ? DEPTH : 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* From the beginning: all who wait are told. */
static void test_cancelled(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct source a;
        int count;
        vow_promise *promise = chain(f, &kinds[i], &a, &count);
        vow_cancel(vow_ref(a.resolver.promise));
        assert_log(f, "a-cancelled");
        turn(f);
        g_assert_false(vow_is_pending(promise));
        g_assert_nonnull(vow_peek(promise));
        vow_unref(promise);
        g_assert_cmpint(count, ==, kinds[i].runs_on_error ? DEPTH : 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* By its loop, all pending. */
static void test_freed(fixture *f)
{
    struct source a[G_N_ELEMENTS(kinds)];
    int counts[G_N_ELEMENTS(kinds)];

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        vow_detach(chain(f, &kinds[i], &a[i], &counts[i]));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_assert_false(vow_resolver_is_pending(&a[i].resolver));
        g_assert_cmpint(counts[i], ==, kinds[i].runs_on_error ? DEPTH : 0);
    }
    g_string_truncate(f->log, 0);
}

/* A loop by recursion: each round returns the promise of the next. */
static vow_value next_round(vow_value *value, void *f)
{
    int64_t left = vow_as_int(value);

    if (!left)
        return vow_int(42);
    return vow_follow(vow_then(vow_resolved(((fixture *) f)->loop, vow_int(left - 1)), next_round, f));
}

static void test_recursive_loop(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_int(DEPTH)), next_round, f);

    turn(f);
    assert_peek(promise, "42");
    vow_unref(promise);
}

/* A million handlers on one promise. */
static void test_wide(fixture *f)
{
    struct source a;
    int count = 0;
    vow_promise *promise = pending(f, &a, "a");

    for (int i = 0; i < DEPTH; i++)
        vow_detach(vow_then(vow_ref(promise), count_value, &count));
    vow_resolve(&a.resolver, vow_int(1));
    vow_unref(promise);
    turn(f);
    g_assert_cmpint(count, ==, DEPTH);
}

/* ---- Clean-up that drops or cancels the next one ------------------------------------------------------- */

struct domino {
    vow_resolver resolver;
    vow_promise *next;
    bool cancels;
    int *count;
};

static void fall(struct domino *self)
{
    ++*self->count;
    if (self->next && self->cancels)
        vow_cancel(self->next);
    else
        vow_unref(self->next);
}

static void domino_cancelled(vow_resolver *resolver)
{
    fall((struct domino *) resolver);
}

static vow_value domino_end(void *self)
{
    fall(self);
    return vow_nil();
}

static void dominoes(fixture *f, bool cancels, bool by_finally)
{
    struct domino *all = g_new0(struct domino, DEPTH);
    vow_promise *promise = NULL;
    int count = 0;

    for (int i = 0; i < DEPTH; i++) {
        all[i] = (struct domino){.next = promise, .cancels = cancels, .count = &count};
        if (by_finally)
            promise = vow_finally(vow_never(f->loop), domino_end, &all[i]);
        else
            promise = vow_promise_new(f->loop, &all[i].resolver, domino_cancelled);
    }
    vow_unref(promise);
    g_assert_cmpint(count, ==, DEPTH);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    g_free(all);
}

static void test_on_cancel_goes_on(fixture *f)
{
    dominoes(f, false, false);
    dominoes(f, true, false);
}

static void test_finally_goes_on(fixture *f)
{
    dominoes(f, false, true);
    dominoes(f, true, true);
}

static void test_causes(fixture *f)
{
    vow_error *error = NULL;

    (void) f;
    for (int i = 0; i < DEPTH; i++)
        error = vow_error_wrap(error, EIO, "level");
    vow_error_unref(error);
}

/* A stack of 8 MiB, even if the shell gave a larger one. */
static void limit_stack(void)
{
    struct rlimit limit;

    g_assert_cmpint(getrlimit(RLIMIT_STACK, &limit), ==, 0);
    if (limit.rlim_cur > STACK) {
        limit.rlim_cur = STACK;
        g_assert_cmpint(setrlimit(RLIMIT_STACK, &limit), ==, 0);
    }
}

int main(int argc, char **argv)
{
    limit_stack();
    g_test_init(&argc, &argv, NULL);
    test_add("/depth/settled", test_settled);
    test_add("/depth/rejected", test_rejected);
    test_add("/depth/dropped", test_dropped);
    test_add("/depth/cancelled", test_cancelled);
    test_add("/depth/freed", test_freed);
    test_add("/depth/recursive-loop", test_recursive_loop);
    test_add("/depth/wide", test_wide);
    test_add("/depth/on-cancel", test_on_cancel_goes_on);
    test_add("/depth/finally", test_finally_goes_on);
    test_add("/depth/causes", test_causes);
    return g_test_run();
}
