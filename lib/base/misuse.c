/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a program that can only be wrong. The line is put together before it is written, so that it stays one
 * line.
 */
#include "base/misuse-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void vow__misuse(const char *function, const char *site, const char *format, ...)
{
    char what[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    fprintf(stderr, "libvow: misuse of %s: %s%s%s%s\n", function, what, site ? " (promise made at " : "",
            site ? site : "", site ? ")" : "");
    abort();
}

void vow__misuse_null(const char *function, const char *what, const char *site)
{
    vow__misuse(function, NULL, "the %s is NULL%s%s", what, site ? ", at " : "", site ? site : "");
}

void vow__misuse_bytes(const char *function, size_t size, const char *site)
{
    vow__misuse(function, NULL, "the data is NULL, and %zu bytes of it are wanted%s%s", size,
                site ? ", at " : "", site ? site : "");
}
