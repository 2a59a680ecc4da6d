/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A client of Redis: redis [-p port | -s path] sends each line of its standard input as a command, without
 * waiting for the replies, and prints these as they come, in the style of redis-cli.
 *
 * Shows: a stream that is written and read at the same time. redis_reply.c has the protocol.
 */
#define _POSIX_C_SOURCE 200809L
#include "redis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk {
    vow_task task;
    const char *port, *path;
    const struct commands *commands;
    vow_stream *stream;
    vow_promise *written;
    size_t answered;
};

VOW_ASYNC(talk, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->path ? vow_connect_unix(VOW_LOOP(me), me->path)
                           : vow_connect(VOW_LOOP(me), "127.0.0.1", me->port));
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(VOW_RESULT(me)));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    me->written = vow_stream_write(me->stream, me->commands->bytes, me->commands->length);
    for (; me->answered < me->commands->count; me->answered++)
        VOW_AWAIT(me, print_reply(VOW_LOOP(me), me->stream));
    VOW_AWAIT(me, vow_ref(me->written));
    VOW_FINALLY(me);
    vow_unref(me->written);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_error *run(const char *port, const char *path, const struct commands *commands)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return vow_error_new(ENOMEM, "no memory for a loop");
    vow_error *error = vow_run(vow_async(loop, talk, .port = port, .path = path, .commands = commands), NULL);
    vow_loop_free(loop);
    return error;
}

int main(int argc, char **argv)
{
    const char *port = "6379", *path = NULL;
    int option;
    while ((option = getopt(argc, argv, "p:s:")) == 'p' || option == 's')
        *(option == 'p' ? &port : &path) = optarg;
    if (option != -1 || argc != optind) {
        fprintf(stderr, "usage: redis [-p port | -s path of a socket] < commands\n");
        return 2;
    }
    struct commands commands = {NULL, 0, 0};
    int code = read_commands(&commands, stdin);
    vow_error *error =
        code ? vow_error_new(code, "no commands: %s", strerror(code)) : run(port, path, &commands);
    free(commands.bytes);
    if (!error)
        return 0;
    fprintf(stderr, "redis: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
