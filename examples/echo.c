/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A server that sends back what it gets: echo [port]
 *
 * Shows: a stream copied to itself. If a client does not read, the server does not read from it either, so it
 * costs no more than the one buffer of its stream, 64 KiB. The server runs until SIGTERM or SIGINT, and then
 * gives those who are connected two seconds to finish.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <vow.h>

struct echo {
    vow_task task;
    vow_value *connection;
    vow_stream *stream;
};

VOW_ASYNC(echo, me)
{
    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->connection));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    VOW_TRY_AWAIT(me, vow_stream_copy(me->stream, me->stream)); /* a client that is lost is no failure */
    VOW_FINALLY(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_promise *start_echo(vow_loop *loop, vow_value *connection, void *data)
{
    (void) data;
    return vow_async(loop, echo, .connection = connection);
}

struct serve {
    vow_task task;
    const char *port;
    vow_server server;
    vow_promise *served, *signalled;
};

VOW_ASYNC(serve, me)
{
    VOW_BEGIN(me);
    me->signalled =
        vow_race_of(VOW_LOOP(me), vow_signal(VOW_LOOP(me), SIGINT), vow_signal(VOW_LOOP(me), SIGTERM));
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    fflush(stdout);
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_echo, NULL);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_ref(me->signalled)));
    vow_server_stop(&me->server, 2.0);
    VOW_AWAIT(me, vow_ref(me->served));
    VOW_FINALLY(me);
    vow_unref(me->signalled);
    vow_unref(me->served);
    VOW_END(me);
}

int main(int argc, char **argv)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = vow_run(vow_async(loop, serve, .port = argc > 1 ? argv[1] : "7007"), NULL);
    if (error)
        fprintf(stderr, "echo: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}
