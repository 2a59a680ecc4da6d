/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams over UDP (IPv4 and IPv6) and Unix-domain sockets: sent and received, cut off, empty, to nobody,
 * and dropped at any moment.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempts.h"
#include "place.h"

/* A bound socket, and one that is connected to it. */
struct pair {
    fixture *f;
    const char *host; /* NULL for Unix-domain sockets */
    char port[8];
    char *directory, *path;
    int bound, client;
};

static vow_promise *bind_pair(struct pair *pair, const char *port)
{
    if (pair->host)
        return vow_datagram_bind(pair->f->loop, pair->host, port);
    return vow_datagram_bind_unix(pair->f->loop, pair->path);
}

static vow_promise *connect_pair(struct pair *pair)
{
    if (pair->host)
        return vow_datagram_connect(pair->f->loop, pair->host, pair->port);
    return vow_datagram_connect_unix(pair->f->loop, pair->path);
}

static void with_pair(fixture *f, const char *host, void (*fn)(struct pair *pair))
{
    struct pair pair = {.f = f, .host = host};

    if (!host) {
        pair.directory = g_dir_make_tmp("vow-XXXXXX", NULL);
        pair.path = g_build_filename(pair.directory, "s", NULL);
    }
    pair.bound = run_fd(bind_pair(&pair, "0"));
    g_snprintf(pair.port, sizeof pair.port, "%d", vow_socket_port(pair.bound));
    pair.client = run_fd(connect_pair(&pair));
    fn(&pair);
    close(pair.client);
    if (pair.bound >= 0)
        close(pair.bound);
    if (!host) {
        g_unlink(pair.path);
        g_assert_cmpint(g_rmdir(pair.directory), ==, 0);
    }
    g_free(pair.path);
    g_free(pair.directory);
}

#define WITH_EACH(fn)                                                 \
    static void fn##_ipv4(fixture *f)                                 \
    {                                                                 \
        with_pair(f, "127.0.0.1", fn);                                \
    }                                                                 \
    static void fn##_ipv6(fixture *f)                                 \
    {                                                                 \
        if (has_ipv6())                                               \
            with_pair(f, "::1", fn);                                  \
        else                                                          \
            g_test_skip("this machine has no IPv6 loopback address"); \
    }                                                                 \
    static void fn##_unix(fixture *f)                                 \
    {                                                                 \
        with_pair(f, NULL, fn);                                       \
    }

static vow_promise *send_text(fixture *f, int fd, const char *text, const vow_address *to)
{
    return vow_datagram_send(f->loop, fd, text, strlen(text), to);
}

/* ---- There and back ------------------------------------------------------------------------------------ */

static void there_and_back(struct pair *pair)
{
    fixture *f = pair->f;
    vow_address from, client, bound;
    char text[16] = "";

    if (!pair->host)
        SKIP_ON_POSIX_ALONE("a Unix-domain socket gets no name that could be answered");
    g_assert_cmpint(vow_socket_address(pair->client, &client), ==, 0);
    g_assert_cmpint(vow_socket_address(pair->bound, &bound), ==, 0);
    vow_promise *first = vow_datagram_receive(f->loop, pair->bound, text, sizeof text, &from);
    turn(f);
    assert_peek(first, "pending");
    g_assert_cmpint(run_int(send_text(f, pair->client, "ping", NULL)), ==, 4);
    g_assert_cmpint(run_int(first), ==, 4);
    g_assert_cmpstr(text, ==, "ping");
    g_assert_true(vow_address_equal(&from, &client));
    g_assert_cmpint(run_int(send_text(f, pair->bound, "pong", &from)), ==, 4);
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->client, text, sizeof text, &from)), ==, 4);
    g_assert_cmpstr(text, ==, "pong");
    g_assert_true(vow_address_equal(&from, &bound));
}
WITH_EACH(there_and_back)

/* Each is received by itself, in its order on one machine; who sent it need not be asked for. */
static void several(struct pair *pair)
{
    fixture *f = pair->f;
    char text[16];

    for (int i = 1; i <= 5; i++)
        g_assert_cmpint(run_int(vow_datagram_send(f->loop, pair->client, "12345", (size_t) i, NULL)), ==, i);
    for (int i = 1; i <= 5; i++)
        g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, text, sizeof text, NULL)), ==, i);
}
WITH_EACH(several)

static void cut_off(struct pair *pair)
{
    fixture *f = pair->f;
    char text[4] = "";

    run_int(send_text(f, pair->client, "abcdef", NULL));
    run_int(send_text(f, pair->client, "ghi", NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, text, 3, NULL)), ==, 6);
    g_assert_cmpstr(text, ==, "abc");
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, text, 3, NULL)), ==, 3);
    g_assert_cmpstr(text, ==, "ghi");
    run_int(send_text(f, pair->client, "jk", NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, NULL, 0, NULL)), ==, 2);
}
WITH_EACH(cut_off)

static void empty(struct pair *pair)
{
    fixture *f = pair->f;
    char byte = 'x';

    g_assert_cmpint(run_int(vow_datagram_send(f->loop, pair->client, NULL, 0, NULL)), ==, 0);
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, &byte, 1, NULL)), ==, 0);
    g_assert_cmpint(byte, ==, 'x');
}
WITH_EACH(empty)

static void a_sender_without_a_name(fixture *f)
{
    int ends[2];
    vow_address from = {.length = 1};
    char byte;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), ==, 0);
    run_int(send_text(f, ends[0], "x", NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, ends[1], &byte, 1, &from)), ==, 1);
    g_assert_cmpuint(from.length, ==, 0);
    g_assert_cmpint(vow_address_family(&from), ==, AF_UNSPEC);
    close_both(ends);
}

/* When the peer's queue is full, sending waits; each datagram comes through then. Blocking descriptors, too.
 */
static void a_queue_that_is_full(fixture *f)
{
    enum { MANY = 2000, SIZE = 500 };
    vow_promise *sent[MANY];
    static char bytes[SIZE];
    int ends[2], pending_ones = 0;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), ==, 0);
    for (int i = 0; i < MANY; i++) {
        sent[i] = vow_datagram_send(f->loop, ends[0], bytes, SIZE, NULL);
        pending_ones += vow_is_pending(sent[i]);
    }
    g_assert_cmpint(pending_ones, >, 0);
    for (int i = 0; i < MANY; i++)
        g_assert_cmpint(run_int(vow_datagram_receive(f->loop, ends[1], bytes, SIZE, NULL)), ==, SIZE);
    for (int i = 0; i < MANY; i++)
        g_assert_cmpint(run_int(sent[i]), ==, SIZE);
    close_both(ends);
}

/* A sender that is not connected, so that the system calls it writable, and a receiver whose queue is full.
 */
struct crowd {
    struct pair *pair;
    vow_address to;
    int sender, count; /* of the datagrams that are in the queue */
    vow_promise *next; /* that of one more */
};

static void fill(struct crowd *crowd)
{
    for (crowd->count = 0;; crowd->count++) {
        crowd->next = send_text(crowd->pair->f, crowd->sender, "x", &crowd->to);
        turn(crowd->pair->f);
        if (vow_is_pending(crowd->next))
            return;
        run_int(crowd->next);
    }
}

static void take(struct crowd *crowd, int count)
{
    char byte;

    for (int i = 0; i < count; i++)
        run_int(vow_datagram_receive(crowd->pair->f->loop, crowd->pair->bound, &byte, 1, NULL));
}

/* The loop is not woken until there is room; then the datagram goes out. */
static void in_a_crowd(struct pair *pair)
{
    struct crowd crowd = {.pair = pair};
    fixture *f = pair->f;
    char *own = g_strconcat(pair->path, "2", NULL);

    g_assert_cmpint(vow_address_parse(&crowd.to, pair->path), ==, 0);
    crowd.sender = run_fd(vow_datagram_bind_unix(f->loop, own));
    fill(&crowd);
    turn(f);
    g_assert_true(vow_is_pending(crowd.next));
    unsigned iterations = ev_iteration(f->ev);
    run_nil(vow_sleep(f->loop, 0.05));
    g_assert_cmpuint(ev_iteration(f->ev) - iterations, <, 20); /* it does not spin */
    assert_peek(crowd.next, "pending");
    take(&crowd, crowd.count);
    g_assert_cmpint(run_int(crowd.next), ==, 1);
    take(&crowd, 1);

    fill(&crowd); /* dropped while it waits; another one's turn comes all the same */
    vow_promise *another = send_text(f, crowd.sender, "y", &crowd.to);
    turn(f);
    vow_unref(crowd.next);
    take(&crowd, crowd.count);
    g_assert_cmpint(run_int(another), ==, 1);

    take(&crowd, 1);
    fill(&crowd); /* the receiver goes while it is waited for */
    close(pair->bound);
    pair->bound = -1;
    run_fails(crowd.next, ECONNREFUSED, pair->path);
    close(crowd.sender);
    unlink(own);
    g_free(own);
}

static void a_receiver_that_is_full(fixture *f)
{
    with_pair(f, NULL, in_a_crowd);
}

/* One that is connected to the sender, and to which therefore nobody else can connect, to ask for room. */
static void in_a_couple(struct pair *pair)
{
    struct crowd crowd = {.pair = pair};
    fixture *f = pair->f;
    char *own = g_strconcat(pair->path, "2", NULL);
    vow_address address;

    g_assert_cmpint(vow_address_parse(&crowd.to, pair->path), ==, 0);
    g_assert_cmpint(vow_address_parse(&address, own), ==, 0);
    crowd.sender = run_fd(vow_datagram_bind_unix(f->loop, own));
    g_assert_cmpint(connect(pair->bound, vow_address_sockaddr(&address), address.length), ==, 0);
    fill(&crowd);
    turn(f);
    assert_peek(crowd.next, "pending");
    take(&crowd, crowd.count);
    g_assert_cmpint(run_int(crowd.next), ==, 1);
    take(&crowd, 1);
    close(crowd.sender);
    unlink(own);
    g_free(own);
}

static void a_receiver_that_is_connected(fixture *f)
{
    with_pair(f, NULL, in_a_couple);
}

/* ---- Errors -------------------------------------------------------------------------------------------- */

/* Over IP, that nobody is there comes back with the next operation; the socket can still be used then. */
static void nobody_there(struct pair *pair)
{
    fixture *f = pair->f;
    char byte;

    close(pair->bound);
    pair->bound = -1;
    if (!pair->host) {
        run_fails(send_text(f, pair->client, "x", NULL), ECONNREFUSED, "vow_datagram_send: descriptor");
        run_fails(connect_pair(pair), ECONNREFUSED, pair->path);
        return;
    }
    run_int(send_text(f, pair->client, "x", NULL));
    run_fails(vow_datagram_receive(f->loop, pair->client, &byte, 1, NULL), ECONNREFUSED,
              "vow_datagram_receive: descriptor");
    pair->bound = run_fd(bind_pair(pair, pair->port));
    run_int(send_text(f, pair->client, "y", NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, &byte, 1, NULL)), ==, 1);
    g_assert_cmpint(byte, ==, 'y');
}
WITH_EACH(nobody_there)

static void in_use(struct pair *pair)
{
    run_fails(bind_pair(pair, pair->port), EADDRINUSE, pair->host ? pair->port : pair->path);
}
WITH_EACH(in_use)

static void too_long(struct pair *pair)
{
    size_t size = (size_t) 8 << 20;
    char *bytes = g_malloc0(size);

    run_fails(vow_datagram_send(pair->f->loop, pair->client, bytes, size, NULL), EMSGSIZE, "descriptor");
    g_free(bytes);
}
WITH_EACH(too_long)

static void addresses_that_are_none(fixture *f)
{
    char *longest = g_strnfill(200, 'x');

    run_fails(vow_datagram_connect(f->loop, NULL, "1"), EINVAL, "vow_datagram_connect");
    run_fails(vow_datagram_connect(f->loop, "", "1"), EINVAL, "vow_datagram_connect");
    run_fails(vow_datagram_bind(f->loop, "127.0.0.1", "-1"), EINVAL, "vow_datagram_bind: bad port '-1'");
    run_fails(vow_datagram_connect(f->loop, "::g", "1"), EINVAL, "::g");
    run_fails(vow_datagram_connect(f->loop, "127.0.0.1", NULL), EINVAL, "port");
    run_fails(vow_datagram_bind_unix(f->loop, ""), EINVAL, "path");
    run_fails(vow_datagram_bind_unix(f->loop, longest), ENAMETOOLONG, longest);
    run_fails(vow_datagram_connect_unix(f->loop, NULL), EINVAL, "path");
    run_fails(vow_datagram_connect_unix(f->loop, "/nowhere/at/all"), ENOENT, "/nowhere/at/all");
    g_free(longest);
}

static void where_nothing_can_be_sent(fixture *f)
{
    vow_address to;
    int ends[2], fd = run_fd(vow_datagram_bind(f->loop, "127.0.0.1", "0"));
    char byte;

    g_assert_cmpint(vow_address_parse(&to, "[::1]:9"), ==, 0);
    run_fails(send_text(f, fd, "x", NULL), EDESTADDRREQ, "descriptor");
    run_fails(send_text(f, fd, "x", &to), EAFNOSUPPORT, "[::1]:9");
    close(fd);
    run_fails(send_text(f, fd, "x", &to), EBADF, "");
    run_fails(vow_datagram_receive(f->loop, fd, &byte, 1, NULL), EBADF, "");
    open_pipe(ends);
    run_fails(send_text(f, ends[1], "x", NULL), ENOTSOCK, "");
    run_fails(vow_datagram_receive(f->loop, ends[0], &byte, 1, NULL), ENOTSOCK, "");
    close_both(ends);
}

/* ---- Addresses ----------------------------------------------------------------------------------------- */

static void says(fixture *f, int from, int to, const char *text)
{
    char got[8] = "";

    run_int(send_text(f, from, text, NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, to, got, sizeof got, NULL)), ==,
                    (gint64) strlen(text));
    g_assert_cmpstr(got, ==, text);
}

static void any_host(fixture *f)
{
    static const char *const hosts[] = {NULL, ""};

    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        int bound = run_fd(vow_datagram_bind(f->loop, hosts[i], "0"));
        const char *port = text_of(vow_socket_port(bound));
        int fd = run_fd(vow_datagram_connect(f->loop, "127.0.0.1", port));
        says(f, fd, bound, "four");
        close(fd);
        if (has_ipv6()) {
            fd = run_fd(vow_datagram_connect(f->loop, "::1", port));
            says(f, fd, bound, "six");
            close(fd);
        }
        close(bound);
    }
}

static void an_abstract_name(fixture *f)
{
    char *name = g_strdup_printf("@vow-test-%d", (int) getpid());
    char got[8] = "";
    vow_address from, to;
    int bound = run_fd(vow_datagram_bind_unix(f->loop, name));
    int fd = run_fd(vow_datagram_connect_unix(f->loop, name));

    g_assert_false(g_file_test(name, G_FILE_TEST_EXISTS));
    says(f, fd, bound, "hello");
    g_assert_cmpint(vow_address_parse(&to, name), ==, 0);
    run_int(send_text(f, bound, "me", &to));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, bound, got, sizeof got, &from)), ==, 2);
    g_assert_true(vow_address_equal(&from, &to));
    close(fd);
    close(bound);
    g_free(name);
}

/* What is sent comes to whoever has the address by then, and never back to the sender. */
static void never_its_own_peer(fixture *f)
{
    const char *port = text_of(refusing_port());
    vow_address own, peer;

    connect_next_to_itself();
    int fd = run_fd(vow_datagram_connect(f->loop, "127.0.0.1", port));
    g_assert_cmpint(vow_socket_address(fd, &own), ==, 0);
    g_assert_cmpint(vow_socket_peer(fd, &peer), ==, 0);
    g_assert_false(vow_address_equal(&own, &peer));
    int bound = run_fd(vow_datagram_bind(f->loop, "127.0.0.1", port));
    says(f, fd, bound, "hello");
    close(bound);
    close(fd);
}

/* ---- Dropping ------------------------------------------------------------------------------------------ */

/* What comes later is the next one's to receive, and the buffer is not touched any more. */
static void dropped(struct pair *pair)
{
    fixture *f = pair->f;
    char given_up[4] = "old", text[4] = "";
    vow_address from = {.length = 0};

    vow_unref(vow_datagram_receive(f->loop, pair->bound, given_up, 3, &from));
    vow_promise *p = vow_datagram_receive(f->loop, pair->bound, given_up, 3, &from);
    turn(f);
    vow_cancel(vow_ref(p));
    run_int(send_text(f, pair->client, "new", NULL));
    turn(f);
    run_fails(p, ECANCELED, "");
    g_assert_cmpuint(from.length, ==, 0);
    g_assert_cmpstr(given_up, ==, "old");
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, pair->bound, text, 3, NULL)), ==, 3);
    g_assert_cmpstr(text, ==, "new");
}
WITH_EACH(dropped)

static void no_memory(struct pair *pair)
{
    fixture *f = pair->f;
    char byte;

    memory_fail(f, 1, true);
    vow_promise *all[] = {connect_pair(pair), bind_pair(pair, "0"), send_text(f, pair->client, "x", NULL),
                          vow_datagram_receive(f->loop, pair->bound, &byte, 1, NULL)};
    memory_fail(f, 0, false);
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (vow_is_rejected(all[i]) &&
            (i != 1 || pair->host)) /* a path would be in use, if it came to that */
            assert_peek(all[i], "!ENOMEM");
        (void) vow_peek(all[i]);
        vow_unref(all[i]);
    }
}
WITH_EACH(no_memory)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD_EACH("/datagram/there-and-back", there_and_back);
    ADD_EACH("/datagram/several", several);
    ADD_EACH("/datagram/cut-off", cut_off);
    ADD_EACH("/datagram/empty", empty);
    test_add("/datagram/no-name", a_sender_without_a_name);
    test_add("/datagram/full-queue", a_queue_that_is_full);
    test_add("/datagram/full-receiver", a_receiver_that_is_full);
    test_add("/datagram/full-receiver/connected", a_receiver_that_is_connected);
    ADD_EACH("/datagram/nobody-there", nobody_there);
    ADD_EACH("/datagram/in-use", in_use);
    ADD_EACH("/datagram/too-long", too_long);
    test_add("/datagram/no-address", addresses_that_are_none);
    test_add("/datagram/any-host", any_host);
    test_add("/datagram/abstract", an_abstract_name);
    test_add("/datagram/own-peer", never_its_own_peer);
    test_add("/datagram/no-destination", where_nothing_can_be_sent);
    ADD_EACH("/datagram/dropped", dropped);
    ADD_EACH("/datagram/no-memory", no_memory);
    return g_test_run();
}
