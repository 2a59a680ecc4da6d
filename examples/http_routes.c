/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the example server answers. Shows: handlers that return a value, a promise or an error alike; three
 * concurrent jobs; slow work that stops when the client hangs up.
 */
#define _GNU_SOURCE
#include "http_server.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double hang_up_seconds = 1; /* after the client's last byte, for an answer to be ready */

/* A formatted string as the body of an answer. */
static VOW_PRINTF(1, 2) vow_value text(const char *format, ...)
{
    char body[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    return vow_strdup(body);
}

static vow_value not_found(void)
{
    return vow_throw(vow_error_new_in(&http_domain, 404, "there is no such resource"));
}

/* What stands after a path's last slash: a number of up to 9 digits, or -1. */
static int number(const char *digits)
{
    size_t length = strspn(digits, "0123456789");
    return length > 0 && length <= 9 && digits[length] == '\0' ? atoi(digits) : -1;
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

/* The promise, dropped when the client hangs up first. */
static vow_promise *while_connected(struct exchange *exchange, vow_promise *promise)
{
    vow_loop *loop = VOW_LOOP(exchange);
    return vow_race_of(loop, promise, vow_async(loop, hang_up, .stream = exchange->stream));
}

struct job {
    vow_task task;
    int ms;
};

/* Slow work, such as asking a database. */
VOW_ASYNC(job, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), me->ms / 1000.0));
    VOW_RETURN(me, vow_int(me->ms));
    VOW_END(me);
}

static vow_value sum_up(vow_value *value, void *data)
{
    const struct exchange *exchange = data;
    const vow_list *jobs = vow_as_list(value);
    int sum = 0;
    for (size_t i = 0; i < vow_list_length(jobs); i++)
        sum += (int) vow_as_int(vow_list_at(jobs, i));
    double seconds = ev_now(vow_loop_ev(VOW_LOOP(exchange))) - exchange->began;
    return text("%zu jobs, %d ms of work, done in %.0f ms\n", vow_list_length(jobs), sum, seconds * 1000);
}

static vow_value answer_concurrent(struct exchange *exchange, const char *rest)
{
    vow_loop *loop = VOW_LOOP(exchange);
    if (*rest)
        return not_found();
    vow_promise *jobs = vow_all_of(loop, vow_async(loop, job, .ms = 100), vow_async(loop, job, .ms = 200),
                                   vow_async(loop, job, .ms = 300));
    return vow_follow(vow_then(while_connected(exchange, jobs), sum_up, exchange));
}

static vow_value wake_up(vow_value *ms, void *data)
{
    (void) data;
    return text("slept for %d ms\n", (int) vow_as_int(ms));
}

static vow_value answer_sleep(struct exchange *exchange, const char *rest)
{
    int ms = number(rest);
    if (ms < 0)
        return not_found();
    vow_promise *work = vow_async(VOW_LOOP(exchange), job, .ms = ms);
    return vow_follow(vow_then(while_connected(exchange, work), wake_up, NULL));
}

static vow_value answer_status(struct exchange *exchange, const char *rest)
{
    int status = number(rest);
    if (status < 200 || status > 599)
        return not_found();
    exchange->status = status;
    return text("%d %s\n", status, http_reason(status));
}

static vow_value answer_home(struct exchange *exchange, const char *rest)
{
    (void) exchange;
    if (*rest)
        return not_found();
    return text("/              this page\n"
                "/concurrent    three slow jobs at once\n"
                "/sleep/<ms>    an answer after a while\n"
                "/status/<code> an answer of that status, 200 to 599\n");
}

static const struct {
    const char *prefix;
    vow_value (*answer)(struct exchange *exchange,
                        const char *rest); /* rest: of the path, after the prefix */
} routes[] = {
    {"/concurrent", answer_concurrent},
    {"/sleep/", answer_sleep},
    {"/status/", answer_status},
    {"/", answer_home}, /* last: every path begins so */
};

vow_value http_route(struct exchange *exchange)
{
    const char *path = exchange->head.path;
    size_t i = 0;
    while (strncmp(path, routes[i].prefix, strlen(routes[i].prefix)) != 0)
        i++;
    return routes[i].answer(exchange, path + strlen(routes[i].prefix));
}
