/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of descriptors: pipes, and servers with a client over TCP and a Unix-domain socket.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"
#include "streams.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MUCH = 300000, LINE = 1500 }; /* more than a pipe holds; more than a buffer begins with */

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

static vow_promise *give(vow_promise **promise)
{
    vow_promise *given = *promise;

    *promise = NULL;
    return given;
}

static void close_open(int fd)
{
    if (fd >= 0)
        g_assert_cmpint(close(fd), ==, 0);
}

/* ---- A pipe -------------------------------------------------------------------------------------------- */

struct piping {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    void (*open)(int ends[2]);
    int ends[2];
    vow_promise *other; /* under way at the other end */
    char *bytes;
};

/* So that the reader does not wait for what was not written. */
static vow_value end_writing(void *data)
{
    struct piping *me = data;

    close_open(me->ends[1]);
    me->ends[1] = -1;
    return vow_nil();
}

VOW_ASYNC(piping, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->bytes = g_malloc0(MUCH);
    me->open(me->ends);
    AWAIT(me, vow_writable(VOW_LOOP(me), me->ends[1]));
    me->other = vow_readable(VOW_LOOP(me), me->ends[0]);
    AWAIT(me, vow_write(VOW_LOOP(me), me->ends[1], "x", 1));
    AWAIT(me, give(&me->other));
    AWAIT(me, vow_read(VOW_LOOP(me), me->ends[0], me->bytes, 1));
    me->other = vow_read(VOW_LOOP(me), me->ends[0], me->bytes, 1);
    AWAIT(me, vow_write(VOW_LOOP(me), me->ends[1], "y", 1));
    AWAIT(me, give(&me->other));
    me->other = vow_finally(vow_write(VOW_LOOP(me), me->ends[1], me->bytes, MUCH), end_writing, me);
    do
        AWAIT(me, vow_read(VOW_LOOP(me), me->ends[0], me->bytes, MUCH));
    while (vow_as_int(VOW_RESULT(me)) > 0);
    AWAIT(me, give(&me->other));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_unref(give(&me->other)));
    close_open(me->ends[0]);
    close_open(me->ends[1]);
    g_free(me->bytes);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_pipe(struct world *w)
{
    return vow_async(w->loop, piping, .w = w, .open = open_pipe);
}

static vow_promise *make_blocking_pipe(struct world *w)
{
    return vow_async(w->loop, piping, .w = w, .open = open_blocking_pipe);
}

/* ---- Lines of a pipe ----------------------------------------------------------------------------------- */

/* What a read_until() is lent, until it does not need it any more. */
struct lent {
    struct once *once;
    int ends[2];
    vow_buffer buffer;
};

static void lent_free(void *pointer)
{
    struct lent *lent = pointer;

    vow_buffer_clear(&lent->buffer);
    close_open(lent->ends[0]);
    close_open(lent->ends[1]);
    count_release(lent->once);
    g_free(lent);
}

static struct lent *lent_new(struct world *w)
{
    struct lent *lent = g_new0(struct lent, 1);
    char *line = g_strnfill(LINE, 'x');

    lent->once = owe(w);
    open_pipe(lent->ends);
    put(lent->ends[1], line);
    g_free(line);
    return lent;
}

static vow_promise *read_line(struct world *w, struct lent *lent, size_t limit)
{
    return vow_attach(vow_read_until(w->loop, lent->ends[0], &lent->buffer, "\n", limit), lent, lent_free);
}

static vow_promise *make_line(struct world *w)
{
    struct lent *lent = lent_new(w);

    put(lent->ends[1], "\nmore");
    return read_line(w, lent, LINE + 1);
}

static vow_promise *make_long_line(struct world *w)
{
    return read_line(w, lent_new(w), LINE);
}

static vow_promise *make_half_line(struct world *w)
{
    struct lent *lent = lent_new(w);

    close(lent->ends[1]);
    lent->ends[1] = -1;
    return read_line(w, lent, LINE + 1);
}

/* ---- A server and its client --------------------------------------------------------------------------- */

/* How the two find each other. */
struct meeting {
    vow_promise *(*listen)(struct world *w);
    vow_promise *(*connect)(struct world *w, int listener);
};

static vow_promise *listen_tcp(struct world *w)
{
    return vow_listen(w->loop, "127.0.0.1", "0", 1);
}

static vow_promise *connect_tcp(struct world *w, int listener)
{
    char port[8];

    g_snprintf(port, sizeof port, "%d", vow_socket_port(listener));
    return vow_connect(w->loop, "127.0.0.1", port);
}

static vow_promise *listen_unix(struct world *w)
{
    return vow_listen_unix(w->loop, w->path, 1);
}

static vow_promise *connect_unix(struct world *w, int listener)
{
    (void) listener;
    return vow_connect_unix(w->loop, w->path);
}

static const struct meeting tcp = {listen_tcp, connect_tcp};
static const struct meeting local = {listen_unix, connect_unix};

struct client {
    vow_task task;
    struct world *w;
    struct mark mark;
    const struct meeting *meeting;
    int listener; /* the server's */
    struct once *once;
    int fd;
    char line[LINE];
    vow_buffer buffer;
};

VOW_ASYNC(client, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->fd = -1;
    memset(me->line, 'x', LINE);
    me->line[LINE - 1] = '\n';
    AWAIT(me, me->meeting->connect(me->w, me->listener));
    me->fd = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->line, LINE));
    AWAIT(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", LINE));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_buffer_clear(&me->buffer);
    close_open(me->fd);
    leave(me->mark);
    VOW_END(me);
}

struct server {
    vow_task task;
    struct world *w;
    struct mark mark;
    const struct meeting *meeting;
    struct once *once;
    int listener, fd;
    vow_promise *client;
    vow_buffer buffer;
};

/* The server's part of the conversation, unless the client fails meanwhile: it would wait in vain. */
static vow_promise *with_client(struct server *me, vow_promise *promise)
{
    return vow_race_of(VOW_LOOP(me), vow_ref(me->client), promise);
}

VOW_ASYNC(server, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->listener = me->fd = -1;
    AWAIT(me, me->meeting->listen(me->w));
    me->listener = vow_take_fd(VOW_RESULT(me));
    me->client =
        vow_async(VOW_LOOP(me), client, .w = me->w, .meeting = me->meeting, .listener = me->listener);
    AWAIT(me, with_client(me, vow_accept(VOW_LOOP(me), me->listener)));
    me->fd = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, with_client(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", LINE)));
    AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->buffer.data, me->buffer.length));
    AWAIT(me, give(&me->client));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_unref(give(&me->client)));
    vow_buffer_clear(&me->buffer);
    close_open(me->fd);
    close_open(me->listener);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_tcp(struct world *w)
{
    return vow_async(w->loop, server, .w = w, .meeting = &tcp);
}

static vow_promise *make_unix(struct world *w)
{
    return vow_async(w->loop, server, .w = w, .meeting = &local);
}

/* ---- What fails ---------------------------------------------------------------------------------------- */

static vow_promise *make_bad_descriptors(struct world *w)
{
    static char byte;
    static vow_buffer buffer;

    return vow_all_settled_of(w->loop, vow_readable(w->loop, -1), vow_writable(w->loop, -1),
                              vow_read(w->loop, -1, &byte, 1), vow_write(w->loop, -1, &byte, 1),
                              vow_accept(w->loop, -1), vow_read_until(w->loop, -1, &buffer, "", 1));
}

static vow_promise *make_bad_addresses(struct world *w)
{
    return vow_all_settled_of(w->loop, vow_connect(w->loop, "256.1.1.1", "1"),
                              vow_connect(w->loop, "::1", "-1"), vow_listen(w->loop, "*", "0", 0),
                              vow_listen(w->loop, "127.0.0.1", "65536", 0), vow_connect_unix(w->loop, ""),
                              vow_listen_unix(w->loop, NULL, 0));
}

static vow_value connect_again(vow_value *value, void *data)
{
    struct mark mark = enter(data);
    int listener = vow_take_fd(value);
    char port[8];

    g_snprintf(port, sizeof port, "%d", vow_socket_port(listener));
    close(listener);
    return made(mark, vow_follow(vow_connect(mark.w->loop, "127.0.0.1", port)));
}

/* Nobody listens there any more. */
static vow_promise *make_refused(struct world *w)
{
    return vow_then(listen_tcp(w), connect_again, w);
}

const struct scenario stream_scenarios[] = {
    {"pipe", make_pipe, "300000", NULL, 0, 0},
    {"blocking-pipe", make_blocking_pipe, "300000", NULL, 0, 0},
    {"line", make_line, "1501", NULL, 0, 0},
    {"long-line", make_long_line, "!90", NULL, 0, 0},
    {"half-line", make_half_line, "!EOF", NULL, 0, 0},
    {"tcp", make_tcp, "1500", NULL, 6, 0},
    {"unix", make_unix, "1500", NULL, 6, 0},
    {"bad-descriptors", make_bad_descriptors, "[!EBADF,!EBADF,!EBADF,!EBADF,!EBADF,!EINVAL]", NULL, 2, 0},
    {"bad-addresses", make_bad_addresses, "[!EINVAL,!EINVAL,!EINVAL,!EINVAL,!EINVAL,!EINVAL]", NULL, 0, 0},
    {"refused", make_refused, "!ECONNREFUSED", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
