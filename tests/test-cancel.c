/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cancelling: what stops inside the call, who is told, who is left alone, and that clean-up runs exactly
 * once, wherever in a chain the cancel comes. What user code does inside on_cancel, a handler or a drop
 * function is in test-reentrant.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

static void test_cancel_tells_holders(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    watch(f, vow_ref(promise), "1");
    watch(f, vow_ref(promise), "2");
    vow_cancel(vow_ref(promise));
    assert_log(f, "a-cancelled");
    g_assert_true(vow_is_rejected(promise));
    assert_peek(promise, "!ECANCELED");
    g_assert_false(vow_resolver_is_pending(&a.resolver));
    turn(f);
    assert_log(f, "1!ECANCELED 2!ECANCELED");
    vow_unref(promise);
}

static void test_cancel_of_the_last_reference(fixture *f)
{
    struct source a;

    vow_cancel(pending(f, &a, "a"));
    assert_log(f, "a-cancelled");
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void test_cancel_of_settled(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    vow_cancel(vow_ref(promise));
    assert_peek(promise, "1");
    vow_cancel(promise);
    promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));
    vow_cancel(vow_ref(promise));
    assert_peek(promise, "!EIO");
    vow_cancel(promise);
}

static void test_cancel_twice(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_cancel(vow_ref(promise));
    vow_cancel(vow_ref(promise));
    assert_log(f, "a-cancelled");
    vow_unref(promise);
}

/* A detached promise is cancelled through any reference that is left. */
static void test_cancel_of_detached(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_detach(vow_ref(promise));
    vow_cancel(promise);
    assert_log(f, "a-cancelled");
    turn(f);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

/* Five kinds of link behind a source, the last one watched. The caller gets a reference to link k. */
static vow_promise *chain(fixture *f, struct source *a, int k)
{
    vow_promise *links[5];

    links[0] = pending(f, a, "a");
    links[1] = vow_then(vow_ref(links[0]), saw_value, tag_new(f, "then"));
    links[2] = vow_finally(vow_ref(links[1]), saw_end, tag_new(f, "end1"));
    links[3] = vow_catch(vow_ref(links[2]), saw_error, tag_new(f, "catch"));
    links[4] = vow_finally(vow_ref(links[3]), saw_end, tag_new(f, "end2"));
    watch(f, vow_ref(links[4]), "watch");
    for (int i = 0; i < 5; i++) {
        if (i != k)
            vow_unref(links[i]);
    }
    return links[k];
}

static void test_every_link(fixture *f)
{
    static const char *const expected[5][2] = {
        {"a-cancelled", "end1 catch!ECANCELED end2 watch=nil"},
        {"a-cancelled", "end1 catch!ECANCELED end2 watch=nil"},
        {"a-cancelled end1", "catch!ECANCELED end2 watch=nil"},
        {"a-cancelled end1", "end2 watch!ECANCELED"},
        {"a-cancelled end1 end2", "watch!ECANCELED"},
    };

    for (int k = 0; k < 5; k++) {
        struct source a;
        vow_cancel(chain(f, &a, k));
        assert_log(f, expected[k][0]);
        turn(f);
        assert_log(f, expected[k][1]);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* A chain of six links, then and finally in turns. The handler of one link drops the chain's end. */
struct row {
    fixture *f;
    vow_promise *end;
    bool cancel; /* drop it with vow_cancel() while the test holds it */
    int at;      /* the link that does so */
};

struct link {
    struct row *row;
    int number;
};

static void run_link(struct link *link)
{
    struct row *row = link->row;

    note(row->f, "%d", link->number);
    if (link->number == row->at) {
        if (row->cancel)
            vow_cancel(vow_ref(row->end));
        else
            vow_unref(row->end);
    }
}

static vow_value link_then(vow_value *value, void *link)
{
    (void) value;
    run_link(link);
    return owned(((struct link *) link)->row->f, NULL);
}

static vow_value link_end(void *link)
{
    run_link(link);
    return owned(((struct link *) link)->row->f, NULL);
}

static void make_row(fixture *f, struct row *row, struct link links[6])
{
    row->f = f;
    row->end = vow_resolved(f->loop, owned(f, NULL));
    for (int i = 0; i < 6; i++) {
        links[i] = (struct link){row, i};
        row->end =
            i % 2 ? vow_finally(row->end, link_end, &links[i]) : vow_then(row->end, link_then, &links[i]);
    }
}

/* Then-links up to the one that dropped the end have run, finally-links all have, in order. */
static void assert_row(fixture *f, const struct row *row)
{
    GString *expected = g_string_new(NULL);

    for (int i = 0; i < 6; i++) {
        if (i % 2 || i <= row->at)
            g_string_append_printf(expected, "%s%d", expected->len ? " " : "", i);
    }
    assert_log(f, expected->str);
    g_string_free(expected, TRUE);
}

static void test_drop_inside_every_link(fixture *f)
{
    for (int at = -1; at < 6; at++) {
        struct row row = {.at = at};
        struct link links[6];
        make_row(f, &row, links);
        if (at < 0)
            vow_unref(row.end);
        turn(f);
        assert_row(f, &row);
        g_assert_cmpint(f->owned, ==, 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

static void test_cancel_inside_every_link(fixture *f)
{
    for (int at = -1; at < 6; at++) {
        struct row row = {.at = at, .cancel = true};
        struct link links[6];
        make_row(f, &row, links);
        if (at < 0)
            vow_cancel(vow_ref(row.end));
        turn(f);
        assert_row(f, &row);
        assert_peek(row.end, "!ECANCELED");
        vow_unref(row.end);
        g_assert_cmpint(f->owned, ==, 0);
        g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    }
}

/* As long as one branch waits, the common part goes on. */
static void test_shared_part_goes_on(fixture *f)
{
    struct source a;
    vow_promise *shared = vow_then(pending(f, &a, "a"), pass_value, tag_new(f, "shared"));
    vow_promise *left = vow_then(vow_ref(shared), pass_value, tag_new(f, "left"));
    vow_promise *right = vow_then(shared, pass_value, tag_new(f, "right"));

    vow_unref(left);
    assert_log(f, "");
    vow_resolve(&a.resolver, vow_int(1));
    turn(f);
    assert_log(f, "shared right");
    assert_peek(right, "1");
    vow_unref(right);
}

static void test_shared_part_stops_with_the_last(fixture *f)
{
    struct source a;
    vow_promise *shared = pending(f, &a, "a");
    vow_promise *left = vow_then(vow_ref(shared), pass_value, tag_new(f, "left"));
    vow_promise *right = vow_then(shared, pass_value, tag_new(f, "right"));

    vow_unref(right);
    assert_log(f, "");
    vow_unref(left);
    assert_log(f, "a-cancelled");
}

/* vow_cancel() of a branch ends the branch, not what others wait for. */
static void test_cancel_of_a_branch(fixture *f)
{
    struct source a;
    vow_promise *shared = pending(f, &a, "a");
    vow_promise *left = vow_then(vow_ref(shared), pass_value, tag_new(f, "left"));

    watch(f, shared, "right");
    vow_cancel(vow_ref(left));
    assert_peek(left, "!ECANCELED");
    g_assert_true(vow_resolver_is_pending(&a.resolver));
    vow_resolve(&a.resolver, vow_int(1));
    turn(f);
    assert_log(f, "right=1");
    vow_unref(left);
}

static vow_value give(vow_value *value, void *promise)
{
    (void) value;
    return vow_follow(promise);
}

static void test_follower_drops_what_it_follows(fixture *f)
{
    struct source a, b;
    vow_promise *early = vow_resolved(f->loop, vow_follow(pending(f, &a, "a")));
    vow_promise *late = vow_then(vow_resolved(f->loop, vow_nil()), give, pending(f, &b, "b"));

    vow_unref(early);
    assert_log(f, "a-cancelled");
    turn(f);
    vow_unref(late);
    assert_log(f, "b-cancelled");
}

static void test_follower_is_told(fixture *f)
{
    struct source a;
    vow_promise *inner = pending(f, &a, "a");

    watch(f, vow_resolved(f->loop, vow_follow(vow_ref(inner))), "outer");
    turn(f);
    vow_cancel(inner);
    assert_log(f, "a-cancelled");
    turn(f);
    assert_log(f, "outer!ECANCELED");
}

/* Dropped with its follow job still queued. */
static void test_follower_in_the_queue(fixture *f)
{
    vow_unref(vow_resolved(f->loop, vow_follow(vow_resolved(f->loop, owned(f, "a")))));
    assert_log(f, "~a");
    turn(f);
    assert_log(f, "");
}

/* No watcher is left when the call returns. */
static void test_no_watcher_is_left(fixture *f)
{
    vow_promise *sleep = vow_sleep(f->loop, 3600);

    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_unref(vow_finally(vow_then(sleep, NULL, NULL), saw_end, tag_new(f, "end")));
    assert_log(f, "end");
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
}

/* A resolver that was cancelled settles nothing; without on_cancel nothing is called either. */
static void test_without_on_cancel(fixture *f)
{
    vow_resolver resolver;
    vow_promise *promise = vow_promise_new(f->loop, &resolver, NULL);

    vow_cancel(vow_ref(promise));
    vow_resolve(&resolver, owned(f, "late"));
    assert_log(f, "~late");
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

static vow_value recover(const vow_error *error, void *data)
{
    (void) data;
    return vow_int(vow_error_code(error) == ECANCELED ? 1 : 0);
}

/* For those who wait, ECANCELED is an error like any other. */
static void test_recover_from_cancel(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");
    vow_promise *recovered = vow_catch(vow_ref(promise), recover, NULL);

    vow_cancel(promise);
    turn(f);
    assert_log(f, "a-cancelled");
    assert_peek(recovered, "1");
    vow_unref(recovered);
}

static void test_loop_free_cancels(fixture *f)
{
    struct source a, b;

    vow_detach(vow_promise_new(f->loop, &b.resolver, NULL));
    watch(f, vow_finally(pending(f, &a, "a"), saw_end, tag_new(f, "end")), "never");
    watch(f, vow_resolved(f->loop, vow_int(1)), "never");
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_log(f, "a-cancelled end");
    g_assert_false(vow_resolver_is_pending(&b.resolver));
}

static vow_value sleep_more(void *data)
{
    struct tag *tag = data;

    note(tag->f, "end");
    return vow_follow(vow_finally(vow_sleep(tag->f->loop, 3600), saw_end, tag));
}

/* What clean-up awaits while the loop is freed rejects at once. */
static void test_loop_free_ends_cleanup(fixture *f)
{
    struct source a;

    vow_detach(vow_finally(pending(f, &a, "a"), sleep_more, tag_new(f, "sleep-ended")));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_log(f, "a-cancelled end sleep-ended");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/cancel/tells-holders", test_cancel_tells_holders);
    test_add("/cancel/of-the-last-reference", test_cancel_of_the_last_reference);
    test_add("/cancel/of-settled", test_cancel_of_settled);
    test_add("/cancel/twice", test_cancel_twice);
    test_add("/cancel/of-detached", test_cancel_of_detached);
    test_add("/cancel/every-link", test_every_link);
    test_add("/cancel/drop-inside-every-link", test_drop_inside_every_link);
    test_add("/cancel/cancel-inside-every-link", test_cancel_inside_every_link);
    test_add("/cancel/shared-part-goes-on", test_shared_part_goes_on);
    test_add("/cancel/shared-part-stops-with-the-last", test_shared_part_stops_with_the_last);
    test_add("/cancel/of-a-branch", test_cancel_of_a_branch);
    test_add("/cancel/follower-drops-what-it-follows", test_follower_drops_what_it_follows);
    test_add("/cancel/follower-is-told", test_follower_is_told);
    test_add("/cancel/follower-in-the-queue", test_follower_in_the_queue);
    test_add("/cancel/no-watcher-is-left", test_no_watcher_is_left);
    test_add("/cancel/without-on-cancel", test_without_on_cancel);
    test_add("/cancel/recover", test_recover_from_cancel);
    test_add("/cancel/loop-free", test_loop_free_cancels);
    test_add("/cancel/loop-free-ends-cleanup", test_loop_free_ends_cleanup);
    return g_test_run();
}
