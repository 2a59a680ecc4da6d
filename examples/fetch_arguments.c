/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The command line of fetch_all. Nothing here waits.
 */
#define _POSIX_C_SOURCE 200809L
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool parse_limit(const char *text, size_t *limit)
{
    char *end;
    long number = strtol(text, &end, 10);
    *limit = (size_t) number;
    return *end == '\0' && number > 0;
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return *end == '\0' && *seconds > 0 && *seconds < 1e6;
}

static bool parse_option(struct batch *batch, int option)
{
    if (option == 'c')
        return parse_limit(optarg, &batch->limit);
    if (option == 't')
        return parse_seconds(optarg, &batch->seconds);
    batch->quiet = true;
    return option == 'q';
}

static bool parse_urls(struct batch *batch, char **urls)
{
    batch->requests = calloc(batch->count, sizeof *batch->requests);
    if (!batch->requests)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        if (!http_url_parse(&batch->requests[i].url, urls[i])) {
            fprintf(stderr, "fetch_all: not http://<host>[:port]/path: %s\n", urls[i]);
            return false;
        }
    }
    return true;
}

bool parse_arguments(struct batch *batch, int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "c:t:q")) != -1 && parse_option(batch, option))
        continue;
    if (option != -1 || optind == argc) {
        fputs("usage: fetch_all [-c how many at once] [-t seconds for each] [-q] URL...\n", stderr);
        return false;
    }
    batch->count = (size_t) (argc - optind);
    return parse_urls(batch, argv + optind);
}
