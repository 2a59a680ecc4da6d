/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * As much of HTTP/1.0 and HTTP/1.1 (RFC 9112) as the example server and client need.
 *
 * http.c parses messages, line by line, with http_first_line.c and http_field.c. http_url.c parses URLs, and
 * http_reason.c knows the statuses. None of these does I/O; http_io.c reads with them. What is not supported
 * is refused by name and never guessed at: a Transfer-Encoding (chunked bodies) gives 501, a folded header
 * line, a line that ends in LF alone and two Content-Length fields give 400.
 */
#ifndef EXAMPLES_HTTP_H
#define EXAMPLES_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vow.h>

enum {
    HTTP_LINE_LIMIT = 8192,        /* bytes in one line: more gives 414 or 431 */
    HTTP_HEAD_LIMIT = 16384,       /* bytes in all lines: more gives 431 */
    HTTP_FIELD_LIMIT = 100,        /* header lines: more give 431 */
    HTTP_PATH_LIMIT = 1024,        /* bytes in a path: more give 414 */
    HTTP_BODY_LIMIT = 1024 * 1024, /* bytes in a request's body: more give 413 */
    HTTP_LENGTH_DIGITS = 15,       /* digits in a Content-Length: more give 413 */
    HTTP_UNKNOWN_LENGTH = -1       /* no Content-Length was given */
};

/* The first lines and header fields of a request or a response, as far as anybody asks for them. */
struct http_head {
    bool is_response;
    bool started;  /* the first line was read */
    bool complete; /* the empty line was read */
    bool transfer_encoding, close, keep_alive, expects_continue;
    int minor;  /* of HTTP/1.minor */
    int status; /* of a response */
    int blank_lines, fields, hosts;
    size_t size;            /* bytes read so far */
    int64_t content_length; /* or HTTP_UNKNOWN_LENGTH */
    char method[8];
    char path[HTTP_PATH_LIMIT + 1]; /* without the query; not decoded */
    const char *problem;            /* what was wrong, once http_head_line() said so; static */
};

/* "http://[::1]:80/a?b#c" has the authority "[::1]:80", the host "::1", the port "80" and the path "/a?b". */
struct http_url {
    char authority[72], host[64], port[8], path[HTTP_PATH_LIMIT + 1];
};

/* Errors of this domain carry the status to answer with. */
extern const vow_domain http_domain;

/* What a status means, as in its reason phrase. */
const char *http_reason(int status);

/* Makes a head ready for the first line. */
void http_head_init(struct http_head *head, bool is_response);

/* Takes the next line, its ending included. Returns 0, or the status that answers what is wrong with it. */
int http_head_line(struct http_head *head, const char *line, size_t length);

/* Takes a URL apart; false when it is not http://<host>[:port][/path]. */
bool http_url_parse(struct http_url *url, const char *text);

/* Whether the connection stays open after this message. */
bool http_keeps_alive(const struct http_head *head);

/*
 * Reads a head into `head`, which http_head_init() made ready. Both it and the stream are lent.
 * Rejects in http_domain for what is wrong with it; with VOW_EOF when the stream ends before its first byte.
 */
VOW_NODISCARD vow_promise *http_read_head(vow_loop *loop, vow_stream *stream, struct http_head *head);

/*
 * Reads and forgets `length` bytes, or HTTP_UNKNOWN_LENGTH for all until the stream ends. The stream is lent.
 * Fulfilled with how many they were; rejects with VOW_EOF when they were fewer than `length`.
 */
VOW_NODISCARD vow_promise *http_skip_body(vow_loop *loop, vow_stream *stream, int64_t length);

#endif
