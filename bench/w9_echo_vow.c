/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W9, libvow: an echo server on the loopback interface; prints its port. One stream and one task for each
 * connection. */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vow.h>

struct connection {
    vow_task task;
    vow_value *accepted;
    vow_stream *stream;
    char bytes[1024];
};

VOW_ASYNC(connection, me)
{
    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->accepted));
    if (!me->stream)
        VOW_RETURN(me, vow_nil());
    setsockopt(vow_stream_fd(me->stream), IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    for (;;) {
        VOW_AWAIT(me, vow_stream_read(me->stream, me->bytes, sizeof me->bytes));
        if (vow_as_int(VOW_RESULT(me)) == 0)
            break;
        VOW_AWAIT(me, vow_stream_write(me->stream, me->bytes, (size_t) vow_as_int(VOW_RESULT(me))));
    }
    VOW_FINALLY(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_value forget(const vow_error *error, void *data)
{
    (void) error;
    (void) data;
    return vow_nil();
}

struct server {
    vow_task task;
    int fd;
};

VOW_ASYNC(server, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", "0", 4096));
    me->fd = vow_take_fd(VOW_RESULT(me));
    printf("%d\n", vow_socket_port(me->fd));
    fflush(stdout);
    for (;;) {
        VOW_AWAIT(me, vow_accept(VOW_LOOP(me), me->fd));
        vow_detach(vow_catch(vow_async(VOW_LOOP(me), connection, .accepted = VOW_RESULT(me)), forget, NULL));
    }
    VOW_END(me);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_error *error = vow_run(vow_async(loop, server), NULL); /* until it is killed */

    fprintf(stderr, "echo: %s\n", vow_error_message(error));
    vow_error_unref(error);
    vow_loop_free(loop);
    return 1;
}
