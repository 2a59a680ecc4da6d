/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connect, listen and accept over IPv4, IPv6 and Unix-domain sockets, and dropping them at any moment. What
 * can go wrong is in test-socket-errors.c. That no descriptor is left open is checked after each test.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- Talking ------------------------------------------------------------------------------------------- */

static void connect_first(struct place *place)
{
    int ends[2];

    ends[0] = run_fd(connect_to(place));
    ends[1] = run_fd(accept_at(place));
    assert_connected(place->f, ends[0], ends[1]);
    close_both(ends);
}
AT_EACH(connect_first)

static void accept_first(struct place *place)
{
    vow_promise *accepted = accept_at(place);
    int ends[2];

    turn(place->f);
    assert_peek(accepted, "pending");
    ends[0] = run_fd(connect_to(place));
    ends[1] = run_fd(accepted);
    assert_connected(place->f, ends[0], ends[1]);
    close_both(ends);
}
AT_EACH(accept_first)

enum { CLIENTS = 40, LINE = 100 };

/* Answers one client: sends back each line, until the client ends. Owns its descriptor. */
struct echo {
    vow_task task;
    int fd;
    vow_buffer buffer;
};

VOW_ASYNC(echo, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_AWAIT(me, vow_read_until(VOW_LOOP(me), me->fd, &me->buffer, "\n", LINE));
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->buffer.data, me->buffer.length));
        vow_buffer_consume(&me->buffer, me->buffer.length);
    }
    VOW_FINALLY(me);
    vow_buffer_clear(&me->buffer);
    close(me->fd);
    VOW_END(me);
}

static vow_value expect_eof(const vow_error *error, void *data)
{
    (void) data;
    g_assert_cmpstr(code_name(error), ==, "EOF");
    return vow_nil();
}

struct server {
    vow_task task;
    const struct place *place;
    int i;
};

VOW_ASYNC(server, me)
{
    VOW_BEGIN(me);
    for (; me->i < CLIENTS; me->i++) {
        VOW_AWAIT(me, accept_at(me->place));
        vow_promise *p = vow_async(VOW_LOOP(me), echo, .fd = vow_take_fd(VOW_RESULT(me)));
        vow_detach(vow_catch(p, expect_eof, NULL));
    }
    VOW_END(me);
}

/* Connects, sends a few lines of its own and checks what comes back. */
struct client {
    vow_task task;
    const struct place *place;
    int number, fd, round;
    char line[LINE], answer[LINE];
};

VOW_ASYNC(client, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, connect_to(me->place));
    me->fd = vow_take_fd(VOW_RESULT(me));
    for (me->round = 0; me->round < 3; me->round++) {
        g_snprintf(me->line, LINE, "client %d round %d\n", me->number, me->round);
        VOW_AWAIT(me, vow_write(VOW_LOOP(me), me->fd, me->line, strlen(me->line)));
        VOW_AWAIT(me, vow_read(VOW_LOOP(me), me->fd, me->answer, LINE));
        me->answer[vow_as_int(VOW_RESULT(me))] = '\0';
        g_assert_cmpstr(me->answer, ==, me->line);
    }
    VOW_FINALLY(me);
    close(me->fd);
    VOW_END(me);
}

static void many_clients_at_once(struct place *place)
{
    fixture *f = place->f;
    vow_promise *all[CLIENTS + 1];

    all[CLIENTS] = vow_async(f->loop, server, .place = place);
    for (int i = 0; i < CLIENTS; i++)
        all[i] = vow_async(f->loop, client, .place = place, .number = i, .fd = -1);
    vow_error *error = vow_run(vow_all(f->loop, CLIENTS + 1, all), NULL);
    if (error)
        g_error("not expected: %s", vow_error_message(error));
    ev_run(f->ev, 0); /* until the last echo has seen its client go */
}
AT_EACH(many_clients_at_once)

/* ---- Dropping ------------------------------------------------------------------------------------------ */

/* Dropped at once, after turns of the loop, and when it is connected but nobody took the descriptor. */
static void a_dropped_connect_closes(struct place *place)
{
    guint before = count_descriptors();

    for (int turns = 0; turns < 4; turns++) {
        vow_promise *p = connect_to(place);
        for (int i = 0; i < turns; i++)
            turn(place->f);
        vow_unref(p);
        g_assert_cmpuint(count_descriptors(), ==, before);
        p = connect_to(place);
        for (int i = 0; i < turns; i++)
            turn(place->f);
        vow_cancel(vow_ref(p));
        turn(place->f);
        vow_unref(p);
        g_assert_cmpuint(count_descriptors(), ==, before);
        g_assert_false(ev_run(place->f->ev, 0));
        flush(place);
    }
}
AT_EACH(a_dropped_connect_closes)

/* The connection that comes before or after is the next one's to accept. */
static void a_dropped_accept_loses_no_connection(struct place *place)
{
    fixture *f = place->f;
    int ends[2] = {socket_of(place), -1};

    vow_unref(accept_at(place));
    vow_promise *p = accept_at(place);
    turn(f);
    vow_cancel(vow_ref(p));
    vow_promise *q = accept_at(place);
    turn(f);
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    connect_raw(place, ends[0]); /* q would have it at the next turn */
    vow_unref(q);
    ends[1] = run_fd(accept_at(place));
    assert_connected(f, ends[0], ends[1]);
    close_both(ends);
}
AT_EACH(a_dropped_accept_loses_no_connection)

static void one_connection_for_two_who_accept(struct place *place)
{
    fixture *f = place->f;
    vow_promise *a = accept_at(place), *b = accept_at(place);
    int client = socket_of(place);

    turn(f);
    connect_raw(place, client);
    turn(f);
    g_assert_true(vow_is_fulfilled(a) != vow_is_fulfilled(b));
    g_assert_true(vow_is_pending(a) != vow_is_pending(b));
    vow_unref(a);
    vow_unref(b);
    close(run_fd(accept_at(place)));
    close(client);
}
AT_EACH(one_connection_for_two_who_accept)

static void accept_with_a_deadline(struct place *place)
{
    run_too_late(place->f, accept_at(place));
    g_assert_false(ev_run(place->f->ev, 0));
}
AT_EACH(accept_with_a_deadline)

static void freed_with_the_loop(struct place *place)
{
    fixture *f = place->f;

    vow_detach(connect_to(place));
    vow_detach(accept_at(place));
    vow_detach(accept_at(place));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
}
AT_EACH(freed_with_the_loop)

/* A queue that is full: however many of these still wait, dropping them closes their sockets. */
static void connects_that_may_have_to_wait(fixture *f)
{
    struct place place;
    vow_promise *all[8];

    open_place(&place, f, "127.0.0.1");
    g_assert_cmpint(listen(place.listener, 0), ==, 0);
    guint before = count_descriptors();
    for (int i = 0; i < 8; i++)
        all[i] = connect_to(&place);
    turn(f);
    for (int i = 0; i < 8; i++)
        vow_unref(all[i]);
    g_assert_cmpuint(count_descriptors(), ==, before);
    g_assert_false(ev_run(f->ev, 0));
    close_place(&place);
}

/* ---- What a socket is ---------------------------------------------------------------------------------- */

static void the_port_of_a_socket(fixture *f)
{
    int ends[2], listener = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 1));
    int port = vow_socket_port(listener);
    char *text = g_strdup_printf("%d", port);

    g_assert_cmpint(port, >, 0);
    g_assert_cmpint(port, <, 65536);
    int client = run_fd(vow_connect(f->loop, "127.0.0.1", text)); /* it is that port */
    close(client);
    close(listener);
    g_free(text);
    g_assert_cmpint(vow_socket_port(-1), ==, -1);
    open_pipe(ends);
    g_assert_cmpint(vow_socket_port(ends[0]), ==, -1);
    close_both(ends);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    g_assert_cmpint(vow_socket_port(ends[0]), ==, -1);
    close_both(ends);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    g_assert_cmpint(getsockopt(fd, level, name, &value, &length), ==, 0);
    return value;
}

static vow_promise *take_accepted(vow_loop *loop, vow_value *connection, void *fd)
{
    *(int *) fd = vow_take_fd(connection);
    return vow_resolved(loop, vow_nil());
}

/* Small writes do not wait for each other's acknowledgement, at neither end, whoever made the listener. */
static void without_delay(struct place *place)
{
    vow_server server;
    int ends[2], served = -1;

    setsockopt(place->listener, IPPROTO_TCP, TCP_NODELAY, &(int){0}, sizeof(int));
    ends[0] = run_fd(connect_to(place));
    ends[1] = run_fd(accept_at(place));
    g_assert_cmpint(option(ends[0], IPPROTO_TCP, TCP_NODELAY), ==, 1);
    g_assert_cmpint(option(ends[1], IPPROTO_TCP, TCP_NODELAY), ==, 1);
    close_both(ends);
    ends[0] = run_fd(connect_to(place));
    vow_promise *p = vow_serve(place->f->loop, &server, vow_fd(place->listener), take_accepted, &served);
    place->listener = -1;
    vow_server_stop(&server, 3600);
    run_nil(p);
    g_assert_cmpint(option(served, IPPROTO_TCP, TCP_NODELAY), ==, 1);
    ends[1] = served;
    close_both(ends);
}

static void without_delay_ipv4(fixture *f)
{
    at_place(f, "127.0.0.1", without_delay);
}

static void without_delay_ipv6(fixture *f)
{
    at_ipv6(f, without_delay);
}

static void all_of_this_machine(fixture *f)
{
    int on = 0, listener = run_fd(vow_listen(f->loop, "0.0.0.0", "0", -1));
    socklen_t length = sizeof on;
    char *port = g_strdup_printf("%d", vow_socket_port(listener));

    close(run_fd(vow_connect(f->loop, "127.0.0.1", port)));
    close(listener);
    g_free(port);
    if (!has_ipv6()) {
        g_test_skip("this machine has no IPv6 loopback address");
        return;
    }
    listener = run_fd(vow_listen(f->loop, "::", "0", 0));
    port = g_strdup_printf("%d", vow_socket_port(listener));
    g_assert_cmpint(getsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, &length), ==, 0);
    g_assert_cmpint(on, ==, 1);
    close(run_fd(vow_connect(f->loop, "::1", port)));
    close(listener);
    g_free(port);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/socket/talk/connect-first", connect_first);
    ADD_EACH("/socket/talk/accept-first", accept_first);
    ADD_EACH("/socket/talk/many-clients", many_clients_at_once);
    ADD_EACH("/socket/drop/connect", a_dropped_connect_closes);
    ADD_EACH("/socket/drop/accept", a_dropped_accept_loses_no_connection);
    ADD_EACH("/socket/drop/one-of-two", one_connection_for_two_who_accept);
    ADD_EACH("/socket/drop/deadline", accept_with_a_deadline);
    ADD_EACH("/socket/drop/loop", freed_with_the_loop);
    test_add("/socket/drop/full-queue", connects_that_may_have_to_wait);
    test_add("/socket/port", the_port_of_a_socket);
    test_add("/socket/without-delay/ipv4", without_delay_ipv4);
    test_add("/socket/without-delay/ipv6", without_delay_ipv6);
    test_add("/socket/any-address", all_of_this_machine);
    return g_test_run();
}
