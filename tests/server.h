/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of servers share: a server at a place, whose connections stay open until a test settles
 * them.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_SERVER_H
#define VOW_TEST_SERVER_H

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { HELD_MAX = 8 };

struct served {
    struct place *place; /* its listener is the server's from serve() on */
    vow_server server;
    vow_promise *promise;
    int count; /* of connections, ever */
    struct source sources[HELD_MAX];
    int fds[HELD_MAX]; /* lent */
    bool keeps;        /* the promises, too, in `kept` */
    vow_promise *kept[HELD_MAX];
    double seconds;      /* for a handler that stops the server */
    bool is_careful;     /* for one that has another kind of connection */
    bool holds_clean_up; /* of that kind: as long as this is so, it is not done */
};

/* A handler: the connection goes on until its source is settled. */
static inline vow_promise *hold(vow_loop *loop, vow_value *connection, void *data)
{
    static const char *const names[HELD_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct served *s = data;
    int i = s->count++;

    (void) loop;
    g_assert_cmpint(i, <, HELD_MAX);
    s->fds[i] = vow_as_fd(connection);
    vow_promise *promise = pending(s->place->f, &s->sources[i], names[i]);
    if (s->keeps)
        s->kept[i] = vow_ref(promise);
    return promise;
}

static inline void serve(struct served *s, vow_serve_fn handler)
{
    s->promise = vow_serve(s->place->f->loop, &s->server, vow_fd(s->place->listener), handler, s);
    s->place->listener = -1;
}

static inline void drop(struct served *s)
{
    vow_unref(s->promise);
}

/* Until the handler was called so often in all: by a job that waits already, it may be, and not by an event.
 */
static inline void await_count(struct served *s, int count)
{
    turn(s->place->f);
    while (s->count < count)
        ev_run(s->place->f->ev, EVRUN_ONCE);
    g_assert_cmpint(s->count, ==, count);
}

/* One more client, whose connection the handler has got. */
static inline int client_of(struct served *s)
{
    int count = s->count, fd = run_fd(connect_to(s->place));

    await_count(s, count + 1);
    turn(s->place->f);
    return fd;
}

/* The place listens again, where it did. */
static inline vow_promise *listen_again(struct place *place)
{
    if (!place->host)
        g_assert_cmpint(unlink(place->path), ==, 0);
    return listen_at(place, place->port);
}

/* The other end of a non-blocking descriptor is closed, or about to be: with nothing sent. */
static inline void assert_closed(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLIN};
    char byte;

    g_assert_cmpint(poll(&ask, 1, 60000), ==, 1);
    g_assert_cmpint(read(fd, &byte, 1), <=, 0);
}

#endif
