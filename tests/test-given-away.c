/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is noticed of programs that use what they gave away, give away what they were lent, or leave a body
 * the wrong way.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"

#include <errno.h>
#include <string.h>

static vow_value to_nil(vow_value *value, void *data)
{
    (void) value;
    (void) data;
    return vow_nil();
}

/* ---- A promise that was given away --------------------------------------------------------------------- */

/* It is alive when it is given away the second time, and noticed when the second owner lets go. */
static void give_twice(fixture *f)
{
    vow_promise *promise = number(f);
    vow_promise *first = vow_then(promise, to_nil, NULL);
    vow_promise *second = vow_then(promise, to_nil, NULL);

    vow_error_unref(vow_run(vow_all_of(f->loop, first, second), NULL));
}

static void test_give_twice(fixture *f)
{
    if (SEES_MEMORY)
        g_test_skip("the sanitizer is quicker");
    else
        expect_abort(f, give_twice, "vow_unref", "the promise is used after it was given away", true);
}

/* ---- References that are counted to the end ------------------------------------------------------------ */

/* The first word of 32 bits in the block that is larger by one after another reference is taken. */
static int32_t *counter_of(void *block, const char *before, size_t size)
{
    for (size_t at = 0; at + sizeof(int32_t) <= size; at += sizeof(int32_t)) {
        int32_t was, is;

        memcpy(&was, before + at, sizeof was);
        memcpy(&is, (char *) block + at, sizeof is);
        if (is == was + 1)
            return (int32_t *) (void *) ((char *) block + at);
    }
    g_assert_not_reached();
}

enum { SEEN = 64, STEPS = 1 << 20 };

static void wrap_promise(fixture *f)
{
    vow_promise *promise = number(f);
    char before[SEEN];
    int32_t *count;

    memcpy(before, promise, SEEN);
    promise = vow_ref(promise);
    count = counter_of(promise, before, SEEN);
    *count = INT32_MAX - STEPS / 2;
    for (int i = 0; i < STEPS; i++)
        promise = vow_ref(promise);
}

static void test_wrap_promise(fixture *f)
{
    expect_abort(f, wrap_promise, "vow_ref", "the promise has more references than can be counted", true);
}

static void wrap_error(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "held by very many");
    char before[SEEN];
    int32_t *count;

    (void) f;
    memcpy(before, error, SEEN);
    error = vow_error_ref(error);
    count = counter_of(error, before, SEEN);
    *count = INT32_MAX - STEPS / 2;
    for (int i = 0; i < STEPS; i++)
        error = vow_error_ref(error);
}

static void test_wrap_error(fixture *f)
{
    expect_abort(f, wrap_error, "vow_error_ref", "the error has more references than can be counted", false);
}

/* ---- Debug builds: what is lent, and returns ----------------------------------------------------------- */

static void expect_debug_abort(fixture *f, void (*misuse)(fixture *f), const char *function,
                               const char *words)
{
#ifdef VOW_DEBUG
    expect_abort(f, misuse, function, words, false);
#else
    (void) f, (void) misuse, (void) function, (void) words;
    g_test_skip("the library checks this when it is built with --enable-debug");
#endif
}

#define DEBUG_MISUSE(name, function, words)               \
    static void test_##name(fixture *f)                   \
    {                                                     \
        expect_debug_abort(f, name, function, words "*"); \
    }

static vow_value copy_it(vow_value *value, void *data)
{
    (void) data;
    return *value;
}

static vow_value copy_first(vow_value *value, void *data)
{
    (void) data;
    return *vow_list_at(vow_as_list(value), 0);
}

static vow_value throw_it(const vow_error *error, void *data)
{
    (void) data;
    return vow_throw((vow_error *) error);
}

static void return_lent(fixture *f)
{
    vow_detach(vow_then(vow_resolved(f->loop, vow_strdup("lent")), copy_it, NULL));
    turn(f);
}
DEBUG_MISUSE(return_lent, "vow_then", "the str that is given away is only lent")

static void return_item(fixture *f)
{
    vow_promise *list = vow_all_of(f->loop, vow_resolved(f->loop, vow_strdup("lent")));

    vow_detach(vow_then(list, copy_first, NULL));
    turn(f);
}
DEBUG_MISUSE(return_item, "vow_then", "the list that is given away is only lent")

static void throw_lent(fixture *f)
{
    vow_detach(vow_catch(vow_rejected(f->loop, vow_error_new(EIO, "lent")), throw_it, NULL));
    turn(f);
}
DEBUG_MISUSE(throw_lent, "vow_catch", "the error that is given away is only lent")

struct returner {
    vow_task task;
    int way;
};

VOW_ASYNC(returner, me)
{
    VOW_BEGIN(me);
    if (me->way == 0)
        return true;
    if (me->way == 1)
        return false;
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_strdup("lent")));
    if (me->way == 2)
        return true;
    if (me->way == 3)
        return false;
    if (me->way == 4)
        VOW_RETURN(me, *VOW_RESULT(me));
    VOW_FINALLY(me);
    if (me->way == 5)
        return true;
    VOW_END(me);
}

#define RETURNER(name, number, function, words)                  \
    static void name(fixture *f)                                 \
    {                                                            \
        vow_detach(vow_async(f->loop, returner, .way = number)); \
        turn(f);                                                 \
    }                                                            \
    DEBUG_MISUSE(name, function, words)

RETURNER(
    return_true_first, 0, "VOW_ASYNC",
    "task returner was left by a plain return, before the first await of the body at *test-given-away.c:")
RETURNER(
    return_false_first, 1, "VOW_ASYNC",
    "task returner was left by a plain return, before the first await of the body at *test-given-away.c:")
RETURNER(return_true_later, 2, "VOW_ASYNC",
         "task returner was left by a plain return, after the await at *test-given-away.c:")
RETURNER(return_false_later, 3, "VOW_ASYNC",
         "task returner was left by a plain return, after the await at *test-given-away.c:")
RETURNER(return_result, 4, "VOW_RETURN", "the str that is given away is only lent")
RETURNER(return_in_clean_up, 5, "VOW_ASYNC",
         "task returner was left by a plain return, in the clean-up of the body at *test-given-away.c:")

/* What is right is not taken for wrong: moved, shared, another of the same content. */
static vow_value take_it(vow_value *value, void *data)
{
    (void) data;
    return vow_take(value);
}

static vow_value throw_shared(const vow_error *error, void *data)
{
    (void) data;
    return vow_throw(vow_error_ref(error));
}

static vow_value hold_error(const vow_error *error, void *data)
{
    (void) data;
    return vow_own(vow_error_ref(error), &vow_type_error);
}

static void test_taken(fixture *f)
{
    vow_value value;
    vow_error *error;

    g_assert_null(vow_run(vow_then(vow_resolved(f->loop, vow_strdup("moved")), take_it, NULL), &value));
    g_assert_cmpstr(vow_as_str(&value), ==, "moved");
    vow_value_drop(value);
    error = vow_run(vow_catch(vow_rejected(f->loop, vow_error_new(EIO, "shared")), throw_shared, NULL), NULL);
    g_assert_cmpint(vow_error_code(error), ==, EIO);
    vow_error_unref(error);
    g_assert_null(
        vow_run(vow_then(vow_catch(vow_rejected(f->loop, vow_error_new(EIO, "held")), hold_error, NULL),
                         take_it, NULL),
                &value));
    g_assert_cmpint(vow_error_code(vow_as_error(&value)), ==, EIO);
    vow_value_drop(value);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/given-away/twice", test_give_twice);
    test_add("/given-away/wrap-promise", test_wrap_promise);
    test_add("/given-away/wrap-error", test_wrap_error);
    test_add("/given-away/return-lent", test_return_lent);
    test_add("/given-away/return-item", test_return_item);
    test_add("/given-away/throw-lent", test_throw_lent);
    test_add("/given-away/return-result", test_return_result);
    test_add("/given-away/return-true-first", test_return_true_first);
    test_add("/given-away/return-false-first", test_return_false_first);
    test_add("/given-away/return-true-later", test_return_true_later);
    test_add("/given-away/return-false-later", test_return_false_later);
    test_add("/given-away/return-in-clean-up", test_return_in_clean_up);
    test_add("/given-away/taken", test_taken);
    return g_test_run();
}
