/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A server that sends each line back in reverse: rev [PORT | PATH]. An argument with a slash is the path of a
 * socket.
 *
 * Shows: vow_listen_with(); lines read from a bare descriptor into a buffer that is lent (vow_read_until());
 * telling the end of the stream from a line that is too long, by the error.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

static void reverse(char *bytes, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        char byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

struct client {
    vow_task task;
    int fd; /* the server closes it when the task is done */
    vow_buffer buffer;
};

VOW_ASYNC(client, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_TRY_AWAIT(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", 4096));
        if (VOW_ERROR(me))
            break;
        size_t length = (size_t) vow_as_int(VOW_RESULT(me));
        reverse(me->buffer.data, length - 1);
        VOW_TRY_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->buffer.data, length));
        if (VOW_ERROR(me))
            break;
        vow_buffer_consume(&me->buffer, (size_t) vow_as_int(VOW_RESULT(me)));
    }
    if (!vow_error_is(VOW_ERROR(me), &vow_domain_vow, VOW_EOF))
        fprintf(stderr, "rev: %s\n", vow_error_message(VOW_ERROR(me)));
    VOW_FINALLY(me);
    vow_buffer_clear(&me->buffer);
    VOW_END(me);
}

static vow_promise *start_client(vow_loop *loop, vow_value *connection, void *data)
{
    (void) data;
    return vow_async(loop, client, .fd = vow_as_fd(connection));
}

/* Serves until a signal comes. Then the race drops the server, and with it all of its clients. */
static vow_error *serve(vow_loop *loop, const vow_listen_options *where)
{
    vow_value listener;
    vow_error *error = vow_run(vow_listen_with(loop, where), &listener);
    if (error)
        return error;
    vow_server server;
    vow_promise *end = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    if (where->path)
        printf("listening on %s\n", where->path);
    else
        printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(&listener)));
    fflush(stdout);
    error = vow_run(vow_race_of(loop, vow_serve(loop, &server, listener, start_client, NULL), end), NULL);
    if (where->path)
        unlink(where->path);
    return error;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fputs("usage: rev [PORT | PATH]\n", stderr);
        return 2;
    }
    vow_listen_options where = {.host = "127.0.0.1", .port = argc > 1 ? argv[1] : "0", .peer_timeout = 60};
    if (strchr(where.port, '/'))
        where = (vow_listen_options){.path = where.port};
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = serve(loop, &where);
    vow_loop_free(loop);
    if (!error)
        return 0;
    fprintf(stderr, "rev: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
