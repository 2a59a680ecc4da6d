/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W9, floor: the echo server in bare libev callbacks. A connection has one watcher, and reads when told to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve.h"

struct connection {
    ev_io io;
    size_t length, written; /* of what is to be written, while the peer does not take it */
    char bytes[1024];
};

static void end(struct ev_loop *ev, struct connection *me)
{
    ev_io_stop(ev, &me->io);
    close(me->io.fd);
    free(me);
}

/* Waits for one kind of event, which mostly is the one it waits for already. */
static void wait_for(struct ev_loop *ev, struct connection *me, int events)
{
    if (me->io.events == events)
        return;
    ev_io_stop(ev, &me->io);
    ev_io_modify(&me->io, events);
    ev_io_start(ev, &me->io);
}

static void send_rest(struct ev_loop *ev, struct connection *me)
{
    while (me->written < me->length) {
        ssize_t count = send(me->io.fd, me->bytes + me->written, me->length - me->written, MSG_NOSIGNAL);

        if (count < 0 && errno != EAGAIN) {
            end(ev, me);
            return;
        }
        if (count < 0) {
            wait_for(ev, me, EV_WRITE);
            return;
        }
        me->written += (size_t) count;
    }
    wait_for(ev, me, EV_READ);
}

static void ready(struct ev_loop *ev, ev_io *io, int revents)
{
    struct connection *me = (struct connection *) io;

    if (revents & EV_READ) {
        ssize_t count = recv(io->fd, me->bytes, sizeof me->bytes, 0);

        if (count < 0 && errno == EAGAIN)
            return;
        if (count <= 0) {
            end(ev, me);
            return;
        }
        me->length = (size_t) count;
        me->written = 0;
    }
    send_rest(ev, me);
}

static void accept_cb(struct ev_loop *ev, ev_io *io, int revents)
{
    int fd;

    (void) revents;
    while ((fd = serve_accept(io->fd)) >= 0) {
        struct connection *me = calloc(1, sizeof *me);

        if (!me)
            bench_fail("out of memory");
        ev_io_init(&me->io, ready, fd, EV_READ);
        ev_io_start(ev, &me->io);
    }
}

int main(void)
{
    struct ev_loop *ev = ev_default_loop(0);
    int port = 0;
    ev_io listener;

    ev_io_init(&listener, accept_cb, serve_listen(&port), EV_READ);
    ev_io_start(ev, &listener);
    printf("%d\n", port);
    fflush(stdout);
    ev_run(ev, 0); /* until it is killed */
    return 1;
}
