/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * One request and its answer.
 * Shows: a deadline over several steps, and a loop that lets others have their turn.
 */
#include "http_server.h"

#include <string.h>

static const double write_seconds = 30; /* for the client to take an answer */
static const double linger_seconds = 2; /* for the client to take note that the connection ends */

struct receive {
    vow_task task;
    struct exchange *exchange;
};

/* Reads one request, its body included. */
VOW_ASYNC(receive, me)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct exchange *to = me->exchange;

    VOW_BEGIN(me);
    VOW_AWAIT(me, http_read_head(VOW_LOOP(me), to->stream, &to->head));
    if (to->head.content_length > 0) {
        if (to->head.expects_continue && to->head.minor > 0)
            VOW_AWAIT(me, vow_stream_write(to->stream, go_on, strlen(go_on)));
        VOW_AWAIT(me, http_skip_body(VOW_LOOP(me), to->stream, to->head.content_length));
    }
    VOW_END(me);
}

static vow_value handle(vow_value *nothing, void *data)
{
    (void) nothing;
    struct exchange *exchange = data;
    exchange->keep = http_keeps_alive(&exchange->head);
    exchange->began = ev_now(vow_loop_ev(VOW_LOOP(exchange)));
    return http_route(exchange);
}

static vow_promise *receive_and_handle(struct exchange *exchange)
{
    http_head_init(&exchange->head, false);
    exchange->keep = false; /* until the request has come in one piece */
    exchange->status = 200;
    vow_promise *received = vow_async(VOW_LOOP(exchange), receive, .exchange = exchange);
    return vow_then(vow_timeout(received, exchange->seconds), handle, exchange);
}

/* A connection closed with bytes unread would be reset, and the answer lost: let the client close it first.
 */
static vow_promise *linger(struct exchange *exchange)
{
    return vow_timeout(http_skip_body(VOW_LOOP(exchange), exchange->stream, HTTP_UNKNOWN_LENGTH),
                       linger_seconds);
}

VOW_ASYNC(exchange, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_TRY_AWAIT(me, receive_and_handle(me));
        if (!VOW_ERROR(me))
            http_reply(me, vow_as_str(VOW_RESULT(me)));
        else if (!http_reply_error(me, VOW_ERROR(me)))
            VOW_THROW(me, vow_error_ref(VOW_ERROR(me)));
        VOW_AWAIT(me, vow_timeout(vow_stream_write(me->stream, me->reply, me->reply_length), write_seconds));
        if (!me->keep || vow_stream_buffered(me->stream) == 0)
            break;
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me))); /* its next request is here, but others get their turn */
    }
    if (!me->keep) {
        VOW_TRY_AWAIT(me, vow_stream_shutdown(me->stream));
        VOW_TRY_AWAIT(me, linger(me));
    }
    VOW_RETURN(me, vow_bool(me->keep));
    VOW_END(me);
}

vow_promise *http_exchange(vow_loop *loop, vow_stream *stream, double seconds, const bool *is_last)
{
    return vow_async(loop, exchange, .stream = stream, .seconds = seconds, .is_last = is_last);
}
