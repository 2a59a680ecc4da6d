/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Fetches many URLs at once, but not too many: fetch_all [-c at once] [-t seconds each] [-q] URL...
 *
 * Shows: a limit on what runs at once (a number of workers that share one list of work); a deadline for each
 * request, whatever it is doing; failures as results. Prints how each request ended, then a timeline; with -q
 * only the last line. The exit code is 0 if every request has come to an end, good or bad, and 2 for wrong
 * arguments. It asks in HTTP/1.0, so that no answer's body is chunked.
 */
#define _POSIX_C_SOURCE 200809L
#include "http.h"
#include "timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
    struct http_url url;
    double start, end;
    int status; /* 0 when there was no answer */
    int64_t bytes;
    char outcome[16]; /* for the timeline */
};

struct batch {
    struct request *requests;
    size_t count;
    size_t next;    /* the first that no worker has taken */
    long limit;     /* workers */
    double seconds; /* for one request */
    bool quiet;
    double start, end;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

struct fetch {
    vow_task task;
    struct request *request;
    vow_stream *stream;
    struct http_head head;
    char text[HTTP_PATH_LIMIT + 128]; /* of the request */
};

static size_t compose(struct fetch *me)
{
    int length = snprintf(me->text, sizeof me->text, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n",
                          me->request->url.path, me->request->url.authority);
    return (size_t) length; /* it fits: each part has its limit */
}

static bool has_body(const struct http_head *head)
{
    return head->status != 204 && head->status != 304;
}

VOW_ASYNC(fetch, me)
{
    VOW_BEGIN(me);
    http_head_init(&me->head, true);
    VOW_AWAIT(me, vow_connect(VOW_LOOP(me), me->request->url.host, me->request->url.port));
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(VOW_RESULT(me)));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    VOW_AWAIT(me, vow_stream_write(me->stream, me->text, compose(me)));
    VOW_AWAIT(me, http_read_head(VOW_LOOP(me), me->stream, &me->head));
    if (has_body(&me->head)) {
        VOW_AWAIT(me, http_skip_body(VOW_LOOP(me), me->stream, me->head.content_length));
        me->request->bytes = vow_as_int(VOW_RESULT(me));
    }
    me->request->status = me->head.status;
    VOW_FINALLY(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static void show(const struct batch *batch, const struct request *request, const vow_error *error)
{
    if (batch->quiet)
        return;
    printf("http://%s%s: ", request->url.authority, request->url.path);
    if (error)
        printf("%s\n", vow_error_message(error));
    else
        printf("%d, %lld bytes, %.0f ms\n", request->status, (long long) request->bytes,
               (request->end - request->start) * 1000);
}

static void finish(const struct batch *batch, struct request *request, const vow_error *error)
{
    request->end = now();
    if (!error)
        snprintf(request->outcome, sizeof request->outcome, "%d", request->status);
    else
        snprintf(request->outcome, sizeof request->outcome,
                 vow_error_is(error, &vow_domain_errno, ETIMEDOUT) ? "timed out" : "failed");
    show(batch, request, error);
}

struct worker {
    vow_task task;
    struct batch *batch;
    struct request *request; /* under way */
};

/* Takes one request after the other, until none is left. */
VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    while (me->batch->next < me->batch->count) {
        me->request = &me->batch->requests[me->batch->next++];
        me->request->start = now();
        VOW_TRY_AWAIT(
            me, vow_timeout(vow_async(VOW_LOOP(me), fetch, .request = me->request), me->batch->seconds));
        finish(me->batch, me->request, VOW_ERROR(me));
    }
    VOW_END(me);
}

static vow_promise *fetch_all(vow_loop *loop, struct batch *batch)
{
    size_t limit = (size_t) batch->limit < batch->count ? (size_t) batch->limit : batch->count;
    vow_promise **workers = calloc(limit, sizeof(vow_promise *));
    if (!workers)
        return vow_rejected(loop, vow_error_new(ENOMEM, "no memory for %zu workers", limit));
    for (size_t i = 0; i < limit; i++)
        workers[i] = vow_async(loop, worker, .batch = batch);
    vow_promise *all = vow_all(loop, limit, workers);
    free(workers);
    return all;
}

static bool parse_urls(struct batch *batch, char **urls)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (!http_url_parse(&batch->requests[i].url, urls[i])) {
            fprintf(stderr, "fetch_all: not http://<host>[:port]/path: %s\n", urls[i]);
            return false;
        }
    }
    return true;
}

static void print_timeline(const struct batch *batch)
{
    struct timeline_row *rows = calloc(batch->count, sizeof *rows);
    for (size_t i = 0; rows && i < batch->count; i++) {
        const struct request *request = &batch->requests[i];
        rows[i] = (struct timeline_row){.label = request->url.path,
                                        .outcome = request->outcome,
                                        .failed = request->status < 200 || request->status > 399,
                                        .start = request->start - batch->start,
                                        .end = request->end - batch->start};
    }
    if (rows)
        timeline_print(rows, batch->count, batch->end - batch->start);
    free(rows);
}

static void print_totals(const struct batch *batch)
{
    double longest = 0, sum = 0;
    for (size_t i = 0; i < batch->count; i++) {
        double seconds = batch->requests[i].end - batch->requests[i].start;
        longest = seconds > longest ? seconds : longest;
        sum += seconds;
    }
    printf("total %.2f s, longest single request %.2f s, sum of all %.1f s\n", batch->end - batch->start,
           longest, sum);
}

static int run(struct batch *batch)
{
    struct ev_loop *ev = EV_DEFAULT;
    vow_loop *loop = ev ? vow_loop_new(ev) : NULL;
    if (!loop)
        return 1;
    batch->start = now();
    vow_error *error = vow_run(fetch_all(loop, batch), NULL);
    batch->end = now();
    int status = error ? 1 : 0;
    if (error)
        fprintf(stderr, "fetch_all: %s\n", vow_error_message(error));
    else if (!batch->quiet)
        print_timeline(batch);
    if (!error)
        print_totals(batch);
    vow_error_unref(error);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    return status;
}

static bool parse_limit(const char *text, long *limit)
{
    char *end;
    *limit = strtol(text, &end, 10);
    return *end == '\0' && *limit > 0;
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

static int usage(void)
{
    fprintf(stderr, "usage: fetch_all [-c how many at once] [-t seconds for each] [-q] URL...\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct batch batch = {.limit = 16, .seconds = 10};
    int option;
    while ((option = getopt(argc, argv, "c:t:q")) != -1)
        if (!parse_option(&batch, option))
            return usage();
    if (optind == argc)
        return usage();
    batch.count = (size_t) (argc - optind);
    batch.requests = calloc(batch.count, sizeof *batch.requests);
    if (!batch.requests)
        return 1;
    int status = parse_urls(&batch, argv + optind) ? run(&batch) : 2;
    free(batch.requests);
    return status;
}
