/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Copies a file, several pieces at a time: copy FROM TO. The file TO must not exist yet.
 *
 * Shows: files that are opened, read and written in pieces on threads. Descriptors and buffers that are lent
 * to such work stay until the work has come back, even when one piece fails or a signal comes.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <vow.h>

enum { WORKERS = 4, PIECE = 65536 };

struct copy {
    vow_task task;
    const char *from_path, *to_path;
    vow_value from, to; /* the descriptors */
    int64_t next;       /* where the next piece begins */
    int64_t count;      /* bytes that were copied */
    bool is_done;
};

struct worker {
    vow_task task;
    struct copy *copy;
    int64_t offset;
    char bytes[PIECE];
};

/* Copies one piece after the other, until it meets the end of the file. */
VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    for (;;) {
        me->offset = me->copy->next;
        me->copy->next += PIECE;
        VOW_AWAIT(me, vow_file_pread(VOW_LOOP(me), vow_as_fd(&me->copy->from), me->bytes, PIECE, me->offset));
        size_t count = (size_t) vow_as_int(VOW_RESULT(me));
        if (count == 0)
            break;
        VOW_AWAIT(me, vow_file_pwrite(VOW_LOOP(me), vow_as_fd(&me->copy->to), me->bytes, count, me->offset));
        me->copy->count += vow_as_int(VOW_RESULT(me));
    }
    VOW_END(me);
}

/* If one worker fails, vow_all() drops the others. It settles when none of them uses the files any more. */
static vow_promise *copy_pieces(vow_loop *loop, struct copy *copy)
{
    vow_promise *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = vow_async(loop, worker, .copy = copy);
    return vow_all(loop, WORKERS, workers);
}

VOW_ASYNC(copy, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_file_open(VOW_LOOP(me), me->from_path, O_RDONLY, 0));
    me->from = vow_take(VOW_RESULT(me));
    VOW_AWAIT(me, vow_file_open(VOW_LOOP(me), me->to_path, O_WRONLY | O_CREAT | O_EXCL, 0666));
    me->to = vow_take(VOW_RESULT(me));
    VOW_AWAIT(me, copy_pieces(VOW_LOOP(me), me));
    VOW_AWAIT(me, vow_file_sync(VOW_LOOP(me), vow_as_fd(&me->to)));
    me->is_done = true;
    printf("%lld bytes\n", (long long) me->count);
    VOW_FINALLY(me);
    if (vow_is_fd(&me->to) && !me->is_done)
        unlink(me->to_path);
    vow_value_drop(me->from);
    vow_value_drop(me->to);
    VOW_END(me);
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
    vow_promise *copied = vow_async(loop, copy, .from_path = argv[1], .to_path = argv[2]);
    vow_promise *signalled = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    vow_value signum = vow_nil();
    vow_error *error = vow_run(vow_race_of(loop, copied, signalled), &signum);
    vow_loop_free(loop);
    if (!error)
        error = vow_offload_shutdown(5);
    if (error)
        fprintf(stderr, "copy: %s\n", vow_error_message(error));
    int status = error ? 1 : vow_is_int(&signum) ? 128 + (int) vow_as_int(&signum) : 0;
    vow_error_unref(error);
    return status;
}
