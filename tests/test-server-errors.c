/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server and what the system does to it: no descriptor or memory for a connection, connections that are
 * gone before they are accepted, a listener that fails for good, sockets that do not listen. A stand-in for
 * accept(2) gives the errors that a test has asked for. Pauses pass on a virtual clock.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _DEFAULT_SOURCE

#include "server.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vow/testing.h>

/* What the next calls fail with; a negative count is for ever. */
static struct {
    int code, count;
} failing;
static int calls;

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

static bool has_failed(void)
{
    calls++;
    if (!failing.count)
        return false;
    failing.count -= failing.count > 0;
    errno = failing.code;
    return true;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return has_failed() ? -1 : (int) syscall(SYS_accept4, fd, address, length, flags);
}

int accept(int fd, struct sockaddr *address, socklen_t *length)
{
    return has_failed() ? -1 : (int) syscall(SYS_accept4, fd, address, length, 0);
}

static void fail_with(int code, int count)
{
    failing.code = code;
    failing.count = count;
    calls = 0;
}

static const int lacks[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

static void turns(fixture *f, int n)
{
    for (int i = 0; i < n; i++)
        turn(f);
}

/* A client that connects while accepting fails. That was noticed, and a pause has begun. */
static int client_in_vain(struct served *s, int code)
{
    fixture *f = s->place->f;

    make_virtual(f);
    fail_with(code, -1);
    int fd = run_fd(connect_to(s->place));
    while (!calls)
        ev_run(f->ev, EVRUN_ONCE);
    vow_clock_advance(f->loop, 0);
    g_assert_cmpint(calls, ==, 1);
    return fd;
}

/* ---- What may pass ------------------------------------------------------------------------------------- */

/* It does not try at each turn of the loop, but it does try again: after 10 ms, then twice as late each time,
 * and each second in the end. */
static void try_again(fixture *f, double pause)
{
    double began = vow_now(f->loop);
    int before = calls;

    vow_clock_advance(f->loop, pause - 1e-6);
    g_assert_cmpint(calls, ==, before);
    while (calls == before)
        ev_run(f->ev, EVRUN_ONCE);
    g_assert_cmpfloat_with_epsilon(vow_now(f->loop) - began, pause, 1e-9);
    g_assert_cmpint(calls, ==, before + 1);
}

static void it_pauses(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    for (size_t i = 0; i < G_N_ELEMENTS(lacks); i++) {
        int fd = client_in_vain(&s, lacks[i]);
        for (int n = 0; n < 10; n++)
            try_again(place->f, fmin(0.01 * (1 << n), 1));
        g_assert_true(vow_is_pending(s.promise));
        fail_with(0, 0);
        await_count(&s, (int) i + 1);
        close(fd);
    }
    drop(&s);
    assert_log(place->f, "a-cancelled b-cancelled c-cancelled d-cancelled");
}
AT_EACH(it_pauses)

/* When one of its own connections ends, it need not wait any longer. */
static void a_connection_that_ends_ends_the_pause(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    int ends[2] = {client_of(&s), -1};
    ends[1] = client_in_vain(&s, EMFILE);
    while (calls < 5) /* the pauses grow longer */
        ev_run(place->f->ev, EVRUN_ONCE);
    fail_with(0, 0);
    vow_resolve(&s.sources[0].resolver, vow_nil());
    vow_clock_advance(place->f->loop, 0);
    g_assert_cmpint(s.count, ==, 2);
    drop(&s);
    assert_log(place->f, "b-cancelled");
    close_both(ends);
}
AT_EACH(a_connection_that_ends_ends_the_pause)

static void ended_in_a_pause(struct place *place)
{
    for (int manner = 0; manner < 2; manner++) {
        struct served s = {.place = place};
        if (place->listener < 0)
            place->listener = run_fd(listen_again(place));
        serve(&s, hold);
        int fd = client_in_vain(&s, EMFILE);
        if (manner == 0) {
            drop(&s);
        } else {
            vow_server_stop(&s.server, 3600);
            run_nil(s.promise);
        }
        g_assert_false(ev_run(place->f->ev, 0));
        close(fd);
    }
    fail_with(0, 0);
}
AT_EACH(ended_in_a_pause)

static void the_limit_in_a_pause(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    vow_server_limit(&s.server, 1);
    int fd = client_in_vain(&s, EMFILE);
    vow_server_limit(&s.server, 2); /* it is no reason to try again */
    vow_clock_advance(place->f->loop, 0);
    g_assert_cmpint(calls, ==, 1);
    fail_with(0, 0);
    await_count(&s, 1);
    drop(&s);
    assert_log(place->f, "a-cancelled");
    close(fd);
}
AT_EACH(the_limit_in_a_pause)

/* The record of a connection is made before it is accepted: without memory it stays in the queue. */
static void no_memory_for_a_connection(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    fail_with(0, 0);
    vow_promise *connected = connect_to(place);
    memory_fail(place->f, 1, true);
    turns(place->f, 3);
    g_assert_cmpint(s.count, ==, 0);
    g_assert_true(vow_is_pending(s.promise));
    memory_fail(place->f, 0, false);
    await_count(&s, 1);
    vow_unref(connected);
    drop(&s);
    assert_log(place->f, "a-cancelled");
}

static void no_memory_for_a_record(fixture *f)
{
    at_place(f, "127.0.0.1", no_memory_for_a_connection);
}

/* ---- What is passed over ------------------------------------------------------------------------------- */

static const int gone[] = {EINTR,  ECONNABORTED, EPROTO,      ENETDOWN,   ENOPROTOOPT, EHOSTDOWN,
                           ENONET, EHOSTUNREACH, ENETUNREACH, ECONNRESET, ETIMEDOUT,   EPERM};

static void connections_that_are_gone(struct place *place)
{
    struct served s = {.place = place};
    int fds[2];

    fail_with(0, 0);
    serve(&s, hold);
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
        fail_with(gone[i], 1);
        s.count = 0;
        fds[0] = client_of(&s);
        vow_resolve(&s.sources[0].resolver, vow_nil());
        turn(place->f);
        assert_closed(fds[0]);
        close(fds[0]);
    }
    drop(&s);
    place->listener = run_fd(listen_again(place));
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) { /* vow_accept() does the same */
        fail_with(gone[i], 1);
        fds[0] = run_fd(connect_to(place));
        fds[1] = run_fd(accept_at(place));
        close_both(fds);
    }
}
AT_EACH(connections_that_are_gone)

/* However many there are, the loop has its turns. */
static void many_that_are_gone(struct place *place)
{
    struct served s = {.place = place};

    serve(&s, hold);
    fail_with(ECONNABORTED, 1000);
    int fd = run_fd(connect_to(place)), before = calls;
    turn(place->f);
    g_assert_cmpint(calls, <, before + 500);
    await_count(&s, 1);
    g_assert_cmpint(calls, >=, 1001);
    drop(&s);
    assert_log(place->f, "a-cancelled");
    close(fd);
}
AT_EACH(many_that_are_gone)

/* ---- What does not pass -------------------------------------------------------------------------------- */

static void accepting_fails_for_good(struct place *place)
{
    struct served s = {.place = place};
    struct place before = *place; /* with its listener */
    int fd = socket_of(place);

    serve(&s, hold);
    int ends[2] = {client_of(&s), client_of(&s)};
    fail_with(EOPNOTSUPP, -1);
    connect_raw(&before, fd); /* the loop might hear of the failure first, which resets this one */
    run_fails(s.promise, EOPNOTSUPP, "vow_serve: descriptor");
    g_assert_null(s.server.promise);
    assert_log(place->f, "a-cancelled b-cancelled");
    g_assert_cmpint(calls, ==, 1);
    assert_closed(ends[0]);
    run_fails(connect_to(place), ECONNREFUSED, "");
    close_both(ends);
    close(fd);
    fail_with(0, 0);
}
AT_EACH(accepting_fails_for_good)

/* A connection whose clean-up awaits. */
struct slow {
    vow_task task;
    fixture *f;
    struct source *until;
};

VOW_ASYNC(slow, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_never(VOW_LOOP(me)));
    VOW_FINALLY(me);
    note(me->f, "cleaning");
    VOW_TRY_AWAIT(me, pending(me->f, me->until, "until"));
    note(me->f, "cleaned");
    VOW_END(me);
}

static vow_promise *serve_slowly(vow_loop *loop, vow_value *connection, void *data)
{
    struct served *s = data;

    (void) connection;
    return vow_async(loop, slow, .f = s->place->f, .until = &s->sources[s->count++]);
}

enum meanwhile { NOTHING, CANCELLED, DROPPED, N_MEANWHILE };

/* Nothing that a connection shares with the server's owner may go before its clean-up is done. */
static void failing_waits_for_clean_up(struct place *place)
{
    for (int meanwhile = 0; meanwhile < N_MEANWHILE; meanwhile++) {
        struct served s = {.place = place};
        if (place->listener < 0)
            place->listener = run_fd(listen_again(place));
        struct place before = *place;
        int fd = socket_of(place);
        serve(&s, serve_slowly);
        int ends[2] = {client_of(&s), client_of(&s)};
        fail_with(EINVAL, -1);
        connect_raw(&before, fd);
        while (!calls)
            ev_run(place->f->ev, EVRUN_ONCE);
        fail_with(0, 0);
        assert_log(place->f, "cleaning cleaning");
        g_assert_true(vow_is_pending(s.promise));
        watch(place->f, vow_ref(s.promise), "told");
        if (meanwhile == CANCELLED)
            vow_cancel(vow_ref(s.promise));
        if (meanwhile == DROPPED)
            vow_unref(vow_ref(s.promise));
        vow_resolve(&s.sources[1].resolver, vow_nil());
        turn(place->f);
        assert_log(place->f, "cleaned");
        vow_resolve(&s.sources[0].resolver, vow_nil());
        turn(place->f);
        assert_log(place->f, meanwhile == CANCELLED ? "cleaned told!ECANCELED" : "cleaned told!EINVAL");
        if (meanwhile == CANCELLED)
            expect_report(place->f, "vow_serve: descriptor");
        assert_peek(s.promise, meanwhile == CANCELLED ? "!ECANCELED" : "!EINVAL");
        vow_unref(s.promise);
        close_both(ends);
        close(fd);
    }
}
AT_EACH(failing_waits_for_clean_up)

static void fails_to_serve(fixture *f, int fd, int code)
{
    guint before = count_descriptors();
    vow_server server;
    vow_promise *p = vow_serve(f->loop, &server, vow_fd(fd), hold, NULL);

    g_assert_null(server.promise);
    g_assert_true(vow_is_rejected(p));
    run_fails(p, code, "vow_serve");
    g_assert_cmpuint(count_descriptors(), ==, before - (code != EBADF));
}

static void sockets_that_do_not_listen(fixture *f)
{
    int ends[2], fd = dup(STDERR_FILENO);

    close(fd);
    fails_to_serve(f, fd, EBADF);
    open_pipe(ends);
    fails_to_serve(f, ends[0], ENOTSOCK);
    close(ends[1]);
    open_tcp(ends);
    fails_to_serve(f, ends[0], EINVAL);
    close(ends[1]);
}

static void no_memory(fixture *f)
{
    int fd = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 1));
    guint before = count_descriptors();
    vow_server server;

    memory_fail(f, 1, true);
    vow_promise *p = vow_serve(f->loop, &server, vow_fd(fd), hold, NULL);
    memory_fail(f, 0, false);
    if (vow_is_rejected(p)) { /* a pool may still have had a block */
        assert_peek(p, "!ENOMEM");
        g_assert_null(server.promise);
    }
    vow_unref(p);
    g_assert_cmpuint(count_descriptors(), ==, before - 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/server-errors/lack/pauses", it_pauses);
    ADD_EACH("/server-errors/lack/connection-ends", a_connection_that_ends_ends_the_pause);
    ADD_EACH("/server-errors/lack/ended", ended_in_a_pause);
    ADD_EACH("/server-errors/lack/limit", the_limit_in_a_pause);
    test_add("/server-errors/lack/record", no_memory_for_a_record);
    ADD_EACH("/server-errors/gone/each", connections_that_are_gone);
    ADD_EACH("/server-errors/gone/many", many_that_are_gone);
    ADD_EACH("/server-errors/for-good", accepting_fails_for_good);
    ADD_EACH("/server-errors/for-good/clean-up", failing_waits_for_clean_up);
    test_add("/server-errors/not-listening", sockets_that_do_not_listen);
    test_add("/server-errors/no-memory", no_memory);
    return g_test_run();
}
