/* SPDX-License-Identifier: BSD-2-Clause */
/* See text-private.h. */
#include "base/text-private.h"

#include <stdarg.h>

void vow__text_add(vow__text *text, const char *format, ...)
{
    size_t room = text->size - text->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    if (text->stream)
        length = vfprintf(text->stream, format, arguments);
    else
        length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0 && !text->stream)
        text->length += (size_t) length < room ? (size_t) length : room - 1;
}
