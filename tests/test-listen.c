/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options for listening: port reuse, address reuse, a backlog, both families at once, peers that are gone
 * without a word, and options that contradict each other. That listening works at all is in test-socket.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _DEFAULT_SOURCE

#include "place.h"
#include "streams.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;

    g_assert_cmpint(getsockopt(fd, level, name, &value, &length), ==, 0);
    return value;
}

static int listen_by(fixture *f, vow_listen_options options)
{
    return run_fd(vow_listen_with(f->loop, &options));
}

static const char *port_of(int fd, char text[8])
{
    g_snprintf(text, 8, "%d", vow_socket_port(fd));
    return text;
}

static void by_default(fixture *f)
{
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0"});

    g_assert_cmpint(option(fd, SOL_SOCKET, SO_ACCEPTCONN), ==, 1);
    g_assert_cmpint(option(fd, SOL_SOCKET, SO_REUSEADDR), ==, 1);
    g_assert_cmpint(option(fd, SOL_SOCKET, SO_REUSEPORT), ==, 0);
    close(fd);
}

static void exclusive(fixture *f)
{
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0", .exclusive = true});

    g_assert_cmpint(option(fd, SOL_SOCKET, SO_REUSEADDR), ==, 0);
    close(fd);
}

/* How many connections are in the queue; they are taken out of it. */
static int count_queued(fixture *f, int fd)
{
    int count = 0;
    vow_promise *p = vow_accept(f->loop, fd);

    for (turn(f); vow_is_fulfilled(p); turn(f)) {
        close(run_fd(p));
        p = vow_accept(f->loop, fd);
        count++;
    }
    vow_unref(p);
    return count;
}

/* Two share a port when both ask for it, and each connection comes to one of them. */
static void two_share_a_port(fixture *f)
{
    enum { CLIENTS = 20 };
    char port[8];
    int clients[CLIENTS];
    vow_listen_options options = {.host = "127.0.0.1", .port = "0", .reuse_port = true};
    int first = listen_by(f, options);

    options.port = port_of(first, port);
    int second = listen_by(f, options);
    g_assert_cmpint(vow_socket_port(second), ==, vow_socket_port(first));
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = run_fd(vow_connect(f->loop, "127.0.0.1", port));
    g_assert_cmpint(count_queued(f, first) + count_queued(f, second), ==, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    options.reuse_port = false;
    run_fails(vow_listen_with(f->loop, &options), EADDRINUSE, port);
    close(first);
    close(second);
}

/* A listener that did not ask for it is not joined. */
static void one_does_not_share(fixture *f)
{
    char port[8];
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0"});
    vow_listen_options options = {.host = "127.0.0.1", .port = port_of(fd, port), .reuse_port = true};

    run_fails(vow_listen_with(f->loop, &options), EADDRINUSE, port);
    close(fd);
}

/* As the manual has it: a literal in the call. */
static void a_literal(fixture *f)
{
    int fd = run_fd(vow_listen_with(f->loop, &(vow_listen_options){.host = "127.0.0.1", .port = "0"}));

    g_assert_cmpint(vow_socket_port(fd), >, 0);
    close(fd);
}

static void both_families_at_once(fixture *f)
{
    char port[8];

    if (!has_ipv6()) {
        g_test_skip("this machine has no IPv6 loopback address");
        return;
    }
    int fd = listen_by(f, (vow_listen_options){.host = "::", .port = "0", .dual_stack = true});
    g_assert_cmpint(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), ==, 0);
    close(run_fd(vow_connect(f->loop, "127.0.0.1", port_of(fd, port))));
    close(run_fd(vow_connect(f->loop, "::1", port)));
    close(fd);
    fd = listen_by(f, (vow_listen_options){.host = "::", .port = "0"});
    g_assert_cmpint(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), ==, 1);
    run_fails(vow_connect(f->loop, "127.0.0.1", port_of(fd, port)), ECONNREFUSED, port);
    close(fd);
}

/* No host is all of them, of both families; without IPv6, of the other one. */
static void at_any_host(fixture *f, int fd)
{
    char port[8];

    close(run_fd(vow_connect(f->loop, "127.0.0.1", port_of(fd, port))));
    if (has_ipv6())
        close(run_fd(vow_connect(f->loop, "::1", port)));
    close(fd);
}

static void any_host(fixture *f)
{
    at_any_host(f, listen_by(f, (vow_listen_options){.port = "0"}));
    at_any_host(f, listen_by(f, (vow_listen_options){.host = "", .port = "0"}));
    at_any_host(f, run_fd(vow_listen(f->loop, NULL, "0", 0)));
    at_any_host(f, run_fd(vow_listen(f->loop, "", "0", 0)));
    run_fails(vow_connect(f->loop, "", "80"), EINVAL, "host");
    run_fails(vow_connect(f->loop, NULL, "80"), EINVAL, "host");
}

/* IPv6 is switched off: then socket(2) says so. */
static bool has_no_ipv6;

int socket(int family, int type, int protocol)
{
    if (!has_no_ipv6 || family != AF_INET6)
        return (int) syscall(SYS_socket, family, type, protocol);
    errno = EAFNOSUPPORT;
    return -1;
}

static void any_host_without_ipv6(fixture *f)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address address;

    has_no_ipv6 = true;
    int fd = run_fd(vow_listen(f->loop, NULL, "0", 0));
    g_assert_cmpint(vow_socket_address(fd, &address), ==, 0);
    g_assert_true(g_str_has_prefix(vow_address_format(&address, text, sizeof text), "0.0.0.0:"));
    run_fails(vow_listen(f->loop, "::", "0", 0), EAFNOSUPPORT, "[::]:0");
    has_no_ipv6 = false;
    close(fd);
}

/* Of a queue of one, Linux holds two; the others have to wait, and then give up here. */
static void a_short_queue(fixture *f)
{
    char port[8];
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0", .backlog = 1});
    vow_promise *all[6];
    int waiting = 0;

    for (int i = 0; i < 6; i++)
        all[i] = vow_connect(f->loop, "127.0.0.1", port_of(fd, port));
    for (int i = 0; i < 3; i++)
        turn(f);
    for (int i = 0; i < 6; i++) {
        waiting += vow_is_pending(all[i]);
        vow_unref(all[i]);
    }
    g_assert_cmpint(waiting, >, 0);
    close(fd);
}

/* ---- Peers that are gone without a word ---------------------------------------------------------------- */

static void assert_peer_timeout(int fd, int milliseconds, int idle, int pause)
{
    g_assert_cmpint(option(fd, SOL_SOCKET, SO_KEEPALIVE), ==, milliseconds > 0);
    /* POSIX alone has probes only. */
    g_assert_cmpint(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), ==, POSIX_ALONE ? 0 : milliseconds);
    if (milliseconds) {
        g_assert_cmpint(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), ==, idle);
        g_assert_cmpint(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), ==, pause);
    }
}

/* Both ends of a connection; what the listener was told holds for the accepted one. */
static void peer_timeout_is_inherited(fixture *f)
{
    char port[8];
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0", .peer_timeout = 80.5});
    int client = run_fd(vow_connect(f->loop, "127.0.0.1", port_of(fd, port)));
    int server = run_fd(vow_accept(f->loop, fd));

    assert_peer_timeout(fd, 80500, 40, 10);
    assert_peer_timeout(server, 80500, 40, 10);
    assert_peer_timeout(client, 0, 0, 0);
    assert_connected(f, client, server);
    close(client);
    close(server);
    close(fd);
}

static void peer_timeout_of_a_connection(fixture *f)
{
    char port[8];
    int fd = listen_by(f, (vow_listen_options){.host = "127.0.0.1", .port = "0"});
    int client = run_fd(vow_connect(f->loop, "127.0.0.1", port_of(fd, port)));

    assert_peer_timeout(fd, 0, 0, 0);
    g_assert_cmpint(vow_socket_set_peer_timeout(client, 0.0001), ==, 0);
    assert_peer_timeout(client, 1, 1, 1);
    g_assert_cmpint(vow_socket_set_peer_timeout(client, INFINITY), ==, 0);
    assert_peer_timeout(client, INT_MAX, 32767, 32767);
    g_assert_cmpint(vow_socket_set_peer_timeout(client, 0), ==, 0);
    assert_peer_timeout(client, 0, 0, 0);
    close(client);
    close(fd);
}

static void no_peer_timeout(fixture *f)
{
    vow_listen_options options = {.host = "127.0.0.1", .port = "0", .peer_timeout = -1};
    int ends[2];

    run_fails(vow_listen_with(f->loop, &options), EINVAL, "127.0.0.1");
    options.peer_timeout = NAN;
    run_fails(vow_listen_with(f->loop, &options), EINVAL, "127.0.0.1");
    g_assert_cmpint(vow_socket_set_peer_timeout(-1, 1), ==, EBADF);
    g_assert_cmpint(vow_socket_set_peer_timeout(-1, NAN), ==, EINVAL);
    g_assert_cmpint(vow_socket_set_peer_timeout(-1, -0.1), ==, EINVAL);
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(vow_socket_set_peer_timeout(ends[0], 1), ==, ENOTSOCK);
    close_both(ends);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    g_assert_cmpint(vow_socket_set_peer_timeout(ends[0], 1), !=, 0);
    g_assert_cmpint(option(ends[0], SOL_SOCKET, SO_KEEPALIVE), ==, 0);
    close_both(ends);
}

/* ---- Paths --------------------------------------------------------------------------------------------- */

static void on_a_path(struct place *place)
{
    fixture *f = place->f;
    char *path = g_strconcat(place->path, "2", NULL);
    int ends[2], fd = listen_by(f, (vow_listen_options){.path = path, .backlog = 3});

    ends[0] = run_fd(vow_connect_unix(f->loop, path));
    ends[1] = run_fd(vow_accept(f->loop, fd));
    assert_connected(f, ends[0], ends[1]);
    close_both(ends);
    close(fd);
    unlink(path);
    g_free(path);
}

static void a_unix_path(fixture *f)
{
    at_place(f, NULL, on_a_path);
}

/* One meaning of "@": a name that is no file, whichever way it is written. */
static void an_abstract_name(fixture *f)
{
    char *name = g_strdup_printf("@vow-test-%d", (int) getpid());
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address address, again;
    int ends[2], fd = run_fd(vow_listen_unix(f->loop, name, 0));

    g_assert_false(g_file_test(name, G_FILE_TEST_EXISTS));
    g_assert_cmpint(vow_socket_address(fd, &address), ==, 0);
    g_assert_cmpstr(vow_address_format(&address, text, sizeof text), ==, name);
    g_assert_cmpint(vow_address_parse(&again, name), ==, 0);
    g_assert_true(vow_address_equal(&address, &again));
    ends[0] = run_fd(vow_connect_unix(f->loop, text));
    ends[1] = run_fd(vow_accept(f->loop, fd));
    assert_connected(f, ends[0], ends[1]);
    close_both(ends);
    run_fails(vow_listen_with(f->loop, &(vow_listen_options){.path = name}), EADDRINUSE, name);
    close(fd);
    close(listen_by(f, (vow_listen_options){.path = name})); /* it is free again, without unlink(2) */
    run_fails(vow_connect_unix(f->loop, name), ECONNREFUSED, name);
    g_free(name);
}

static void refused(fixture *f, vow_listen_options options, const char *part)
{
    run_fails(vow_listen_with(f->loop, &options), EINVAL, part);
}

static void what_contradicts_itself(fixture *f)
{
    refused(f, (vow_listen_options){.path = "/x", .host = "::1"}, "both");
    refused(f, (vow_listen_options){.path = "/x", .port = "80"}, "both");
    refused(f, (vow_listen_options){0}, "port");
    refused(f, (vow_listen_options){.host = "*", .port = "80"}, "host");
    refused(f, (vow_listen_options){.host = "::1"}, "port");
    refused(f, (vow_listen_options){.path = ""}, "path");
}

static void no_memory(fixture *f)
{
    vow_listen_options options = {.host = "127.0.0.1", .port = "0"};

    memory_fail(f, 1, true);
    vow_promise *p = vow_listen_with(f->loop, &options);
    memory_fail(f, 0, false);
    if (vow_is_rejected(p))
        assert_peek(p, "!ENOMEM");
    vow_unref(p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/listen/peer-timeout/inherited", peer_timeout_is_inherited);
    test_add("/listen/peer-timeout/connection", peer_timeout_of_a_connection);
    test_add("/listen/peer-timeout/none", no_peer_timeout);
    test_add("/listen/default", by_default);
    test_add("/listen/exclusive", exclusive);
    test_add("/listen/reuse-port", two_share_a_port);
    test_add("/listen/no-reuse", one_does_not_share);
    test_add("/listen/literal", a_literal);
    test_add("/listen/dual-stack", both_families_at_once);
    test_add("/listen/backlog", a_short_queue);
    test_add("/listen/path", a_unix_path);
    test_add("/listen/abstract", an_abstract_name);
    test_add("/listen/any-host", any_host);
    test_add("/listen/any-host/no-ipv6", any_host_without_ipv6);
    test_add("/listen/contradiction", what_contradicts_itself);
    test_add("/listen/no-memory", no_memory);
    return g_test_run();
}
