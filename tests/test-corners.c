/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The far corners: misuse that the other programs do not commit, and ends of promises and loops that hardly
 * ever come about. Coverage showed that nothing else runs these.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"

#include <errno.h>
#include <string.h>

/* ---- Misuse ------------------------------------------------------------------------------------------- */

static const vow_thenable no_then = {"no-then", NULL, NULL};

MISUSE(attach_drop, vow_detach(vow_attach(number(f), f, NULL)), "vow_attach", "the drop function is NULL",
       true)
MISUSE(all_array, vow_detach(vow_all(f->loop, 1, NULL)), "vow_all",
       "the array of promises is NULL, at *test-*.c:*", false)
MISUSE(error_ref, ((void) f, vow_error_unref(vow_error_ref(NULL))), "vow_error_ref", "the error is NULL",
       false)
MISUSE(set_report, ((void) f, vow_loop_set_report(NULL, NULL, NULL)), "vow_loop_set_report",
       "the loop is NULL", false)
MISUSE(no_resolver, vow_detach(vow_promise_new(f->loop, NULL, NULL)), "vow_promise_new",
       "the resolver is NULL", false)
MISUSE(rejected_null, vow_detach(vow_rejected(f->loop, NULL)), "vow_rejected", "the error is NULL, at *:*",
       false)
MISUSE(thenable_then, ((void) f, vow_value_drop(vow_follow_thenable(&no_then, NULL))), "vow_follow_thenable",
       "has no then()", false)

static void reject_null(fixture *f)
{
    struct source a;

    vow_detach(pending(f, &a, "a"));
    vow_reject(&a.resolver, NULL);
}

static void test_reject_null(fixture *f)
{
    expect_abort(f, reject_null, "vow_reject", "the error is NULL, at *test-*.c:*", false);
}

/* A value that is in no promise: the place is that of the promise whose handler runs. */
static vow_value read_own(vow_value *value, void *data)
{
    vow_value mine = vow_int(1);

    (void) value;
    (void) data;
    vow_as_str(&mine);
    return vow_nil();
}

static void in_handler_of(fixture *f)
{
    vow_promise *first = number(f);

    vow_detach(vow_then(first, read_own, NULL));
    turn(f);
}

static void test_in_handler_of(fixture *f)
{
    expect_abort(f, in_handler_of, "vow_as_str",
                 "int, where str is wanted, at *test-corners.c:* (promise made at *test-*.c:*)", false);
}

/* ---- Running a loop ----------------------------------------------------------------------------------- */

/* A race of none waits for nothing in particular, and says no more than that. */
static void test_run_race_of_none(fixture *f)
{
    vow_error *error = vow_run(vow_race(f->loop, 0, NULL), NULL);

    g_assert_cmpstr(code_name(error), ==, "EDEADLK");
    vow_error_unref(error);
}

/* ---- Freeing a loop ----------------------------------------------------------------------------------- */

/* Loops may be freed in any order. */
static void test_free_older_first(fixture *f)
{
    vow_loop *newer = vow_loop_new(f->ev);
    vow_promise *promise = vow_resolved(newer, vow_int(1));

    free_loop(f);
    assert_peek(promise, "1");
    vow_unref(promise);
    vow_loop_free(newer);
}

/* A task that awaits for ever in VOW_FINALLY is left where it stands, even when what it awaits is settled. */
struct restless {
    vow_task task;
};

VOW_ASYNC(restless, me)
{
    VOW_BEGIN(me);
    VOW_FINALLY(me);
    for (;;)
        VOW_TRY_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_nil()));
    VOW_END(me);
}

static vow_loop *left; /* so that a leak detector still sees it */

static void test_restless(fixture *f)
{
    if (!g_test_subprocess()) {
        run_in_child(f);
        g_test_trap_assert_passed();
        return;
    }
    left = vow_loop_new(f->ev);
    collect_reports(f, left);
    vow_unref(vow_async(left, restless));
    vow_loop_free(left);
    expect_report(f, "restless");
    exit(0);
}

/* ---- Finally ------------------------------------------------------------------------------------------- */

static vow_value follow_place(void *place)
{
    vow_promise **promise = place;

    return vow_follow(vow_ref(*promise));
}

/* Clean-up that waits for itself would never be done. */
static void test_waits_for_itself(fixture *f)
{
    vow_promise *promise = NULL;

    promise = vow_finally(vow_resolved(f->loop, owned(f, "value")), follow_place, &promise);
    turn(f);
    assert_log(f, "~value");
    assert_peek(promise, "!ELOOP");
    vow_unref(promise);
}

/* ---- Reports ------------------------------------------------------------------------------------------- */

/* A code that its domain does not know has no meaning to tell. */
static void test_unknown_code(fixture *f)
{
    vow_unref(vow_rejected(f->loop, vow_error_new_in(&vow_domain_vow, -99, "odd")));
    expect_report(f, "odd (vow -99)");
}

/* A report that is too long is cut short, and still ends in a newline (support.c checks that). */
static void test_long_report(fixture *f)
{
    char text[4000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    vow_unref(vow_rejected(f->loop, vow_error_new(EIO, "%s", text)));
    expect_report(f, "xxxx");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/corners/attach-drop", test_attach_drop);
    test_add("/corners/all-array", test_all_array);
    test_add("/corners/error-ref", test_error_ref);
    test_add("/corners/set-report", test_set_report);
    test_add("/corners/no-resolver", test_no_resolver);
    test_add("/corners/rejected-null", test_rejected_null);
    test_add("/corners/thenable-then", test_thenable_then);
    test_add("/corners/reject-null", test_reject_null);
    test_add("/corners/in-handler-of", test_in_handler_of);
    test_add("/corners/run-race-of-none", test_run_race_of_none);
    test_add("/corners/free-older-first", test_free_older_first);
    test_add("/corners/restless", test_restless);
    test_add("/corners/waits-for-itself", test_waits_for_itself);
    test_add("/corners/unknown-code", test_unknown_code);
    test_add("/corners/long-report", test_long_report);
    return g_test_run();
}
