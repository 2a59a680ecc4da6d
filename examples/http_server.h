/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of the example server share: http_server.c accepts connections, http_connection.c waits for
 * their requests, http_exchange.c reads a request and writes the answer of http_reply.c, http_routes.c finds
 * out what to answer, and http_job.c works on it.
 */
#ifndef EXAMPLES_HTTP_SERVER_H
#define EXAMPLES_HTTP_SERVER_H

#include "http.h"

extern double http_request_seconds; /* from a request's first byte to its last: more give 408 */
extern double http_idle_seconds;    /* between requests: then the connection is closed */

/* One request and its answer at a time, and those that the client sent without waiting. */
struct exchange {
    vow_task task;
    vow_stream *stream;  /* the connection's, lent */
    double seconds;      /* for a request, from its first byte to its last */
    const bool *is_last; /* true once no request is to come after the one that is under way */
    bool keep;           /* the connection stays open */
    int status;          /* of the answer */
    double began;        /* when the whole request had come */
    struct http_head head;
    size_t reply_length;
    char reply[1024];
};

/* Serves a connection to its end: the vow_serve_fn of the server. */
vow_promise *http_connection(vow_loop *loop, vow_value *accepted, void *data);

/* From now on each connection ends after the request that is under way, or at once if there is none. */
void http_connections_stop(void);

/* Serves what a connection has to ask for. Fulfilled with whether the connection stays open. What is_last
 * points to may become true meanwhile. */
VOW_NODISCARD vow_promise *http_exchange(vow_loop *loop, vow_stream *stream, double seconds,
                                         const bool *is_last);

/* Answers a request that has come as a whole: with the body, a promise of it, or an error of http_domain. */
vow_value http_route(struct exchange *exchange);

/* The body of an answer, of up to 255 bytes: as printf(3). */
VOW_PRINTF(1, 2) vow_value http_text(const char *format, ...);

/* Composes the answer of an exchange that has a status. */
void http_reply(struct exchange *exchange, const char *body);

/* Composes the answer that tells of an error. False if there is no client left to tell. */
bool http_reply_error(struct exchange *exchange, const vow_error *error);

/* Slow work, such as asking a database: fulfilled with how many milliseconds it was. */
VOW_NODISCARD vow_promise *http_job(vow_loop *loop, int ms);

/* The promise, which is given away, dropped when the client hangs up first. */
VOW_NODISCARD vow_promise *http_while_connected(struct exchange *exchange, vow_promise *promise);

#endif
