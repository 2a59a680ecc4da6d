/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * An HTTP server on the loopback interface: http_server [-t seconds] [-i seconds] [port]
 *
 * Shows: one small task for each connection, and a larger one only while it has a request under way (see
 * http_exchange.c); descriptors running out; and an orderly end on SIGINT and SIGTERM.
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

struct connection {
    vow_task task;
    vow_value *accepted; /* the descriptor: taken when the task starts, so never lost if it cannot */
    int fd;
};

VOW_ASYNC(connection, me)
{
    VOW_BEGIN(me);
    me->fd = vow_take_fd(me->accepted);
    setsockopt(me->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* each answer is one write */
    do {
        VOW_AWAIT(me, vow_timeout(vow_readable(VOW_LOOP(me), me->fd), idle_seconds));
        VOW_AWAIT(me, http_exchange(VOW_LOOP(me), me->fd, request_seconds));
    } while (vow_as_bool(VOW_RESULT(me)));
    VOW_FINALLY(me);
    close(me->fd);
    VOW_END(me);
}

/* A connection that was lost or fell asleep is no failure of the server's, and there is nobody left to tell.
 */
static vow_value forget(const vow_error *error, void *data)
{
    (void) error;
    (void) data;
    return vow_nil();
}

static vow_promise *start_connection(vow_loop *loop, vow_value *accepted)
{
    return vow_catch(vow_async(loop, connection, .accepted = accepted), forget, NULL);
}

/* Whether accept() may work again later, when others have given up what it lacked. */
static bool may_pass(int code)
{
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

struct serve {
    vow_task task;
    const char *port;
    int fd;
};

VOW_ASYNC(serve, me)
{
    VOW_BEGIN(me);
    me->fd = -1;
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    me->fd = vow_take_fd(VOW_RESULT(me));
    printf("listening on http://127.0.0.1:%d/\n", vow_socket_port(me->fd));
    for (;;) {
        VOW_TRY_AWAIT(me, vow_accept(VOW_LOOP(me), me->fd));
        if (!VOW_ERROR(me)) {
            vow_detach(start_connection(VOW_LOOP(me), VOW_RESULT(me)));
        } else if (may_pass(vow_error_code(VOW_ERROR(me)))) {
            VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.1));
        } else {
            VOW_THROW(me, vow_error_ref(VOW_ERROR(me)));
        }
    }
    VOW_FINALLY(me);
    if (me->fd >= 0)
        close(me->fd);
    VOW_END(me);
}

/* A promise of the first SIGINT or SIGTERM: a watcher of one's own, as in own_watcher.c. */
struct stop {
    vow_resolver resolver;
    struct ev_loop *ev;
    ev_signal interrupt, terminate;
};

static void unwatch(vow_resolver *resolver)
{
    struct stop *stop = (struct stop *) resolver;
    ev_signal_stop(stop->ev, &stop->interrupt);
    ev_signal_stop(stop->ev, &stop->terminate);
}

static void signalled(struct ev_loop *ev, ev_signal *signal, int revents)
{
    (void) ev;
    (void) revents;
    struct stop *stop = signal->data;
    vow_resolve(&stop->resolver, vow_int(signal->signum));
    unwatch(&stop->resolver);
}

static vow_promise *stopped(vow_loop *loop, struct stop *stop)
{
    stop->ev = vow_loop_ev(loop);
    ev_signal_init(&stop->interrupt, signalled, SIGINT);
    ev_signal_init(&stop->terminate, signalled, SIGTERM);
    stop->interrupt.data = stop->terminate.data = stop;
    ev_signal_start(stop->ev, &stop->interrupt);
    ev_signal_start(stop->ev, &stop->terminate);
    return vow_promise_new(loop, &stop->resolver, unwatch);
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
    fprintf(stderr, "usage: http_server [-t seconds for a request] [-i idle seconds] [port]\n");
    return 2;
}

static int run(const char *port)
{
    struct stop stop;
    struct ev_loop *ev = EV_DEFAULT;
    vow_loop *loop = ev ? vow_loop_new(ev) : NULL;
    if (!loop)
        return 1;
    vow_promise *server = vow_async(loop, serve, .port = port);
    vow_error *error = vow_run(vow_race_of(loop, server, stopped(loop, &stop)), NULL);
    int status = error ? 1 : 0;
    if (error)
        fprintf(stderr, "http_server: %s\n", vow_error_message(error));
    vow_error_unref(error);
    vow_loop_free(loop); /* ends what is under way: every connection is closed */
    ev_loop_destroy(ev);
    return status;
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "t:i:")) != -1)
        if (option == '?' || !parse_seconds(optarg, option == 't' ? &request_seconds : &idle_seconds))
            return usage();
    if (argc - optind > 1)
        return usage();
    raise_descriptor_limit();
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the port may read it from a pipe */
    return run(optind < argc ? argv[optind] : "8080");
}
