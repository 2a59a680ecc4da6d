/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * One request of fetch_all, from the connection to the last byte of the answer.
 * It asks in HTTP/1.0, so that no answer's body is chunked.
 */
#include "fetch.h"

#include <errno.h>
#include <stdio.h>

struct fetch {
    vow_task task;
    struct request *request;
    vow_stream *stream;
    struct http_head head;
    char text[HTTP_PATH_LIMIT + 128]; /* of the request */
};

static size_t compose(struct fetch *me)
{
    int length = snprintf(me->text, sizeof me->text, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n",
                          me->request->url.path, me->request->url.authority);
    return (size_t) length; /* it fits: each part has its limit */
}

static bool has_body(const struct http_head *head)
{
    return head->status != 204 && head->status != 304;
}

VOW_ASYNC(fetch, me)
{
    VOW_BEGIN(me);
    http_head_init(&me->head, true);
    VOW_AWAIT(me, vow_connect(VOW_LOOP(me), me->request->url.host, me->request->url.port));
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(VOW_RESULT(me)));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    VOW_AWAIT(me, vow_stream_write(me->stream, me->text, compose(me)));
    VOW_AWAIT(me, http_read_head(VOW_LOOP(me), me->stream, &me->head));
    if (has_body(&me->head)) {
        VOW_AWAIT(me, http_skip_body(VOW_LOOP(me), me->stream, me->head.content_length));
        me->request->bytes = vow_as_int(VOW_RESULT(me));
    }
    me->request->status = me->head.status;
    VOW_FINALLY(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

vow_promise *fetch(vow_loop *loop, struct request *request)
{
    return vow_async(loop, fetch, .request = request);
}
