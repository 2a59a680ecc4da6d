/* SPDX-License-Identifier: BSD-2-Clause */
/* See find-private.h. */
#include "os/system-private.h"

#include "os/find-private.h"

#include <string.h>

#ifdef HAVE_MEMMEM
const char *vow__find_bytes(const char *hay, size_t hay_length, const char *needle, size_t needle_length)
{
    return memmem(hay, hay_length, needle, needle_length);
}
#else
/* Needles are delimiters: short, and mostly of one or two bytes. */
const char *vow__find_bytes(const char *hay, size_t hay_length, const char *needle, size_t needle_length)
{
    const char *end = hay + hay_length;

    while ((size_t) (end - hay) >= needle_length) {
        const char *found = memchr(hay, *needle, (size_t) (end - hay) - needle_length + 1);

        if (!found || memcmp(found, needle, needle_length) == 0)
            return found;
        hay = found + 1;
    }
    return NULL;
}
#endif
