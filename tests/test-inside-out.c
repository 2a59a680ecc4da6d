/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clean-up goes from the inside out: whatever stands between a clean-up that awaits and the promise that is
 * dropped or cancelled, what comes after that clean-up waits for it. Freeing the loop ends even what waits in
 * a circle.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <string.h>

/* A clean-up that awaits a promise of the test's. */
struct slow {
    fixture *f;
    struct source until;
    vow_promise *awaited;
};

static vow_value clean_slowly(void *data)
{
    struct slow *slow = data;

    note(slow->f, "inner");
    return vow_follow(slow->awaited);
}

static vow_promise *cleans_slowly(fixture *f, struct source *work, struct slow *slow)
{
    slow->f = f;
    slow->awaited = pending(f, &slow->until, "until");
    return vow_finally(pending(f, work, "work"), clean_slowly, slow);
}

static void release(void *f)
{
    note(f, "released");
}

static vow_value follow_it(vow_value *value, void *promise)
{
    (void) value;
    return vow_follow(promise);
}

/* What may stand between the clean-up and what comes after it. */
static vow_promise *behind_then(vow_promise *inner)
{
    return vow_then(vow_then(inner, NULL, NULL), NULL, NULL);
}

static vow_promise *behind_all(vow_promise *inner)
{
    return vow_all_of(vow_promise_loop(inner), vow_race_of(vow_promise_loop(inner), inner));
}

static vow_promise *behind_any(vow_promise *inner)
{
    return vow_any_of(vow_promise_loop(inner), vow_all_settled_of(vow_promise_loop(inner), inner));
}

static vow_promise *behind_timeout(vow_promise *inner)
{
    return vow_timeout(inner, 1000);
}

static vow_promise *behind_follow(vow_promise *inner)
{
    return vow_resolved(vow_promise_loop(inner), vow_follow(inner));
}

static vow_promise *behind_handler(vow_promise *inner)
{
    return vow_then(vow_resolved(vow_promise_loop(inner), vow_nil()), follow_it, inner);
}

static vow_promise *behind_attach(vow_promise *inner)
{
    return vow_attach(inner, g_malloc(1), g_free);
}

static vow_promise *(*const between[])(vow_promise *) = {
    behind_then, behind_all, behind_any, behind_timeout, behind_follow, behind_handler, behind_attach};

static void test_drop(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        struct source work;
        struct slow slow;
        vow_promise *promise = vow_attach(between[i](cleans_slowly(f, &work, &slow)), f, release);

        turn(f);
        vow_unref(promise);
        assert_log(f, "work-cancelled inner");
        vow_resolve(&slow.until.resolver, vow_nil());
        turn(f);
        assert_log(f, "released");
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void test_cancel(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        struct source work;
        struct slow slow;
        vow_promise *promise = between[i](cleans_slowly(f, &work, &slow));

        turn(f);
        vow_cancel(vow_ref(promise));
        turn(f);
        assert_log(f, "work-cancelled inner");
        g_assert_true(vow_is_pending(promise));
        vow_cancel(vow_ref(promise)); /* once more changes nothing */
        vow_resolve(&slow.until.resolver, vow_nil());
        turn(f);
        assert_peek(promise, "!ECANCELED");
        vow_unref(promise);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* Somebody else has cancelled it before: what is dropped later waits all the same. */
static void test_drop_after_cancel(fixture *f)
{
    struct source work;
    struct slow slow;
    vow_promise *inner = cleans_slowly(f, &work, &slow);
    vow_promise *promise = vow_attach(vow_ref(inner), f, release);

    vow_cancel(inner);
    vow_unref(promise);
    assert_log(f, "work-cancelled inner");
    vow_resolve(&slow.until.resolver, vow_nil());
    turn(f);
    assert_log(f, "released");
}

/* What others still wait for goes on, and nobody waits for it to end. */
static void test_shared_goes_on(fixture *f)
{
    struct source work;
    struct slow slow;
    vow_promise *inner = cleans_slowly(f, &work, &slow);

    vow_unref(vow_attach(vow_then(vow_ref(inner), NULL, NULL), f, release));
    assert_log(f, "released");
    vow_unref(inner);
    assert_log(f, "work-cancelled inner");
    vow_resolve(&slow.until.resolver, vow_nil());
    turn(f);
}

static void test_free_loop_meanwhile(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(between); i++) {
        vow_loop *loop = f->loop;
        struct source work;
        struct slow slow;

        f->loop = vow_loop_new(f->ev);
        vow_detach(vow_attach(between[i](cleans_slowly(f, &work, &slow)), f, release));
        turn(f);
        vow_loop_free(f->loop);
        f->loop = loop;
        /* In which order a loop cancels what does not wait for one another is not said. */
        g_assert_nonnull(strstr(f->log->str, "until-cancelled"));
        g_assert_nonnull(strstr(f->log->str, "work-cancelled inner"));
        g_assert_true(g_str_has_suffix(f->log->str, "released"));
        g_string_truncate(f->log, 0);
    }
}

static vow_value wait_for_other(void *other)
{
    return vow_follow(vow_ref(*(vow_promise **) other));
}

/* Two clean-ups that wait for each other end with the loop. */
static void test_circle(fixture *f)
{
    vow_promise *a, *b;

    a = vow_finally(vow_resolved(f->loop, owned(f, NULL)), wait_for_other, &b);
    b = vow_finally(vow_resolved(f->loop, owned(f, NULL)), wait_for_other, &a);
    turn(f);
    vow_unref(a);
    vow_unref(b);
    vow_loop_free(f->loop);
    f->loop = NULL;
    g_assert_cmpint(f->owned, ==, 0);
}

/* A clean-up that waits for what is behind it. */
static void test_circle_downstream(fixture *f)
{
    vow_promise *end;

    end = vow_attach(vow_finally(vow_resolved(f->loop, owned(f, NULL)), wait_for_other, &end), f, release);
    turn(f);
    vow_unref(end);
    vow_loop_free(f->loop);
    f->loop = NULL;
    assert_log(f, "released");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/inside-out/drop", test_drop);
    test_add("/inside-out/cancel", test_cancel);
    test_add("/inside-out/drop-after-cancel", test_drop_after_cancel);
    test_add("/inside-out/shared-goes-on", test_shared_goes_on);
    test_add("/inside-out/free-loop-meanwhile", test_free_loop_meanwhile);
    test_add("/inside-out/circle", test_circle);
    test_add("/inside-out/circle-downstream", test_circle_downstream);
    return g_test_run();
}
