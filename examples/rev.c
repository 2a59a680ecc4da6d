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

enum { LINE_LIMIT = 4096 };

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
    vow_value *connection;
    vow_buffer buffer;
    size_t length;
};

VOW_ASYNC(client, me)
{
    int fd = vow_as_fd(me->connection);

    VOW_BEGIN(me);
    for (;;) {
        VOW_TRY_AWAIT(me, vow_read_until(VOW_LOOP(me), fd, &me->buffer, "\n", LINE_LIMIT));
        if (VOW_ERROR(me))
            break;
        me->length = (size_t) vow_as_int(VOW_RESULT(me));
        reverse(me->buffer.data, me->length - 1);
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), fd, me->buffer.data, me->length));
        vow_buffer_consume(&me->buffer, me->length);
    }
    if (!vow_error_is(VOW_ERROR(me), &vow_domain_vow, VOW_EOF))
        VOW_THROW(me, vow_error_ref(VOW_ERROR(me)));
    VOW_FINALLY(me);
    vow_buffer_clear(&me->buffer);
    VOW_END(me);
}

static vow_value complain(const vow_error *error, void *data)
{
    (void) data;
    fprintf(stderr, "rev: %s\n", vow_error_message(error));
    return vow_nil();
}

static vow_promise *start_client(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_catch(vow_async(loop, client, .connection = connection), complain, data);
}

struct rev {
    vow_task task;
    vow_listen_options where;
    vow_signals *end;
    vow_server server;
    vow_promise *served;
};

VOW_ASYNC(rev, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen_with(VOW_LOOP(me), &me->where));
    if (me->where.path)
        printf("listening on %s\n", me->where.path);
    else
        printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_client, NULL);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_signals_next(me->end)));
    vow_server_stop(&me->server, 0);
    VOW_AWAIT(me, vow_ref(me->served));
    VOW_FINALLY(me);
    if (me->served && me->where.path)
        unlink(me->where.path);
    vow_unref(me->served);
    VOW_END(me);
}

static int run(vow_loop *loop, const char *where)
{
    vow_listen_options options = {.host = "127.0.0.1", .port = where, .peer_timeout = 60};
    if (strchr(where, '/'))
        options = (vow_listen_options){.path = where};
    vow_signals *end = vow_signals_of(loop, SIGINT, SIGTERM);
    if (!end) {
        perror("rev: signals");
        return 1;
    }
    vow_error *error = vow_run(vow_async(loop, rev, .where = options, .end = end), NULL);
    if (error)
        fprintf(stderr, "rev: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_signals_free(end);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fputs("usage: rev [PORT | PATH]\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the port may read it from a pipe */
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int status = run(loop, argc > 1 ? argv[1] : "0");
    vow_loop_free(loop);
    return status;
}
