/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The slow work of the example server. Shows: work that stops when the client hangs up.
 */
#define _GNU_SOURCE
#include "http_server.h"

#include <errno.h>
#include <poll.h>

static const double hang_up_seconds = 1; /* after the client's last byte, for an answer to be ready */

struct job {
    vow_task task;
    int ms;
};

VOW_ASYNC(job, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), me->ms / 1000.0));
    VOW_RETURN(me, vow_int(me->ms));
    VOW_END(me);
}

vow_promise *http_job(vow_loop *loop, int ms)
{
    return vow_async(loop, job, .ms = ms);
}

struct hang_up {
    vow_task task;
    vow_stream *stream;
};

/* Also behind bytes that nobody has read yet. */
static bool has_hung_up(const vow_stream *stream)
{
    struct pollfd ask = {.fd = vow_stream_fd(stream), .events = POLLRDHUP};

    return poll(&ask, 1, 0) > 0;
}

/* Rejects when the client is gone. It may have closed its sending side alone, so it gets a little time. Once
 * its next request is there, the stream stays readable, and only a look from time to time tells. */
VOW_ASYNC(hang_up, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_stream_readable(me->stream));
    while (!has_hung_up(me->stream))
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), hang_up_seconds));
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), hang_up_seconds));
    VOW_THROW(me, vow_error_new(ECONNRESET, "the client hung up"));
    VOW_END(me);
}

vow_promise *http_while_connected(struct exchange *exchange, vow_promise *promise)
{
    vow_loop *loop = VOW_LOOP(exchange);
    return vow_race_of(loop, promise, vow_async(loop, hang_up, .stream = exchange->stream));
}
