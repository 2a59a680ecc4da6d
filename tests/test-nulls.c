/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NULL where nothing is to be done does nothing; NULL anywhere else is misuse, and one line says of which
 * function. Each row is played in a child process of its own. And what errors and reports say.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE /* for open_memstream() and EAI_… */

#include "support.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static vow_promise *volatile no_promise;
static vow_error *volatile no_error;
static vow_value *volatile no_value;
static vow_resolver *volatile no_resolver;
static vow_loop *volatile no_loop;
static vow_list *volatile no_list;
static const vow_type *volatile no_type;
static const vow_domain *volatile no_domain;

/* The name of the function that the line is to name, or NULL where nothing happens. */
typedef struct row {
    const char *name;
    void (*call)(fixture *f);
    bool does_nothing;
} row;

#define ROW(id, statement)            \
    static void call_##id(fixture *f) \
    {                                 \
        (void) f;                     \
        statement;                    \
    }

#define MISUSES(row)                                                                                             \
    row(vow_resolve, vow_resolve(no_resolver, vow_nil())) row(                                                   \
        vow_reject,                                                                                              \
        vow_reject(                                                                                              \
            no_resolver,                                                                                         \
            vow_error_new(                                                                                       \
                EIO, "x"))) row(vow_resolver_abandon,                                                            \
                                vow_resolver_abandon(                                                            \
                                    no_resolver)) row(vow_resolver_move,                                         \
                                                      vow_resolver_move(                                         \
                                                          no_resolver,                                           \
                                                          no_resolver,                                           \
                                                          NULL)) row(vow_resolver_is_pending,                    \
                                                                     exit(vow_resolver_is_pending(               \
                                                                         no_resolver)))                          \
        row(vow_try, vow_unref(vow_try(f->loop, NULL, NULL))) row(                                               \
            vow_error_ref,                                                                                       \
            vow_error_unref(                                                                                     \
                vow_error_ref(no_error))) row(vow_error_code,                                                    \
                                              exit(vow_error_code(                                               \
                                                  no_error))) row(vow_error_domain,                              \
                                                                  exit(vow_error_domain(no_error) != NULL))      \
            row(vow_error_message, exit(vow_error_message(no_error) != NULL)) row(                               \
                vow_error_cause,                                                                                 \
                exit(                                                                                            \
                    vow_error_cause(no_error) !=                                                                 \
                    NULL)) row(vow_error_list,                                                                   \
                               exit(                                                                             \
                                   vow_error_list(no_error) !=                                                   \
                                   NULL)) row(vow_error_site,                                                    \
                                              exit(                                                              \
                                                  vow_error_site(no_error, 0) !=                                 \
                                                  NULL)) row(vow_error_print, vow_error_print(no_error, stdout)) \
                row(vow_error_is, exit(vow_error_is(no_error, no_domain, 1))) row(                               \
                    vow_error_new_in,                                                                            \
                    vow_error_unref(vow_error_new_in(                                                            \
                        no_domain,                                                                               \
                        1, "x"))) row(vow_throw,                                                                 \
                                      vow_value_drop(vow_throw(                                                  \
                                          no_error))) row(vow_follow, vow_value_drop(vow_follow(no_promise)))    \
                    row(vow_own, vow_value_drop(vow_own(f, no_type))) row(                                       \
                        vow_is_nil,                                                                              \
                        exit(                                                                                    \
                            vow_is_nil(no_value))) row(vow_is_bool,                                              \
                                                       exit(vow_is_bool(                                         \
                                                           no_value))) row(vow_is_int,                           \
                                                                           exit(vow_is_int(no_value)))           \
                        row(vow_is_double, exit(vow_is_double(no_value))) row(                                   \
                            vow_is_ptr,                                                                          \
                            exit(vow_is_ptr(no_value))) row(vow_is_str, exit(vow_is_str(no_value)))              \
                            row(vow_is_list,                                                                     \
                                exit(vow_is_list(no_value))) row(vow_is_error, exit(vow_is_error(no_value)))     \
                                row(vow_is_fd, exit(vow_is_fd(no_value))) row(                                   \
                                    vow_is_bytes,                                                                \
                                    exit(vow_is_bytes(no_value))) row(vow_as_int,                                \
                                                                      exit((int) vow_as_int(no_value)))          \
                                    row(vow_as_str, exit(vow_as_str(no_value) != NULL)) row(                     \
                                        vow_as_fd, exit(vow_as_fd(no_value)))                                    \
                                        row(vow_take_fd, exit(vow_take_fd(no_value))) row(                       \
                                            vow_value_type_name,                                                 \
                                            exit(                                                                \
                                                vow_value_type_name(no_value) !=                                 \
                                                NULL)) row(vow_list_at,                                          \
                                                           exit(vow_list_at(no_list, 0) != NULL))                \
                                            row(vow_ref, vow_unref(vow_ref(no_promise))) row(                    \
                                                vow_peek,                                                        \
                                                exit(                                                            \
                                                    vow_peek(no_promise) !=                                      \
                                                    NULL)) row(vow_is_pending,                                   \
                                                               exit(vow_is_pending(                              \
                                                                   no_promise))) row(vow_is_fulfilled,           \
                                                                                     exit(vow_is_fulfilled(      \
                                                                                         no_promise)))           \
                                                row(vow_is_rejected, exit(vow_is_rejected(no_promise))) row(     \
                                                    vow_promise_loop,                                            \
                                                    exit(                                                        \
                                                        vow_promise_loop(no_promise) !=                          \
                                                        NULL)) row(vow_promise_site,                             \
                                                                   exit(                                         \
                                                                       vow_promise_site(no_promise) !=           \
                                                                       NULL))                                    \
                                                    row(vow_then,                                                \
                                                        vow_unref(vow_then(no_promise, NULL, NULL)))             \
                                                        row(vow_catch,                                           \
                                                            vow_unref(vow_catch(no_promise, NULL, NULL)))        \
                                                            row(vow_then_catch,                                  \
                                                                vow_unref(vow_then_catch(no_promise, NULL,       \
                                                                                         NULL,                   \
                                                                                         NULL)))                 \
                                                                row(vow_finally,                                 \
                                                                    vow_unref(vow_finally(                       \
                                                                        no_promise,                              \
                                                                        NULL, NULL))) row(vow_attach,            \
                                                                                          vow_unref(vow_attach(  \
                                                                                              no_promise,        \
                                                                                              NULL, free)))      \
                                                                    row(vow_timeout, vow_unref(vow_timeout(      \
                                                                                         no_promise, 1)))        \
                                                                        row(vow_run,                             \
                                                                            vow_error_unref(                     \
                                                                                vow_run(no_promise, NULL)))      \
                                                                            row(vow_resolved,                    \
                                                                                vow_unref(vow_resolved(          \
                                                                                    no_loop, vow_nil())))        \
                                                                                row(vow_rejected,                \
                                                                                    vow_unref(vow_rejected(      \
                                                                                        f->loop, no_error)))     \
                                                                                    row(vow_all,                 \
                                                                                        vow_unref(vow_all(       \
                                                                                            f->loop, 1,          \
                                                                                            (vow_promise         \
                                                                                                 *[]){           \
                                                                                                no_promise})))   \
                                                                                        row(vow_race,            \
                                                                                            vow_unref(           \
                                                                                                vow_race(        \
                                                                                                    f->loop,     \
                                                                                                    1,           \
                                                                                                    NULL)))

/* What does nothing. */
#define NOTHINGS(row)                                                             \
    row(vow_unref, vow_unref(no_promise)) row(vow_cancel, vow_cancel(no_promise)) \
        row(vow_detach, vow_detach(no_promise)) row(vow_error_unref, vow_error_unref(no_error))

MISUSES(ROW)
NOTHINGS(ROW)

#define MISUSE_ROW(id, statement) {#id, call_##id, false},
#define NOTHING_ROW(id, statement) {#id, call_##id, true},
static const row rows[] = {MISUSES(MISUSE_ROW) NOTHINGS(NOTHING_ROW)};

/* Plays a row in a child, and gives how that ended; what it wrote to stderr is in `text`. */
static int play(fixture *f, const row *what, char *text, size_t size)
{
    int ends[2], status;
    size_t length = 0;
    ssize_t n;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(ends[1], STDERR_FILENO);
        what->call(f);
        _exit(0);
    }
    close(ends[1]);
    while ((n = read(ends[0], text + length, size - 1 - length)) > 0)
        length += (size_t) n;
    text[length] = '\0';
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static void test_table(fixture *f)
{
    char text[1000];

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        int status = play(f, &rows[i], text, sizeof text);
        char *start = g_strdup_printf("libvow: misuse of %s: ", rows[i].name);

        g_test_message("%s: %s", rows[i].name, text);
        if (rows[i].does_nothing) {
            g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            g_assert_cmpstr(text, ==, "");
        } else {
            g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
            g_assert_true(g_str_has_prefix(text, start));
            g_assert_true(strchr(text, '\n') == text + strlen(text) - 1);
        }
        g_free(start);
    }
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
    test_add("/nulls/table", test_table);
    test_add("/nulls/move-to-itself", test_move_to_itself);
    test_add("/nulls/error-is", test_error_is);
    test_add("/nulls/codes", test_codes);
    test_add("/nulls/print", test_print);
    test_add("/nulls/print-long", test_print_long);
    test_add("/nulls/nested-report", test_nested_report);
    return g_test_run();
}
