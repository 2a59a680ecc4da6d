/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server from its start to its end: whom it hands connections to, who owns their descriptors, its limit,
 * its orderly stop, and being dropped, cancelled or stopped at any moment. What the system does to it is in
 * test-server-errors.c. A server at its limit is left for a while of real time, in which it must not spin.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "misuse.h"
#include "server.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <vow/testing.h>

/* ---- Serving ------------------------------------------------------------------------------------------- */

enum { CLIENTS = 40, LINE = 100 };

/* Sends back each line, until the client ends. Owns its descriptor. */
struct echo {
    vow_task task;
    vow_value *connection;
    int fd;
    vow_buffer buffer;
};

VOW_ASYNC(echo, me)
{
    VOW_BEGIN(me);
    me->fd = vow_take_fd(me->connection);
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

static vow_promise *serve_echo(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    s->count++;
    g_assert_true(vow_is_fd(connection));
    return vow_async(loop, echo, .connection = connection);
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

static void many_clients(struct place *place)
{
    struct served s = {.place = place};
    vow_promise *all[CLIENTS];

    serve(&s, serve_echo);
    for (int i = 0; i < CLIENTS; i++)
        all[i] = vow_async(place->f->loop, client, .place = place, .number = i, .fd = -1);
    vow_error *error = vow_run(vow_all(place->f->loop, CLIENTS, all), NULL);
    if (error)
        g_error("not expected: %s", vow_error_message(error));
    vow_server_stop(&s.server, INFINITY);
    run_nil(s.promise); /* once the last echo has seen its client go */
    g_assert_cmpint(s.count, ==, CLIENTS);
}
AT_EACH(many_clients)

/* The server closes what was lent, when the promise is settled. */
static void a_lent_descriptor(struct place *place)
{
    struct served s = {.place = place};
    char byte;

    serve(&s, hold);
    int fd = client_of(&s);
    g_assert_true(fcntl(s.fds[0], F_GETFD) & FD_CLOEXEC);
    g_assert_false(is_blocking(s.fds[0]));
    put(s.fds[0], "x");
    assert_readable_text(fd, "x");
    vow_resolve(&s.sources[0].resolver, owned(place->f, "value"));
    assert_log(place->f, "");
    turn(place->f);
    assert_log(place->f, "~value");
    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
    close(fd);
    drop(&s);
}
AT_EACH(a_lent_descriptor)

/* Neither another connection nor the server minds. */
static void a_connection_that_fails(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int ends[2] = {client_of(&s), client_of(&s)};
    vow_reject(&s.sources[0].resolver, vow_error_new(EIO, "broken"));
    turn(place->f);
    expect_report(place->f, "broken");
    assert_closed(ends[0]);
    g_assert_true(vow_is_pending(s.promise));
    put(s.fds[1], "x");
    assert_readable_text(ends[1], "x");
    close_both(ends);
    drop(&s);
    assert_log(place->f, "b-cancelled");
}
AT_EACH(a_connection_that_fails)

static vow_promise *refuse(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    (void) connection;
    s->count++;
    return vow_resolved(loop, vow_nil());
}

/* A promise that is settled already. */
static void a_handler_that_does_nothing(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, refuse);
    for (int i = 0; i < 3; i++) {
        int fd = client_of(&s);
        assert_closed(fd);
        close(fd);
    }
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 0);
    drop(&s);
}
AT_EACH(a_handler_that_does_nothing)

/* ---- Stopping ------------------------------------------------------------------------------------------ */

static void stop_without_connections(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    vow_server_stop(&s.server, 3600);
    assert_peek(s.promise, "nil");
    g_assert_null(s.server.promise);
    run_fails(connect_to(place), ECONNREFUSED, "");
    vow_unref(s.promise);
    vow_server_stop(&s.server, 3600); /* nothing happens any more */
    vow_server_limit(&s.server, 1);
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 0);
}
AT_EACH(stop_without_connections)

/* The connections end by themselves, and nobody waits for the deadline then. */
static void stop_waits_for_connections(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int ends[2] = {client_of(&s), client_of(&s)};
    vow_server_stop(&s.server, 3600);
    run_fails(connect_to(place), ECONNREFUSED, "");
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 2);
    put(s.fds[0], "x");
    assert_readable_text(ends[0], "x");
    vow_resolve(&s.sources[0].resolver, vow_nil());
    turn(place->f);
    assert_peek(s.promise, "pending");
    vow_resolve(&s.sources[1].resolver, vow_nil());
    run_nil(s.promise);
    close_both(ends);
}
AT_EACH(stop_waits_for_connections)

static void stop_cancels_at_the_deadline(struct place *place)
{
    struct served s = {.place = place};
    fixture *f = place->f;

    make_virtual(f);
    serve(&s, hold);
    int ends[2] = {client_of(&s), client_of(&s)};
    vow_server_stop(&s.server, HOUR);
    vow_clock_advance(f->loop, 60);
    vow_server_stop(&s.server, 60); /* anew */
    vow_clock_advance(f->loop, 59);
    assert_log(f, "");
    vow_clock_advance(f->loop, 1);
    run_nil(s.promise);
    g_assert_cmpfloat(vow_now(f->loop), ==, 120);
    assert_log(place->f, "a-cancelled b-cancelled");
    assert_closed(ends[0]);
    close_both(ends);
}
AT_EACH(stop_cancels_at_the_deadline)

/* Who else holds the promise of a connection sees it end, too. */
static void stop_cancels_for_everyone(fixture *f)
{
    struct place place;
    struct served s = {.place = &place, .keeps = true};

    open_place(&place, f, "127.0.0.1");
    serve(&s, hold);
    int fd = client_of(&s);
    vow_server_stop(&s.server, 0);
    g_assert_true(vow_is_pending(s.kept[0]));
    run_nil(s.promise);
    assert_peek(s.kept[0], "!ECANCELED");
    assert_log(f, "a-cancelled");
    vow_unref(s.kept[0]);
    close(fd);
    close_place(&place);
}

/* Who waits in the listener's queue is connected, as far as he can tell: he has his turn, when the limit lets
 * him. */
static void stop_serves_the_queue(struct place *place)
{
    struct served s = {.place = place};
    int fds[4];

    serve(&s, hold);
    vow_server_limit(&s.server, 1);
    for (int i = 0; i < 4; i++) {
        fds[i] = run_fd(connect_to(place));
        put(fds[i], "x");
    }
    await_count(&s, 1);
    vow_server_stop(&s.server, INFINITY);
    run_fails(connect_to(place), ECONNREFUSED, "");
    vow_server_stop(&s.server, 3600); /* a second time */
    for (int i = 0; i < 4; i++) {
        await_count(&s, i + 1);
        g_assert_cmpuint(vow_server_connections(&s.server), ==, 1);
        assert_peek(s.promise, "pending");
        assert_readable_text(s.fds[i], "x");
        put(s.fds[i], "y");
        assert_readable_text(fds[i], "y");
        if (i == 2)
            vow_server_limit(&s.server, 2);
        vow_resolve(&s.sources[i].resolver, vow_nil());
    }
    run_nil(s.promise);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}
AT_EACH(stop_serves_the_queue)

/* Stopped before the loop has turned once, and in the handler of the first. */
static vow_promise *count_and_stop(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    (void) connection;
    s->count++;
    vow_server_stop(&s->server, s->seconds);
    return vow_resolved(loop, vow_nil());
}

static void stop_serves_all(struct place *place)
{
    enum { MANY = 100 }; /* more than one turn accepts */
    struct served s = {.place = place, .seconds = 3600};
    int fds[MANY];

    for (int stops_first = 0; stops_first <= 1; stops_first++) {
        place->listener = place->listener < 0 ? run_fd(listen_again(place)) : place->listener;
        for (int i = 0; i < MANY; i++)
            connect_raw(place, fds[i] = socket_of(place));
        s.count = 0;
        serve(&s, count_and_stop);
        if (stops_first)
            vow_server_stop(&s.server, 3600);
        run_nil(s.promise);
        g_assert_cmpint(s.count, ==, MANY);
        for (int i = 0; i < MANY; i++)
            close(fds[i]);
    }
}
AT_EACH(stop_serves_all)

/* Whose turn has not come by the deadline, or when the server is dropped, is closed. */
static void stop_closes_the_queue_at_the_deadline(struct place *place)
{
    for (int drops = 0; drops <= 1; drops++) {
        struct served s = {.place = place};
        int ends[2];

        place->listener = place->listener < 0 ? run_fd(listen_again(place)) : place->listener;
        serve(&s, hold);
        vow_server_limit(&s.server, 1);
        ends[0] = run_fd(connect_to(place));
        ends[1] = run_fd(connect_to(place));
        await_count(&s, 1);
        vow_server_stop(&s.server, 0);
        if (drops)
            drop(&s);
        else
            run_nil(s.promise);
        assert_log(place->f, "a-cancelled");
        assert_closed(ends[0]);
        assert_closed(ends[1]);
        close_both(ends);
    }
}
AT_EACH(stop_closes_the_queue_at_the_deadline)

/* Takes its time to clean up. */
struct careful {
    vow_task task;
    struct served *s;
    vow_value *connection;
    struct source source;
};

VOW_ASYNC(careful, me)
{
    VOW_BEGIN(me);
    me->s->count++;
    VOW_AWAIT(me, pending(me->s->place->f, &me->source, "wait"));
    VOW_FINALLY(me);
    note(me->s->place->f, "cleaning");
    do
        VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    while (me->s->holds_clean_up);
    g_assert_true(vow_is_fd(me->connection)); /* still lent */
    put(vow_as_fd(me->connection), "bye");
    note(me->s->place->f, "clean");
    VOW_END(me);
}

static vow_promise *serve_carefully(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_async(loop, careful, .s = data, .connection = connection);
}

static void stop_waits_for_clean_up(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, serve_carefully);
    int fd = client_of(&s);
    vow_server_stop(&s.server, 0);
    run_nil(s.promise);
    assert_log(place->f, "wait-cancelled cleaning clean");
    assert_readable_text(fd, "bye");
    assert_closed(fd);
    close(fd);
}
AT_EACH(stop_waits_for_clean_up)

/* ---- Dropping ------------------------------------------------------------------------------------------ */

static void dropped(struct place *place)
{
    guint before = count_descriptors();

    for (int turns = 0; turns < 4; turns++) {
        struct served s = {.place = place};
        place->listener = place->listener < 0 ? run_fd(listen_again(place)) : place->listener;
        serve(&s, hold);
        vow_promise *p = connect_to(place);
        for (int i = 0; i < turns; i++)
            turn(place->f);
        drop(&s);
        g_assert_null(s.server.promise);
        (void) vow_peek(p);
        vow_unref(p);
        g_assert_cmpuint(count_descriptors(), ==, before - 1); /* the place's listener */
        g_string_truncate(place->f->log, 0);
    }
}
AT_EACH(dropped)

static void dropped_with_connections(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int ends[2] = {client_of(&s), client_of(&s)};
    drop(&s);
    assert_log(place->f, "a-cancelled b-cancelled");
    assert_closed(ends[0]);
    assert_closed(ends[1]);
    run_fails(connect_to(place), ECONNREFUSED, "");
    close_both(ends);
}
AT_EACH(dropped_with_connections)

/* Those who hold the server's promise are told when all is clean. */
static void cancelled_with_clean_up(struct place *place)
{
    struct served s = {.place = place, .holds_clean_up = true};

    serve(&s, serve_carefully);
    int ends[2] = {client_of(&s), client_of(&s)};
    vow_cancel(vow_ref(s.promise));
    assert_log(place->f, "wait-cancelled cleaning wait-cancelled cleaning");
    assert_peek(s.promise, "pending");
    run_fails(connect_to(place), ECONNREFUSED, "");
    assert_peek(s.promise, "pending");
    s.holds_clean_up = false;
    run_fails(s.promise, ECANCELED, "");
    assert_log(place->f, "clean clean");
    assert_readable_text(ends[0], "bye");
    assert_readable_text(ends[1], "bye");
    assert_closed(ends[1]);
    close_both(ends);
}
AT_EACH(cancelled_with_clean_up)

static void cancelled_while_stopping(struct place *place)
{
    struct served s = {.place = place, .holds_clean_up = true};

    serve(&s, serve_carefully);
    int ends[2] = {client_of(&s), client_of(&s)};
    vow_server_stop(&s.server, 0);
    turn(place->f); /* the deadline: both are cleaning up */
    assert_log(place->f, "wait-cancelled cleaning wait-cancelled cleaning");
    vow_cancel(vow_ref(s.promise));
    assert_peek(s.promise, "pending");
    s.holds_clean_up = false;
    run_fails(s.promise, ECANCELED, "");
    assert_log(place->f, "clean clean");
    close_both(ends);
}
AT_EACH(cancelled_while_stopping)

static void freed_with_the_loop(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int fd = client_of(&s);
    vow_detach(s.promise);
    place->f->expect_live = vow_loop_live(place->f->loop);
    free_loop(place->f);
    assert_log(place->f, "a-cancelled");
    assert_closed(fd);
    close(fd);
}
AT_EACH(freed_with_the_loop)

/* ---- What a handler may do to its server --------------------------------------------------------------- */

static vow_promise *hold_and_stop(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    vow_server_stop(&s->server, s->seconds);
    return hold(loop, connection, data);
}

static void stopped_in_the_handler(struct place *place)
{
    struct served s = {.place = place, .seconds = 3600};

    serve(&s, hold_and_stop);
    int ends[2] = {client_of(&s), -1};
    assert_peek(s.promise, "pending");
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 1);
    vow_resolve(&s.sources[0].resolver, vow_nil());
    run_nil(s.promise);
    close(ends[0]);
}
AT_EACH(stopped_in_the_handler)

static vow_promise *hold_and_cancel(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    vow_cancel(vow_ref(s->promise));
    return s->is_careful ? serve_carefully(loop, connection, data) : hold(loop, connection, data);
}

static void cancelled_in_the_handler(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold_and_cancel);
    int fd = client_of(&s);
    run_fails(s.promise, ECANCELED, "");
    assert_log(place->f, "a-cancelled");
    assert_closed(fd);
    close(fd);
}
AT_EACH(cancelled_in_the_handler)

static void cancelled_in_the_handler_with_clean_up(struct place *place)
{
    struct served s = {.place = place, .is_careful = true, .holds_clean_up = true};

    serve(&s, hold_and_cancel);
    int fd = client_of(&s);
    assert_peek(s.promise, "pending");
    s.holds_clean_up = false;
    run_fails(s.promise, ECANCELED, "");
    assert_log(place->f, "wait-cancelled cleaning clean");
    assert_readable_text(fd, "bye");
    close(fd);
}
AT_EACH(cancelled_in_the_handler_with_clean_up)

static vow_promise *hold_and_drop(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    vow_unref(s->promise);
    return hold(loop, connection, data);
}

static void dropped_in_the_handler(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold_and_drop);
    int fd = client_of(&s);
    assert_log(place->f, "a-cancelled");
    g_assert_null(s.server.promise);
    assert_closed(fd);
    close(fd);
}
AT_EACH(dropped_in_the_handler)

/* A clean-up that runs while the server is being dropped may still call its functions. */
struct meddler {
    vow_task task;
    struct served *s;
};

VOW_ASYNC(meddler, me)
{
    VOW_BEGIN(me);
    me->s->count++;
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 3600));
    VOW_FINALLY(me);
    vow_server_stop(&me->s->server, 0);
    vow_server_limit(&me->s->server, 7);
    g_assert_cmpuint(vow_server_connections(&me->s->server), ==, 0);
    note(me->s->place->f, "stopped");
    VOW_END(me);
}

static vow_promise *serve_meddler(vow_loop *loop, vow_value *connection, void *data)
{
    (void) connection;
    return vow_async(loop, meddler, .s = data);
}

static void stopped_while_it_is_dropped(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, serve_meddler);
    int fd = client_of(&s);
    drop(&s);
    assert_log(place->f, "stopped");
    close(fd);
}
AT_EACH(stopped_while_it_is_dropped)

/* The server is dropped at the same time as what stops it, and comes second. */
static void stopped_before_it_is_dropped(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int fd = client_of(&s);
    vow_promise *first = vow_async(place->f->loop, meddler, .s = &s);
    vow_unref(vow_all_of(place->f->loop, first, s.promise));
    assert_log(place->f, "stopped a-cancelled");
    g_assert_null(s.server.promise);
    close(fd);
}
AT_EACH(stopped_before_it_is_dropped)

static vow_value turn_and_stop(vow_value *value, void *data)
{
    struct served *s = data;
    vow_loop *other = vow_loop_new(s->place->f->ev);

    (void) value;
    run_nil(vow_yield(other)); /* the listener is ready, and the server will have its turn */
    vow_loop_free(other);
    vow_server_stop(&s->server, 3600); /* the turn comes all the same, for what waits in the queue */
    assert_peek(s->promise, "pending");
    return vow_nil();
}

static void stopped_before_its_turn(struct place *place)
{
    struct served s = {.place = place};

    int fd = socket_of(place);
    connect_raw(place, fd);
    serve(&s, hold);
    vow_promise *p = vow_resolved(place->f->loop, vow_nil());
    run_nil(vow_then(p, turn_and_stop, &s));
    await_count(&s, 1);
    vow_resolve(&s.sources[0].resolver, vow_nil());
    run_nil(s.promise);
    close(fd);
}

static void stopped_between_callback_and_turn(fixture *f)
{
    at_place(f, NULL, stopped_before_its_turn);
}

/* ---- The limit ----------------------------------------------------------------------------------------- */

static void no_more_than_the_limit(struct place *place)
{
    struct served s = {.place = place};
    int fds[4];

    serve(&s, hold);
    vow_server_limit(&s.server, 2);
    for (int i = 0; i < 4; i++)
        fds[i] = run_fd(connect_to(place)); /* two of them stay in the queue */
    await_count(&s, 2);
    unsigned iterations = ev_iteration(place->f->ev);
    run_nil(vow_sleep(place->f->loop, 0.05));
    g_assert_cmpuint(ev_iteration(place->f->ev) - iterations, <, 20); /* it does not spin */
    g_assert_cmpint(s.count, ==, 2);
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 2);
    vow_resolve(&s.sources[1].resolver, vow_nil());
    await_count(&s, 3);
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 2);
    vow_server_limit(&s.server, 0);
    await_count(&s, 4);
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 3);
    vow_server_limit(&s.server, 1); /* those over it go on */
    turn(place->f);
    g_assert_cmpuint(vow_server_connections(&s.server), ==, 3);
    drop(&s);
    assert_log(place->f, "a-cancelled c-cancelled d-cancelled");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}
AT_EACH(no_more_than_the_limit)

/* ---- Misuse -------------------------------------------------------------------------------------------- */

static vow_promise *nothing(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    (void) loop;
    (void) connection;
    s->count++;
    return NULL;
}

static void no_promise(fixture *f)
{
    struct place place;
    struct served s = {.place = &place};

    open_place(&place, f, "127.0.0.1");
    serve(&s, nothing);
    client_of(&s);
}

static void test_no_promise(fixture *f)
{
    expect_abort(f, no_promise, "vow_serve", "handler returned NULL", false);
}

static vow_server unused;
static vow_promise *ignored;
MISUSE(no_server, ignored = vow_serve(f->loop, NULL, vow_fd(0), hold, NULL), "vow_serve", "server is NULL",
       false)
MISUSE(no_handler, ignored = vow_serve(f->loop, &unused, vow_fd(0), NULL, NULL), "vow_serve",
       "handler is NULL", false)
MISUSE(no_descriptor, ignored = vow_serve(f->loop, &unused, vow_int(0), hold, NULL), "vow_take_fd",
       "int, where fd", false)
MISUSE(stop_nothing, (void) f; vow_server_stop(NULL, 1), "vow_server_stop", "server is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/server/serve/many-clients", many_clients);
    ADD_EACH("/server/serve/lent", a_lent_descriptor);
    ADD_EACH("/server/serve/failing", a_connection_that_fails);
    ADD_EACH("/server/serve/settled", a_handler_that_does_nothing);
    ADD_EACH("/server/stop/no-connections", stop_without_connections);
    ADD_EACH("/server/stop/waits", stop_waits_for_connections);
    ADD_EACH("/server/stop/deadline", stop_cancels_at_the_deadline);
    ADD_EACH("/server/stop/queue", stop_serves_the_queue);
    ADD_EACH("/server/stop/queue/all", stop_serves_all);
    ADD_EACH("/server/stop/queue/deadline", stop_closes_the_queue_at_the_deadline);
    test_add("/server/stop/for-everyone", stop_cancels_for_everyone);
    ADD_EACH("/server/stop/clean-up", stop_waits_for_clean_up);
    ADD_EACH("/server/drop/any-time", dropped);
    ADD_EACH("/server/drop/connections", dropped_with_connections);
    ADD_EACH("/server/drop/clean-up", cancelled_with_clean_up);
    ADD_EACH("/server/drop/stopping", cancelled_while_stopping);
    ADD_EACH("/server/drop/loop", freed_with_the_loop);
    ADD_EACH("/server/handler/stops", stopped_in_the_handler);
    ADD_EACH("/server/handler/cancels", cancelled_in_the_handler);
    ADD_EACH("/server/handler/cancels-with-clean-up", cancelled_in_the_handler_with_clean_up);
    ADD_EACH("/server/handler/drops", dropped_in_the_handler);
    ADD_EACH("/server/handler/meddles", stopped_while_it_is_dropped);
    ADD_EACH("/server/handler/meddles-first", stopped_before_it_is_dropped);
    test_add("/server/handler/before-its-turn", stopped_between_callback_and_turn);
    ADD_EACH("/server/limit", no_more_than_the_limit);
    test_add("/server/misuse/no-promise", test_no_promise);
    test_add("/server/misuse/no-server", test_no_server);
    test_add("/server/misuse/no-handler", test_no_handler);
    test_add("/server/misuse/no-descriptor", test_no_descriptor);
    test_add("/server/misuse/stop-nothing", test_stop_nothing);
    return g_test_run();
}
