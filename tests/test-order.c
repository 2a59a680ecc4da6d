/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of jobs, tick for tick: each test is a program of order.js, and the words it compares with are
 * what a JavaScript engine prints for that program. ticks() numbers the turns of the job queue, so a word's
 * place says exactly how many jobs an outcome took. Combinators are
 * in test-order-combined.c, tasks in test-order-await.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* Drains the queue after noting n ticks, and compares. */
#define assert_order(f, n, expected) \
    do {                             \
        ticks((f), (n));             \
        turn(f);                     \
        assert_log(f, expected);     \
    } while (0)

static vow_promise *good(fixture *f, int number)
{
    return vow_resolved(f->loop, vow_int(number));
}

static vow_promise *bad(fixture *f, int code)
{
    return vow_rejected(f->loop, vow_error_new(code, "bad"));
}

static vow_promise *following(fixture *f, vow_promise *promise)
{
    return vow_resolved(f->loop, vow_follow(promise));
}

static vow_value same(vow_value *value, void *data)
{
    (void) data;
    return vow_take(value);
}

static vow_value word(vow_value *value, void *data)
{
    (void) value;
    return saw_end(data);
}

static vow_value give(vow_value *value, void *promise)
{
    (void) value;
    return vow_follow(promise);
}

static vow_value give_after_error(const vow_error *error, void *promise)
{
    (void) error;
    return vow_follow(promise);
}

static vow_value give_at_end(void *promise)
{
    return vow_follow(promise);
}

/* Made in the handler, as in order.js: one that was made before would be ahead by a tick. */
static vow_value give_following_at_end(void *f)
{
    return vow_follow(following(f, good(f, 2)));
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_throwf(EIO, "thrown");
}

static vow_value throw_at_end(void *data)
{
    return throw_it(NULL, data);
}

/* ---- Handlers ------------------------------------------------------------------------------------------ */

static void test_then(fixture *f)
{
    watch(f, good(f, 1), "a");
    watch(f, vow_then(good(f, 2), NULL, NULL), "b");
    watch(f, vow_then(bad(f, EIO), NULL, NULL), "c");
    assert_order(f, 3, "a=1 1 b=2 c!EIO 2 3");
}

static void test_chain(fixture *f)
{
    ticks(f, 5);
    watch(f, vow_catch(vow_then(vow_then(good(f, 1), same, NULL), same, NULL), NULL, NULL), "a");
    turn(f);
    assert_log(f, "1 2 3 4 a=1 5");
}

static void test_throw(fixture *f)
{
    ticks(f, 4);
    watch(f, vow_then(vow_then(good(f, 1), throw_it, NULL), same, NULL), "a");
    turn(f);
    assert_log(f, "1 2 3 a!EIO 4");
}

static void test_handlers(fixture *f)
{
    struct source s;
    vow_promise *promise = pending(f, &s, "s");

    watch(f, vow_ref(promise), "1");
    watch(f, vow_then(vow_ref(promise), NULL, NULL), "2");
    watch(f, vow_ref(promise), "3");
    vow_resolve(&s.resolver, vow_int(7));
    watch(f, promise, "4");
    assert_order(f, 3, "1=7 3=7 4=7 1 2=7 2 3");
}

static void three_words(fixture *f, const char *first, const char *second, const char *third)
{
    vow_promise *promise = vow_then(good(f, 0), word, tag_new(f, first));

    promise = vow_then(promise, word, tag_new(f, second));
    vow_detach(vow_then(promise, word, tag_new(f, third)));
}

static void test_two_chains(fixture *f)
{
    three_words(f, "a1", "a2", "a3");
    three_words(f, "b1", "b2", "b3");
    assert_order(f, 0, "a1 b1 a2 b2 a3 b3");
}

/* ---- Promises returned and followed -------------------------------------------------------------------- */

static void test_return_resolved(fixture *f)
{
    watch(f, vow_then(good(f, 0), give, good(f, 1)), "a");
    assert_order(f, 6, "1 2 3 a=1 4 5 6");
}

static void test_return_rejected(fixture *f)
{
    watch(f, vow_then(good(f, 0), give, bad(f, EIO)), "a");
    assert_order(f, 6, "1 2 3 a!EIO 4 5 6");
}

static vow_value resolve_it(vow_value *value, void *source)
{
    vow_resolve(&((struct source *) source)->resolver, vow_int(1));
    return vow_take(value);
}

static void test_return_pending(fixture *f)
{
    struct source s;
    vow_promise *later = good(f, 0);

    watch(f, vow_then(good(f, 0), give, pending(f, &s, "s")), "a");
    for (int i = 0; i < 3; i++)
        later = vow_then(later, same, NULL);
    vow_detach(vow_then(later, resolve_it, &s));
    assert_order(f, 8, "1 2 3 4 5 a=1 6 7 8");
}

static vow_value give_own(vow_value *value, void *own)
{
    (void) value;
    return vow_follow(vow_ref(*(vow_promise **) own));
}

static void test_return_own(fixture *f)
{
    vow_promise *own = vow_then(good(f, 0), give_own, &own);

    watch(f, vow_ref(own), "a");
    assert_order(f, 4, "1 a!ELOOP 2 3 4");
    vow_unref(own);
}

static void test_catch_returns(fixture *f)
{
    watch(f, vow_catch(bad(f, EIO), give_after_error, good(f, 1)), "a");
    assert_order(f, 6, "1 2 3 a=1 4 5 6");
}

static void test_resolve_with_promise(fixture *f)
{
    watch(f, following(f, good(f, 1)), "a");
    assert_order(f, 5, "1 2 a=1 3 4 5");
}

static void test_resolve_with_rejected(fixture *f)
{
    watch(f, following(f, bad(f, EIO)), "a");
    assert_order(f, 5, "1 2 a!EIO 3 4 5");
}

static void test_resolve_with_own(fixture *f)
{
    struct source s;
    vow_promise *promise = pending(f, &s, "s");

    watch(f, vow_ref(promise), "a");
    vow_resolve(&s.resolver, vow_follow(promise));
    assert_order(f, 3, "a!ELOOP 1 2 3");
}

static void test_resolve_later(fixture *f)
{
    struct source s, t;
    vow_promise *other = pending(f, &t, "t");

    watch(f, pending(f, &s, "s"), "a");
    vow_resolve(&s.resolver, vow_follow(vow_ref(other)));
    vow_resolve(&t.resolver, vow_int(1));
    watch(f, other, "b");
    assert_order(f, 5, "b=1 1 2 a=1 3 4 5");
}

static void test_follow_chain(fixture *f)
{
    watch(f, following(f, following(f, following(f, good(f, 1)))), "a");
    assert_order(f, 8, "1 2 3 4 a=1 5 6 7 8");
}

static vow_value try_it(void *promise)
{
    return vow_follow(promise);
}

static void test_try_follows(fixture *f)
{
    watch(f, vow_try(f->loop, try_it, good(f, 1)), "a");
    assert_order(f, 5, "1 2 a=1 3 4 5");
}

/* ---- finally ------------------------------------------------------------------------------------------- */

static void test_finally_fulfilled(fixture *f)
{
    watch(f, vow_finally(good(f, 1), saw_end, tag_new(f, "end")), "a");
    assert_order(f, 6, "end 1 2 3 a=1 4 5 6");
}

static void test_finally_rejected(fixture *f)
{
    watch(f, vow_finally(bad(f, EIO), saw_end, tag_new(f, "end")), "a");
    assert_order(f, 6, "end 1 2 3 a!EIO 4 5 6");
}

static void test_finally_nothing(fixture *f)
{
    watch(f, vow_finally(good(f, 1), NULL, NULL), "a");
    assert_order(f, 3, "1 a=1 2 3");
}

static void test_finally_throws(fixture *f)
{
    watch(f, vow_finally(good(f, 1), throw_at_end, NULL), "a");
    assert_order(f, 6, "1 a!EIO 2 3 4 5 6");
}

static void test_finally_returns(fixture *f)
{
    watch(f, vow_finally(good(f, 1), give_at_end, good(f, 2)), "a");
    assert_order(f, 7, "1 2 3 a=1 4 5 6 7");
}

static void test_finally_returns_rejected(fixture *f)
{
    watch(f, vow_finally(good(f, 1), give_at_end, bad(f, EIO)), "a");
    assert_order(f, 7, "1 2 3 a!EIO 4 5 6 7");
}

static void test_finally_returns_follow(fixture *f)
{
    watch(f, vow_finally(bad(f, EIO), give_following_at_end, f), "a");
    assert_order(f, 9, "1 2 3 4 5 a!EIO 6 7 8 9");
}

static void test_finally_twice(fixture *f)
{
    vow_promise *promise = vow_finally(good(f, 1), saw_end, tag_new(f, "in"));

    watch(f, vow_finally(promise, saw_end, tag_new(f, "out")), "a");
    assert_order(f, 9, "in 1 2 3 out 4 5 6 a=1 7 8 9");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/order/then", test_then);
    test_add("/order/chain", test_chain);
    test_add("/order/throw", test_throw);
    test_add("/order/handlers", test_handlers);
    test_add("/order/two-chains", test_two_chains);
    test_add("/order/return-resolved", test_return_resolved);
    test_add("/order/return-rejected", test_return_rejected);
    test_add("/order/return-pending", test_return_pending);
    test_add("/order/return-own", test_return_own);
    test_add("/order/catch-returns", test_catch_returns);
    test_add("/order/resolve-with-promise", test_resolve_with_promise);
    test_add("/order/resolve-with-rejected", test_resolve_with_rejected);
    test_add("/order/resolve-with-own", test_resolve_with_own);
    test_add("/order/resolve-later", test_resolve_later);
    test_add("/order/follow-chain", test_follow_chain);
    test_add("/order/try-follows", test_try_follows);
    test_add("/order/finally-fulfilled", test_finally_fulfilled);
    test_add("/order/finally-rejected", test_finally_rejected);
    test_add("/order/finally-nothing", test_finally_nothing);
    test_add("/order/finally-throws", test_finally_throws);
    test_add("/order/finally-returns", test_finally_returns);
    test_add("/order/finally-returns-rejected", test_finally_returns_rejected);
    test_add("/order/finally-returns-follow", test_finally_returns_follow);
    test_add("/order/finally-twice", test_finally_twice);
    return g_test_run();
}
