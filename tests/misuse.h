/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a test commits misuse: in a child process, whose last line of output is compared.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TESTS_MISUSE_H
#define VOW_TESTS_MISUSE_H

#include "support.h"

#include <stdlib.h>
#include <sys/resource.h>

enum { NUMBER_LINE = __LINE__ + 4 };

static inline vow_promise *number(fixture *f)
{
    return vow_resolved(f->loop, vow_int(1));
}

/* In the child: does the deed, which must not return. In the parent: the child died of it with one line that
 * begins as misuse does, has the words in it, and ends with the place where the number was made. */
static inline void expect_abort(fixture *f, void (*misuse)(fixture *f), const char *function,
                                const char *words, bool has_site)
{
    if (g_test_subprocess()) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        misuse(f);
        exit(0);
    }
    char *site = g_strdup_printf(" (promise made at %s:%d)", __FILE__, NUMBER_LINE);
    char *pattern = g_strdup_printf("libvow: misuse of %s: *%s*%s\n", function, words, has_site ? site : "");
    run_in_child(f);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(pattern);
    g_test_trap_assert_stderr_unmatched("*\n?*");
    g_free(pattern);
    g_free(site);
}

/* Defines a test: the statement must abort, naming the function, in these words. */
#define MISUSE(name, statement, function, words, has_site) \
    static void name(fixture *f)                           \
    {                                                      \
        statement;                                         \
    }                                                      \
    static void test_##name(fixture *f)                    \
    {                                                      \
        expect_abort(f, name, function, words, has_site);  \
    }

#endif
