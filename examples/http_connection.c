/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A connection of the example server.
 *
 * Shows: a small task for each connection, and a larger one only while the connection has a request under way
 * (see http_exchange.c); and how all those that wait for a request are told that there will be none.
 */
#include "http_server.h"

struct connection {
    vow_task task;
    vow_value *accepted; /* the descriptor: taken when the task starts */
    vow_stream *stream;
    vow_promise *request;                    /* that there is one; awaited while the connection is idle */
    struct connection *next_idle, **in_idle; /* among the idle ones; NULL when it is none of them */
};

static struct connection *idle;
static bool is_stopping;

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
    me->next_idle = idle;
    if (idle)
        idle->in_idle = &me->next_idle;
    me->in_idle = &idle;
    idle = me;
    return me->request = vow_timeout(vow_stream_readable(me->stream), http_idle_seconds);
}

/* A connection that was lost or fell asleep is no failure of the server's, and nobody is left to be told. */
VOW_ASYNC(connection, me)
{
    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->accepted));
    if (!me->stream)
        VOW_RETURN(me, vow_nil());
    while (!is_stopping) {
        VOW_TRY_AWAIT(me, next_request(me));
        leave_idle(me);
        if (VOW_ERROR(me))
            break;
        VOW_TRY_AWAIT(me, http_exchange(VOW_LOOP(me), me->stream, http_request_seconds, &is_stopping));
        if (VOW_ERROR(me) || !vow_as_bool(VOW_RESULT(me)))
            break;
    }
    VOW_FINALLY(me);
    leave_idle(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

vow_promise *http_connection(vow_loop *loop, vow_value *accepted, void *data)
{
    (void) data;
    return vow_async(loop, connection, .accepted = accepted);
}

void http_connections_stop(void)
{
    is_stopping = true;
    for (struct connection *each = idle; each; each = each->next_idle)
        vow_cancel(vow_ref(each->request)); /* its task goes on from there */
}
