/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Prints the replies of a Redis server. Each is one line, or a text whose length is on a line, or an array.
 *
 * Shows: a protocol of lines and counted bytes, read from a stream; and a peer that breaks the protocol.
 */
#include "redis.h"

#include <errno.h>
#include <stdlib.h>

enum { LINE_LIMIT = 1 << 16, TEXT_LIMIT = 1 << 26, DEPTH_LIMIT = 8 }; /* bytes, bytes, arrays in arrays */

struct reply {
    vow_task task;
    vow_stream *stream;
    int depth;                   /* in how many arrays it is */
    long long left[DEPTH_LIMIT]; /* elements that are still to come, of each */
    long long length;            /* of the text that comes after the line; -1 when there is none */
    char *text;
};

/* Whether there is one more line to read. */
static bool has_more(struct reply *me)
{
    while (me->depth > 0 && me->left[me->depth] == 0)
        me->depth--;
    return me->left[me->depth]-- > 0;
}

static bool print(const struct reply *me, const char *kind, const char *text)
{
    printf("%*s%s%s\n", 2 * me->depth, "", kind, text);
    return true;
}

static bool begin_array(struct reply *me, long long length)
{
    if (length == 0)
        return print(me, "(empty array)", "");
    if (me->depth + 1 == DEPTH_LIMIT)
        return false;
    me->left[++me->depth] = length;
    return true;
}

/* Prints what is said in one line, or makes ready for what follows it. False if it is malformed. */
static bool take_line(struct reply *me, const char *line)
{
    me->length = -1;
    if (line[0] == '+')
        return print(me, "", line + 1);
    if (line[0] == '-')
        return print(me, "(error) ", line + 1);
    if (line[0] == ':')
        return print(me, "(integer) ", line + 1);
    char *end;
    long long length = strtoll(line + 1, &end, 10);
    if (end == line + 1 || *end != '\0' || length < -1 || length > TEXT_LIMIT)
        return false;
    if (line[0] == '$')
        me->length = length;
    if (length < 0)
        return print(me, "(nil)", "");
    return line[0] == '$' || (line[0] == '*' && begin_array(me, length));
}

VOW_ASYNC(reply, me)
{
    VOW_BEGIN(me);
    me->left[0] = 1;
    while (has_more(me)) {
        VOW_AWAIT(me, vow_stream_read_line(me->stream, LINE_LIMIT));
        if (vow_is_nil(VOW_RESULT(me)))
            VOW_THROW(me, vow_error_new_in(&vow_domain_vow, VOW_EOF, "the server has closed the connection"));
        if (!take_line(me, vow_as_bytes(VOW_RESULT(me))->data))
            VOW_THROW(me, vow_error_new(EPROTO, "the server does not speak RESP"));
        if (me->length < 0)
            continue;
        me->text = malloc((size_t) me->length + 2);
        if (!me->text)
            VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a reply"));
        VOW_AWAIT(me, vow_stream_read_exactly(me->stream, me->text, (size_t) me->length + 2));
        printf("%*s\"", 2 * me->depth, "");
        fwrite(me->text, 1, (size_t) me->length, stdout);
        puts("\"");
        free(me->text);
        me->text = NULL;
    }
    VOW_FINALLY(me);
    free(me->text);
    VOW_END(me);
}

vow_promise *print_reply(vow_loop *loop, vow_stream *stream)
{
    return vow_async(loop, reply, .stream = stream);
}
