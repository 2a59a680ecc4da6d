/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program for machines where little else can be had: it needs libvow, libev and the C library alone. It
 * goes once through what depends on sizes, byte order and system calls: values, errors, tasks, timers,
 * sockets on loopback, cancelling. Prints TAP; ends with 1 if something is wrong.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

static int number;
static int failed;

static void expect(bool is_right, const char *what)
{
    number++;
    failed += !is_right;
    printf("%s %d - %s\n", is_right ? "ok" : "not ok", number, what);
}

/* ---- Values and errors --------------------------------------------------------------------------------- */

static vow_value pass(vow_value *value, void *data)
{
    (void) data;
    return vow_take(value);
}

static vow_value through_handler(vow_loop *loop, vow_value value)
{
    vow_value result = vow_nil();
    vow_error *error = vow_run(vow_then(vow_resolved(loop, value), pass, NULL), &result);

    expect(!error, "a value goes through a handler");
    vow_error_unref(error);
    return result;
}

static void check_values(vow_loop *loop)
{
    vow_value least = through_handler(loop, vow_int(INT64_MIN));
    vow_value most = through_handler(loop, vow_int(INT64_C(0x0123456789abcdef)));
    vow_value number_value = through_handler(loop, vow_double(-DBL_MAX));
    vow_value truth = through_handler(loop, vow_bool(true));
    vow_value lie = through_handler(loop, vow_bool(false));
    vow_value pointer = through_handler(loop, vow_ptr(loop));
    vow_value string = through_handler(loop, vow_strdup("sixty-four bits"));

    expect(vow_as_int(&least) == INT64_MIN, "the least integer");
    expect(vow_as_int(&most) == INT64_C(0x0123456789abcdef), "an integer of 64 bits");
    expect(vow_as_double(&number_value) <= -DBL_MAX, "the least double");
    expect(vow_as_bool(&truth) && !vow_as_bool(&lie), "truth values");
    expect(vow_as_ptr(&pointer) == loop, "a pointer");
    expect(strcmp(vow_as_str(&string), "sixty-four bits") == 0, "a string");
    vow_value_drop(string);
}

static void check_list(vow_loop *loop)
{
    vow_value value = vow_nil();
    vow_error *error = vow_run(vow_all_of(loop, vow_resolved(loop, vow_int(7)), vow_sleep(loop, 0.001),
                                          vow_resolved(loop, vow_double(0.5))),
                               &value);

    expect(!error && vow_list_length(vow_as_list(&value)) == 3, "all of three");
    expect(vow_as_int(vow_list_at(vow_as_list(&value), 0)) == 7, "the first of them");
    expect(vow_as_double(vow_list_at(vow_as_list(&value), 2)) > 0.25, "the last of them");
    vow_error_unref(error);
    vow_value_drop(value);
}

static void check_error(vow_loop *loop)
{
    vow_error *cause = vow_error_new(EIO, "the disk said %d %s", -5, "times");
    vow_error *error = vow_run(vow_rejected(loop, vow_error_wrap(cause, EPROTO, "no answer")), NULL);

    expect(error && vow_error_code(error) == EPROTO, "an error has its code");
    expect(error && strcmp(vow_error_message(error), "no answer") == 0, "and its message");
    expect(error && strcmp(vow_error_message(vow_error_cause(error)), "the disk said -5 times") == 0,
           "and its cause");
    vow_error_unref(error);
}

/* ---- Tasks, time and cancelling ------------------------------------------------------------------------ */

struct counter {
    vow_task task;
    int *cleaned;
    int turns;
    int i;
};

VOW_ASYNC(counter, me)
{
    VOW_BEGIN(me);
    for (me->i = 0; me->i < me->turns; me->i++)
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.001));
    VOW_RETURN(me, vow_int(me->i));
    VOW_FINALLY(me);
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    ++*me->cleaned;
    VOW_END(me);
}

static void check_task(vow_loop *loop)
{
    int cleaned = 0;
    vow_value value = vow_nil();
    vow_error *error = vow_run(vow_async(loop, counter, .cleaned = &cleaned, .turns = 5), &value);

    expect(!error && vow_as_int(&value) == 5, "a task returns after five timers");
    expect(cleaned == 1, "its clean-up ran once");
    vow_error_unref(error);
}

static void check_cancel(vow_loop *loop)
{
    int cleaned = 0;
    vow_promise *task = vow_async(loop, counter, .cleaned = &cleaned, .turns = 1000000);
    vow_error *error = vow_run(vow_timeout(task, 0.01), NULL);

    expect(error && vow_error_code(error) == ETIMEDOUT, "a timeout");
    vow_error_unref(error);
    task = vow_async(loop, counter, .cleaned = &cleaned, .turns = 1000000);
    vow_cancel(vow_ref(task));
    error = vow_run(task, NULL);
    expect(error && vow_error_code(error) == ECANCELED, "a cancelled task");
    expect(cleaned == 2, "both cleaned up");
    vow_error_unref(error);
}

static void check_deadlock(vow_loop *loop)
{
    vow_resolver resolver;
    vow_error *error = vow_run(vow_promise_new(loop, &resolver, NULL), NULL);

    expect(error && vow_error_code(error) == EDEADLK, "a run that nothing can end");
    vow_error_unref(error);
}

/* ---- Sockets ------------------------------------------------------------------------------------------- */

enum { CLIENTS = 10, LINES = 20, LINE = 200 };

/* Sends back each line, until the client ends. */
struct echo {
    vow_task task;
    int fd;
    vow_buffer buffer;
};

VOW_ASYNC(echo, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_TRY_AWAIT(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", LINE));
        if (VOW_ERROR(me))
            break;
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->buffer.data, me->buffer.length));
        vow_buffer_consume(&me->buffer, me->buffer.length);
    }
    VOW_FINALLY(me);
    vow_buffer_clear(&me->buffer);
    close(me->fd);
    VOW_END(me);
}

struct server {
    vow_task task;
    int fd;
    int i;
};

VOW_ASYNC(server, me)
{
    VOW_BEGIN(me);
    for (; me->i < CLIENTS; me->i++) {
        VOW_AWAIT(me, vow_accept(VOW_LOOP(me), me->fd));
        vow_detach(vow_async(VOW_LOOP(me), echo, .fd = vow_take_fd(VOW_RESULT(me))));
    }
    VOW_END(me);
}

/* Returns how many of its lines came back. */
struct client {
    vow_task task;
    const char *port;
    int fd;
    int lines;
    char line[LINE];
    vow_buffer buffer;
};

VOW_ASYNC(client, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_connect(VOW_LOOP(me), "127.0.0.1", me->port));
    me->fd = vow_take_fd(VOW_RESULT(me));
    for (; me->lines < LINES; me->lines++) {
        snprintf(me->line, sizeof me->line, "line %d of %d\n", me->lines, LINES);
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->line, strlen(me->line)));
        VOW_AWAIT(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", LINE));
        if (me->buffer.length != strlen(me->line) ||
            memcmp(me->buffer.data, me->line, me->buffer.length) != 0)
            VOW_THROW(me, vow_error_new(EPROTO, "another line came back"));
        vow_buffer_consume(&me->buffer, me->buffer.length);
    }
    VOW_RETURN(me, vow_int(me->lines));
    VOW_FINALLY(me);
    vow_buffer_clear(&me->buffer);
    if (me->fd >= 0)
        close(me->fd);
    VOW_END(me);
}

static void check_clients(vow_loop *loop, const char *port)
{
    vow_promise *clients[CLIENTS];
    vow_value value = vow_nil();
    vow_error *error;
    int64_t lines = 0;

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = vow_async(loop, client, .port = port, .fd = -1);
    error = vow_run(vow_all(loop, CLIENTS, clients), &value);
    if (error)
        printf("# %s\n", vow_error_message(error));
    for (size_t i = 0; !error && i < CLIENTS; i++)
        lines += vow_as_int(vow_list_at(vow_as_list(&value), i));
    expect(lines == CLIENTS * LINES, "every line came back from a server on loopback");
    vow_error_unref(error);
    vow_value_drop(value);
}

static void check_sockets(vow_loop *loop)
{
    char port[16];
    vow_value listening = vow_nil();
    vow_error *error = vow_run(vow_listen(loop, "127.0.0.1", "0", CLIENTS), &listening);
    vow_promise *serving;

    expect(!error, "a socket listens");
    if (error) {
        printf("# %s\n", vow_error_message(error));
        vow_error_unref(error);
        return;
    }
    snprintf(port, sizeof port, "%d", vow_socket_port(vow_as_fd(&listening)));
    serving = vow_async(loop, server, .fd = vow_as_fd(&listening));
    check_clients(loop, port);
    error = vow_run(serving, NULL);
    expect(!error, "the server accepted them all");
    vow_error_unref(error);
    vow_value_drop(listening);
}

/* ---- Many ---------------------------------------------------------------------------------------------- */

enum { LINKS = 20000 };

static vow_value add_one(vow_value *value, void *data)
{
    (void) data;
    return vow_int(vow_as_int(value) + 1);
}

static void check_chain(vow_loop *loop)
{
    vow_resolver resolver;
    vow_promise *promise = vow_promise_new(loop, &resolver, NULL);
    vow_value value = vow_nil();
    vow_error *error;

    for (int i = 0; i < LINKS; i++)
        promise = vow_then(promise, add_one, NULL);
    vow_resolve(&resolver, vow_int(INT64_C(1) << 40));
    error = vow_run(promise, &value);
    expect(!error && vow_as_int(&value) == (INT64_C(1) << 40) + LINKS, "a long chain");
    vow_error_unref(error);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(ev_default_loop(0));

    expect(loop != NULL, "a loop");
    if (!loop)
        return 1;
    printf("# pointers of %zu bytes, values of %zu\n", sizeof(void *), sizeof(vow_value));
    check_values(loop);
    check_list(loop);
    check_error(loop);
    check_task(loop);
    check_cancel(loop);
    check_deadlock(loop);
    check_sockets(loop);
    check_chain(loop);
    ev_run(vow_loop_ev(loop), EVRUN_NOWAIT);
    expect(vow_loop_live(loop) == 0, "nothing is left");
    vow_loop_free(loop);
    printf("1..%d\n", number);
    return failed != 0;
}
