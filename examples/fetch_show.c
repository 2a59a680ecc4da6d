/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Prints how each request of fetch_all has ended, then a timeline and the totals. Nothing here waits.
 */
#include "fetch.h"
#include "timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *describe(const vow_error *error)
{
    return vow_error_is(error, &vow_domain_errno, ETIMEDOUT) ? "timed out" : "failed";
}

void show_request(const struct batch *batch, struct request *request, const vow_error *error)
{
    if (error)
        snprintf(request->outcome, sizeof request->outcome, "%s", describe(error));
    else
        snprintf(request->outcome, sizeof request->outcome, "%d", request->status);
    if (batch->quiet)
        return;
    printf("http://%s%s: ", request->url.authority, request->url.path);
    if (error)
        printf("%s\n", vow_error_message(error));
    else
        printf("%d, %lld bytes, %.0f ms\n", request->status, (long long) request->bytes,
               (request->end - request->start) * 1000);
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

void show_batch(const struct batch *batch)
{
    if (!batch->quiet)
        print_timeline(batch);
    print_totals(batch);
}
