/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misuse ends the program with one line that says which function, what was wrong, and where the promise was
 * made. Each abort happens in a child process; what the child prints on stderr is compared.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "misuse.h"

#include <errno.h>

/* ---- Values -------------------------------------------------------------------------------------------- */

MISUSE(as_bool, vow_as_bool(vow_peek(number(f))), "vow_as_bool",
       "int, where bool is wanted, at *test-misuse.c:*", true)
MISUSE(as_double, vow_as_double(vow_peek(number(f))), "vow_as_double",
       "int, where double is wanted, at *test-misuse.c:*", true)
MISUSE(as_ptr, vow_as_ptr(vow_peek(number(f))), "vow_as_ptr", "int, where ptr is wanted, at *test-misuse.c:*",
       true)
MISUSE(as_str, vow_as_str(vow_peek(number(f))), "vow_as_str", "int, where str is wanted, at *test-misuse.c:*",
       true)
MISUSE(as_list, vow_as_list(vow_peek(number(f))), "vow_as_list",
       "int, where list is wanted, at *test-misuse.c:*", true)
MISUSE(as_error, vow_as_error(vow_peek(number(f))), "vow_as_error",
       "int, where error is wanted, at *test-misuse.c:*", true)
MISUSE(as_bytes, vow_as_bytes(vow_peek(number(f))), "vow_as_bytes",
       "int, where bytes is wanted, at *test-misuse.c:*", true)
MISUSE(no_bytes, (void) f; vow_value_drop(vow_bytes_copy(NULL, 1)), "vow_bytes_copy", "data is NULL", false)
MISUSE(as_fd, vow_as_fd(vow_peek(number(f))), "vow_as_fd", "int, where fd is wanted, at *test-misuse.c:*",
       true)
MISUSE(as_own, vow_as(vow_peek(number(f)), &thing_type), "vow_as",
       "int, where thing is wanted, at *test-misuse.c:*", true)
MISUSE(take_fd, vow_take_fd(vow_peek(number(f))), "vow_take_fd",
       "int, where fd is wanted, at *test-misuse.c:*", true)

static void as_int(fixture *f)
{
    vow_value value = owned(f, NULL);

    vow_as_int(&value);
}

static void test_as_int(fixture *f)
{
    expect_abort(f, as_int, "vow_as_int", "thing, where int is wanted, at *test-misuse.c:*", false);
}

static void as_int_of_pending(fixture *f)
{
    struct source a;

    vow_as_int(vow_peek(pending(f, &a, "a")));
}

static void test_as_int_of_pending(fixture *f)
{
    expect_abort(f, as_int_of_pending, "vow_as_int", "NULL, where int is wanted, at *test-misuse.c:*", false);
}

static vow_value read_as_str(vow_value *value, void *data)
{
    (void) data;
    vow_as_str(value);
    return vow_nil();
}

/* The usual case: a handler expects another type than it gets. The place is that of the promise that holds
 * the value, not that of the handler. */
static void in_handler(fixture *f)
{
    vow_detach(vow_then(number(f), read_as_str, NULL));
    turn(f);
}

static void test_in_handler(fixture *f)
{
    expect_abort(f, in_handler, "vow_as_str", "int, where str is wanted, at *test-misuse.c:*", true);
}

static const vow_list *list_of_one(fixture *f)
{
    vow_value list;

    g_assert_null(vow_run(vow_all_of(f->loop, number(f)), &list));
    return vow_as_list(&list);
}

MISUSE(list_end, vow_list_at(list_of_one(f), 1), "vow_list_at", "1, at *test-misuse.c:*", false)
MISUSE(list_null, ((void) f, vow_list_at(NULL, 0)), "vow_list_at", "0, at *test-misuse.c:*", false)

/* ---- Promises ------------------------------------------------------------------------------------------ */

MISUSE(then_null, vow_detach(vow_then(NULL, read_as_str, f)), "vow_then", "NULL, at *test-misuse.c:*", false)
MISUSE(finally_null, vow_detach(vow_finally(NULL, saw_end, f)), "vow_finally", "NULL, at *test-misuse.c:*",
       false)
MISUSE(all_null, vow_detach(vow_all_of(f->loop, NULL)), "vow_all", "NULL, at *test-misuse.c:*", false)
MISUSE(follow_null, ((void) f, vow_value_drop(vow_follow(NULL))), "vow_follow", "NULL, at *test-misuse.c:*",
       false)
MISUSE(throw_null, ((void) f, vow_value_drop(vow_throw(NULL))), "vow_throw", "NULL, at *test-misuse.c:*",
       false)
MISUSE(ref_null, ((void) f, vow_unref(vow_ref(NULL))), "vow_ref", "NULL, at *test-misuse.c:*", false)
MISUSE(loop_null, ((void) f, vow_detach(vow_resolved(NULL, vow_nil()))), "vow_resolved", "NULL", false)

/* ---- Loops --------------------------------------------------------------------------------------------- */

static vow_value run_inside(vow_value *value, void *f)
{
    (void) value;
    vow_error_unref(vow_run(number(f), NULL));
    return vow_nil();
}

static void run_in_handler(fixture *f)
{
    vow_detach(vow_then(number(f), run_inside, f));
    turn(f);
}

static void test_run_in_handler(fixture *f)
{
    expect_abort(f, run_in_handler, "vow_run", "inside a handler", true);
}

static vow_value free_inside(vow_value *value, void *f)
{
    (void) value;
    vow_loop_free(((fixture *) f)->loop);
    return vow_nil();
}

static void free_in_handler(fixture *f)
{
    vow_detach(vow_then(number(f), free_inside, f));
    turn(f);
}

static void test_free_in_handler(fixture *f)
{
    expect_abort(f, free_in_handler, "vow_loop_free", "inside a handler", false);
}

static void other_loop(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    vow_detach(vow_all_of(other, number(f)));
}

static void test_other_loop(fixture *f)
{
    expect_abort(f, other_loop, "vow_all", "another loop", true);
}

static void follow_other_loop(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);

    vow_detach(vow_resolved(other, vow_follow(number(f))));
}

static void test_follow_other_loop(fixture *f)
{
    expect_abort(f, follow_other_loop, "vow_follow", "loop", true);
}

/* ---- Threads: checked in debug builds only ------------------------------------------------------------- */

static gpointer make_promise(gpointer f)
{
    vow_detach(number(f));
    return NULL;
}

static void make_on_thread(fixture *f)
{
    g_thread_join(g_thread_new("second", make_promise, f));
}

static gpointer settle_promise(gpointer resolver)
{
    vow_resolve(resolver, vow_int(1));
    return NULL;
}

static void settle_on_thread(fixture *f)
{
    struct source a;

    watch(f, pending(f, &a, "a"), "a");
    g_thread_join(g_thread_new("second", settle_promise, &a.resolver));
}

static void expect_thread_abort(fixture *f, void (*misuse)(fixture *f))
{
#ifdef VOW_DEBUG
    expect_abort(f, misuse, "*", "thread", false);
#else
    (void) f, (void) misuse;
    g_test_skip("the library checks threads when it is built with --enable-debug");
#endif
}

static void test_make_on_thread(fixture *f)
{
    expect_thread_abort(f, make_on_thread);
}

static void test_settle_on_thread(fixture *f)
{
    expect_thread_abort(f, settle_on_thread);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/misuse/as-bool", test_as_bool);
    test_add("/misuse/as-double", test_as_double);
    test_add("/misuse/as-ptr", test_as_ptr);
    test_add("/misuse/as-str", test_as_str);
    test_add("/misuse/as-list", test_as_list);
    test_add("/misuse/as-error", test_as_error);
    test_add("/misuse/as-bytes", test_as_bytes);
    test_add("/misuse/no-bytes", test_no_bytes);
    test_add("/misuse/as-fd", test_as_fd);
    test_add("/misuse/as-own", test_as_own);
    test_add("/misuse/take-fd", test_take_fd);
    test_add("/misuse/as-int", test_as_int);
    test_add("/misuse/as-int-of-pending", test_as_int_of_pending);
    test_add("/misuse/in-handler", test_in_handler);
    test_add("/misuse/list-end", test_list_end);
    test_add("/misuse/list-null", test_list_null);
    test_add("/misuse/then-null", test_then_null);
    test_add("/misuse/finally-null", test_finally_null);
    test_add("/misuse/all-null", test_all_null);
    test_add("/misuse/follow-null", test_follow_null);
    test_add("/misuse/throw-null", test_throw_null);
    test_add("/misuse/ref-null", test_ref_null);
    test_add("/misuse/loop-null", test_loop_null);
    test_add("/misuse/run-in-handler", test_run_in_handler);
    test_add("/misuse/free-in-handler", test_free_in_handler);
    test_add("/misuse/other-loop", test_other_loop);
    test_add("/misuse/follow-other-loop", test_follow_other_loop);
    test_add("/misuse/make-on-thread", test_make_on_thread);
    test_add("/misuse/settle-on-thread", test_settle_on_thread);
    return g_test_run();
}
