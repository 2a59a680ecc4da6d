/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values: what each kind holds, and that an owned one is released exactly once, wherever it travels.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void test_nil(fixture *f)
{
    vow_value nil = vow_nil(), zero = {0};

    (void) f;
    g_assert_true(vow_is_nil(&nil));
    g_assert_true(vow_is_nil(&zero));
    g_assert_false(vow_is_int(&nil));
    g_assert_false(vow_is_error(&nil));
    g_assert_cmpstr(vow_value_type_name(&nil), ==, "nil");
    vow_value_drop(nil);
}

static void test_numbers(fixture *f)
{
    vow_value least = vow_int(INT64_MIN), most = vow_int(INT64_MAX);
    vow_value yes = vow_bool(true), no = vow_bool(false), half = vow_double(-0.5);

    (void) f;
    g_assert_cmpint(vow_as_int(&least), ==, INT64_MIN);
    g_assert_cmpint(vow_as_int(&most), ==, INT64_MAX);
    g_assert_true(vow_as_bool(&yes));
    g_assert_false(vow_as_bool(&no));
    g_assert_cmpfloat(vow_as_double(&half), ==, -0.5);
    g_assert_true(vow_is_int(&least) && !vow_is_bool(&least) && !vow_is_double(&least));
    g_assert_true(vow_is_bool(&no) && !vow_is_int(&no) && !vow_is_nil(&no));
    g_assert_true(vow_is_double(&half) && !vow_is_int(&half));
    g_assert_cmpstr(vow_value_type_name(&most), ==, "int");
}

static void test_ptr(fixture *f)
{
    vow_value value = vow_ptr(f), null = vow_ptr(NULL);

    g_assert_true(vow_is_ptr(&value));
    g_assert_true(vow_as_ptr(&value) == f);
    g_assert_true(vow_is_ptr(&null));
    g_assert_null(vow_as_ptr(&null));
    vow_value_drop(value);
}

static void test_str(fixture *f)
{
    char text[] = "before";
    vow_value value = vow_strdup(text), empty = vow_strdup(""), none = vow_strdup(NULL);

    (void) f;
    strcpy(text, "after");
    g_assert_true(vow_is_str(&value));
    g_assert_cmpstr(vow_as_str(&value), ==, "before");
    g_assert_cmpstr(vow_as_str(&empty), ==, "");
    g_assert_true(vow_is_nil(&none));
    vow_value_drop(value);
    vow_value_drop(empty);
}

static void assert_bytes(vow_value value, const char *expected, size_t length)
{
    const vow_bytes *bytes = vow_as_bytes(&value);

    g_assert_cmpuint(bytes->length, ==, length);
    g_assert_true(memcmp(bytes->data, expected, length) == 0);
    g_assert_cmpint(bytes->data[length], ==, 0);
    vow_value_drop(value);
}

static void test_bytes(fixture *f)
{
    char binary[] = {'a', 0, 'b'};
    vow_value value = vow_bytes_copy(binary, sizeof binary);
    vow_value none = vow_bytes_copy(NULL, 0), some = vow_bytes_copy("text", 3);

    (void) f;
    binary[0] = 'x';
    g_assert_true(vow_is_bytes(&value) && !vow_is_str(&value));
    g_assert_true(vow_is_bytes(&none) && !vow_is_nil(&none));
    g_assert_cmpstr(vow_value_type_name(&value), ==, "bytes");
    assert_bytes(value, "a\0b", 3);
    assert_bytes(none, "", 0);
    assert_bytes(some, "tex", 3);
}

/* More than there can be. */
static void test_bytes_too_many(fixture *f)
{
    vow_value value = vow_bytes_copy(f, SIZE_MAX);

    g_assert_false(vow_is_bytes(&value));
    vow_error *error = vow_run(vow_resolved(f->loop, value), NULL);
    g_assert_cmpint(vow_error_code(error), ==, ENOMEM);
    vow_error_unref(error);
}

static void test_own(fixture *f)
{
    static const vow_type loan = {"loan", NULL};
    vow_value thing = owned(f, "a"), lent = vow_own(f, &loan);

    g_assert_nonnull(vow_as(&thing, &thing_type));
    g_assert_cmpstr(vow_value_type_name(&thing), ==, "thing");
    g_assert_false(vow_is_ptr(&thing));
    vow_value_drop(thing);
    assert_log(f, "~a");
    g_assert_true(vow_as(&lent, &loan) == f);
    vow_value_drop(lent);
}

static void test_take(fixture *f)
{
    vow_value value = owned(f, "a"), none = vow_take(NULL);
    vow_value taken = vow_take(&value);

    g_assert_true(vow_is_nil(&value));
    g_assert_true(vow_is_nil(&none));
    vow_value_drop(value);
    assert_log(f, "");
    vow_value_drop(taken);
    assert_log(f, "~a");
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_fd(fixture *f)
{
    int ends[2];

    (void) f;
    g_assert_cmpint(pipe(ends), ==, 0);
    vow_value reader = vow_fd(ends[0]), writer = vow_fd(ends[1]);
    g_assert_true(vow_is_fd(&reader) && !vow_is_int(&reader));
    g_assert_cmpint(vow_as_fd(&reader), ==, ends[0]);
    vow_value_drop(reader);
    g_assert_false(is_open(ends[0]));
    g_assert_cmpint(vow_take_fd(&writer), ==, ends[1]);
    g_assert_true(vow_is_nil(&writer));
    vow_value_drop(writer);
    g_assert_true(is_open(ends[1]));
    close(ends[1]);
}

/* A descriptor in a promise is closed with it. */
static void test_fd_in_promise(fixture *f)
{
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    vow_promise *promise = vow_resolved(f->loop, vow_fd(ends[0]));
    g_assert_cmpint(vow_as_fd(vow_peek(promise)), ==, ends[0]);
    vow_unref(promise);
    g_assert_false(is_open(ends[0]));
    close(ends[1]);
}

/* A follow or a throw that nobody used is released as any other value. */
static void test_unused_outcomes(fixture *f)
{
    struct source a;

    vow_value_drop(vow_follow(pending(f, &a, "a")));
    assert_log(f, "a-cancelled");
    vow_value_drop(vow_throw(vow_error_new(EIO, "never thrown")));
    vow_value_drop(vow_throwf(EIO, "never thrown %d", 2));
}

static void test_value_goes_with_promise(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, owned(f, "a"));

    vow_unref(vow_ref(promise));
    assert_log(f, "");
    vow_unref(promise);
    assert_log(f, "~a");
}

static void test_value_taken_from_promise(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, owned(f, "a"));
    vow_value taken = vow_take(vow_peek(promise));

    g_assert_true(vow_is_fulfilled(promise));
    assert_peek(promise, "nil");
    vow_unref(promise);
    assert_log(f, "");
    vow_value_drop(taken);
    assert_log(f, "~a");
}

static void test_list(fixture *f)
{
    vow_promise *all = vow_all_of(f->loop, vow_resolved(f->loop, vow_int(1)),
                                  vow_resolved(f->loop, owned(f, "a")), vow_resolved(f->loop, owned(f, "b")));
    vow_value list;

    g_assert_null(vow_run(all, &list));
    g_assert_true(vow_is_list(&list));
    g_assert_cmpuint(vow_list_length(vow_as_list(&list)), ==, 3);
    g_assert_cmpint(vow_as_int(vow_list_at(vow_as_list(&list), 0)), ==, 1);
    assert_value(&list, "[1,a,b]");
    vow_value b = vow_take(vow_list_at(vow_as_list(&list), 2));
    assert_value(&list, "[1,a,nil]");
    vow_value_drop(list);
    assert_log(f, "~a");
    vow_value_drop(b);
    assert_log(f, "~b");
    g_assert_cmpuint(vow_list_length(NULL), ==, 0);
}

static void test_list_in_list(fixture *f)
{
    vow_promise *inner = vow_all_of(f->loop, vow_resolved(f->loop, owned(f, "a")));
    vow_promise *outer = vow_all_of(f->loop, inner, vow_all_of(f->loop), vow_resolved(f->loop, vow_nil()));
    vow_value list;

    g_assert_null(vow_run(outer, &list));
    assert_value(&list, "[[a],[],nil]");
    vow_value_drop(list);
    assert_log(f, "~a");
}

/* The error in a list lives with the list, and longer for whoever refers to it. */
static void test_error_value(fixture *f)
{
    vow_promise *settled =
        vow_all_settled_of(f->loop, vow_rejected(f->loop, vow_error_new(EPROTO, "bad greeting")));
    vow_value list;

    g_assert_null(vow_run(settled, &list));
    const vow_value *place = vow_list_at(vow_as_list(&list), 0);
    g_assert_true(vow_is_error(place));
    vow_error *error = vow_error_ref(vow_as_error(place));
    vow_value_drop(list);
    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    g_assert_cmpstr(vow_error_message(error), ==, "bad greeting");
    vow_error_unref(error);
}

/* A rejected promise keeps its error, whoever takes it. */
static void test_error_stays(fixture *f)
{
    vow_promise *promise = vow_rejected(f->loop, vow_error_new(EPROTO, "bad greeting"));
    vow_value taken = vow_take(vow_peek(promise));

    g_assert_true(vow_as_error(&taken) == vow_as_error(vow_peek(promise)));
    vow_unref(promise);
    g_assert_cmpint(vow_error_code(vow_as_error(&taken)), ==, EPROTO);
    vow_value_drop(taken);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/value/nil", test_nil);
    test_add("/value/numbers", test_numbers);
    test_add("/value/ptr", test_ptr);
    test_add("/value/str", test_str);
    test_add("/value/bytes", test_bytes);
    test_add("/value/bytes-too-many", test_bytes_too_many);
    test_add("/value/own", test_own);
    test_add("/value/take", test_take);
    test_add("/value/fd", test_fd);
    test_add("/value/fd-in-promise", test_fd_in_promise);
    test_add("/value/unused-outcomes", test_unused_outcomes);
    test_add("/value/goes-with-promise", test_value_goes_with_promise);
    test_add("/value/taken-from-promise", test_value_taken_from_promise);
    test_add("/value/list", test_list);
    test_add("/value/list-in-list", test_list_in_list);
    test_add("/value/error", test_error_value);
    test_add("/value/error-stays", test_error_stays);
    return g_test_run();
}
