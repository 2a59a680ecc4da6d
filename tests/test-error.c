/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors: what they carry, how they are counted, and which places of the source they name.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "support.h"

#include <errno.h>
#include <string.h>

static void test_new(fixture *f)
{
    vow_error *error = vow_error_new(EPROTO, "line %d: %s", 7, "too long");

    (void) f;
    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    g_assert_true(vow_error_domain(error) == &vow_domain_errno);
    g_assert_cmpstr(vow_error_message(error), ==, "line 7: too long");
    g_assert_null(vow_error_cause(error));
    g_assert_null(vow_error_list(error));
    vow_error_unref(error);
    vow_error_unref(NULL);
}

/* A message of any length arrives whole. */
static void test_long_message(fixture *f)
{
    char *text = g_strnfill(100000, 'x');
    vow_error *error = vow_error_new(EIO, "<%s>", text);

    (void) f;
    g_assert_cmpuint(strlen(vow_error_message(error)), ==, 100002);
    g_assert_true(g_str_has_suffix(vow_error_message(error), "x>"));
    vow_error_unref(error);
    g_free(text);
}

static const char *describe(int code)
{
    return code == 3 ? "out of tune" : NULL;
}

static const vow_domain music = {"music", describe};

static void test_own_domain(fixture *f)
{
    vow_error *error = vow_error_new_in(&music, 3, "string %c", 'G');

    (void) f;
    g_assert_true(vow_error_domain(error) == &music);
    g_assert_cmpint(vow_error_code(error), ==, 3);
    g_assert_cmpstr(vow_error_message(error), ==, "string G");
    g_assert_cmpstr(vow_error_site(error, 0), !=, NULL);
    vow_error_unref(error);
}

static void test_domains_are_named(fixture *f)
{
    (void) f;
    g_assert_cmpstr(vow_domain_errno.name, !=, NULL);
    g_assert_cmpstr(vow_domain_vow.name, !=, NULL);
    g_assert_nonnull(vow_domain_vow.describe(VOW_EOF));
    g_assert_nonnull(vow_domain_vow.describe(VOW_EAGGREGATE));
    g_assert_nonnull(vow_domain_errno.describe(EIO));
}

static void test_wrap(fixture *f)
{
    vow_error *cause = vow_error_new(ECONNREFUSED, "no answer");
    vow_error *error = vow_error_wrap(vow_error_ref(cause), EIO, "greeting %s", "Alice");

    (void) f;
    g_assert_true(vow_error_cause(error) == cause);
    g_assert_cmpint(vow_error_code(error), ==, EIO);
    g_assert_cmpstr(vow_error_message(error), ==, "greeting Alice");
    vow_error_unref(error);
    g_assert_cmpint(vow_error_code(cause), ==, ECONNREFUSED);
    vow_error_unref(cause);
}

static void test_wrap_nothing(fixture *f)
{
    vow_error *error = vow_error_wrap(NULL, EIO, "alone");

    (void) f;
    g_assert_null(vow_error_cause(error));
    vow_error_unref(error);
}

static void test_ref(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "kept");

    g_assert_true(vow_error_ref(error) == error);
    vow_error_unref(error);
    g_assert_cmpstr(vow_error_message(error), ==, "kept");
    g_assert_cmpint(f->memory.blocks, >, 0);
    vow_error_unref(error);
}

/* The same error arrives at the end of a chain, not a copy. */
static void test_passes_unchanged(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "passed on"), *arrived;
    vow_promise *promise = vow_rejected(f->loop, vow_error_ref(error));

    arrived = vow_run(vow_then(vow_then(promise, NULL, NULL), NULL, NULL), NULL);
    g_assert_true(arrived == error);
    vow_error_unref(arrived);
    vow_error_unref(error);
}

static void test_throwf(fixture *f)
{
    vow_promise *promise = vow_resolved(f->loop, vow_throwf(EPROTO, "%d of %d", 1, 2));
    const vow_error *error = vow_as_error(vow_peek(promise));

    g_assert_true(vow_is_rejected(promise));
    g_assert_cmpint(vow_error_code(error), ==, EPROTO);
    g_assert_cmpstr(vow_error_message(error), ==, "1 of 2");
    vow_unref(promise);
}

/* The index of a site in an error, or -1. */
static int site_index(const vow_error *error, const char *site)
{
    for (size_t i = 0; vow_error_site(error, i); i++) {
        if (!strcmp(vow_error_site(error, i), site))
            return (int) i;
    }
    return -1;
}

static void test_site_of_making(fixture *f)
{
    const char *line = NEXT_LINE(f);
    vow_error *error = vow_error_new(EIO, "here");

    g_assert_cmpstr(vow_error_site(error, 0), ==, line);
    g_assert_null(vow_error_site(error, 1));
    g_assert_null(vow_error_site(error, 1000));
    line = NEXT_LINE(f);
    error = vow_error_wrap(error, EIO, "there");
    g_assert_cmpstr(vow_error_site(error, 0), ==, line);
    vow_error_unref(error);
    line = NEXT_LINE(f);
    error = vow_error_new_in(&music, 1, "elsewhere");
    g_assert_cmpstr(vow_error_site(error, 0), ==, line);
    vow_error_unref(error);
}

/* From where it was made over where it was rejected to the promises it went through. */
static void test_sites_on_the_way(fixture *f)
{
    struct source a;
    const char *made = NEXT_LINE(f);
    vow_error *error = vow_error_new(EIO, "lost");
    vow_promise *promise = pending(f, &a, "a");
    const char *first = NEXT_LINE(f);
    promise = vow_then(promise, NULL, NULL);
    const char *second = NEXT_LINE(f);
    promise = vow_then(promise, NULL, NULL);
    const char *rejected = NEXT_LINE(f);
    vow_reject(&a.resolver, error);
    turn(f);

    error = vow_error_ref(vow_as_error(vow_peek(promise)));
    vow_unref(promise);
    g_assert_cmpint(site_index(error, made), ==, 0);
    g_assert_cmpint(site_index(error, rejected), ==, 1);
    g_assert_cmpint(site_index(error, first), >, 1);
    g_assert_cmpint(site_index(error, second), >, site_index(error, first));
    vow_error_unref(error);
}

static vow_value throw_it(vow_value *value, void *data)
{
    (void) value, (void) data;
    return vow_throwf(EIO, "thrown");
}

/* The first places are the ones worth having when there are too many. */
static void test_sites_are_bounded(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_nil()), throw_it, NULL);
    size_t count = 0;

    for (int i = 0; i < 1000; i++)
        promise = vow_then(promise, NULL, NULL);
    vow_error *error = vow_run(promise, NULL);
    while (vow_error_site(error, count))
        count++;
    g_assert_cmpuint(count, >=, 2);
    g_assert_cmpuint(count, <, 1000);
    vow_error_unref(error);
}

/* Out of memory there still is an error, and what it was given is released. */
static void test_out_of_memory(fixture *f)
{
    vow_error *cause = vow_error_new(EIO, "cause");

    memory_fail(f, 1, true);
    vow_error *first = vow_error_new(EPROTO, "%s", "lost"), *second = vow_error_wrap(cause, EIO, "lost");
    vow_value thrown = vow_throwf(EIO, "lost"), text = vow_strdup("lost");
    memory_fail(f, 0, false);

    g_assert_cmpint(vow_error_code(first), ==, ENOMEM);
    g_assert_true(vow_error_domain(first) == &vow_domain_errno);
    g_assert_cmpstr(vow_error_message(first), !=, "");
    g_assert_cmpint(vow_error_code(second), ==, ENOMEM);
    vow_error_unref(vow_error_ref(first));
    vow_error_unref(first);
    vow_error_unref(second);
    vow_promise *promise =
        vow_all_settled_of(f->loop, vow_resolved(f->loop, thrown), vow_resolved(f->loop, text));
    vow_value list;
    g_assert_null(vow_run(promise, &list));
    assert_value(&list, "[!ENOMEM,!ENOMEM]");
    vow_value_drop(list);
}

static gpointer make_error(gpointer data)
{
    (void) data;
    return vow_error_wrap(vow_error_new(EIO, "inner"), EPROTO, "made on a thread");
}

/* Errors belong to no loop: one may be made on a thread and used on another. */
static void test_across_threads(fixture *f)
{
    vow_error *error = g_thread_join(g_thread_new("maker", make_error, NULL));
    vow_promise *promise = vow_rejected(f->loop, error);

    assert_peek(promise, "!EPROTO");
    vow_unref(promise);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/error/new", test_new);
    test_add("/error/long-message", test_long_message);
    test_add("/error/own-domain", test_own_domain);
    test_add("/error/domains-are-named", test_domains_are_named);
    test_add("/error/wrap", test_wrap);
    test_add("/error/wrap-nothing", test_wrap_nothing);
    test_add("/error/ref", test_ref);
    test_add("/error/passes-unchanged", test_passes_unchanged);
    test_add("/error/throwf", test_throwf);
    test_add("/error/site-of-making", test_site_of_making);
    test_add("/error/sites-on-the-way", test_sites_on_the_way);
    test_add("/error/sites-are-bounded", test_sites_are_bounded);
    test_add("/error/out-of-memory", test_out_of_memory);
    test_add("/error/across-threads", test_across_threads);
    return g_test_run();
}
