/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that were accepted for a promise which is dropped before anybody has looked at it. They go back
 * to their listener, to whoever accepts there next, and are closed only with the listener.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "server.h"

#include <math.h>
#include <sys/socket.h>

/* ---- Clients ------------------------------------------------------------------------------------------- */

/* A client whose connection a promise has already. */
static int accepted_client(struct place *place, vow_promise **promise)
{
    int client = socket_of(place);

    *promise = accept_at(place);
    connect_raw(place, client);
    while (vow_is_pending(*promise))
        ev_run(place->f->ev, EVRUN_ONCE);
    return client;
}

/* The promise has, or gets, the connection of this client; both ends are closed. */
static void is_from(struct place *place, vow_promise *promise, int client)
{
    int ends[2] = {client, run_fd(promise)};

    assert_connected(place->f, ends[0], ends[1]);
    close_both(ends);
}

/* Nobody has the other end any more: waited for, since it may be noticed later. */
static void ends(fixture *f, int client)
{
    char byte;

    g_assert_cmpint(run_int(vow_read(f->loop, client, &byte, 1)), ==, 0);
    close(client);
}

/* ---- Back in its place --------------------------------------------------------------------------------- */

static void the_next_one_gets_it(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);

    vow_unref(p);
    p = accept_at(place);
    g_assert_true(vow_is_fulfilled(p)); /* at once */
    vow_unref(vow_timeout(p, 1000));
    is_from(place, accept_at(place), client);
}
AT_EACH(the_next_one_gets_it)

/* However the order in which they come back, and before those in the system's queue. */
static void in_the_order_of_arrival(struct place *place)
{
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        vow_promise *promises[3];
        int clients[4];

        for (int n = 0; n < 3; n++)
            clients[n] = accepted_client(place, &promises[n]);
        clients[3] = socket_of(place);
        connect_raw(place, clients[3]);
        for (int n = 0; n < 3; n++)
            vow_unref(promises[orders[i][n]]);
        for (int n = 0; n < 4; n++)
            is_from(place, accept_at(place), clients[n]);
    }
}
AT_EACH(in_the_order_of_arrival)

static void to_one_who_waits(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);
    vow_promise *dropped = accept_at(place), *first = accept_at(place), *second = accept_at(place);

    vow_unref(dropped);
    vow_unref(p);
    g_assert_true(vow_is_fulfilled(first));
    assert_peek(second, "pending");
    is_from(place, first, client);
    vow_unref(second);
}
AT_EACH(to_one_who_waits)

/* Each gives it to the next, however many there are. */
static void along_all_who_wait(struct place *place)
{
    enum { WAITING = 50 };
    vow_promise *p, *waiting[WAITING];
    int client = accepted_client(place, &p);

    for (int i = 0; i < WAITING; i++)
        waiting[i] = accept_at(place);
    for (int i = 0; i < WAITING; i++) {
        vow_unref(p);
        p = waiting[i];
        g_assert_true(vow_is_fulfilled(p));
    }
    is_from(place, p, client);
}
AT_EACH(along_all_who_wait)

/* More than one turn of the loop completes: those that were put off look for it in their turn. */
static void to_those_that_were_put_off(struct place *place)
{
    enum { MANY = 300 };
    vow_promise *p, *all[MANY];
    int client = accepted_client(place, &p);

    vow_unref(p);
    for (int i = 0; i < MANY; i++)
        all[i] = accept_at(place);
    for (int i = 0; i < MANY; i++) {
        while (vow_is_pending(all[i]))
            ev_run(place->f->ev, EVRUN_ONCE);
        if (i < MANY - 1)
            vow_unref(all[i]);
    }
    is_from(place, all[MANY - 1], client);
}
AT_EACH(to_those_that_were_put_off)

static void without_memory(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);

    memory_fail(place->f, 1, true);
    vow_unref(p);
    memory_fail(place->f, 0, false);
    is_from(place, accept_at(place), client);
}
AT_EACH(without_memory)

/* Another listener has others, also with the same promise of the same loop in between. */
static void of_its_own_listener(struct place *place)
{
    struct place other;
    vow_promise *p, *q;
    int client, others;

    open_place(&other, place->f, place->host);
    client = accepted_client(place, &p);
    others = accepted_client(&other, &q);
    vow_promise *waiting = accept_at(&other);
    vow_unref(p);
    assert_peek(waiting, "pending");
    vow_unref(waiting);
    vow_unref(q);
    is_from(place, accept_at(&other), others);
    is_from(place, accept_at(place), client);
    close_place(&other);
}
AT_EACH(of_its_own_listener)

/* ---- Servers ------------------------------------------------------------------------------------------- */

static void take(struct served *s, int client)
{
    int both[2] = {client, s->fds[s->count - 1]};

    assert_connected(s->place->f, both[0], both[1]);
    vow_resolve(&s->sources[s->count - 1].resolver, vow_nil());
    close(client);
}

static void a_server_gets_it(struct place *place)
{
    struct served s = {.place = place};
    vow_promise *p, *q;
    int first = accepted_client(place, &p), second = accepted_client(place, &q);

    vow_unref(p);
    serve(&s, hold); /* one is there, and one comes while it waits */
    await_count(&s, 1);
    take(&s, first);
    vow_unref(q);
    await_count(&s, 2);
    take(&s, second);
    vow_server_stop(&s.server, INFINITY);
    run_nil(s.promise);
    g_string_truncate(place->f->log, 0);
}
AT_EACH(a_server_gets_it)

/* One that has no room takes it over when it is stopped, as it does those in the queue. */
static void a_server_that_stops(struct place *place)
{
    struct served s = {.place = place};
    vow_promise *p, *q;
    int first = accepted_client(place, &p), second = accepted_client(place, &q);

    vow_unref(p);
    serve(&s, hold);
    vow_server_limit(&s.server, 1);
    await_count(&s, 1);
    vow_unref(q);
    turn(place->f);
    g_assert_cmpint(s.count, ==, 1);
    vow_server_stop(&s.server, INFINITY);
    take(&s, first);
    await_count(&s, 2);
    take(&s, second);
    run_nil(s.promise);
    g_string_truncate(place->f->log, 0);
}
AT_EACH(a_server_that_stops)

/* One that was to take it and is dropped leaves it to others who wait. */
static void a_server_that_is_dropped(struct place *place)
{
    struct served s = {.place = place};
    int listener = dup(place->listener);
    vow_promise *p;
    int client = accepted_client(place, &p);

    serve(&s, hold);
    place->listener = listener;
    vow_promise *waiting = accept_at(place);
    vow_unref(p);
    drop(&s);
    g_assert_true(vow_is_fulfilled(waiting));
    is_from(place, waiting, client);
}
AT_EACH(a_server_that_is_dropped)

/* ---- The end of the listener --------------------------------------------------------------------------- */

static void close_listener(struct place *place)
{
    close(place->listener);
    place->listener = -1;
}

/* Noticed by the loop itself. */
static void closed_while_it_is_kept(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);

    vow_unref(p);
    close_listener(place);
    ends(place->f, client);
}
AT_EACH(closed_while_it_is_kept)

static void closed_before_it_comes_back(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);

    close_listener(place);
    vow_unref(p);
    assert_closed(client);
    close(client);
}
AT_EACH(closed_before_it_comes_back)

/* Its number is another one's now. */
static void not_to_another_listener(struct place *place)
{
    struct place other;
    vow_promise *p;
    int client = accepted_client(place, &p), number = place->listener;

    vow_unref(p);
    open_place(&other, place->f, place->host);
    g_assert_cmpint(dup2(other.listener, number), ==, number);
    p = vow_accept(place->f->loop, number);
    assert_peek(p, "pending");
    assert_closed(client);
    vow_unref(p);
    close(client);
    close_place(&other);
}
AT_EACH(not_to_another_listener)

/* What is kept is not waited for. */
static void does_not_keep_the_loop_going(struct place *place)
{
    vow_promise *p;
    int client = accepted_client(place, &p);

    vow_unref(p);
    g_assert_false(ev_run(place->f->ev, 0));
    is_from(place, accept_at(place), client);
}
AT_EACH(does_not_keep_the_loop_going)

static void closed_with_the_loop(struct place *place)
{
    vow_promise *p, *alive;
    int kept = accepted_client(place, &p), held = accepted_client(place, &alive);

    vow_unref(p);
    place->f->expect_live = 1;
    free_loop(place->f);
    expect_report(place->f, "never released");
    assert_closed(kept);
    vow_unref(alive);
    assert_closed(held);
    close(kept);
    close(held);
}
AT_EACH(closed_with_the_loop)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/accept/back/next", the_next_one_gets_it);
    ADD_EACH("/accept/back/order", in_the_order_of_arrival);
    ADD_EACH("/accept/back/waiting", to_one_who_waits);
    ADD_EACH("/accept/back/along", along_all_who_wait);
    ADD_EACH("/accept/back/put-off", to_those_that_were_put_off);
    ADD_EACH("/accept/back/no-memory", without_memory);
    ADD_EACH("/accept/back/another", of_its_own_listener);
    ADD_EACH("/accept/server/gets", a_server_gets_it);
    ADD_EACH("/accept/server/stops", a_server_that_stops);
    ADD_EACH("/accept/server/dropped", a_server_that_is_dropped);
    ADD_EACH("/accept/closed/kept", closed_while_it_is_kept);
    ADD_EACH("/accept/closed/before", closed_before_it_comes_back);
    ADD_EACH("/accept/closed/number", not_to_another_listener);
    ADD_EACH("/accept/closed/no-reason-to-wait", does_not_keep_the_loop_going);
    ADD_EACH("/accept/closed/loop", closed_with_the_loop);
    return g_test_run();
}
