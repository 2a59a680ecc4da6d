/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* W12, libvow: a server on the loopback interface that answers each line with one; prints its port. */
#include <stdio.h>
#include <vow.h>

struct lines {
    vow_task task;
    vow_value *connection;
    vow_stream *stream;
};

VOW_ASYNC(lines, me)
{
    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->connection));
    if (!me->stream)
        VOW_RETURN(me, vow_nil());
    for (;;) {
        VOW_TRY_AWAIT(me, vow_stream_read_line(me->stream, 512));
        if (VOW_ERROR(me) || vow_is_nil(VOW_RESULT(me)))
            break;
        VOW_TRY_AWAIT(me, vow_stream_write(me->stream, "ok\n", 3));
        if (VOW_ERROR(me))
            break;
    }
    VOW_FINALLY(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_promise *start_lines(vow_loop *loop, vow_value *connection, void *data)
{
    (void) data;
    return vow_async(loop, lines, .connection = connection);
}

struct serve {
    vow_task task;
    vow_server server;
};

VOW_ASYNC(serve, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", "0", 4096));
    printf("%d\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    fflush(stdout);
    VOW_AWAIT(me, vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_lines, NULL));
    VOW_END(me);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_error *error = vow_run(vow_async(loop, serve), NULL); /* until it is killed */

    fprintf(stderr, "lines: %s\n", vow_error_message(error));
    vow_error_unref(error);
    vow_loop_free(loop);
    return 1;
}
