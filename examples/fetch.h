/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of fetch_all share: fetch_arguments.c reads the command line, fetch_all.c has the workers,
 * fetch.c has a request, fetch_show.c prints what has become of all of them.
 */
#ifndef EXAMPLES_FETCH_H
#define EXAMPLES_FETCH_H

#include "http.h"

struct request {
    struct http_url url;
    double start, end;
    int status; /* 0 when there was no answer */
    int64_t bytes;
    char outcome[16]; /* for the timeline */
};

struct batch {
    struct request *requests; /* to be released with free(3) */
    size_t count;
    size_t next;    /* the first that no worker has taken */
    size_t limit;   /* workers */
    double seconds; /* for one request */
    bool quiet;
    double start, end;
};

/* Fetches what the URL of a request stands for. The request is lent; its status and bytes are filled in. */
VOW_NODISCARD vow_promise *fetch(vow_loop *loop, struct request *request);

/* Fills in a batch. Says on stderr what is wrong with the command line; false if something is. */
bool parse_arguments(struct batch *batch, int argc, char **argv);

/* Prints how a request has ended, unless the batch is quiet. The error is NULL if it was answered. */
void show_request(const struct batch *batch, struct request *request, const vow_error *error);

/* Prints the timeline, unless the batch is quiet, and the totals. */
void show_batch(const struct batch *batch);

#endif
