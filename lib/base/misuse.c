/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a program that can only be wrong. The line is put together before it is written, so that it stays one
 * line.
 */
#include "base/misuse-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static VOW_NORETURN void misuse_end(const char *function, const char *made_at, const char *called_at,
                                    const char *format, va_list arguments)
{
    char what[512];

    vsnprintf(what, sizeof what, format, arguments);
    fprintf(stderr, "libvow: misuse of %s: %s%s%s%s%s%s\n", function, what, called_at ? ", at " : "",
            called_at ? called_at : "", made_at ? " (promise made at " : "", made_at ? made_at : "",
            made_at ? ")" : "");
    abort();
}

void vow__misuse(const char *function, const char *made_at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    misuse_end(function, made_at, NULL, format, arguments);
}

void vow__misuse_at(const char *function, const char *made_at, const char *called_at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    misuse_end(function, made_at, called_at, format, arguments);
}

void vow__misuse_null(const char *function, const char *what, const char *site)
{
    vow__misuse_at(function, NULL, site, "the %s is NULL", what);
}

void vow__misuse_bytes(const char *function, size_t size, const char *site)
{
    vow__misuse_at(function, NULL, site, "the data is NULL, and %zu bytes of it are wanted", size);
}
