/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A promise: made, looked at, referred to, detached. What settles it is in test-resolver.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

static void test_new(fixture *f)
{
    struct source a;
    const char *line = NEXT_LINE(f);
    vow_promise *promise = vow_promise_new(f->loop, &a.resolver, NULL);

    g_assert_true(vow_is_pending(promise));
    g_assert_false(vow_is_fulfilled(promise));
    g_assert_false(vow_is_rejected(promise));
    g_assert_null(vow_peek(promise));
    g_assert_true(vow_promise_loop(promise) == f->loop);
    g_assert_true(vow_loop_ev(f->loop) == f->ev);
    g_assert_cmpstr(vow_promise_site(promise), ==, line);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 1);
    g_assert_true(vow_resolver_is_pending(&a.resolver));
    vow_unref(promise);
    g_assert_false(vow_resolver_is_pending(&a.resolver));
}

static void test_resolved(fixture *f)
{
    const char *line = NEXT_LINE(f);
    vow_promise *promise = vow_resolved(f->loop, vow_int(5));

    g_assert_true(vow_is_fulfilled(promise));
    g_assert_cmpstr(vow_promise_site(promise), ==, line);
    assert_peek(promise, "5");
    vow_unref(promise);
    promise = vow_resolved(f->loop, vow_throwf(EIO, "thrown"));
    g_assert_true(vow_is_rejected(promise));
    assert_peek(promise, "!EIO");
    vow_unref(promise);
    promise = vow_resolved(f->loop, vow_follow(vow_resolved(f->loop, vow_int(6))));
    g_assert_true(vow_is_pending(promise));
    turn(f);
    assert_peek(promise, "6");
    vow_unref(promise);
}

static void test_rejected(fixture *f)
{
    const char *line = NEXT_LINE(f);
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    g_assert_true(vow_is_rejected(promise));
    g_assert_cmpstr(vow_promise_site(promise), ==, line);
    assert_peek(promise, "!EIO");
    vow_unref(promise);
}

static vow_value try_it(void *data)
{
    vow_value *value = data;

    return vow_take(value);
}

static void test_try(fixture *f)
{
    vow_value value = vow_int(1);
    const char *line = NEXT_LINE(f);
    vow_promise *promise = vow_try(f->loop, try_it, &value);

    g_assert_true(vow_is_nil(&value));
    assert_peek(promise, "1");
    g_assert_cmpstr(vow_promise_site(promise), ==, line);
    vow_unref(promise);
    value = vow_throwf(EIO, "thrown");
    promise = vow_try(f->loop, try_it, &value);
    assert_peek(promise, "!EIO");
    vow_unref(promise);
    value = vow_follow(vow_resolved(f->loop, vow_int(2)));
    promise = vow_try(f->loop, try_it, &value);
    g_assert_true(vow_is_pending(promise));
    turn(f);
    assert_peek(promise, "2");
    vow_unref(promise);
}

static void test_refs(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    g_assert_true(vow_ref(promise) == promise);
    vow_unref(vow_ref(promise));
    vow_unref(promise);
    assert_log(f, "");
    g_assert_true(vow_resolver_is_pending(&a.resolver));
    vow_unref(promise);
    assert_log(f, "a-cancelled");
    vow_unref(NULL);
}

static void test_detach(fixture *f)
{
    struct source a, b;

    vow_detach(pending(f, &a, "a"));
    vow_detach(vow_then(pending(f, &b, "b"), saw_value, tag_new(f, "then")));
    turn(f);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 3);
    vow_resolve(&a.resolver, owned(f, "value"));
    vow_resolve(&b.resolver, vow_int(1));
    turn(f);
    assert_log(f, "~value then=1");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void test_detach_settled(fixture *f)
{
    vow_detach(vow_resolved(f->loop, owned(f, "value")));
    turn(f);
    assert_log(f, "~value");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* Detaching gives one reference away; the others count as before. */
static void test_detach_and_hold(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_detach(vow_ref(promise));
    vow_detach(vow_ref(promise));
    vow_unref(promise);
    assert_log(f, "");
    vow_resolve(&a.resolver, vow_nil());
    turn(f);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* Each of several holders of a resolver's promise may look at its value. */
static void test_peek_is_stable(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_strdup("text"));
    const char *text = vow_as_str(vow_peek(promise));

    g_assert_true(vow_peek(promise) == vow_peek(promise));
    watch(f, vow_ref(promise), "p");
    turn(f);
    assert_log(f, "p=text");
    g_assert_true(vow_as_str(vow_peek(promise)) == text);
    vow_unref(promise);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/promise/new", test_new);
    test_add("/promise/resolved", test_resolved);
    test_add("/promise/rejected", test_rejected);
    test_add("/promise/try", test_try);
    test_add("/promise/refs", test_refs);
    test_add("/promise/detach", test_detach);
    test_add("/promise/detach-settled", test_detach_settled);
    test_add("/promise/detach-and-hold", test_detach_and_hold);
    test_add("/promise/peek-is-stable", test_peek_is_stable);
    return g_test_run();
}
