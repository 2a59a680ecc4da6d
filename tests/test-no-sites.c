/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that opts out of recording where its calls stand: everything works, and no place is named.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define VOW_NO_SITES
#include "support.h"

#include <errno.h>
#include <string.h>

static void test_promise(fixture *f)
{
    vow_promise *promise = vow_then(vow_resolved(f->loop, vow_int(1)), saw_value, tag_new(f, "then"));

    g_assert_null(vow_promise_site(promise));
    turn(f);
    assert_log(f, "then=1");
    vow_unref(promise);
}

static void test_error(fixture *f)
{
    struct source a;
    vow_promise *promise = vow_then(pending(f, &a, "a"), NULL, NULL);

    vow_reject(&a.resolver, vow_error_new(EIO, "broken"));
    turn(f);
    const vow_error *error = vow_as_error(vow_peek(promise));
    g_assert_cmpstr(vow_error_message(error), ==, "broken");
    g_assert_null(vow_error_site(error, 0));
    vow_unref(promise);
}

static void test_abandon(fixture *f)
{
    struct source a;
    vow_promise *promise = pending(f, &a, "a");

    vow_resolver_abandon(&a.resolver);
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

static void inspect(const vow_report *report, void *data)
{
    g_assert_null(report->made_at);
    g_assert_null(strstr(report->text, "test-no-sites"));
    note(data, "%s", report->kind == VOW_REPORT_LEAK ? "leak" : code_name(report->error));
}

static void test_reports(fixture *f)
{
    vow_promise *promise;

    vow_loop_set_report(f->loop, inspect, f);
    vow_unref(vow_rejected(f->loop, vow_error_new(EIO, "broken")));
    promise = vow_resolved(f->loop, vow_nil());
    f->expect_live = 1;
    free_loop(f);
    assert_log(f, "EIO leak");
    vow_unref(promise);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/no-sites/promise", test_promise);
    test_add("/no-sites/error", test_error);
    test_add("/no-sites/abandon", test_abandon);
    test_add("/no-sites/reports", test_reports);
    return g_test_run();
}
