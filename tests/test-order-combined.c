/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of jobs, tick for tick, with foreign thenables and combinators. See test-order.c.
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

static vow_value same(vow_value *value, void *data)
{
    (void) data;
    return vow_take(value);
}

/* ---- Foreign thenables --------------------------------------------------------------------------------- */

/* An object with a then() that resolves at once. */
struct foreign {
    fixture *f;
    vow_value value;
};

static vow_error *foreign_then(void *object, vow_resolver *resolver)
{
    struct foreign *foreign = object;

    note(foreign->f, "then");
    vow_resolve(resolver, vow_take(&foreign->value));
    return NULL;
}

static const vow_thenable vtable = {"foreign", foreign_then, NULL};

static vow_value give_foreign(vow_value *value, void *foreign)
{
    (void) value;
    return vow_follow_thenable(&vtable, foreign);
}

static void test_thenable(fixture *f)
{
    struct foreign foreign = {f, vow_int(1)};

    watch(f, vow_resolved(f->loop, vow_follow_thenable(&vtable, &foreign)), "a");
    assert_order(f, 4, "then 1 a=1 2 3 4");
}

static void test_thenable_from_handler(fixture *f)
{
    struct foreign foreign = {f, vow_int(1)};

    watch(f, vow_then(good(f, 0), give_foreign, &foreign), "a");
    assert_order(f, 5, "1 then 2 a=1 3 4 5");
}

static void test_thenable_of_promise(fixture *f)
{
    struct foreign foreign = {f, vow_follow(good(f, 1))};

    watch(f, vow_resolved(f->loop, vow_follow_thenable(&vtable, &foreign)), "a");
    assert_order(f, 6, "then 1 2 3 a=1 4 5 6");
}

static void test_thenable_of_thenable(fixture *f)
{
    struct foreign inner = {f, vow_int(1)}, outer = {f, vow_follow_thenable(&vtable, &inner)};

    watch(f, vow_resolved(f->loop, vow_follow_thenable(&vtable, &outer)), "a");
    assert_order(f, 6, "then 1 then 2 a=1 3 4 5 6");
}

/* ---- Combinators --------------------------------------------------------------------------------------- */

static void test_all(fixture *f)
{
    watch(f, vow_all_of(f->loop, good(f, 1), good(f, 2)), "a");
    assert_order(f, 5, "1 a=[1,2] 2 3 4 5");
}

static void test_all_empty(fixture *f)
{
    watch(f, vow_all_of(f->loop), "a");
    assert_order(f, 3, "a=[] 1 2 3");
}

static void test_all_rejects(fixture *f)
{
    watch(f, vow_all_of(f->loop, good(f, 1), bad(f, EIO), bad(f, EPROTO)), "a");
    assert_order(f, 5, "1 a!EIO 2 3 4 5");
}

static void test_all_waits(fixture *f)
{
    vow_promise *first = vow_then(good(f, 1), same, NULL);
    vow_promise *second = vow_then(vow_then(good(f, 2), same, NULL), same, NULL);

    watch(f, vow_all_of(f->loop, first, second), "a");
    assert_order(f, 6, "1 2 3 a=[1,2] 4 5 6");
}

static void test_all_of_all(fixture *f)
{
    watch(f, vow_all_of(f->loop, vow_all_of(f->loop, good(f, 1)), vow_all_of(f->loop)), "a");
    assert_order(f, 6, "1 2 a=[[1],[]] 3 4 5 6");
}

static void test_all_settled(fixture *f)
{
    watch(f, vow_all_settled_of(f->loop, bad(f, EIO), good(f, 1)), "a");
    assert_order(f, 5, "1 a=[!EIO,1] 2 3 4 5");
}

static void test_all_settled_empty(fixture *f)
{
    watch(f, vow_all_settled_of(f->loop), "a");
    assert_order(f, 3, "a=[] 1 2 3");
}

static void test_any(fixture *f)
{
    watch(f, vow_any_of(f->loop, bad(f, EIO), good(f, 1), good(f, 2)), "a");
    assert_order(f, 5, "1 a=1 2 3 4 5");
}

static void test_any_rejects(fixture *f)
{
    watch(f, vow_any_of(f->loop, bad(f, EIO), bad(f, EIO)), "a");
    assert_order(f, 5, "1 a!EAGGREGATE 2 3 4 5");
}

static void test_any_empty(fixture *f)
{
    watch(f, vow_any_of(f->loop), "a");
    assert_order(f, 3, "a!EAGGREGATE 1 2 3");
}

static void test_race(fixture *f)
{
    watch(f, vow_race_of(f->loop, vow_then(good(f, 1), same, NULL), good(f, 2)), "a");
    assert_order(f, 5, "1 a=2 2 3 4 5");
}

static void test_race_rejects(fixture *f)
{
    watch(f, vow_race_of(f->loop, vow_then(good(f, 1), same, NULL), bad(f, EIO)), "a");
    assert_order(f, 5, "1 a!EIO 2 3 4 5");
}

static void test_combined_twice(fixture *f)
{
    vow_promise *promise = good(f, 1);

    watch(f, vow_race_of(f->loop, vow_ref(promise)), "race");
    watch(f, vow_ref(promise), "p");
    watch(f, vow_all_of(f->loop, vow_ref(promise), vow_ref(promise)), "all");
    watch(f, vow_any_of(f->loop, vow_ref(promise)), "any");
    watch(f, vow_all_settled_of(f->loop, promise), "settled");
    assert_order(f, 4, "p=1 1 race=1 all=[1,1] any=1 settled=[1] 2 3 4");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/order/thenable", test_thenable);
    test_add("/order/thenable-from-handler", test_thenable_from_handler);
    test_add("/order/thenable-of-promise", test_thenable_of_promise);
    test_add("/order/thenable-of-thenable", test_thenable_of_thenable);
    test_add("/order/all", test_all);
    test_add("/order/all-empty", test_all_empty);
    test_add("/order/all-rejects", test_all_rejects);
    test_add("/order/all-waits", test_all_waits);
    test_add("/order/all-of-all", test_all_of_all);
    test_add("/order/all-settled", test_all_settled);
    test_add("/order/all-settled-empty", test_all_settled_empty);
    test_add("/order/any", test_any);
    test_add("/order/any-rejects", test_any_rejects);
    test_add("/order/any-empty", test_any_empty);
    test_add("/order/race", test_race);
    test_add("/order/race-rejects", test_race_rejects);
    test_add("/order/combined-twice", test_combined_twice);
    return g_test_run();
}
