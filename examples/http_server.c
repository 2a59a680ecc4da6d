/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * An HTTP server on the loopback interface: http_server [-t seconds] [-i seconds] [-g seconds] [port]
 *
 * Shows: one small task for each connection, and a larger one only while the connection has a request under
 * way (see http_exchange.c); what to do when descriptors run out; an orderly end on SIGINT and SIGTERM: idle
 * connections end at once, the others get some time.
 */
#define _POSIX_C_SOURCE 200809L
#include "http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static double request_seconds = 10; /* from a request's first byte to its last: more give 408 */
static double idle_seconds = 60;    /* between requests: then the connection is closed */
static double grace_seconds = 0.5;  /* after SIGINT or SIGTERM: for what is under way */

struct connection;

struct serve {
    vow_task task;
    const char *port;
    vow_signals *signals;
    vow_server server;
    vow_promise *served;
    bool is_stopping;
    struct connection *idle; /* those that wait for a request */
};

struct connection {
    vow_task task;
    struct serve *service;
    vow_value *accepted; /* the descriptor: taken when the task starts */
    vow_stream *stream;
    vow_promise *request;                    /* that there is one; awaited while the connection is idle */
    struct connection *next_idle, **in_idle; /* among the idle ones; NULL when it is none of them */
};

static void leave_idle(struct connection *me)
{
    if (!me->in_idle)
        return;
    *me->in_idle = me->next_idle;
    if (me->next_idle)
        me->next_idle->in_idle = me->in_idle;
    me->in_idle = NULL;
}

static vow_promise *next_request(struct connection *me)
{
    struct connection **first = &me->service->idle;

    me->next_idle = *first;
    if (*first)
        (*first)->in_idle = &me->next_idle;
    me->in_idle = first;
    *first = me;
    return me->request = vow_timeout(vow_stream_readable(me->stream), idle_seconds);
}

/* A connection that was lost or fell asleep is no failure of the server's, and there is nobody left to tell.
 */
VOW_ASYNC(connection, me)
{
    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->accepted));
    if (!me->stream)
        VOW_RETURN(me, vow_nil());
    setsockopt(vow_stream_fd(me->stream), IPPROTO_TCP, TCP_NODELAY, &(int){1},
               sizeof(int)); /* each answer is one write */
    while (!me->service->is_stopping) {
        VOW_TRY_AWAIT(me, next_request(me));
        leave_idle(me);
        if (VOW_ERROR(me))
            break;
        VOW_TRY_AWAIT(me,
                      http_exchange(VOW_LOOP(me), me->stream, request_seconds, &me->service->is_stopping));
        if (VOW_ERROR(me) || !vow_as_bool(VOW_RESULT(me)))
            break;
    }
    VOW_FINALLY(me);
    leave_idle(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_promise *start_connection(vow_loop *loop, vow_value *accepted, void *data)
{
    return vow_async(loop, connection, .service = data, .accepted = accepted);
}

/* Who waits for a request that has not begun is told that there will be none: each task goes on from there.
 */
static void stop(struct serve *me)
{
    me->is_stopping = true;
    for (struct connection *idle = me->idle; idle; idle = idle->next_idle)
        vow_cancel(vow_ref(idle->request));
    vow_server_stop(&me->server, grace_seconds);
}

VOW_ASYNC(serve, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    printf("listening on http://127.0.0.1:%d/\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_connection, me);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_signals_next(me->signals)));
    stop(me);
    VOW_AWAIT(me, vow_ref(me->served));
    VOW_FINALLY(me);
    vow_unref(me->served);
    VOW_END(me);
}

/* Each connection takes a descriptor, and the usual limit is a low one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return *end == '\0' && *seconds > 0 && *seconds < 1e6;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: http_server [-t seconds for a request] [-i idle seconds] [-g seconds of grace] [port]\n");
    return 2;
}

static double *seconds_of(int option)
{
    return option == 't' ? &request_seconds : option == 'i' ? &idle_seconds : &grace_seconds;
}

static int run(vow_loop *loop, const char *port)
{
    vow_signals *signals = vow_signals_of(loop, SIGINT, SIGTERM);
    if (!signals) {
        perror("http_server: signals");
        return 1;
    }
    vow_error *error = vow_run(vow_async(loop, serve, .port = port, .signals = signals), NULL);
    int status = error ? 1 : 0;
    if (error)
        fprintf(stderr, "http_server: %s\n", vow_error_message(error));
    vow_error_unref(error);
    vow_signals_free(signals);
    return status;
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "t:i:g:")) != -1)
        if (option == '?' || !parse_seconds(optarg, seconds_of(option)))
            return usage();
    if (argc - optind > 1)
        return usage();
    raise_descriptor_limit();
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the port may read it from a pipe */
    struct ev_loop *ev = EV_DEFAULT;
    vow_loop *loop = ev ? vow_loop_new(ev) : NULL;
    if (!loop)
        return 1;
    int status = run(loop, optind < argc ? argv[optind] : "8080");
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    return status;
}
