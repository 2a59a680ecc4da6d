/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers: which of them runs, with what, and what becomes of what they return.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

static vow_value twice(vow_value *value, void *data)
{
    (void) data;
    return vow_int(2 * vow_as_int(value));
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_throwf(EPROTO, "thrown");
}

static vow_value throw_again(const vow_error *error, void *data)
{
    (void) data;
    return vow_throw(vow_error_wrap(vow_error_ref(error), EIO, "wrapped"));
}

static vow_value give_promise(vow_value *value, void *data)
{
    (void) value;
    return vow_follow(data);
}

static vow_value recover_with_promise(const vow_error *error, void *data)
{
    (void) error;
    return vow_follow(data);
}

static void test_then(fixture *f)
{
    struct source a;
    vow_promise *promise = vow_then(vow_then(pending(f, &a, "a"), twice, NULL), twice, NULL);

    turn(f);
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&a.resolver, vow_int(3));
    g_assert_true(vow_is_pending(promise));
    turn(f);
    assert_peek(promise, "12");
    vow_unref(promise);
}

/* Not inside the call that attaches either. */
static void test_then_of_settled(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_int(3)), saw_value, tag_new(f, "then"));

    note(f, "attached");
    turn(f);
    assert_log(f, "attached then=3");
    assert_peek(promise, "nil");
    vow_unref(promise);
}

static void test_then_skips_rejection(fixture *f)
{
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    promise = vow_then(promise, saw_value, tag_new(f, "then"));
    turn(f);
    assert_peek(promise, "!EIO");
    vow_unref(promise);
}

static void test_catch(fixture *f)
{
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    promise = vow_catch(promise, saw_error, tag_new(f, "catch"));
    turn(f);
    assert_log(f, "catch!EIO");
    assert_peek(promise, "nil");
    vow_unref(promise);
}

static void test_catch_passes_value(fixture *f)
{
    vow_promise *promise = vow_catch(vow_resolved(f->loop, owned(f, "a")), saw_error, tag_new(f, "catch"));

    turn(f);
    assert_peek(promise, "a");
    vow_unref(promise);
    assert_log(f, "~a");
}

static void test_catch_throws(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_nil()), throw_it, NULL);
    vow_error *error = vow_run(vow_catch(promise, throw_again, NULL), NULL);

    g_assert_cmpint(vow_error_code(error), ==, EIO);
    g_assert_cmpint(vow_error_code(vow_error_cause(error)), ==, EPROTO);
    vow_error_unref(error);
}

static void test_then_catch(fixture *f)
{
    vow_promise *good = vow_resolved(f->loop, vow_int(1));
    vow_promise *bad = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    watch(f, vow_then_catch(good, saw_value, saw_error, tag_new(f, "good")), "after-good");
    watch(f, vow_then_catch(bad, saw_value, saw_error, tag_new(f, "bad")), "after-bad");
    turn(f);
    assert_log(f, "good=1 bad!EIO after-good=nil after-bad=nil");
}

/* Neither of the two sees what the other throws. */
static void test_then_catch_throws(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    watch(f, vow_then_catch(promise, throw_it, saw_error, tag_new(f, "beside")), "after");
    promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));
    watch(f, vow_then_catch(promise, saw_value, throw_again, tag_new(f, "beside")), "after");
    turn(f);
    assert_log(f, "after!EPROTO after!EIO");
}

static void test_no_functions(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, owned(f, "a")), NULL, NULL);
    vow_promise *broken = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    promise = vow_then_catch(vow_catch(promise, NULL, NULL), NULL, NULL, NULL);
    broken = vow_then_catch(vow_catch(broken, NULL, NULL), NULL, NULL, NULL);
    turn(f);
    assert_peek(promise, "a");
    vow_unref(promise);
    assert_log(f, "~a");
    assert_peek(broken, "!EIO");
    vow_unref(broken);
}

static void test_returns_promise(fixture *f)
{
    struct source a, b;
    vow_promise *promise = vow_resolved(f->loop, vow_nil());
    vow_promise *other = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    promise = vow_then(promise, give_promise, pending(f, &a, "a"));
    other = vow_catch(other, recover_with_promise, pending(f, &b, "b"));
    turn(f);
    g_assert_true(vow_is_pending(promise));
    vow_resolve(&a.resolver, owned(f, "value"));
    vow_reject(&b.resolver, vow_error_new(EPROTO, "later"));
    turn(f);
    assert_peek(promise, "value");
    assert_peek(other, "!EPROTO");
    vow_unref(promise);
    vow_unref(other);
    assert_log(f, "~value");
}

/* Returning a promise of a promise of a promise gives the innermost value, as in ECMAScript. */
static void test_follows_all_the_way(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_int(1));

    for (int i = 0; i < 5; i++)
        promise = vow_resolved(f->loop, vow_follow(promise));
    turn(f);
    assert_peek(promise, "1");
    vow_unref(promise);
}

static void test_follow_leaves_others_their_value(fixture *f)
{
    vow_promise *shared = vow_resolved(f->loop, vow_int(7));
    vow_promise *first = vow_resolved(f->loop, vow_follow(vow_ref(shared)));
    vow_promise *second = vow_then(vow_ref(shared), NULL, NULL);

    watch(f, vow_ref(shared), "shared");
    turn(f);
    assert_log(f, "shared=7");
    assert_peek(first, "7");
    assert_peek(second, "7");
    assert_peek(shared, "7");
    vow_unref(first);
    vow_unref(second);
    vow_unref(shared);
}

struct self {
    vow_promise *promise;
};

static vow_value give_own(vow_value *value, void *data)
{
    struct self *self = data;

    (void) value;
    return vow_follow(vow_ref(self->promise));
}

static void test_returns_own_promise(fixture *f)
{
    struct self self;

    self.promise = vow_then(vow_resolved(f->loop, vow_nil()), give_own, &self);
    turn(f);
    assert_peek(self.promise, "!ELOOP");
    vow_unref(self.promise);
}

static void test_handlers_in_order(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    watch(f, vow_ref(promise), "1");
    watch(f, vow_ref(promise), "2");
    vow_resolve(&a.resolver, vow_int(5));
    watch(f, vow_ref(promise), "3");
    watch(f, vow_ref(promise), "4");
    vow_unref(promise);
    turn(f);
    assert_log(f, "1=5 2=5 3=5 4=5");
}

/* All handlers see the same value; the first to take it leaves nil to the later ones. */
static void test_value_is_taken_once(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, owned(f, "a"));

    watch(f, vow_ref(promise), "1");
    vow_promise *taker = vow_then(vow_ref(promise), pass_value, tag_new(f, "2"));
    watch(f, promise, "3");
    turn(f);
    assert_log(f, "1=a 2 3=nil");
    vow_unref(taker);
    assert_log(f, "~a");
}

static void test_error_is_seen_by_all(fixture *f)
{
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EIO, "broken"));

    watch(f, vow_ref(promise), "1");
    watch(f, vow_catch(vow_ref(promise), pass_error, tag_new(f, "2")), "after");
    watch(f, promise, "3");
    turn(f);
    assert_log(f, "1!EIO 2 3!EIO after!EIO");
}

/* What a handler returns replaces the value, which goes as soon as nobody can look at it. */
static void test_value_is_released(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, owned(f, "a")), saw_value, tag_new(f, "then"));

    turn(f);
    assert_log(f, "then=a ~a");
    vow_unref(promise);
}

static void test_dropped_handler_never_runs(fixture *f)
{
    struct source a;

    vow_unref(vow_then(pending(f, &a, "a"), saw_value, tag_new(f, "then")));
    assert_log(f, "a-cancelled");
    vow_unref(vow_then(vow_resolved(f->loop, owned(f, "b")), saw_value, tag_new(f, "then")));
    assert_log(f, "~b");
    turn(f);
    assert_log(f, "");
}

struct nested {
    fixture *f;
    struct source *source;
    vow_promise *promise;
};

/* Settles another promise, attaches to it, and drains nothing: all of that waits for its own job. */
static vow_value settle_and_attach(vow_value *value, void *data)
{
    struct nested *nested = data;

    (void) value;
    note(nested->f, "in");
    vow_resolve(&nested->source->resolver, vow_int(2));
    watch(nested->f, nested->promise, "late");
    note(nested->f, "out");
    return vow_nil();
}

static void test_settle_inside_handler(fixture *f)
{
    struct source b;
    struct nested nested = {f, &b, pending(f, &b, "b")};

    watch(f, vow_ref(nested.promise), "early");
    watch(f, vow_then(vow_resolved(f->loop, vow_int(1)), settle_and_attach, &nested), "after");
    turn(f);
    assert_log(f, "in out early=2 late=2 after=nil");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/then/then", test_then);
    test_add("/then/of-settled", test_then_of_settled);
    test_add("/then/skips-rejection", test_then_skips_rejection);
    test_add("/then/catch", test_catch);
    test_add("/then/catch-passes-value", test_catch_passes_value);
    test_add("/then/catch-throws", test_catch_throws);
    test_add("/then/then-catch", test_then_catch);
    test_add("/then/then-catch-throws", test_then_catch_throws);
    test_add("/then/no-functions", test_no_functions);
    test_add("/then/returns-promise", test_returns_promise);
    test_add("/then/follows-all-the-way", test_follows_all_the_way);
    test_add("/then/follow-leaves-others-their-value", test_follow_leaves_others_their_value);
    test_add("/then/returns-own-promise", test_returns_own_promise);
    test_add("/then/handlers-in-order", test_handlers_in_order);
    test_add("/then/value-is-taken-once", test_value_is_taken_once);
    test_add("/then/error-is-seen-by-all", test_error_is_seen_by_all);
    test_add("/then/value-is-released", test_value_is_released);
    test_add("/then/dropped-handler-never-runs", test_dropped_handler_never_runs);
    test_add("/then/settle-inside-handler", test_settle_inside_handler);
    return g_test_run();
}
