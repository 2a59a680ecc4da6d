/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of the parser share: http.c takes a head line by line, http_first_line.c and http_field.c
 * know the kinds of lines.
 *
 * All return 0, or the status that answers what is wrong. Lines come without their ending.
 */
#ifndef EXAMPLES_HTTP_PARSE_H
#define EXAMPLES_HTTP_PARSE_H

#include "http.h"

/* Returns the status, and keeps the problem, a static string. */
int http_refuse(struct http_head *head, int status, const char *problem);

/* How many bytes of a text are of a token (RFC 9110, 5.6.2). */
size_t http_token_length(const char *text, size_t length);

/* Whether a text is this word, in upper or lower case. */
bool http_is_word(const char *text, size_t length, const char *word);

/* "GET /path HTTP/1.1" */
int http_request_line(struct http_head *head, const char *line, size_t length);

/* "HTTP/1.1 200 OK" */
int http_status_line(struct http_head *head, const char *line, size_t length);

/* "Host: localhost" */
int http_field(struct http_head *head, const char *line, size_t length);

#endif
