/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the example server answers.
 * Shows: handlers that return a value, a promise or an error alike, and three concurrent jobs.
 */
#include "http_server.h"

#include <stdlib.h>
#include <string.h>

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

static vow_value sum_up(vow_value *value, void *data)
{
    const struct exchange *exchange = data;
    const vow_list *jobs = vow_as_list(value);
    int sum = 0;
    for (size_t i = 0; i < vow_list_length(jobs); i++)
        sum += (int) vow_as_int(vow_list_at(jobs, i));
    double seconds = ev_now(vow_loop_ev(VOW_LOOP(exchange))) - exchange->began;
    return http_text("%zu jobs, %d ms of work, done in %.0f ms\n", vow_list_length(jobs), sum,
                     seconds * 1000);
}

static vow_value answer_concurrent(struct exchange *exchange, const char *rest)
{
    vow_loop *loop = VOW_LOOP(exchange);
    if (*rest)
        return not_found();
    vow_promise *jobs = vow_all_of(loop, http_job(loop, 100), http_job(loop, 200), http_job(loop, 300));
    return vow_follow(vow_then(http_while_connected(exchange, jobs), sum_up, exchange));
}

static vow_value wake_up(vow_value *ms, void *data)
{
    (void) data;
    return http_text("slept for %d ms\n", (int) vow_as_int(ms));
}

static vow_value answer_sleep(struct exchange *exchange, const char *rest)
{
    int ms = number(rest);
    if (ms < 0)
        return not_found();
    vow_promise *work = http_job(VOW_LOOP(exchange), ms);
    return vow_follow(vow_then(http_while_connected(exchange, work), wake_up, NULL));
}

static vow_value answer_status(struct exchange *exchange, const char *rest)
{
    int status = number(rest);
    if (status < 200 || status > 599)
        return not_found();
    exchange->status = status;
    return http_text("%d %s\n", status, http_reason(status));
}

static vow_value answer_home(struct exchange *exchange, const char *rest)
{
    (void) exchange;
    if (*rest)
        return not_found();
    return http_text("/              this page\n"
                     "/concurrent    three slow jobs at once\n"
                     "/sleep/<ms>    an answer after a while\n"
                     "/status/<code> an answer of that status, 200 to 599\n");
}

static const struct {
    const char *prefix;
    vow_value (*answer)(struct exchange *exchange, const char *rest); /* of the path, after the prefix */
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
