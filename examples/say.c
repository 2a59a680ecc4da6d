/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The smallest server: say [port] sends what it reads on its standard input to everybody who connects.
 *
 * Shows: listen and serve; a task for each client, and what becomes of its error; an orderly end on SIGTERM
 * and SIGINT, which gives those who are still being served two seconds.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vow.h>

static char text[65536];
static size_t text_length;

struct client {
    vow_task task;
    vow_value *connection; /* lent: the server closes it when the task is done */
    char ignored[256];
};

VOW_ASYNC(client, me)
{
    int fd = vow_as_fd(me->connection);

    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_write(VOW_LOOP(me), fd, text, text_length));
    shutdown(fd, SHUT_WR);
    do { /* closing with bytes unread would reset the connection, and what was sent could be lost */
        VOW_AWAIT(me, vow_readable(VOW_LOOP(me), fd)); /* one piece a turn: nobody else has to wait */
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), fd, me->ignored, sizeof me->ignored));
    } while (vow_as_int(VOW_RESULT(me)) > 0);
    VOW_END(me);
}

static vow_value complain(const vow_error *error, void *data)
{
    (void) data;
    fprintf(stderr, "say: %s\n", vow_error_message(error));
    return vow_nil();
}

static vow_promise *start_client(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_catch(vow_async(loop, client, .connection = connection), complain, data);
}

struct say {
    vow_task task;
    const char *port;
    vow_signals *signals;
    vow_server server;
    vow_promise *served;
};

VOW_ASYNC(say, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    fflush(stdout);
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_client, NULL);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_signals_next(me->signals)));
    vow_server_stop(&me->server, 2.0);
    VOW_AWAIT(me, vow_ref(me->served));
    VOW_FINALLY(me);
    vow_unref(me->served);
    VOW_END(me);
}

static int run(vow_loop *loop, const char *port)
{
    vow_signals *signals = vow_signals_of(loop, SIGINT, SIGTERM);
    if (!signals) {
        perror("say: signals");
        return 1;
    }
    vow_error *error = vow_run(vow_async(loop, say, .port = port, .signals = signals), NULL);
    int status = error ? 1 : 0;
    if (error)
        fprintf(stderr, "say: %s\n", vow_error_message(error));
    vow_error_unref(error);
    vow_signals_free(signals);
    return status;
}

int main(int argc, char **argv)
{
    text_length = fread(text, 1, sizeof text, stdin);
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int status = run(loop, argc > 1 ? argv[1] : "0");
    vow_loop_free(loop);
    return status;
}
