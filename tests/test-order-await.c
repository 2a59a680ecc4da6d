/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of jobs, tick for tick, with tasks: each test is a program of order.js, where an async function
 * stands for the task. See test-order.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>

/* Every task here: where it notes, and a promise that it is given. */
#define TASK(name)          \
    struct name {           \
        vow_task task;      \
        fixture *f;         \
        vow_promise *given; \
    };                      \
    VOW_ASYNC(name, me)

#define assert_order(f, n, expected) \
    do {                             \
        ticks((f), (n));             \
        turn(f);                     \
        assert_log(f, expected);     \
    } while (0)

#define GOOD(me) vow_resolved(VOW_LOOP(me), vow_int(1))
#define BAD(me) vow_rejected(VOW_LOOP(me), vow_error_new(EIO, "bad"))

TASK(two_words)
{
    VOW_BEGIN(me);
    note(me->f, "in");
    VOW_AWAIT(me, GOOD(me));
    note(me->f, "x");
    VOW_AWAIT(me, GOOD(me));
    note(me->f, "y");
    VOW_END(me);
}

static void test_await(fixture *f)
{
    vow_detach(vow_async(f->loop, two_words, .f = f));
    note(f, "out");
    assert_order(f, 4, "in out x 1 y 2 3 4");
}

TASK(fulfils)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, GOOD(me));
    VOW_RETURN(me, vow_int(1));
    VOW_END(me);
}

static void test_await_fulfils(fixture *f)
{
    watch(f, vow_async(f->loop, fulfils, .f = f), "a");
    assert_order(f, 4, "1 a=1 2 3 4");
}

TASK(awaits_nothing)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, vow_int(1));
    VOW_END(me);
}

static void test_await_nothing(fixture *f)
{
    watch(f, vow_async(f->loop, awaits_nothing, .f = f), "a");
    assert_order(f, 2, "a=1 1 2");
}

TASK(rejected)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, BAD(me));
    VOW_END(me);
}

static void test_await_rejected(fixture *f)
{
    watch(f, vow_async(f->loop, rejected, .f = f), "a");
    assert_order(f, 4, "1 a!EIO 2 3 4");
}

TASK(caught)
{
    VOW_BEGIN(me);
    VOW_TRY_AWAIT(me, BAD(me));
    note(me->f, "%s", code_name(VOW_ERROR(me)));
    VOW_AWAIT(me, GOOD(me));
    VOW_END(me);
}

static void test_await_caught(fixture *f)
{
    watch(f, vow_async(f->loop, caught, .f = f), "a");
    assert_order(f, 5, "EIO 1 2 a=nil 3 4 5");
}

TASK(with_finally)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, BAD(me));
    VOW_FINALLY(me);
    note(me->f, "f");
    VOW_AWAIT(me, GOOD(me));
    note(me->f, "g");
    VOW_END(me);
}

static void test_await_finally(fixture *f)
{
    watch(f, vow_async(f->loop, with_finally, .f = f), "a");
    assert_order(f, 5, "f 1 g 2 a!EIO 3 4 5");
}

TASK(awaits_given)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->given);
    note(me->f, "x");
    VOW_END(me);
}

static void test_await_follow(fixture *f)
{
    vow_promise *good = vow_resolved(f->loop, vow_int(1));

    watch(f, vow_async(f->loop, awaits_given, .f = f, .given = vow_resolved(f->loop, vow_follow(good))), "a");
    assert_order(f, 6, "1 2 x 3 a=nil 4 5 6");
}

TASK(outer)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_async(VOW_LOOP(me), fulfils));
    note(me->f, "%d", (int) vow_as_int(VOW_RESULT(me)));
    VOW_RETURN(me, vow_int(2));
    VOW_END(me);
}

static void test_await_task(fixture *f)
{
    watch(f, vow_async(f->loop, outer, .f = f), "a");
    assert_order(f, 6, "1 1 2 a=2 3 4 5 6");
}

TASK(returns_given)
{
    VOW_BEGIN(me);
    VOW_RETURN(me, vow_follow(me->given));
    VOW_END(me);
}

static void test_return_promise(fixture *f)
{
    watch(f, vow_async(f->loop, returns_given, .f = f, .given = vow_resolved(f->loop, vow_int(1))), "a");
    assert_order(f, 6, "1 2 a=1 3 4 5 6");
}

TASK(returns_given_late)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, GOOD(me));
    VOW_RETURN(me, vow_follow(me->given));
    VOW_END(me);
}

static void test_return_promise_late(fixture *f)
{
    watch(f, vow_async(f->loop, returns_given_late, .f = f, .given = vow_resolved(f->loop, vow_int(1))), "a");
    assert_order(f, 7, "1 2 3 a=1 4 5 6 7");
}

TASK(throws)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, GOOD(me));
    VOW_THROW(me, vow_error_new(EIO, "thrown"));
    VOW_END(me);
}

static void test_throw_from_task(fixture *f)
{
    watch(f, vow_async(f->loop, throws, .f = f), "a");
    assert_order(f, 4, "1 a!EIO 2 3 4");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/order/await", test_await);
    test_add("/order/await-fulfils", test_await_fulfils);
    test_add("/order/await-nothing", test_await_nothing);
    test_add("/order/await-rejected", test_await_rejected);
    test_add("/order/await-caught", test_await_caught);
    test_add("/order/await-finally", test_await_finally);
    test_add("/order/await-follow", test_await_follow);
    test_add("/order/await-task", test_await_task);
    test_add("/order/return-promise", test_return_promise);
    test_add("/order/return-promise-late", test_return_promise_late);
    test_add("/order/throw-from-task", test_throw_from_task);
    return g_test_run();
}
