/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_finally(): its function runs exactly once, however the promise ends, and the outcome passes through.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

static vow_value throw_it(void *data)
{
    (void) saw_end(data);
    return vow_throwf(EPROTO, "clean-up failed");
}

static vow_value give_owned(void *data)
{
    struct tag *tag = data;

    return owned(tag->f, tag->name);
}

/* A clean-up that waits for something. */
struct cleanup {
    fixture *f;
    const char *name;
    vow_promise *until;
};

static vow_value wait_for(void *data)
{
    struct cleanup *cleanup = data;

    note(cleanup->f, "%s", cleanup->name);
    return vow_follow(cleanup->until);
}

static void test_fulfilled(fixture *f)
{
    vow_promise *promise = vow_finally(vow_resolved(f->loop, owned(f, "a")), saw_end, tag_new(f, "end"));

    assert_log(f, "");
    turn(f);
    assert_log(f, "end");
    assert_peek(promise, "a");
    vow_unref(promise);
    assert_log(f, "~a");
}

static void test_rejected(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "broken");
    vow_promise *promise = vow_rejected(f->loop, vow_error_ref(error));

    promise = vow_finally(promise, saw_end, tag_new(f, "end"));
    turn(f);
    assert_log(f, "end");
    g_assert_true(vow_as_error(vow_peek(promise)) == error);
    vow_unref(promise);
    vow_error_unref(error);
}

/* The promise it was made from keeps its plain value for its other handlers. */
static void test_value_is_shared(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    watch(f, vow_finally(vow_ref(promise), saw_end, tag_new(f, "end")), "through");
    watch(f, promise, "beside");
    turn(f);
    assert_log(f, "end beside=1 through=1");
}

static void test_return_is_released(fixture *f)
{
    vow_promise *promise = vow_finally(vow_resolved(f->loop, vow_int(1)), give_owned, tag_new(f, "unwanted"));

    turn(f);
    assert_log(f, "~unwanted");
    assert_peek(promise, "1");
    vow_unref(promise);
}

static void test_throw_replaces(fixture *f)
{
    vow_promise *good = vow_resolved(f->loop, owned(f, NULL));
    vow_promise *bad = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    watch(f, vow_finally(good, throw_it, tag_new(f, "good")), "after-good");
    watch(f, vow_finally(bad, throw_it, tag_new(f, "bad")), "after-bad");
    turn(f);
    assert_log(f, "good bad after-good!EPROTO after-bad!EPROTO");
    expect_report(f, "broken"); /* it is not lost */
}

static void test_outcome_waits(fixture *f)
{
    struct source a;
    struct cleanup cleanup = {f, "end", pending(f, &a, "a")};
    vow_promise *promise = vow_finally(vow_resolved(f->loop, owned(f, "value")), wait_for, &cleanup);

    turn(f);
    assert_log(f, "end");
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&a.resolver, owned(f, "ignored"));
    turn(f);
    assert_log(f, "~ignored");
    assert_peek(promise, "value");
    vow_unref(promise);
    assert_log(f, "~value");
}

static void test_error_waits(fixture *f)
{
    struct source a;
    struct cleanup cleanup = {f, "end", pending(f, &a, "a")};
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    watch(f, vow_finally(promise, wait_for, &cleanup), "after");
    turn(f);
    assert_log(f, "end");
    vow_resolve(&a.resolver, vow_nil());
    turn(f);
    assert_log(f, "after!EIO");
}

static void test_rejection_replaces(fixture *f)
{
    struct source a;
    struct cleanup cleanup = {f, "end", pending(f, &a, "a")};

    watch(f, vow_finally(vow_resolved(f->loop, owned(f, NULL)), wait_for, &cleanup), "after");
    turn(f);
    vow_reject(&a.resolver, vow_error_new(EPROTO, "clean-up failed"));
    turn(f);
    assert_log(f, "end after!EPROTO");
}

/* Dropped while its clean-up is under way: that goes on, kept by the loop, as a task's VOW_FINALLY does. */
static void test_dropped_while_waiting(fixture *f)
{
    struct source a;
    struct cleanup cleanup = {f, "end", pending(f, &a, "a")};
    vow_promise *promise = vow_finally(vow_resolved(f->loop, owned(f, NULL)), wait_for, &cleanup);

    turn(f);
    assert_log(f, "end");
    vow_unref(promise);
    assert_log(f, "");
    g_assert_true(vow_resolver_is_pending(&a.resolver));
    vow_resolve(&a.resolver, owned(f, "done"));
    turn(f);
    assert_log(f, "~done");
}

static void test_cancelled_in_the_call(fixture *f)
{
    struct source a;

    vow_unref(vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end")));
    note(f, "returned");
    turn(f);
    assert_log(f, "a-cancelled end returned");
}

/* As nested try blocks: the inner clean-up comes first. */
static void test_cancelled_nested(fixture *f)
{
    struct source a;
    vow_promise *promise = vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "inner"));

    promise = vow_then(promise, saw_value, tag_new(f, "then"));
    vow_unref(vow_finally(promise, saw_end, tag_new(f, "outer")));
    assert_log(f, "a-cancelled inner outer");
}

/* Settled, but dropped before its job ran. */
static void test_dropped_before_its_job(fixture *f)
{
    vow_unref(vow_finally(vow_resolved(f->loop, owned(f, NULL)), saw_end, tag_new(f, "end")));
    assert_log(f, "end");
    turn(f);
    assert_log(f, "");
}

/* A clean-up that waits, on cancel: the loop keeps it. */
static void test_cancelled_waits(fixture *f)
{
    struct source a, b;
    struct cleanup cleanup = {f, "end", pending(f, &b, "b")};

    vow_unref(vow_finally(pending(f, &a, "a"), wait_for, &cleanup));
    assert_log(f, "a-cancelled end");
    turn(f);
    g_assert_true(vow_resolver_is_pending(&b.resolver));
    g_assert_cmpuint(vow_loop_live(f->loop), >=, 1);
    vow_resolve(&b.resolver, owned(f, "done"));
    turn(f);
    assert_log(f, "~done");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* Clean-up goes from the inside out: the outer one waits for what the inner one awaits. */
static void test_cancelled_nested_waits(fixture *f)
{
    struct source a, b;
    struct cleanup inner = {f, "inner", pending(f, &b, "b")};
    vow_promise *promise = vow_finally(pending(f, &a, "a"), wait_for, &inner);

    vow_unref(vow_finally(promise, saw_end, tag_new(f, "outer")));
    turn(f);
    note(f, "resolve");
    vow_resolve(&b.resolver, vow_nil());
    turn(f);
    assert_log(f, "a-cancelled inner resolve outer");
}

/* Those who hold a cancelled promise see ECANCELED once its clean-up is done, not before. */
static void test_cancel_tells_after_cleanup(fixture *f)
{
    struct source a, b;
    struct cleanup cleanup = {f, "end", pending(f, &b, "b")};
    vow_promise *promise = vow_finally(pending(f, &a, "a"), wait_for, &cleanup);

    watch(f, vow_ref(promise), "watcher");
    vow_cancel(vow_ref(promise));
    assert_log(f, "a-cancelled end");
    turn(f);
    g_assert_true(vow_is_pending(promise));
    assert_log(f, "");
    vow_resolve(&b.resolver, vow_nil());
    turn(f);
    assert_peek(promise, "!ECANCELED");
    assert_log(f, "watcher!ECANCELED");
    vow_unref(promise);
}

/* What clean-up throws on a cancel that nobody waits for is not lost: it is an error like any other. */
static void test_cancelled_throws(fixture *f)
{
    struct source a;

    vow_unref(vow_finally(pending(f, &a, "a"), throw_it, tag_new(f, "end")));
    turn(f);
    assert_log(f, "a-cancelled end");
    expect_report(f, "clean-up failed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/finally/fulfilled", test_fulfilled);
    test_add("/finally/rejected", test_rejected);
    test_add("/finally/value-is-shared", test_value_is_shared);
    test_add("/finally/return-is-released", test_return_is_released);
    test_add("/finally/throw-replaces", test_throw_replaces);
    test_add("/finally/outcome-waits", test_outcome_waits);
    test_add("/finally/error-waits", test_error_waits);
    test_add("/finally/rejection-replaces", test_rejection_replaces);
    test_add("/finally/dropped-while-waiting", test_dropped_while_waiting);
    test_add("/finally/cancelled-in-the-call", test_cancelled_in_the_call);
    test_add("/finally/cancelled-nested", test_cancelled_nested);
    test_add("/finally/dropped-before-its-job", test_dropped_before_its_job);
    test_add("/finally/cancelled-waits", test_cancelled_waits);
    test_add("/finally/cancelled-nested-waits", test_cancelled_nested_waits);
    test_add("/finally/cancel-tells-after-cleanup", test_cancel_tells_after_cleanup);
    test_add("/finally/cancelled-throws", test_cancelled_throws);
    return g_test_run();
}
