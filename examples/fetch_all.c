/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Fetches many URLs at once, but not too many: fetch_all [-c at once] [-t seconds each] [-q] URL...
 *
 * Shows: a limit on what runs at once (a number of workers that share one list of work); a deadline for each
 * request, whatever it is doing; failures as results. Prints how each request ended, then a timeline; with -q
 * only the last line. The exit code is 0 if every request has come to an end, good or bad, and 2 for wrong
 * arguments.
 */
#define _POSIX_C_SOURCE 200809L
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
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
        VOW_TRY_AWAIT(me, vow_timeout(fetch(VOW_LOOP(me), me->request), me->batch->seconds));
        me->request->end = now();
        show_request(me->batch, me->request, VOW_ERROR(me));
    }
    VOW_END(me);
}

static vow_promise *start_workers(vow_loop *loop, struct batch *batch)
{
    vow_promise *all = vow_async(loop, worker, .batch = batch);
    for (size_t i = 1; i < batch->limit && i < batch->count; i++)
        all = vow_all_of(loop, all, vow_async(loop, worker, .batch = batch));
    return all;
}

static vow_error *run(vow_loop *loop, struct batch *batch)
{
    batch->start = now();
    vow_error *error = vow_run(start_workers(loop, batch), NULL);
    batch->end = now();
    if (!error)
        show_batch(batch);
    return error;
}

int main(int argc, char **argv)
{
    struct batch batch = {.limit = 16, .seconds = 10};
    if (!parse_arguments(&batch, argc, argv)) {
        free(batch.requests);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop) {
        free(batch.requests);
        return 1;
    }
    vow_error *error = run(loop, &batch);
    vow_loop_free(loop);
    free(batch.requests);
    if (!error)
        return 0;
    fprintf(stderr, "fetch_all: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
