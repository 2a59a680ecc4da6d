/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_attach(): what is tied to a promise is released exactly once, when the promise is done or dropped.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* Something to attach; it is freed for real, so that a second release or a late use is seen by the tools. */
static struct tag *load(fixture *f, const char *name)
{
    struct tag *tag = g_new(struct tag, 1);

    *tag = (struct tag){f, name};
    f->owned++;
    return tag;
}

static void unload(void *pointer)
{
    struct tag *tag = pointer;

    note(tag->f, "~%s", tag->name);
    tag->f->owned--;
    g_free(tag);
}

static void test_fulfilled(fixture *f)
{
    vow_promise *promise = vow_attach(vow_resolved(f->loop, owned(f, "a")), load(f, "load"), unload);

    assert_log(f, "");
    turn(f);
    assert_log(f, "~load");
    assert_peek(promise, "a");
    vow_unref(promise);
    assert_log(f, "~a");
}

static void test_rejected(fixture *f)
{
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    promise = vow_attach(promise, load(f, "load"), unload);
    turn(f);
    assert_log(f, "~load");
    assert_peek(promise, "!EIO");
    vow_unref(promise);
}

static void test_pending(fixture *f)
{
    struct source a;
    vow_promise *promise = vow_attach(pending(f, &a, "a"), load(f, "load"), unload);

    turn(f);
    assert_log(f, "");
    vow_resolve(&a.resolver, vow_int(1));
    assert_log(f, "");
    turn(f);
    assert_log(f, "~load");
    assert_peek(promise, "1");
    vow_unref(promise);
}

/* The use it was made for: the data of handlers earlier in the chain. */
static void test_handlers_data(fixture *f)
{
    struct tag *tag = load(f, "data");
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_int(1)), saw_value, tag);

    promise = vow_attach(vow_finally(promise, saw_end, tag), tag, unload);
    turn(f);
    assert_log(f, "data=1 data ~data");
    vow_unref(promise);
}

/* On a cancel the handlers' data is released after the last clean-up that uses it. */
static void test_handlers_data_on_cancel(fixture *f)
{
    struct source a;
    struct tag *tag = load(f, "data");
    vow_promise *promise = vow_finally(pending(f, &a, "a"), saw_end, tag);

    vow_unref(vow_attach(vow_then(promise, saw_value, tag), tag, unload));
    assert_log(f, "a-cancelled data ~data");
}

static vow_value wait_for(void *data)
{
    return vow_follow(data);
}

/* An earlier clean-up that still awaits something may need it: the release comes when that is done. */
static void test_cancel_waits_for_cleanup(fixture *f)
{
    struct source a, b;
    vow_promise *promise = vow_finally(pending(f, &a, "a"), wait_for, pending(f, &b, "b"));

    vow_unref(vow_attach(promise, load(f, "load"), unload));
    turn(f);
    assert_log(f, "a-cancelled");
    vow_resolve(&b.resolver, vow_nil());
    turn(f);
    assert_log(f, "~load");
}

static void test_dropped(fixture *f)
{
    struct source a;

    vow_unref(vow_attach(pending(f, &a, "a"), load(f, "load"), unload));
    note(f, "returned");
    turn(f);
    assert_log(f, "a-cancelled ~load returned");
}

static void test_dropped_before_its_job(fixture *f)
{
    vow_unref(vow_attach(vow_resolved(f->loop, vow_int(1)), load(f, "load"), unload));
    assert_log(f, "~load");
    turn(f);
    assert_log(f, "");
}

static void test_cancelled(fixture *f)
{
    struct source a;
    vow_promise *promise = vow_attach(pending(f, &a, "a"), load(f, "load"), unload);

    vow_cancel(vow_ref(promise));
    assert_log(f, "a-cancelled ~load");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

static void test_loop_freed(fixture *f)
{
    struct source a;

    vow_detach(vow_attach(pending(f, &a, "a"), load(f, "load"), unload));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_log(f, "a-cancelled ~load");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/attach/fulfilled", test_fulfilled);
    test_add("/attach/rejected", test_rejected);
    test_add("/attach/pending", test_pending);
    test_add("/attach/handlers-data", test_handlers_data);
    test_add("/attach/handlers-data-on-cancel", test_handlers_data_on_cancel);
    test_add("/attach/cancel-waits-for-cleanup", test_cancel_waits_for_cleanup);
    test_add("/attach/dropped", test_dropped);
    test_add("/attach/dropped-before-its-job", test_dropped_before_its_job);
    test_add("/attach/cancelled", test_cancelled);
    test_add("/attach/loop-freed", test_loop_freed);
    return g_test_run();
}
