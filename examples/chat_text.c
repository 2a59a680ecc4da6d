/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A text of the chat server. Shows: bytes that are lent to many streams at once. Each write holds a
 * reference, and vow_attach() gives it up when the write has ended, well or not.
 */
#include "chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct text {
    int refs;
    size_t length;
    char bytes[LINE_LIMIT + NAME_LIMIT + 16];
};

struct text *text_new(const char *format, ...)
{
    struct text *text = malloc(sizeof *text);
    if (!text)
        return NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes, sizeof text->bytes, format, arguments);
    va_end(arguments);
    text->length = (size_t) length < sizeof text->bytes ? (size_t) length : sizeof text->bytes - 1;
    text->refs = 1;
    return text;
}

void text_unref(struct text *text)
{
    if (text && --text->refs == 0)
        free(text);
}

static void write_ended(void *text)
{
    text_unref(text);
}

void text_write(struct text *text, vow_stream *stream)
{
    if (!text)
        return;
    text->refs++;
    vow_promise *written = vow_stream_write(stream, text->bytes, text->length);
    vow_forget(vow_attach(written, text, write_ended));
}
