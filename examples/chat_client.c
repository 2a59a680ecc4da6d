/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A client of the chat server. Its first line is its name, and the others hear each one after that.
 * Shows: a task for each client; and a stream that is closed when all that waits has been read, or too late.
 */
#include "chat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct client {
    vow_task task;
    vow_value *connection;
    struct member member;
    char name[NAME_LIMIT];
};

static void come(struct client *me, const char *name)
{
    snprintf(me->name, sizeof me->name, "%s", name);
    struct text *welcome = text_new("* welcome, %s\n", me->name);
    text_write(welcome, me->member.stream);
    text_unref(welcome);
    room_tell(NULL, text_new("* %s has come\n", me->name));
    room_join(&me->member);
}

/* vow_stream_close() takes the stream. */
static vow_promise *close_stream(struct client *me)
{
    vow_stream *stream = me->member.stream;
    me->member.stream = NULL;
    return vow_timeout(vow_stream_close(stream), GRACE_SECONDS);
}

VOW_ASYNC(client, me)
{
    static const char question[] = "* what is your name?\n";

    VOW_BEGIN(me);
    me->member.stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->connection));
    if (!me->member.stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a client"));
    VOW_AWAIT(me, vow_stream_write(me->member.stream, question, strlen(question)));
    VOW_AWAIT(me, vow_stream_read_line(me->member.stream, NAME_LIMIT));
    if (vow_is_nil(VOW_RESULT(me)))
        VOW_RETURN(me, vow_nil());
    come(me, vow_as_bytes(VOW_RESULT(me))->data);
    for (;;) {
        VOW_AWAIT(me, vow_stream_read_line(me->member.stream, LINE_LIMIT));
        if (vow_is_nil(VOW_RESULT(me)))
            break;
        room_tell(&me->member, text_new("%s: %s\n", me->name, vow_as_bytes(VOW_RESULT(me))->data));
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me))); /* one line a turn: who talks much lets the others be heard */
    }
    room_leave(&me->member);
    room_tell(NULL, text_new("* %s has gone\n", me->name));
    VOW_AWAIT(me, close_stream(me));
    VOW_FINALLY(me);
    room_leave(&me->member);
    vow_stream_free(me->member.stream);
    VOW_END(me);
}

/* A client that is lost is no failure. */
static vow_value ignore(const vow_error *error, void *data)
{
    (void) error, (void) data;
    return vow_nil();
}

vow_promise *chat_client(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_catch(vow_async(loop, client, .connection = connection), ignore, data);
}
