/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of the example server share: http_server.c accepts connections, http_exchange.c reads a
 * request and writes its answer, http_routes.c finds the answer.
 */
#ifndef EXAMPLES_HTTP_SERVER_H
#define EXAMPLES_HTTP_SERVER_H

#include "http.h"

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

/* Serves what a connection has to ask for. Fulfilled with whether the connection stays open. What is_last
 * points to may become true meanwhile. */
VOW_NODISCARD vow_promise *http_exchange(vow_loop *loop, vow_stream *stream, double seconds,
                                         const bool *is_last);

/* Answers a request that has come as a whole: with the body, a promise of it, or an error of http_domain. */
vow_value http_route(struct exchange *exchange);

#endif
