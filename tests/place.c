/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places for the tests of sockets, see place.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "place.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int run_fd(vow_promise *promise)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);

    if (error)
        g_error("not expected: %s", vow_error_message(error));
    int fd = vow_take_fd(&value);
    g_assert_cmpint(fd, >=, 0);
    g_assert_false(is_blocking(fd));
    g_assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    return fd;
}

vow_promise *listen_at(const struct place *place, const char *port)
{
    if (place->host)
        return vow_listen(place->f->loop, place->host, port, 0);
    return vow_listen_unix(place->f->loop, place->path, 0);
}

vow_promise *connect_to(const struct place *place)
{
    if (place->host)
        return vow_connect(place->f->loop, place->host, place->port);
    return vow_connect_unix(place->f->loop, place->path);
}

vow_promise *accept_at(const struct place *place)
{
    return vow_accept(place->f->loop, place->listener);
}

void open_place(struct place *place, fixture *f, const char *host)
{
    *place = (struct place){.f = f, .host = host};
    if (!host) {
        place->directory = g_dir_make_tmp("vow-XXXXXX", NULL);
        place->path = g_build_filename(place->directory, "s", NULL);
    }
    place->listener = run_fd(listen_at(place, "0"));
    if (host)
        g_snprintf(place->port, sizeof place->port, "%d", vow_socket_port(place->listener));
}

void close_place(struct place *place)
{
    if (place->listener >= 0)
        close(place->listener);
    if (!place->host) {
        g_unlink(place->path);
        g_assert_cmpint(g_rmdir(place->directory), ==, 0);
    }
    g_free(place->path);
    g_free(place->directory);
}

void at_place(fixture *f, const char *host, void (*fn)(struct place *place))
{
    struct place place;

    open_place(&place, f, host);
    fn(&place);
    close_place(&place);
}

bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

void at_ipv6(fixture *f, void (*fn)(struct place *place))
{
    if (has_ipv6())
        at_place(f, "::1", fn);
    else
        g_test_skip("this machine has no IPv6 loopback address");
}

/* ---- Sockets ------------------------------------------------------------------------------------------- */

int socket_of(const struct place *place)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    g_assert_cmpint(getsockname(place->listener, (struct sockaddr *) &address, &length), ==, 0);
    return socket(address.ss_family, SOCK_STREAM, 0);
}

void connect_raw(const struct place *place, int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    g_assert_cmpint(getsockname(place->listener, (struct sockaddr *) &address, &length), ==, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *) &address, length), ==, 0);
}

void flush(struct place *place)
{
    vow_promise *p = accept_at(place);

    for (turn(place->f); vow_is_fulfilled(p); turn(place->f)) {
        close(run_fd(p));
        p = accept_at(place);
    }
    assert_peek(p, "pending");
    vow_unref(p);
}

void assert_connected(fixture *f, int a, int b)
{
    char text[8] = "";

    g_assert_cmpint(run_int(vow_write(f->loop, a, "ping", 4)), ==, 4);
    g_assert_cmpint(run_int(vow_read(f->loop, b, text, sizeof text)), ==, 4);
    g_assert_cmpstr(text, ==, "ping");
    g_assert_cmpint(run_int(vow_write(f->loop, b, "pong", 4)), ==, 4);
    g_assert_cmpint(run_int(vow_read(f->loop, a, text, sizeof text)), ==, 4);
    g_assert_cmpstr(text, ==, "pong");
}

const char *text_of(int port)
{
    static char texts[4][8];
    static int next;
    char *text = texts[next++ % 4];

    g_snprintf(text, sizeof texts[0], "%d", port);
    return text;
}
