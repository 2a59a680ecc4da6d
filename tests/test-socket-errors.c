/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets and what the world does to them: refused, in use, no descriptors, no memory, invalid names, invalid
 * descriptors.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- What can go wrong --------------------------------------------------------------------------------- */

/* A port that is taken but not listened at, a path that was left behind. */
static void refused(struct place *place)
{
    fixture *f = place->f;
    int taken = -1;

    if (place->host) {
        taken = socket_of(place);
        struct sockaddr_storage address;
        socklen_t length = sizeof address;
        g_assert_cmpint(getsockname(place->listener, (struct sockaddr *) &address, &length), ==, 0);
        if (address.ss_family == AF_INET)
            ((struct sockaddr_in *) &address)->sin_port = 0;
        else
            ((struct sockaddr_in6 *) &address)->sin6_port = 0;
        g_assert_cmpint(bind(taken, (struct sockaddr *) &address, length), ==, 0);
        g_snprintf(place->port, sizeof place->port, "%d", vow_socket_port(taken));
    } else {
        close(place->listener);
        place->listener = -1;
    }
    run_fails(connect_to(place), ECONNREFUSED, place->host ? place->host : place->path);
    run_fails(connect_to(place), ECONNREFUSED, place->host ? place->port : place->path);
    for (int turns = 0; turns < 3; turns++) { /* dropped before or after it is refused: neither leaks */
        vow_promise *p = connect_to(place);
        for (int i = 0; i < turns; i++)
            turn(f);
        (void) vow_peek(p); /* its error has been looked at */
        vow_unref(p);
    }
    if (taken >= 0)
        close(taken);
}
AT_EACH(refused)

static void in_use(struct place *place)
{
    run_fails(listen_at(place, place->port), EADDRINUSE, place->host ? place->port : place->path);
    int client = run_fd(connect_to(place)); /* the one that was first still works */
    close(client);
    flush(place);
}
AT_EACH(in_use)

/* The server closes first, so that its end of the connection lingers. */
static void a_port_may_be_reused_after_a_restart(fixture *f)
{
    struct place place;
    int ends[2];

    open_place(&place, f, "127.0.0.1");
    ends[0] = run_fd(connect_to(&place));
    ends[1] = run_fd(accept_at(&place));
    assert_connected(f, ends[0], ends[1]);
    close(ends[1]);
    close(place.listener);
    close(ends[0]);
    place.listener = run_fd(listen_at(&place, place.port));
    close_place(&place);
}

/* Leaves the program no free descriptor until the limit is set back. */
static struct rlimit use_up_descriptors(void)
{
    struct rlimit old, low;
    int first_free = open("/dev/null", O_RDONLY);

    g_assert_cmpint(first_free, >=, 0);
    close(first_free);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &old), ==, 0);
    low = old;
    low.rlim_cur = (rlim_t) first_free;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
    return old;
}

static void set_back(struct rlimit old)
{
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &old), ==, 0);
}

/* Also while accept waits; the connections stay queued and are accepted later. */
static void no_descriptor_is_free(struct place *place)
{
    fixture *f = place->f;
    const char *preloaded = g_getenv("LD_PRELOAD");

    if (preloaded && strstr(preloaded, "vgpreload")) {
        /* Valgrind accepts the connection, closes it again and then says EMFILE. */
        g_test_skip("Valgrind loses connections over its own limit of descriptors");
        return;
    }
    int clients[2] = {socket_of(place), socket_of(place)}, servers[2];

    vow_promise *p = accept_at(place);
    turn(f);
    struct rlimit old = use_up_descriptors();
    connect_raw(place, clients[0]);
    run_fails(p, EMFILE, "");
    run_fails(accept_at(place), EMFILE, "");
    run_fails(connect_to(place), EMFILE, "");
    run_fails(listen_at(place, "0"), EMFILE, "");
    connect_raw(place, clients[1]);
    set_back(old);
    servers[0] = run_fd(accept_at(place));
    servers[1] = run_fd(accept_at(place));
    assert_connected(f, clients[0], servers[0]);
    assert_connected(f, clients[1], servers[1]);
    close_both(clients);
    close_both(servers);
}
AT_EACH(no_descriptor_is_free)

/* Whether the n-th allocation was one of those that the promise needs; it rejects then. */
static bool fails_without_memory(fixture *f, vow_promise *(*make)(const struct place *), struct place *place,
                                 size_t n)
{
    vow_value value;

    memory_fail(f, n, false);
    vow_error *error = vow_run(make(place), &value);
    bool failed = f->memory.failed > 0;
    memory_fail(f, 0, false);
    g_assert_true(failed || !error);
    if (error)
        g_assert_cmpint(vow_error_code(error), ==, ENOMEM);
    vow_error_unref(error);
    vow_value_drop(value);
    return failed;
}

static void no_memory(struct place *place)
{
    int client = socket_of(place);

    for (size_t n = 1; fails_without_memory(place->f, connect_to, place, n); n++)
        continue;
    flush(place);
    connect_raw(place, client);
    for (size_t n = 1; fails_without_memory(place->f, accept_at, place, n); n++)
        continue;
    close(client);
}
AT_EACH(no_memory)

/* A part of each bad name that the message tells; NULL cannot be told. */
static void names_that_are_none(fixture *f)
{
    static const char *const hosts[] = {NULL, "", "a b", "example.1", "256.1.1.1", "::g", "1.2.3.4:80"};
    static const char *const ports[] = {NULL, "", "-1", "65536", "80 x", "4294967376", "99999999999"};

    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        run_fails(vow_connect(f->loop, hosts[i], "80"), EINVAL, hosts[i] ? hosts[i] : "");
        if (hosts[i] && *hosts[i]) /* without a host, it is all of them */
            run_fails(vow_listen(f->loop, hosts[i], "0", 0), EINVAL, hosts[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        run_fails(vow_connect(f->loop, "127.0.0.1", ports[i]), EINVAL, ports[i] ? ports[i] : "");
        run_fails(vow_listen(f->loop, "127.0.0.1", ports[i], 0), EINVAL, ports[i] ? ports[i] : "");
    }
    run_fails(vow_connect(f->loop, NULL, NULL), EINVAL, "");
}

static void paths_that_are_none(fixture *f)
{
    char *longest = g_strnfill(200, 'x');
    char *directory = g_dir_make_tmp("vow-XXXXXX", NULL);
    char *missing = g_build_filename(directory, "missing", "s", NULL);

    run_fails(vow_connect_unix(f->loop, NULL), EINVAL, "");
    run_fails(vow_listen_unix(f->loop, NULL, 0), EINVAL, "");
    run_fails(vow_connect_unix(f->loop, ""), EINVAL, "");
    run_fails(vow_listen_unix(f->loop, "", 0), EINVAL, "");
    run_fails(vow_connect_unix(f->loop, longest), ENAMETOOLONG, "xxx");
    run_fails(vow_listen_unix(f->loop, longest, 0), ENAMETOOLONG, "xxx");
    run_fails(vow_connect_unix(f->loop, missing), ENOENT, missing);
    run_fails(vow_listen_unix(f->loop, missing, 0), ENOENT, missing);
    g_rmdir(directory);
    g_free(longest);
    g_free(missing);
    g_free(directory);
}

/* sun_path has room for 107 bytes and the NUL. */
static void a_path_of_the_greatest_length(fixture *f)
{
    char *directory = g_dir_make_tmp("vow-XXXXXX", NULL);
    char *name = g_strnfill(107 - strlen(directory) - 1, 'x');
    struct place place = {.f = f, .directory = directory};
    char *too_long;

    g_assert_cmpuint(strlen(directory), <, 100);
    place.path = g_build_filename(directory, name, NULL);
    too_long = g_strconcat(place.path, "x", NULL);
    place.listener = run_fd(listen_at(&place, NULL));
    close(run_fd(connect_to(&place)));
    run_fails(vow_connect_unix(f->loop, too_long), ENAMETOOLONG, too_long);
    run_fails(vow_listen_unix(f->loop, too_long, 0), ENAMETOOLONG, too_long);
    g_free(too_long);
    g_free(name);
    close_place(&place);
}

/* Where a wrong answer would be to wait for ever. */
static void rejects_in_a_turn(fixture *f, vow_promise *promise, int code)
{
    turn(f);
    g_assert_true(vow_is_rejected(promise));
    run_fails(promise, code, "");
}

static void accept_where_nobody_listens(fixture *f)
{
    int ends[2], fd = dup(STDERR_FILENO);

    close(fd);
    run_fails(vow_accept(f->loop, -1), EBADF, "");
    run_fails(vow_accept(f->loop, fd), EBADF, "");
    open_pipe(ends);
    run_fails(vow_accept(f->loop, ends[0]), ENOTSOCK, "");
    close_both(ends);
    open_tcp(ends);
    rejects_in_a_turn(f, vow_accept(f->loop, ends[0]), EINVAL);
    g_assert_cmpint(fcntl(ends[0], F_SETFL, O_NONBLOCK), ==, 0);
    rejects_in_a_turn(f, vow_accept(f->loop, ends[0]), EINVAL);
    close_both(ends);
}

/* The first client is gone before anyone accepts; the second must get through. */
static void a_client_that_is_gone_already(fixture *f)
{
    struct place place;
    int gone, ends[2];

    open_place(&place, f, "127.0.0.1");
    gone = socket_of(&place);
    connect_raw(&place, gone);
    reset_tcp(gone);
    ends[0] = socket_of(&place);
    connect_raw(&place, ends[0]);
    ends[1] = run_fd(accept_at(&place));
    vow_promise *second = accept_at(&place);
    turn(f);
    if (vow_is_fulfilled(second)) { /* the system gave the dead one first */
        close(ends[1]);
        ends[1] = run_fd(second);
    } else {
        vow_unref(second);
    }
    assert_connected(f, ends[0], ends[1]);
    close_both(ends);
    close_place(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/socket-errors/refused", refused);
    ADD_EACH("/socket-errors/in-use", in_use);
    ADD_EACH("/socket-errors/no-descriptor", no_descriptor_is_free);
    ADD_EACH("/socket-errors/no-memory", no_memory);
    test_add("/socket-errors/restart", a_port_may_be_reused_after_a_restart);
    test_add("/socket-errors/names", names_that_are_none);
    test_add("/socket-errors/paths", paths_that_are_none);
    test_add("/socket-errors/longest-path", a_path_of_the_greatest_length);
    test_add("/socket-errors/not-listening", accept_where_nobody_listens);
    test_add("/socket-errors/client-gone", a_client_that_is_gone_already);
    return g_test_run();
}
