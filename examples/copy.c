/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Copies a file, several pieces at a time: copy FROM TO. The file TO must not exist yet.
 *
 * Shows: files that are opened, read and written in pieces beside the loop. Descriptors and buffers that are
 * lent to such work stay until the work has come back, even when one piece fails or a signal comes.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <vow.h>

enum { WORKERS = 4, PIECE = 65536 };

struct job {
    int from, to;
    int64_t next;  /* where the next piece begins */
    int64_t count; /* bytes that were copied */
    bool is_over;  /* the end was seen, or something went wrong */
};

struct worker {
    vow_task task;
    struct job *job;
    int64_t offset;
    char bytes[PIECE];
};

VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    while (!me->job->is_over) {
        me->offset = me->job->next;
        me->job->next += PIECE;
        VOW_AWAIT(me, vow_file_pread(VOW_LOOP(me), me->job->from, me->bytes, PIECE, me->offset));
        size_t count = (size_t) vow_as_int(VOW_RESULT(me));
        if (count == 0)
            break;
        VOW_AWAIT(me, vow_file_pwrite(VOW_LOOP(me), me->job->to, me->bytes, count, me->offset));
        me->job->count += vow_as_int(VOW_RESULT(me));
    }
    VOW_FINALLY(me);
    me->job->is_over = true;
    VOW_END(me);
}

/* Fulfilled when all workers have ended, one way or another: vow_all() would not wait for the others when one
 * has failed, and the files must not be closed under them. */
static vow_promise *copy_pieces(vow_loop *loop, struct job *job)
{
    vow_promise *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = vow_async(loop, worker, .job = job);
    return vow_all_settled(loop, WORKERS, workers);
}

static const vow_error *first_error(const vow_list *outcomes)
{
    for (size_t i = 0; i < vow_list_length(outcomes); i++)
        if (vow_is_error(vow_list_at(outcomes, i)))
            return vow_as_error(vow_list_at(outcomes, i));
    return NULL;
}

struct copy {
    vow_task task;
    const char *from, *to;
    struct job job;
    bool is_done;
};

VOW_ASYNC(copy, me)
{
    VOW_BEGIN(me);
    me->job.from = me->job.to = -1;
    VOW_AWAIT(me, vow_file_open(VOW_LOOP(me), me->from, O_RDONLY, 0));
    me->job.from = vow_take_fd(VOW_RESULT(me));
    VOW_AWAIT(me, vow_file_open(VOW_LOOP(me), me->to, O_WRONLY | O_CREAT | O_EXCL, 0666));
    me->job.to = vow_take_fd(VOW_RESULT(me));
    VOW_AWAIT(me, copy_pieces(VOW_LOOP(me), &me->job));
    const vow_error *error = first_error(vow_as_list(VOW_RESULT(me)));
    if (error)
        VOW_THROW(me, vow_error_ref(error));
    VOW_AWAIT(me, vow_file_sync(VOW_LOOP(me), me->job.to));
    me->is_done = true;
    printf("%lld bytes\n", (long long) me->job.count);
    VOW_FINALLY(me);
    if (me->job.from >= 0)
        close(me->job.from);
    if (me->job.to >= 0 && close(me->job.to) == 0 && !me->is_done)
        unlink(me->to);
    VOW_END(me);
}

static int finish(vow_error *error)
{
    if (!error)
        return 0;
    fprintf(stderr, "copy: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: copy FROM TO\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_promise *copied = vow_async(loop, copy, .from = argv[1], .to = argv[2]);
    vow_value signum = vow_nil();
    vow_error *error =
        vow_run(vow_race_of(loop, copied, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM)), &signum);
    int status = finish(error);
    if (vow_is_int(&signum))
        status = 128 + (int) vow_as_int(&signum);
    vow_loop_free(loop); /* waits for what was cut short by a signal */
    return finish(vow_offload_shutdown(5)) ? 1 : status;
}
