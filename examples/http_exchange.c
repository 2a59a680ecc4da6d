/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * One request and its answer. Shows: a deadline over several steps; an error domain of your own that turns
 * into the answer; a loop that lets others have their turn.
 */
#include "http_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* The status that tells the client of an error; 0 when there is no client left to tell. */
static int status_of(const struct exchange *me, const vow_error *error)
{
    if (vow_error_domain(error) == &http_domain)
        return vow_error_code(error);
    if (vow_error_is(error, &vow_domain_errno, ETIMEDOUT))
        return 408;
    if (vow_error_is(error, &vow_domain_errno, ENOMEM))
        return 503;
    if (vow_error_is(error, &vow_domain_vow,
                     VOW_EOF)) /* it has closed its sending side, and may still listen */
        return me->head.started ? 400 : 0;
    return 0;
}

static void compose(struct exchange *me, const char *body)
{
    me->keep = me->keep && !*me->is_last;
    if (me->status == 205)
        body = "";
    bool has_body = me->status != 204 && me->status != 304;
    bool sends_body = has_body && strcmp(me->head.method, "HEAD") != 0;
    char date[40] = "", length[40] = "";
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    if (has_body)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    int size = snprintf(me->reply, sizeof me->reply,
                        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "%sConnection: %s\r\n\r\n%s",
                        me->status, http_reason(me->status), date, length, me->keep ? "keep-alive" : "close",
                        sends_body ? body : "");
    me->reply_length = (size_t) size; /* it fits: a body has at most 255 bytes, the rest fewer than 400 */
}

static void compose_error(struct exchange *me, const vow_error *error)
{
    char body[256];
    me->status = status_of(me, error);
    snprintf(body, sizeof body, "%d %s: %s\n", me->status, http_reason(me->status),
             me->status == 408 ? "the request did not come in time" : vow_error_message(error));
    compose(me, body);
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
            compose(me, vow_as_str(VOW_RESULT(me)));
        else if (status_of(me, VOW_ERROR(me)) != 0)
            compose_error(me, VOW_ERROR(me));
        else
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
