/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resolvers: they settle once, tell when nobody waits any more, move, and do not keep their promise alive.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

/* The state changes inside the call; only handlers wait. */
static void test_resolve(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_int(5));
    g_assert_true(vow_is_fulfilled(promise));
    g_assert_false(vow_is_pending(promise));
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    assert_peek(promise, "5");
    vow_unref(promise);
}

static void test_reject(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");
    vow_error *error = vow_error_new(EIO, "broken");

    vow_reject(&a.resolver, vow_error_ref(error));
    g_assert_true(vow_is_rejected(promise));
    g_assert_false(vow_is_fulfilled(promise));
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    g_assert_true(vow_as_error(vow_peek(promise)) == error);
    vow_unref(promise);
    vow_error_unref(error);
}

static void test_resolve_with_throw(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_throwf(EPROTO, "thrown"));
    assert_peek(promise, "!EPROTO");
    vow_unref(promise);
}

/* An error that is a plain value, as in a list, does not reject. */
static void test_resolve_with_error_value(fixture *f)
{
    vow_promise *failed = vow_rejected(f->loop, vow_error_new(EIO, "a value now"));
    vow_value list, outcome;

    g_assert_null(vow_run(vow_all_settled_of(f->loop, failed), &list));
    vow_promise *promise = vow_resolved(f->loop, vow_take(vow_list_at(vow_as_list(&list), 0)));
    g_assert_true(vow_is_fulfilled(promise));
    vow_value_drop(list);
    g_assert_null(vow_run(promise, &outcome));
    assert_value(&outcome, "!EIO");
    vow_value_drop(outcome);
}

static void test_settles_once(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_int(1));
    vow_resolve(&a.resolver, owned(f, "late"));
    assert_log(f, "~late");
    vow_reject(&a.resolver, vow_error_new(EIO, "late"));
    vow_resolver_abandon(&a.resolver);
    assert_peek(promise, "1");
    vow_unref(promise);
}

static void test_rejects_once(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_reject(&a.resolver, vow_error_new(EIO, "first"));
    vow_reject(&a.resolver, vow_error_new(EPROTO, "late"));
    vow_resolve(&a.resolver, owned(f, "late"));
    assert_log(f, "~late");
    assert_peek(promise, "!EIO");
    vow_unref(promise);
}

/* Once it follows, a resolver is used, though the promise is pending. */
static void test_follow_locks_in(fixture *f)
{
    struct source a, b;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_follow(pending(f, &b, "b")));
    g_assert_true(vow_is_pending(promise));
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    vow_resolve(&a.resolver, owned(f, "late"));
    assert_log(f, "~late");
    vow_resolve(&b.resolver, vow_int(2));
    turn(f);
    assert_peek(promise, "2");
    vow_unref(promise);
}

/* A used resolver's memory is the caller's again. */
static void test_resolver_may_go(fixture *f)
{
    vow_resolver *resolver = g_new(vow_resolver, 1);
    vow_promise *promise = vow_promise_new(f->loop, resolver, NULL);

    vow_resolve(resolver, vow_int(1));
    memset(resolver, 0xa5, sizeof *resolver);
    g_free(resolver);
    assert_peek(promise, "1");
    watch(f, promise, "p");
    turn(f);
    assert_log(f, "p=1");
}

static void test_settle_without_promise(fixture *f)
{
    struct source a;

    vow_unref(pending(f, &a, "a"));
    assert_log(f, "a-cancelled");
    vow_resolve(&a.resolver, owned(f, "value"));
    assert_log(f, "~value");
    vow_reject(&a.resolver, vow_error_new(EIO, "nobody cares"));
    vow_resolver_abandon(&a.resolver);
}

static void test_abandon(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");
    const char *line = NEXT_LINE(f);
    vow_resolver_abandon(&a.resolver);
    const vow_error *error = vow_as_error(vow_peek(promise));

    g_assert_cmpint(vow_error_code(error), ==, ECANCELED);
    g_assert_nonnull(strstr(vow_error_message(error), "abandoned"));
    g_assert_true(strstr(vow_error_message(error), line) || !strcmp(vow_error_site(error, 0), line));
    vow_unref(promise);
    assert_log(f, "");
}

static void moved_cancelled(vow_resolver *resolver)
{
    note(((struct source *) resolver)->f, "moved-cancelled");
}

static void test_move(fixture *f)
{
    struct source a, b = {.f = f};
    vow_promise *promise = pending(f, &a, "a");

    vow_resolver_move(&b.resolver, &a.resolver, moved_cancelled);
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    g_assert_true(vow_resolver_is_pending(&b.resolver));
    vow_resolve(&a.resolver, owned(f, "old"));
    assert_log(f, "~old");
    g_assert_true(vow_is_pending(promise));
    memset(&a, 0xa5, sizeof a);
    vow_resolve(&b.resolver, vow_int(3));
    assert_peek(promise, "3");
    vow_unref(promise);
}

static void test_move_then_cancel(fixture *f)
{
    struct source a, b = {.f = f};
    vow_promise *promise = pending(f, &a, "a");

    vow_resolver_move(&b.resolver, &a.resolver, moved_cancelled);
    vow_unref(promise);
    assert_log(f, "moved-cancelled");
    promise = pending(f, &a, "a");
    vow_resolver_move(&b.resolver, &a.resolver, NULL);
    vow_unref(promise);
    g_assert_false(vow_resolver_is_pending(&b.resolver));
}

static void test_move_used(fixture *f)
{
    struct source a, b;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_int(1));
    vow_resolver_move(&b.resolver, &a.resolver, moved_cancelled);
    g_assert_false(vow_resolver_is_pending(&b.resolver));
    vow_resolve(&b.resolver, vow_int(2));
    assert_peek(promise, "1");
    vow_unref(promise);
}

static void test_on_cancel_only_while_pending(fixture *f)
{
    struct source a, b;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_nil());
    vow_unref(promise);
    assert_log(f, "");
    promise = pending(f, &a, "a");
    vow_resolve(&a.resolver, vow_follow(pending(f, &b, "b")));
    vow_unref(promise);
    assert_log(f, "b-cancelled");
}

static void test_follow_oneself(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolve(&a.resolver, vow_follow(vow_ref(promise)));
    turn(f);
    assert_peek(promise, "!ELOOP");
    vow_unref(promise);
}

static void free_op(vow_resolver *resolver)
{
    g_free(resolver);
}

/* The use the manual shows: the struct with the resolver is freed in on_cancel. */
static void test_on_cancel_may_free(fixture *f)
{
    vow_resolver *resolver = g_new(vow_resolver, 1);

    vow_unref(vow_promise_new(f->loop, resolver, free_op));
    resolver = g_new(vow_resolver, 1);
    vow_cancel(vow_promise_new(f->loop, resolver, free_op));
}

/* A resolver may be used before the ev_loop ever ran, and the loop then has work. */
static void test_settle_before_run(fixture *f)
{
    struct source a;

    watch(f, pending(f, &a, "a"), "p");
    vow_resolve(&a.resolver, vow_int(1));
    assert_log(f, "");
    ev_run(f->ev, 0);
    assert_log(f, "p=1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/resolver/resolve", test_resolve);
    test_add("/resolver/reject", test_reject);
    test_add("/resolver/resolve-with-throw", test_resolve_with_throw);
    test_add("/resolver/resolve-with-error-value", test_resolve_with_error_value);
    test_add("/resolver/settles-once", test_settles_once);
    test_add("/resolver/rejects-once", test_rejects_once);
    test_add("/resolver/follow-locks-in", test_follow_locks_in);
    test_add("/resolver/resolver-may-go", test_resolver_may_go);
    test_add("/resolver/settle-without-promise", test_settle_without_promise);
    test_add("/resolver/abandon", test_abandon);
    test_add("/resolver/move", test_move);
    test_add("/resolver/move-then-cancel", test_move_then_cancel);
    test_add("/resolver/move-used", test_move_used);
    test_add("/resolver/on-cancel-only-while-pending", test_on_cancel_only_while_pending);
    test_add("/resolver/follow-oneself", test_follow_oneself);
    test_add("/resolver/on-cancel-may-free", test_on_cancel_may_free);
    test_add("/resolver/settle-before-run", test_settle_before_run);
    return g_test_run();
}
