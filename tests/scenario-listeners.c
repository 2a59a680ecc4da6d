/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of listeners and receivers in the less usual cases: one at any address, a connection that was
 * accepted and put back, a server that stops with a queue, a receiver of datagrams that is full.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "scenario.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

static void close_open(int *fd)
{
    if (*fd >= 0)
        g_assert_cmpint(close(*fd), ==, 0);
    *fd = -1;
}

static vow_promise *give(vow_promise **promise)
{
    vow_promise *given = *promise;

    *promise = NULL;
    return given;
}

static vow_promise *connect_back(vow_loop *loop, int listener)
{
    char port[8];

    g_snprintf(port, sizeof port, "%d", vow_socket_port(listener));
    return vow_connect(loop, "127.0.0.1", port);
}

/* ---- At any address ------------------------------------------------------------------------------------ */

static vow_promise *make_anywhere(struct world *w)
{
    return ended(w, vow_listen(w->loop, NULL, "0", 1));
}

static vow_promise *make_datagram_anywhere(struct world *w)
{
    return ended(w, vow_datagram_bind(w->loop, NULL, "0"));
}

const struct scenario anywhere_scenarios[] = {
    {"anywhere", make_anywhere, "fd", NULL, 1, 0},
    {"datagram-anywhere", make_datagram_anywhere, "fd", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* ---- Put back ------------------------------------------------------------------------------------------ */

/* The first who accepts does not look; the second gets what he got. */
struct put_back {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_promise *accepted;
    int listener, fd;
};

VOW_ASYNC(put_back, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->listener = me->fd = -1;
    AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", "0", 1));
    me->listener = vow_take_fd(VOW_RESULT(me));
    AWAIT(me, connect_back(VOW_LOOP(me), me->listener));
    me->fd = vow_take_fd(VOW_RESULT(me));
    me->accepted = vow_accept(VOW_LOOP(me), me->listener);
    AWAIT(me, vow_select_of(VOW_LOOP(me), me->accepted));
    if (vow_is_rejected(me->accepted))
        VOW_THROW(me, vow_error_ref(vow_as_error(vow_peek(me->accepted))));
    QUIET(me->w, vow_unref(give(&me->accepted)));
    AWAIT(me, vow_accept(VOW_LOOP(me), me->listener));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_unref(give(&me->accepted));
    close_open(&me->fd);
    close_open(&me->listener);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_put_back(struct world *w)
{
    return vow_async(w->loop, put_back, .w = w);
}

/* ---- A queue at the end -------------------------------------------------------------------------------- */

enum { CLIENTS = 3, BYTES = 32 };

/* A server that is stopped before it has accepted: clients that are connected already have their turn. */
struct queue {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_server server;
    vow_promise *served;
    int listener, i;
    int fds[CLIENTS];
    int64_t count; /* of those whom the server has served */
};

static vow_promise *serve_one(vow_loop *loop, vow_value *connection, void *data)
{
    struct queue *queue = data;

    (void) connection;
    queue->count++;
    return vow_resolved(loop, vow_nil());
}

VOW_ASYNC(queue, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->listener = -1;
    memset(me->fds, -1, sizeof me->fds);
    AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", "0", CLIENTS));
    me->listener = vow_take_fd(VOW_RESULT(me));
    for (me->i = 0; me->i < CLIENTS; me->i++) {
        AWAIT(me, connect_back(VOW_LOOP(me), me->listener));
        me->fds[me->i] = vow_take_fd(VOW_RESULT(me));
    }
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_fd(me->listener), serve_one, me);
    me->listener = -1;
    vow_server_limit(&me->server, 1);
    vow_server_stop(&me->server, 3600);
    AWAIT(me, vow_ref(me->served));
    if (me->count < CLIENTS)
        VOW_THROW(me, vow_error_new(EPROTO, "%d were served", (int) me->count));
    VOW_RETURN(me, vow_int(me->count));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_unref(give(&me->served));
    for (int i = 0; i < CLIENTS; i++)
        close_open(&me->fds[i]);
    close_open(&me->listener);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_queue(struct world *w)
{
    return vow_async(w->loop, queue, .w = w);
}

const struct scenario queue_scenarios[] = {
    {"queue", make_queue, "3", "!EPROTO", 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

/* ---- A receiver that is full --------------------------------------------------------------------------- */

/* To a receiver that the sender is not connected to the system calls a full one writable. */
struct full {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_promise *sent;
    int bound, fd;
    vow_address to;
    int64_t waiting;
    char bytes[BYTES];
};

/* By the program itself, until there is no room. */
static void fill(struct full *me)
{
    struct sockaddr_un to;
    socklen_t length = sizeof to;

    g_assert_cmpint(getsockname(me->bound, (struct sockaddr *) &to, &length), ==, 0);
    g_assert_cmpint(vow_address_set(&me->to, (struct sockaddr *) &to, length), ==, 0);
    while (sendto(me->fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *) &to, length) == 1)
        me->waiting++;
    g_assert_cmpint(errno, ==, EAGAIN);
}

VOW_ASYNC(full, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->bound = me->fd = -1;
    AWAIT(me, vow_datagram_bind_unix(VOW_LOOP(me), me->w->path));
    me->bound = vow_take_fd(VOW_RESULT(me));
    me->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    fill(me);
    me->sent = vow_datagram_send(VOW_LOOP(me), me->fd, "last", 4, &me->to);
    for (; me->waiting > 0; me->waiting--)
        AWAIT(me, vow_datagram_receive(VOW_LOOP(me), me->bound, me->bytes, BYTES, NULL));
    AWAIT(me, give(&me->sent));
    AWAIT(me, vow_datagram_receive(VOW_LOOP(me), me->bound, me->bytes, BYTES, NULL));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    vow_unref(give(&me->sent));
    close_open(&me->fd);
    close_open(&me->bound);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_full(struct world *w)
{
    return vow_async(w->loop, full, .w = w);
}

const struct scenario listener_scenarios[] = {
    {"put-back", make_put_back, "fd", NULL, 1, 0},
    {"full", make_full, "4", NULL, 1, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
