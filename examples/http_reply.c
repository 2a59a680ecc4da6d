/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Composes the answers of the example server.
 * Shows: an error domain of your own that turns into the answer.
 */
#include "http_server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

vow_value http_text(const char *format, ...)
{
    char body[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    return vow_strdup(body);
}

void http_reply(struct exchange *me, const char *body)
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

/* The status that tells the client of an error; 0 when there is no client left to tell. */
static int status_of(const struct exchange *me, const vow_error *error)
{
    if (vow_error_domain(error) == &http_domain)
        return vow_error_code(error);
    if (vow_error_is(error, &vow_domain_errno, ETIMEDOUT))
        return 408;
    if (vow_error_is(error, &vow_domain_errno, ENOMEM))
        return 503;
    if (vow_error_is(error, &vow_domain_vow, VOW_EOF) && me->head.started)
        return 400; /* it has closed its sending side, and may still listen */
    return 0;
}

bool http_reply_error(struct exchange *me, const vow_error *error)
{
    char body[256];
    me->status = status_of(me, error);
    if (me->status == 0)
        return false;
    snprintf(body, sizeof body, "%d %s: %s\n", me->status, http_reason(me->status),
             me->status == 408 ? "the request did not come in time" : vow_error_message(error));
    http_reply(me, body);
    return true;
}
