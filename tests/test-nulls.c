/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NULL does nothing where there is nothing to do. NULL anywhere else is misuse, and one line says of which
 * function: values, errors, promises. Also what errors and reports say.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE /* for open_memstream() and EAI_… */

#include "nulls.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

/* What is not used. */
static bool ignored;

static void test_values(fixture *f)
{
    (void) f;
    MISUSE_HERE(vow_is_nil, ignored = vow_is_nil(null));
    MISUSE_HERE(vow_is_bool, ignored = vow_is_bool(null));
    MISUSE_HERE(vow_is_int, ignored = vow_is_int(null));
    MISUSE_HERE(vow_is_double, ignored = vow_is_double(null));
    MISUSE_HERE(vow_is_ptr, ignored = vow_is_ptr(null));
    MISUSE_HERE(vow_is_str, ignored = vow_is_str(null));
    MISUSE_HERE(vow_is_list, ignored = vow_is_list(null));
    MISUSE_HERE(vow_is_error, ignored = vow_is_error(null));
    MISUSE_HERE(vow_is_fd, ignored = vow_is_fd(null));
    MISUSE_HERE(vow_is_bytes, ignored = vow_is_bytes(null));
    MISUSE_HERE(vow_as, vow_as(null, &vow_type_str));
    MISUSE_HERE(vow_as_bool, vow_as_bool(null));
    MISUSE_HERE(vow_as_int, vow_as_int(null));
    MISUSE_HERE(vow_as_double, vow_as_double(null));
    MISUSE_HERE(vow_as_ptr, vow_as_ptr(null));
    MISUSE_HERE(vow_as_str, vow_as_str(null));
    MISUSE_HERE(vow_as_list, vow_as_list(null));
    MISUSE_HERE(vow_as_error, vow_as_error(null));
    MISUSE_HERE(vow_as_fd, vow_as_fd(null));
    MISUSE_HERE(vow_as_bytes, vow_as_bytes(null));
    MISUSE_HERE(vow_take_fd, vow_take_fd(null));
    MISUSE_HERE(vow_value_type_name, vow_value_type_name(null));
    MISUSE_HERE(vow_list_at, vow_list_at(null, 0));
    MISUSE_HERE(vow_own, vow_value_drop(vow_own(f, null)));
    MISUSE_HERE(vow_bytes_copy, vow_value_drop(vow_bytes_copy(null, 1)));
    NOTHING(vow_bytes_copy, vow_value_drop(vow_bytes_copy(null, 0)));
    NOTHING(vow_strdup, vow_value_drop(vow_strdup(null)));
    NOTHING(vow_take, vow_value_drop(vow_take(null)));
    NOTHING(vow_list_length, ignored = vow_list_length(null) > 0);
}

/* A format that the compiler does not look at. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void test_errors(fixture *f)
{
    (void) f;
    MISUSE_HERE(vow_error_new, vow_error_unref(vow_error_new(EIO, (const char *) null)));
    MISUSE_HERE(vow_error_new_in, vow_error_unref(vow_error_new_in(null, 1, "x")));
    MISUSE_HERE(vow_error_new_in, vow_error_unref(vow_error_new_in(&vow_domain_vow, 1, (const char *) null)));
    MISUSE_HERE(vow_error_wrap, vow_error_unref(vow_error_wrap(null, EIO, (const char *) null)));
    MISUSE_HERE(vow_throwf, vow_value_drop(vow_throwf(EIO, (const char *) null)));
    MISUSE_HERE(vow_error_ref, vow_error_unref(vow_error_ref(null)));
    MISUSE_HERE(vow_error_code, vow_error_code(null));
    MISUSE_HERE(vow_error_domain, vow_error_domain(null));
    MISUSE_HERE(vow_error_message, vow_error_message(null));
    MISUSE_HERE(vow_error_cause, vow_error_cause(null));
    MISUSE_HERE(vow_error_list, vow_error_list(null));
    MISUSE_HERE(vow_error_site, vow_error_site(null, 0));
    MISUSE_HERE(vow_error_print, vow_error_print(null, stdout));
    MISUSE_HERE(vow_error_print, vow_error_print(vow_error_new(EIO, "x"), null));
    MISUSE_HERE(vow_error_is, vow_error_is(null, null, 1));
    MISUSE_HERE(vow_throw, vow_value_drop(vow_throw(null)));
    NOTHING(vow_error_wrap, vow_error_unref(vow_error_wrap(null, EIO, "x")));
    NOTHING(vow_error_is, ignored = vow_error_is(null, &vow_domain_vow, 1));
    NOTHING(vow_error_unref, vow_error_unref(null));
}

#pragma GCC diagnostic pop

static vow_value give_nil(void *data)
{
    (void) data;
    return vow_nil();
}

static void test_resolvers(fixture *f)
{
    MISUSE_HERE(vow_resolve, vow_resolve(null, vow_nil()));
    MISUSE_HERE(vow_reject, vow_reject(null, vow_error_new(EIO, "x")));
    MISUSE_HERE(vow_reject, vow_reject(&(vow_resolver){NULL, NULL}, null));
    MISUSE_HERE(vow_resolver_abandon, vow_resolver_abandon(null));
    MISUSE_HERE(vow_resolver_move, vow_resolver_move(null, &(vow_resolver){NULL, NULL}, NULL));
    MISUSE_HERE(vow_resolver_move, vow_resolver_move(&(vow_resolver){NULL, NULL}, null, NULL));
    MISUSE_HERE(vow_resolver_is_pending, ignored = vow_resolver_is_pending(null));
    MISUSE_HERE(vow_promise_new, vow_detach(vow_promise_new(null, &(vow_resolver){NULL, NULL}, NULL)));
    MISUSE_HERE(vow_promise_new, vow_detach(vow_promise_new(f->loop, null, NULL)));
    MISUSE_HERE(vow_resolved, vow_detach(vow_resolved(null, vow_nil())));
    MISUSE_HERE(vow_rejected, vow_detach(vow_rejected(f->loop, null)));
    MISUSE_HERE(vow_rejected, vow_detach(vow_rejected(null, vow_error_new(EIO, "x"))));
    MISUSE_HERE(vow_try, vow_detach(vow_try(f->loop, NULL, NULL)));
    MISUSE_HERE(vow_try, vow_detach(vow_try(null, give_nil, NULL)));
    MISUSE_HERE(vow_follow_thenable, vow_value_drop(vow_follow_thenable(null, NULL)));
    NOTHING(vow_promise_new, vow_unref(vow_promise_new(f->loop, &(vow_resolver){NULL, NULL}, NULL)));
}

static void test_promises(fixture *f)
{
    MISUSE_HERE(vow_ref, vow_unref(vow_ref(null)));
    MISUSE_HERE(vow_peek, vow_peek(null));
    MISUSE_HERE(vow_is_pending, vow_is_pending(null));
    MISUSE_HERE(vow_is_fulfilled, vow_is_fulfilled(null));
    MISUSE_HERE(vow_is_rejected, vow_is_rejected(null));
    MISUSE_HERE(vow_promise_loop, vow_promise_loop(null));
    MISUSE_HERE(vow_promise_site, vow_promise_site(null));
    MISUSE_HERE(vow_follow, vow_value_drop(vow_follow(null)));
    MISUSE_HERE(vow_then, vow_detach(vow_then(null, NULL, NULL)));
    MISUSE_HERE(vow_catch, vow_detach(vow_catch(null, NULL, NULL)));
    MISUSE_HERE(vow_then_catch, vow_detach(vow_then_catch(null, NULL, NULL, NULL)));
    MISUSE_HERE(vow_finally, vow_detach(vow_finally(null, NULL, NULL)));
    MISUSE_HERE(vow_attach, vow_detach(vow_attach(null, NULL, free)));
    MISUSE_HERE(vow_attach, vow_detach(vow_attach(vow_resolved(f->loop, vow_nil()), NULL, NULL)));
    MISUSE_HERE(vow_timeout, vow_detach(vow_timeout(null, 1)));
    MISUSE_HERE(vow_run, vow_error_unref(vow_run(null, NULL)));
    NOTHING(vow_unref, vow_unref(null));
    NOTHING(vow_cancel, vow_cancel(null));
    NOTHING(vow_detach, vow_detach(null));
    NOTHING(vow_forget, vow_forget(null));
}

static void test_combinators(fixture *f)
{
    vow_promise *none[] = {null};

    MISUSE_HERE(vow_all, vow_detach(vow_all(null, 0, NULL)));
    MISUSE_HERE(vow_all, vow_detach(vow_all(f->loop, 1, null)));
    MISUSE_HERE(vow_all, vow_detach(vow_all(f->loop, 1, none)));
    MISUSE_HERE(vow_all_settled, vow_detach(vow_all_settled(null, 0, NULL)));
    MISUSE_HERE(vow_all_settled, vow_detach(vow_all_settled(f->loop, 1, null)));
    MISUSE_HERE(vow_all_settled, vow_detach(vow_all_settled(f->loop, 1, none)));
    MISUSE_HERE(vow_any, vow_detach(vow_any(null, 0, NULL)));
    MISUSE_HERE(vow_any, vow_detach(vow_any(f->loop, 1, null)));
    MISUSE_HERE(vow_any, vow_detach(vow_any(f->loop, 1, none)));
    MISUSE_HERE(vow_race, vow_detach(vow_race(null, 0, NULL)));
    MISUSE_HERE(vow_race, vow_detach(vow_race(f->loop, 1, null)));
    MISUSE_HERE(vow_race, vow_detach(vow_race(f->loop, 1, none)));
    MISUSE_HERE(vow_select, vow_detach(vow_select(null, 0, NULL)));
    MISUSE_HERE(vow_select, vow_detach(vow_select(f->loop, 1, null)));
    MISUSE_HERE(vow_select, vow_detach(vow_select(f->loop, 1, (const vow_promise *const *) none)));
    MISUSE_HERE(vow_shield, vow_detach(vow_shield(null)));
    NOTHING(vow_all, vow_detach(vow_all(f->loop, 0, NULL)));
}

/* A resolver that is moved to where it is stays what it is. */
static void test_move_to_itself(fixture *f)
{
    struct source source = {0};
    vow_promise *promise = pending(f, &source, "a");

    vow_resolver_move(&source.resolver, &source.resolver, NULL);
    g_assert_true(vow_resolver_is_pending(&source.resolver));
    vow_unref(promise);
    assert_log(f, "a-cancelled");
}

/* ---- What errors say -------------------------------------------------------------------------------------
 */

static void test_error_is(fixture *f)
{
    vow_error *error = vow_error_new(EIO, "x");

    (void) f;
    g_assert_true(vow_error_is(error, &vow_domain_errno, EIO));
    g_assert_false(vow_error_is(error, &vow_domain_errno, EPERM));
    g_assert_false(vow_error_is(error, &vow_domain_vow, EIO));
    g_assert_false(vow_error_is(NULL, &vow_domain_vow, EIO));
    vow_error_unref(error);
}

/* No code of vow_domain_vow is one of getaddrinfo(3), nor of errno. */
static void test_codes(fixture *f)
{
    (void) f;
    g_assert_cmpint(VOW_EOF, !=, VOW_EAGGREGATE);
    for (int code = -1000; code < 1000; code++)
        g_assert_true(code != VOW_EOF && code != VOW_EAGGREGATE);
    g_assert_cmpint(EAI_BADFLAGS, >, -1000);
    g_assert_cmpint(EAI_OVERFLOW, >, -1000);
}

static char *printed(const vow_error *error)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    vow_error_print(error, stream);
    fclose(stream);
    return text;
}

static void assert_in_order(const char *text, ...) G_GNUC_NULL_TERMINATED;
static void assert_in_order(const char *text, ...)
{
    va_list parts;
    const char *part;

    va_start(parts, text);
    while ((part = va_arg(parts, const char *))) {
        const char *at = strstr(text, part);

        if (!at)
            g_error("\"%s\" is not, or not there, in: %s", part, text);
        text = at + strlen(part);
    }
    va_end(parts);
}

static void test_print(fixture *f)
{
    vow_error *low = vow_error_new(ECONNREFUSED, "low");
    const char *site = NEXT_LINE(f);
    vow_error *high = vow_error_wrap(low, EIO, "high");
    vow_error *any = vow_run(vow_any_of(f->loop, vow_rejected(f->loop, high),
                                        vow_rejected(f->loop, vow_error_new(ETIMEDOUT, "late"))),
                             NULL);
    char *text;

    any = vow_error_wrap(any, EPROTO, "top");
    text = printed(any);
    assert_in_order(text, "top (errno ", "caused by: ", "(vow ", "[0] high (errno ", site,
                    "caused by: low (errno ", "[1] late (errno ", NULL);
    g_assert_true(g_str_has_suffix(text, "\n"));
    vow_unref(vow_rejected(f->loop, any));
    expect_report(f, "caused by: low (errno ");
    free(text);
}

/* Long and deep, it is cut, and says so. */
static void test_print_long(fixture *f)
{
    vow_promise *inputs[40];
    vow_error *error = vow_error_new(EIO, "bottom");
    char *text;

    for (int i = 0; i < 100000; i++)
        error = vow_error_wrap(error, EIO, "level");
    text = printed(error);
    assert_in_order(text, "level", "caused by: level", "and so on", NULL);
    free(text);
    for (int depth = 0; depth < 20; depth++) {
        for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++)
            inputs[i] = vow_rejected(f->loop, i ? vow_error_new(EIO, "x") : error);
        error = vow_run(vow_any(f->loop, G_N_ELEMENTS(inputs), inputs), NULL);
    }
    text = printed(error);
    assert_in_order(text, "[15] x", "and 24 more", NULL);
    free(text);
    vow_error_unref(error);
}

/* ---- Reports within reports ------------------------------------------------------------------------------
 */

struct outer {
    vow_task task;
};

struct inner {
    vow_task task;
};

VOW_ASYNC(outer, me)
{
    VOW_BEGIN(me);
    VOW_THROW(me, vow_error_new(EIO, "outer"));
    VOW_END(me);
}

VOW_ASYNC(inner, me)
{
    VOW_BEGIN(me);
    VOW_THROW(me, vow_error_new(EIO, "inner"));
    VOW_END(me);
}

struct told {
    vow_promise *other;
    int count;
};

static void tell(const vow_report *report, void *data)
{
    struct told *told = data;
    vow_promise *other = told->other;
    char *kind = g_strdup(report->kind_of);

    told->other = NULL;
    vow_unref(other);
    told->count++;
    g_assert_cmpstr(report->kind_of, ==, kind);
    g_free(kind);
}

static void test_nested_report(fixture *f)
{
    struct told told = {vow_async(f->loop, inner), 0};

    vow_loop_set_report(f->loop, tell, &told);
    vow_unref(vow_async(f->loop, outer));
    g_assert_cmpint(told.count, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/nulls/values", test_values);
    test_add("/nulls/errors", test_errors);
    test_add("/nulls/resolvers", test_resolvers);
    test_add("/nulls/promises", test_promises);
    test_add("/nulls/combinators", test_combinators);
    test_add("/nulls/move-to-itself", test_move_to_itself);
    test_add("/nulls/error-is", test_error_is);
    test_add("/nulls/codes", test_codes);
    test_add("/nulls/print", test_print);
    test_add("/nulls/print-long", test_print_long);
    test_add("/nulls/nested-report", test_nested_report);
    return g_test_run();
}
