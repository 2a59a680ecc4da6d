/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Reads the head and the body of an HTTP message, for http_server and fetch_all. See http.h for the contract.
 * Shows: tasks that another task awaits, and that borrow its stream.
 */
#include "http.h"

#include <errno.h>

struct read_head {
    vow_task task;
    vow_stream *stream;
    struct http_head *head;
};

static vow_error *malformed(const struct http_head *head, int status, const char *problem)
{
    if (head->is_response)
        return vow_error_new(EPROTO, "malformed answer: %s", problem);
    return vow_error_new_in(&http_domain, status, "%s", problem);
}

/* What a line that could not be read means for the message. */
static vow_error *unreadable(const struct read_head *me, const vow_error *error)
{
    bool is_eof = vow_error_is(error, &vow_domain_vow, VOW_EOF);
    bool is_empty = me->head->size == 0 && vow_stream_buffered(me->stream) == 0;
    if (is_eof && !is_empty)
        return malformed(me->head, 400, "it ends in the middle");
    if (vow_error_is(error, &vow_domain_errno, EMSGSIZE))
        return malformed(me->head, me->head->started ? 431 : 414, "a line is too long");
    return vow_error_ref(error);
}

/* Parses a line. NULL, or what is wrong with it. */
static vow_error *take_line(struct read_head *me, const vow_bytes *line)
{
    int status = http_head_line(me->head, line->data, line->length);
    return status == 0 ? NULL : malformed(me->head, status, me->head->problem);
}

VOW_ASYNC(read_head, me)
{
    vow_error *error = NULL; /* good until the next await */

    VOW_BEGIN(me);
    while (!me->head->complete) {
        VOW_TRY_AWAIT(me, vow_stream_read_until(me->stream, "\n", HTTP_LINE_LIMIT));
        if (VOW_ERROR(me))
            VOW_THROW(me, unreadable(me, VOW_ERROR(me)));
        error = take_line(me, vow_as_bytes(VOW_RESULT(me)));
        if (error)
            VOW_THROW(me, error);
    }
    VOW_END(me);
}

vow_promise *http_read_head(vow_loop *loop, vow_stream *stream, struct http_head *head)
{
    return vow_async(loop, read_head, .stream = stream, .head = head);
}

struct skip_body {
    vow_task task;
    vow_stream *stream;
    int64_t length; /* bytes to skip, or HTTP_UNKNOWN_LENGTH */
    int64_t skipped;
    char scratch[2048];
};

/* How much is to be read next. */
static size_t share(const struct skip_body *me)
{
    bool all =
        me->length == HTTP_UNKNOWN_LENGTH || (uint64_t) (me->length - me->skipped) > sizeof me->scratch;
    return all ? sizeof me->scratch : (size_t) (me->length - me->skipped);
}

VOW_ASYNC(skip_body, me)
{
    VOW_BEGIN(me);
    while (me->skipped != me->length) {
        VOW_AWAIT(me, vow_stream_read(me->stream, me->scratch, share(me)));
        if (vow_as_int(VOW_RESULT(me)) == 0)
            break;
        me->skipped += vow_as_int(VOW_RESULT(me));
    }
    if (me->length != HTTP_UNKNOWN_LENGTH && me->skipped < me->length)
        VOW_THROW(me, vow_error_new_in(&vow_domain_vow, VOW_EOF, "the body ends in the middle"));
    VOW_RETURN(me, vow_int(me->skipped));
    VOW_END(me);
}

vow_promise *http_skip_body(vow_loop *loop, vow_stream *stream, int64_t length)
{
    return vow_async(loop, skip_body, .stream = stream, .length = length);
}
