/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A chat server: chat [port]. The first line of a client is its name; each later line goes to all the others.
 *
 * Shows: one text that is lent to many streams at once, and is released when the last of them has written it;
 * a slow reader, which holds up nobody and costs no more than a fixed amount of memory: it misses what would
 * be too much, and is told how much that was; an end that lets everybody read to the last line.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vow.h>

enum {
    NAME_LIMIT = 32,
    LINE_LIMIT = 512,
    WAITING_LIMIT = 65536 /* bytes that may wait for one client, see vow_stream_queued() */
};
static const double grace_seconds = 2; /* for clients to read what is left */

/* ---- What is said -------------------------------------------------------------------------------------- */

/* A text, and how many streams write it. */
struct text {
    int refs;
    size_t length;
    char bytes[LINE_LIMIT + NAME_LIMIT + 16];
};

static void text_unref(void *pointer)
{
    struct text *text = pointer;
    if (--text->refs == 0)
        free(text);
}

static VOW_PRINTF(1, 2) struct text *text_new(const char *format, ...)
{
    struct text *text = malloc(sizeof *text);
    if (!text)
        return NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes, sizeof text->bytes, format, arguments);
    va_end(arguments);
    text->length = (size_t) length < sizeof text->bytes ? (size_t) length : sizeof text->bytes - 1;
    text->refs = 1;
    return text;
}

/* ---- Who is there -------------------------------------------------------------------------------------- */

struct client {
    vow_task task;
    vow_value *connection;
    vow_stream *stream;
    char name[NAME_LIMIT];
    unsigned missed;              /* texts since it was last up to date */
    struct client *next, **place; /* among all who have told their name; NULL: it has not */
};

static struct client *clients;

static void join(struct client *client)
{
    client->next = clients;
    client->place = &clients;
    if (clients)
        clients->place = &client->next;
    clients = client;
}

static void leave(struct client *client)
{
    if (!client->place)
        return;
    *client->place = client->next;
    if (client->next)
        client->next->place = client->place;
    client->place = NULL;
}

/* A client that cannot be written to any more is found out by its own reading. */
static vow_value forget(const vow_error *error, void *data)
{
    (void) error;
    (void) data;
    return vow_nil();
}

/* The text stays until the stream has written it, or ends. */
static void tell(struct client *client, struct text *text)
{
    text->refs++;
    vow_promise *written = vow_stream_write(client->stream, text->bytes, text->length);
    vow_detach(vow_catch(vow_attach(written, text, text_unref), forget, NULL));
}

/* Tells one alone; the text is given away. */
static void tell_only(struct client *client, struct text *text)
{
    if (!text)
        return;
    tell(client, text);
    text_unref(text);
}

static void tell_what_was_missed(struct client *client)
{
    struct text *text = text_new("* you have missed %u lines\n", client->missed);
    client->missed = 0;
    tell_only(client, text);
}

/* Tells all but one. Those for whom too much waits already miss it: that bounds their memory. */
static void tell_others(const struct client *speaker, struct text *text)
{
    if (!text)
        return;
    for (struct client *client = clients; client; client = client->next) {
        if (client == speaker)
            continue;
        if (vow_stream_queued(client->stream) > WAITING_LIMIT) {
            client->missed++;
            continue;
        }
        if (client->missed)
            tell_what_was_missed(client);
        tell(client, text);
    }
    text_unref(text);
}

/* ---- A client ------------------------------------------------------------------------------------------ */

static void take_name(struct client *me, const vow_bytes *line)
{
    snprintf(me->name, sizeof me->name, "%s", line->data);
    join(me);
    tell_only(me, text_new("* welcome, %s\n", me->name));
    tell_others(me, text_new("* %s has come\n", me->name));
}

static vow_stream *give_stream(struct client *me)
{
    vow_stream *stream = me->stream;
    me->stream = NULL;
    return stream;
}

VOW_ASYNC(client, me)
{
    static const char question[] = "* what is your name?\n";

    VOW_BEGIN(me);
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(me->connection));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a client"));
    VOW_AWAIT(me, vow_stream_write(me->stream, question, strlen(question)));
    VOW_AWAIT(me, vow_stream_read_line(me->stream, NAME_LIMIT));
    if (vow_is_nil(VOW_RESULT(me)))
        VOW_RETURN(me, vow_nil());
    take_name(me, vow_as_bytes(VOW_RESULT(me)));
    for (;;) {
        VOW_AWAIT(me, vow_stream_read_line(me->stream, LINE_LIMIT));
        if (vow_is_nil(VOW_RESULT(me)))
            break;
        tell_others(me, text_new("%s: %s\n", me->name, vow_as_bytes(VOW_RESULT(me))->data));
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me))); /* one line a turn: who talks much lets the others be heard */
    }
    leave(me);
    tell_others(me, text_new("* %s has gone\n", me->name));
    VOW_AWAIT(me, vow_timeout(vow_stream_close(give_stream(me)), grace_seconds));
    VOW_FINALLY(me);
    leave(me);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static vow_promise *start_client(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_catch(vow_async(loop, client, .connection = connection), forget, data);
}

/* ---- The server ---------------------------------------------------------------------------------------- */

struct serve {
    vow_task task;
    const char *port;
    vow_server server;
    vow_promise *served, *signalled;
};

/* Each gets what waits for it, then the end, and so comes to its own end. */
static void say_goodbye(void)
{
    tell_others(NULL, text_new("* goodbye\n"));
    for (struct client *client = clients; client; client = client->next)
        vow_detach(vow_catch(vow_stream_shutdown(client->stream), forget, NULL));
}

VOW_ASYNC(serve, me)
{
    VOW_BEGIN(me);
    me->signalled =
        vow_race_of(VOW_LOOP(me), vow_signal(VOW_LOOP(me), SIGINT), vow_signal(VOW_LOOP(me), SIGTERM));
    VOW_AWAIT(me, vow_listen(VOW_LOOP(me), "127.0.0.1", me->port, 0));
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(VOW_RESULT(me))));
    fflush(stdout);
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_take(VOW_RESULT(me)), start_client, NULL);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_ref(me->signalled)));
    say_goodbye();
    vow_server_stop(&me->server, grace_seconds);
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
    vow_error *error = vow_run(vow_async(loop, serve, .port = argc > 1 ? argv[1] : "7008"), NULL);
    if (error)
        fprintf(stderr, "chat: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}
