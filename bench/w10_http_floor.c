/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * W10, floor: what the example HTTP server does, in bare libev callbacks: w10_http_floor [port]
 *
 * It parses with the example's own parser (examples/http.c), answers with the same bytes, and sets the same
 * deadlines: one timer a connection, which is not touched by each request but looks, when it fires, whether
 * there was any activity. It has only the routes that answer at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../examples/http.h"
#include "serve.h"

enum { REQUEST_SECONDS = 10, IDLE_SECONDS = 60, WRITE_SECONDS = 30 };

/* A request under way; a connection has one only from its first byte to the end of the answer. */
struct exchange {
    struct http_head head;
    size_t length, capacity; /* of what was read and not used yet */
    char *bytes;
    size_t reply_length, written;
    int status;
    bool keep;
    char reply[1024];
};

struct connection {
    ev_io io;
    ev_timer timer;
    ev_tstamp deadline;
    struct exchange *exchange;
};

static void end(struct ev_loop *ev, struct connection *me)
{
    ev_io_stop(ev, &me->io);
    ev_timer_stop(ev, &me->timer);
    close(me->io.fd);
    if (me->exchange)
        free(me->exchange->bytes);
    free(me->exchange);
    free(me);
}

static void wait_for(struct ev_loop *ev, struct connection *me, int events)
{
    if (me->io.events == events)
        return;
    ev_io_stop(ev, &me->io);
    ev_io_modify(&me->io, events);
    ev_io_start(ev, &me->io);
}

static void timer_cb(struct ev_loop *ev, ev_timer *timer, int revents)
{
    struct connection *me =
        (struct connection *) (void *) ((char *) timer - offsetof(struct connection, timer));
    ev_tstamp after = me->deadline - ev_now(ev);

    (void) revents;
    if (after <= 0) {
        end(ev, me); /* a client that is too slow is told so with 408 by the example; nobody is here */
        return;
    }
    timer->repeat = after;
    ev_timer_again(ev, timer);
}

/* The timer fires no later than the deadline, and is left alone if it fires before. */
static void expect_within(struct ev_loop *ev, struct connection *me, ev_tstamp seconds)
{
    me->deadline = ev_now(ev) + seconds;
    if (seconds < me->timer.repeat && ev_timer_remaining(ev, &me->timer) > seconds) {
        me->timer.repeat = seconds;
        ev_timer_again(ev, &me->timer);
    }
}

static bool exchange_begin(struct connection *me)
{
    if (me->exchange)
        return true;
    me->exchange = calloc(1, sizeof *me->exchange);
    if (!me->exchange)
        return false;
    http_head_init(&me->exchange->head, false);
    return true;
}

static bool make_room(struct exchange *exchange)
{
    size_t capacity = exchange->capacity ? exchange->capacity * 2 : 512;
    char *bytes;

    if (exchange->length < exchange->capacity)
        return true;
    bytes = realloc(exchange->bytes, capacity);
    if (!bytes)
        return false;
    exchange->bytes = bytes;
    exchange->capacity = capacity;
    return true;
}

static void compose(struct exchange *me, const char *body)
{
    bool sends_body = strcmp(me->head.method, "HEAD") != 0;
    char date[40] = "", length[40] = "";
    time_t now = time(NULL);

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(body));
    me->reply_length =
        (size_t) snprintf(me->reply, sizeof me->reply,
                          "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "%sConnection: %s\r\n\r\n%s",
                          me->status, http_reason(me->status), date, length,
                          me->keep ? "keep-alive" : "close", sends_body ? body : "");
}

static void answer(struct exchange *me)
{
    char body[64];

    me->keep = http_keeps_alive(&me->head);
    me->status = 200;
    if (strcmp(me->head.path, "/") == 0) {
        compose(me, "/              this page\n"
                    "/concurrent    three slow jobs at once\n"
                    "/sleep/<ms>    an answer after a while\n"
                    "/status/<code> an answer of that status, 200 to 599\n");
        return;
    }
    if (strncmp(me->head.path, "/status/", 8) == 0)
        me->status = atoi(me->head.path + 8);
    if (me->status < 200 || me->status > 599 || me->head.path[1] != 's')
        me->status = 404;
    snprintf(body, sizeof body, "%d %s\n", me->status, http_reason(me->status));
    compose(me, body);
}

/* Takes lines from the front of what was read. False when the head is not complete yet. */
static bool take_head(struct exchange *me)
{
    while (!me->head.complete) {
        char *newline = me->length ? memchr(me->bytes, '\n', me->length) : NULL;
        size_t length = newline ? (size_t) (newline - me->bytes) + 1 : 0;

        if (!newline && me->length < HTTP_LINE_LIMIT)
            return false;
        me->status = newline ? http_head_line(&me->head, me->bytes, length) : 431;
        if (me->status) {
            me->keep = false;
            compose(me, http_reason(me->status));
            return true;
        }
        me->length -= length;
        memmove(me->bytes, newline + 1, me->length);
    }
    answer(me);
    return true;
}

/* False when the connection has ended. */
static bool send_reply(struct ev_loop *ev, struct connection *me)
{
    struct exchange *exchange = me->exchange;

    while (exchange->written < exchange->reply_length) {
        ssize_t count = send(me->io.fd, exchange->reply + exchange->written,
                             exchange->reply_length - exchange->written, MSG_NOSIGNAL);

        if (count < 0 && errno == EAGAIN) {
            wait_for(ev, me, EV_WRITE);
            return true;
        }
        if (count < 0) {
            end(ev, me);
            return false;
        }
        exchange->written += (size_t) count;
    }
    wait_for(ev, me, EV_READ);
    expect_within(ev, me, IDLE_SECONDS);
    if (!exchange->keep) {
        end(ev, me);
        return false;
    }
    if (exchange->length == 0) {
        free(exchange->bytes);
        free(exchange);
        me->exchange = NULL;
        return true;
    }
    exchange->written = exchange->reply_length = 0;
    http_head_init(&exchange->head, false);
    return true;
}

static void ready(struct ev_loop *ev, ev_io *io, int revents)
{
    struct connection *me = (struct connection *) io;
    ssize_t count;

    if ((revents & EV_WRITE) && !send_reply(ev, me))
        return;
    if (!(revents & EV_READ))
        return;
    if (!me->exchange)
        expect_within(ev, me, REQUEST_SECONDS);
    if (!exchange_begin(me) || !make_room(me->exchange)) {
        end(ev, me);
        return;
    }
    count = recv(io->fd, me->exchange->bytes + me->exchange->length,
                 me->exchange->capacity - me->exchange->length, 0);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0) {
        end(ev, me);
        return;
    }
    me->exchange->length += (size_t) count;
    while (me->exchange && take_head(me->exchange)) {
        expect_within(ev, me, WRITE_SECONDS);
        if (!send_reply(ev, me))
            return;
    }
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
        me->deadline = ev_now(ev) + IDLE_SECONDS;
        ev_timer_init(&me->timer, timer_cb, 0., REQUEST_SECONDS);
        ev_timer_again(ev, &me->timer);
    }
}

int main(int argc, char **argv)
{
    struct ev_loop *ev = ev_default_loop(0);
    int port = argc > 1 ? atoi(argv[1]) : 0;
    ev_io listener;

    ev_io_init(&listener, accept_cb, serve_listen(&port), EV_READ);
    ev_io_start(ev, &listener);
    printf("listening on http://127.0.0.1:%d/\n", port);
    fflush(stdout);
    ev_run(ev, 0); /* until it is killed */
    return 1;
}
