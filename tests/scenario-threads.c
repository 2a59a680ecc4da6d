/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of threads: jobs on the pool, remotes, files. A job may allocate while the loop's thread is in
 * any call. So calls that must take no memory are allowed as much as the job takes.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---- Jobs ---------------------------------------------------------------------------------------------- */

static vow_value make_text(void *data)
{
    (void) data;
    return vow_strdup("text");
}

static vow_value throw_text(void *data)
{
    (void) data;
    return vow_throwf(EIO, "a %s of a job", "throw");
}

static vow_promise *make_job(struct world *w)
{
    return ended(w, vow_attach(vow_offload(w->loop, make_text, NULL), owe(w), count_release));
}

static vow_promise *make_throw(struct world *w)
{
    return ended(w, vow_offload(w->loop, throw_text, NULL));
}

static vow_promise *make_several(struct world *w)
{
    return vow_all_of(w->loop, make_job(w), make_job(w), make_job(w));
}

/* ---- Remotes ------------------------------------------------------------------------------------------- */

/* A thread of the program's, which is waited for when nobody needs its promise any more. */
struct stranger {
    pthread_t thread;
    vow_remote *remote;
    struct once *once;
};

static void *settle(void *data)
{
    struct stranger *stranger = data;

    vow_remote_resolve(stranger->remote, vow_strdup("text"));
    return NULL;
}

static void *refuse(void *data)
{
    struct stranger *stranger = data;

    vow_remote_reject(stranger->remote, vow_error_new(EIO, "refused"));
    return NULL;
}

static void *abandon(void *data)
{
    struct stranger *stranger = data;

    vow_remote_abandon(stranger->remote);
    return NULL;
}

static void stranger_join(void *data)
{
    struct stranger *stranger = data;

    pthread_join(stranger->thread, NULL);
    count_release(stranger->once);
    g_free(stranger);
}

static vow_promise *with_stranger(struct world *w, void *(*fn)(void *) )
{
    struct stranger *stranger = g_new0(struct stranger, 1);
    vow_promise *promise = vow_remote_new(w->loop, &stranger->remote);

    stranger->once = owe(w);
    g_assert_cmpint(pthread_create(&stranger->thread, NULL, fn, stranger), ==, 0);
    return vow_attach(promise, stranger, stranger_join);
}

static vow_promise *make_remote(struct world *w)
{
    return with_stranger(w, settle);
}

static vow_promise *make_refused(struct world *w)
{
    return with_stranger(w, refuse);
}

static vow_promise *make_abandoned(struct world *w)
{
    return with_stranger(w, abandon);
}

/* ---- Files --------------------------------------------------------------------------------------------- */

static vow_value read_back(vow_value *value, void *data)
{
    struct mark mark = enter(data);

    (void) value;
    return made(mark, vow_follow(vow_file_read(mark.w->loop, mark.w->path, 100)));
}

static vow_promise *make_file(struct world *w)
{
    return vow_then(vow_file_write(w->loop, w->path, "text", 4), read_back, w);
}

static vow_promise *make_no_file(struct world *w)
{
    return ended(w, vow_file_read(w->loop, w->path, 100));
}

struct pieces {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    int fd;
    char buffer[8];
};

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

VOW_ASYNC(pieces, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->fd = -1;
    AWAIT(me, vow_file_open(VOW_LOOP(me), me->w->path, O_RDWR | O_CREAT, 0600));
    me->fd = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, vow_file_pwrite(VOW_LOOP(me), me->fd, "a piece", 7, 10));
    AWAIT(me, vow_file_sync(VOW_LOOP(me), me->fd));
    AWAIT(me, vow_file_pread(VOW_LOOP(me), me->fd, me->buffer, 7, 10));
    g_assert_cmpstr(me->buffer, ==, "a piece");
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me); /* nothing is lent any more */
    memset(me->buffer, 0, sizeof me->buffer);
    if (me->fd >= 0)
        g_assert_cmpint(close(me->fd), ==, 0);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_pieces(struct world *w)
{
    return vow_async(w->loop, pieces, .w = w);
}

const struct scenario thread_scenarios[] = {
    {"job", make_job, "text", NULL, 1, 0},
    {"throw", make_throw, "!EIO", NULL, 1, 0},
    {"several", make_several, "[text,text,text]", NULL, 3, 0},
    {"remote", make_remote, "text", NULL, 1, 0},
    {"refused", make_refused, "!EIO", NULL, 1, 0},
    {"abandoned", make_abandoned, "!ECANCELED", NULL, 1, 0},
    {"file", make_file, "bytes", NULL, 2, 0},
    {"no-file", make_no_file, "!2", NULL, 1, 0},
    {"pieces", make_pieces, "7", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
