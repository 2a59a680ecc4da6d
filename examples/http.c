/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Parses the head of an HTTP message, one line at a time. See http.h for what it supports.
 *
 * If a message could be read in two ways, this server and another program on the way could see different
 * requests in the same bytes. So it refuses such a message.
 */
#include "http_parse.h"

#include <string.h>

void http_head_init(struct http_head *head, bool is_response)
{
    memset(head, 0, sizeof *head);
    head->is_response = is_response;
    head->content_length = HTTP_UNKNOWN_LENGTH;
}

bool http_keeps_alive(const struct http_head *head)
{
    return !head->close && (head->minor > 0 || head->keep_alive);
}

int http_refuse(struct http_head *head, int status, const char *problem)
{
    head->problem = problem;
    return status;
}

static bool is_implemented(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

/* What can be said only when all fields are known. */
static int check_request(struct http_head *head)
{
    if (head->hosts > 1 || (head->minor > 0 && head->hosts == 0))
        return http_refuse(head, 400, "there is not exactly one Host");
    if (head->transfer_encoding && (head->content_length != HTTP_UNKNOWN_LENGTH || head->minor == 0))
        return http_refuse(head, 400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0");
    if (head->transfer_encoding)
        return http_refuse(head, 501, "a Transfer-Encoding is not supported in requests");
    if (head->content_length > HTTP_BODY_LIMIT)
        return http_refuse(head, 413, "the body is too large");
    if (!is_implemented(head->method))
        return http_refuse(head, 501, "only GET, HEAD and POST are implemented");
    if (head->path[0] != '/')
        return http_refuse(head, 400, "the target has no path");
    return 0;
}

static int check_response(struct http_head *head)
{
    if (head->transfer_encoding)
        return http_refuse(head, 501, "a Transfer-Encoding is not supported in answers");
    if (head->status < 200)
        return http_refuse(head, 501, "interim answers are not supported");
    return 0;
}

static int first_line(struct http_head *head, const char *line, size_t length)
{
    if (length == 0) /* a stray line end after the body before this is common */
        return head->blank_lines++ == 0 && !head->is_response
                   ? 0
                   : http_refuse(head, 400, "there is no first line");
    head->started = true;
    return head->is_response ? http_status_line(head, line, length) : http_request_line(head, line, length);
}

static int last_line(struct http_head *head)
{
    head->complete = true;
    return head->is_response ? check_response(head) : check_request(head);
}

int http_head_line(struct http_head *head, const char *line, size_t length)
{
    head->size += length;
    if (head->size > HTTP_HEAD_LIMIT)
        return http_refuse(head, 431, "the header lines are too large");
    if (length < 2 || line[length - 2] != '\r' || line[length - 1] != '\n')
        return http_refuse(head, 400, "a line does not end in CR LF");
    length -= 2;
    if (!head->started)
        return first_line(head, line, length);
    return length == 0 ? last_line(head) : http_field(head, line, length);
}
