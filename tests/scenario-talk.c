/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of vow_stream: two that talk to each other in every possible way, and one that is left in the
 * middle of each.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "scenario.h"
#include "streams.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 400000 }; /* more than a socket holds, and more than one buffer */

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

static vow_promise *give(vow_promise **promise)
{
    vow_promise *given = *promise;

    *promise = NULL;
    return given;
}

static vow_stream *give_stream(vow_stream **stream)
{
    vow_stream *given = *stream;

    *stream = NULL;
    return given;
}

struct talk {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_stream *a, *b;
    vow_promise *copy, *all;
    vow_value come;
    char *bytes;
    char text[8];
};

static bool open_streams(struct talk *me)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    me->a = vow_stream_new(VOW_LOOP(me), ends[0]);
    me->b = vow_stream_new(VOW_LOOP(me), ends[1]);
    return me->a && me->b;
}

/* A part of the conversation, unless the others fail meanwhile: it would wait in vain. */
static vow_promise *with_others(struct talk *me, vow_promise *promise)
{
    return vow_race_of(VOW_LOOP(me), vow_ref(me->copy), vow_ref(me->all), promise);
}

static vow_promise *write_parts(struct talk *me)
{
    struct iovec parts[] = {{"line\r\nexact", 11}, {"lyuntil;", 8}};

    return vow_stream_writev(me->a, parts, 2);
}

static void assert_bytes(const vow_value *value, const char *expected, size_t length)
{
    g_assert_cmpuint(vow_as_bytes(value)->length, ==, length);
    g_assert_true(memcmp(vow_as_bytes(value)->data, expected, length) == 0);
}

VOW_ASYNC(talk, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->bytes = stream_bytes(MUCH);
    if (!open_streams(me))
        VOW_THROW(me, vow_error_new(ENOMEM, "no stream"));
    me->all = vow_stream_readable(me->b);
    AWAIT(me, write_parts(me));
    AWAIT(me, give(&me->all));
    AWAIT(me, vow_stream_read_line(me->b, 100));
    assert_bytes(VOW_RESULT(me), "line", 4);
    AWAIT(me, vow_stream_read_exactly(me->b, me->text, 7));
    g_assert_cmpstr(me->text, ==, "exactly");
    AWAIT(me, vow_stream_read_until(me->b, ";", 100));
    assert_bytes(VOW_RESULT(me), "until;", 6);
    me->copy = vow_stream_copy(me->b, me->b); /* an echo */
    me->all = vow_stream_read_all(me->a, MUCH);
    AWAIT(me, with_others(me, vow_stream_write(me->a, me->bytes, MUCH)));
    AWAIT(me, with_others(me, vow_stream_shutdown(me->a)));
    AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->all), give(&me->copy)));
    AWAIT(me, vow_stream_close(give_stream(&me->b)));
    AWAIT(me, give(&me->all));
    assert_bytes(VOW_RESULT(me), me->bytes, MUCH);
    me->come = vow_take(VOW_RESULT(me));
    AWAIT(me, vow_stream_read(me->a, me->text, sizeof me->text));
    VOW_RETURN(me, vow_int(vow_as_int(VOW_RESULT(me)) + (int64_t) vow_as_bytes(&me->come)->length));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_unref(give(&me->copy)));
    QUIET(me->w, vow_unref(give(&me->all)));
    QUIET(me->w, vow_stream_free(give_stream(&me->a)));
    QUIET(me->w, vow_stream_free(give_stream(&me->b)));
    vow_value_drop(me->come);
    g_free(me->bytes);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_talk(struct world *w)
{
    return vow_async(w->loop, talk, .w = w);
}

/* ---- Ends ---------------------------------------------------------------------------------------------- */

struct lost {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_stream *a, *b;
    vow_promise *pending[4];
    char *bytes;
    char byte;
};

/* Everything that can be under way on two streams, when both of them end. */
static void begin_all(struct lost *me)
{
    me->pending[0] = vow_stream_write(me->a, me->bytes, MUCH);
    me->pending[1] = vow_stream_shutdown(me->a);
    me->pending[2] = vow_stream_read(me->a, &me->byte, 1);
    me->pending[3] = vow_stream_copy(me->b, me->a);
}

VOW_ASYNC(lost, me)
{
    me->mark = enter(me->w);
    int ends[2];

    VOW_BEGIN(me);
    me->once = owe(me->w);
    me->bytes = stream_bytes(MUCH);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    me->a = vow_stream_new(VOW_LOOP(me), ends[0]);
    close(ends[1]);
    open_pipe(ends);
    me->b = vow_stream_new(VOW_LOOP(me), ends[0]);
    close(ends[1]);
    if (!me->a || !me->b)
        VOW_THROW(me, vow_error_new(ENOMEM, "no stream"));
    begin_all(me);
    AWAIT(me, vow_all_settled(VOW_LOOP(me), 4, me->pending));
    memset(me->pending, 0, sizeof me->pending);
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    count_release(me->once);
    QUIET(me->w, vow_stream_free(give_stream(&me->a)));
    QUIET(me->w, vow_stream_free(give_stream(&me->b)));
    g_free(me->bytes);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_lost(struct world *w)
{
    return vow_async(w->loop, lost, .w = w);
}

const struct scenario talk_scenarios[] = {
    {"talk", make_talk, "400000", NULL, 40, 0},
    {"lost", make_lost, "[!EPIPE,!EPIPE,0,0]", "[!EPIPE,!EPIPE,0,!ENOMEM]", 10, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
