/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting by name, once the addresses are known: which are tried, in which order and when, who wins, and
 * what is said when nobody does. How they become known is in test-happy-eyeballs.c. Clocks are virtual, but a
 * slow connection is waited for in real time: it is the system that tries again after a second.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "attempts.h"
#include "place.h"
#include "resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vow/testing.h>

#define ATTEMPT_DELAY 0.25 /* RFC 8305, section 8, in seconds */

/* <linux/ipv6.h> has it, and what <netinet/in.h> has, too. */
struct in6_ifreq {
    struct in6_addr ifr6_addr;
    uint32_t ifr6_prefixlen;
    int ifr6_ifindex;
};

/* Connects to host.test, whose addresses are not told yet. */
static vow_promise *start(fixture *f, const struct entry *entry, const char *port)
{
    make_virtual(f);
    know(entry);
    hold_answers(ASKS);
    vow_promise *promise = vow_connect(f->loop, "host.test", port);
    await_question(ASKS, 2);
    return promise;
}

/* All its addresses will be known before the first is tried. */
static vow_promise *connect_to_all(fixture *f, const struct entry *entry, const char *port)
{
    vow_promise *promise = start(f, entry, port);

    hold_answers(0);
    end_threads();
    return promise;
}

/* Connects to host.test, and checks at which address it arrived, and when. */
static void arrives_at(fixture *f, const struct entry *entry, const char *host, int port, double seconds)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address peer;

    guint before = count_descriptors();
    vow_promise *promise = connect_to_all(f, entry, text_of(port));
    if (seconds > 0) {
        vow_clock_advance(f->loop, seconds - 0x1p-20);
        assert_peek(promise, "pending");
        vow_clock_advance(f->loop, 0x1p-20);
    }
    int fd = run_fd(promise);
    g_assert_cmpfloat(vow_now(f->loop), ==, seconds);
    g_assert_cmpint(vow_socket_peer(fd, &peer), ==, 0);
    vow_address_format(&peer, text, sizeof text);
    char *expected = g_strdup_printf("%s:%d", host, port);
    g_assert_cmpstr(text, ==, expected);
    g_free(expected);
    close(fd);
    vow_error_unref(vow_offload_shutdown(60));
    g_assert_cmpuint(count_descriptors(), <=,
                     before + 2); /* those that wake the loop: the losers' are closed */
}

/* At once. */
static void arrives(fixture *f, const struct entry *entry, const char *host, int port)
{
    arrives_at(f, entry, host, port, 0);
}

static void the_first_that_works(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.3", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    int port, listener = listen_alone(f, "127.0.0.1", &port);

    arrives(f, &entry, "127.0.0.1", port); /* the others refuse */
    close(listener);
    end_threads();
}

/* Without IPv6, or with nobody there: the next one is tried at once, long before the delay. */
static void ipv6_does_not_work(fixture *f)
{
    static const char *const addresses[] = {"::1", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    int port, listener = listen_alone(f, "127.0.0.1", &port);

    arrives(f, &entry, "127.0.0.1", port);
    close(listener);
    end_threads();
}

/* The first answers nothing: after the delay, and not before, the second has its turn. */
static void the_first_is_silent(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct silent silent;

    open_silent(f, &silent, "127.0.0.2", refusing_port());
    int listener = run_fd(vow_listen(f->loop, "127.0.0.1", text_of(silent.port), 0));
    arrives_at(f, &entry, "127.0.0.1", silent.port, ATTEMPT_DELAY);
    close(listener);
    close_silent(&silent);
    end_threads();
}

/* A later attempt fails: the first one goes on, and has the time that it needs. */
static void the_first_is_slow(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", "127.0.0.3", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct silent silent;

    open_silent(f, &silent, "127.0.0.2", refusing_port());
    vow_promise *p = connect_to_all(f, &entry, text_of(silent.port));
    vow_clock_advance(f->loop, HOUR); /* the two others have been refused */
    assert_peek(p, "pending");
    for (int i = 0; i < 4; i++) { /* somebody accepts */
        vow_unref(silent.queued[i]);
        silent.queued[i] = NULL;
    }
    vow_promise *accepted = vow_accept(f->loop, silent.listener);
    while (vow_is_pending(p)) {
        if (vow_is_fulfilled(accepted)) {
            close(run_fd(accepted));
            accepted = vow_accept(f->loop, silent.listener);
        }
        ev_run(f->ev, EVRUN_ONCE);
    }
    close(run_fd(p));
    vow_unref(accepted);
    close_silent(&silent);
    end_threads();
}

/* Which addresses are tried, in which order: all refuse, and the error tells. */
static void the_families_take_turns(fixture *f)
{
    static const char *const addresses[] = {"::1",       "::1",       "127.0.0.1", "127.0.0.2",
                                            "127.0.0.3", "127.0.0.4", NULL};
    static const struct entry six_first = {.addresses = addresses}, four_first = {.addresses = addresses + 2};
    const char *port = text_of(refusing_port());

    vow_error *error = vow_run(connect_to_all(f, &four_first, port), NULL);
    g_assert_nonnull(error);
    g_assert_cmpint(vow_error_code(error), ==, ECONNREFUSED);
    g_assert_true(vow_error_domain(error) == &vow_domain_errno);
    char *expected = g_strdup_printf("vow_connect: host.test:%s: 127.0.0.1:%s: %s; 127.0.0.2:%s: %s; "
                                     "127.0.0.3:%s: %s; 127.0.0.4:%s: %s",
                                     port, port, strerror(ECONNREFUSED), port, strerror(ECONNREFUSED), port,
                                     strerror(ECONNREFUSED), port, strerror(ECONNREFUSED));
    g_assert_cmpstr(vow_error_message(error), ==, expected);
    const vow_error *cause = vow_error_cause(error);
    g_assert_cmpint(vow_error_code(cause), ==, VOW_EAGGREGATE);
    g_assert_cmpuint(vow_list_length(vow_error_list(cause)), ==, 4);
    vow_error_unref(error);
    g_free(expected);
    error = vow_run(connect_to_all(f, &six_first, port), NULL);
    g_assert_cmpint(vow_error_code(error), ==, ECONNREFUSED); /* wherever IPv6 leads */
    g_assert_nonnull(strstr(vow_error_message(error), "[::1]:"));
    g_assert_true(strstr(vow_error_message(error), "[::1]:") <
                  strstr(vow_error_message(error), "127.0.0.1:"));
    vow_error_unref(error);
    end_threads();
}

static void interleaved(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::2", NULL};
    static const char *const order[] = {"[::1]:", "127.0.0.1:", "[::2]:", "127.0.0.2:", "127.0.0.3:"};
    static const struct entry entry = {.addresses = addresses};
    const char *port = text_of(refusing_port());
    char *all;

    if (!has_ipv6()) {
        g_test_skip("this machine has no IPv6 loopback address");
        return;
    }
    vow_error *error = vow_run(vow_timeout(connect_to_all(f, &entry, port), 60), NULL);
    all = g_strdup(vow_error_message(error));
    vow_error_unref(error);
    for (size_t i = 1; i < G_N_ELEMENTS(order); i++) {
        g_assert_nonnull(strstr(all, order[i]));
        g_assert_true(strstr(all, order[i - 1]) < strstr(all, order[i]));
    }
    g_free(all);
    end_threads();
}

static void the_only_one_refuses(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};

    run_fails(connect_to_all(f, &entry, text_of(refusing_port())), ECONNREFUSED, ": 127.0.0.1:");
    run_fails(connect_to_all(f, &entry, "1"), ECONNREFUSED, "vow_connect: host.test:1: 127.0.0.1:1: ");
    end_threads();
}

/* While the lookup, the first attempt, or several attempts are under way: every socket is closed at once. */
static void dropped_on_its_way(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.2", "::1", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    static const double after[] = {0, 0.01, 0.3, HOUR}; /* what is known: nothing at first, then all */
    struct silent silent, other;

    open_silent(f, &silent, "127.0.0.2", refusing_port());
    open_silent(f, &other, "127.0.0.1", silent.port);
    for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
        const char *port = text_of(silent.port);
        vow_promise *p = i ? connect_to_all(f, &entry, port) : start(f, &entry, port);
        vow_clock_advance(f->loop, after[i]);
        assert_peek(p, "pending");
        if (i % 2)
            vow_cancel(p);
        else
            vow_unref(p);
        hold_answers(0);
        end_threads();
    }
    ev_run(f->ev, EVRUN_NOWAIT);
    close_silent(&other);
    close_silent(&silent);
}

/* ---- A host of the link -------------------------------------------------------------------------------- */

/* A family that is asked for by itself comes without its scopes; all the same they are what is tried. */
static void the_scope_is_kept(fixture *f)
{
    static const char *const addresses[] = {"fe80::1%lo", NULL};
    static const struct entry entry = {.addresses = addresses, .loses_scopes = true};

    note_attempts(f);
    vow_promise *p = connect_to_all(f, &entry, text_of(refusing_port()));
    vow_error *error = vow_run(p, NULL);
    note_attempts(NULL);
    assert_log(f, "[fe80::1%lo]");
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(vow_error_message(error), "[fe80::1%lo]"));
    vow_error_unref(error);
    g_assert_cmpint(count_asked(ASKS_BOTH), ==, 1);
    end_threads();
}

/* Gives the loopback interface of a network of this process's own an address that counts there alone. */
static bool make_link(const char *address)
{
    struct ifreq lo = {.ifr_name = "lo"};
    struct in6_ifreq own = {.ifr6_prefixlen = 64, .ifr6_ifindex = 1};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_made = false;

    if (fd >= 0 && unshare(CLONE_NEWNET) == 0) {
        close(fd);
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        inet_pton(AF_INET6, address, &own.ifr6_addr);
        lo.ifr_flags = IFF_UP;
        is_made = ioctl(fd, SIOCSIFFLAGS, &lo) == 0 && ioctl(fd, SIOCSIFADDR, &own) == 0;
    }
    if (fd >= 0)
        close(fd);
    return is_made;
}

/* The address is of use once the kernel has checked that nobody else has it. */
static int listen_on_link(fixture *f, const char *host)
{
    for (;;) {
        vow_value value;
        vow_error *error = vow_run(vow_listen(f->loop, host, "0", 0), &value);
        if (!error)
            return vow_take_fd(&value);
        g_assert_cmpint(vow_error_code(error), ==, EADDRNOTAVAIL);
        vow_error_unref(error);
    }
}

static void connect_on_link(fixture *f)
{
    static const char *const addresses[] = {"fe80::1234%lo", NULL};
    static const struct entry entry = {.addresses = addresses, .loses_scopes = true};
    int ends[2], listener = listen_on_link(f, addresses[0]);
    const char *port = text_of(vow_socket_port(listener));

    know(&entry);
    for (int by_name = 0; by_name <= 1; by_name++) {
        ends[0] = run_fd(vow_connect(f->loop, by_name ? "host.test" : addresses[0], port));
        ends[1] = run_fd(vow_accept(f->loop, listener));
        assert_connected(f, ends[0], ends[1]);
        close_both(ends);
    }
    close(listener);
    listener = run_fd(vow_listen(f->loop, "host.test", "0", 0));
    close(listener);
    int bound = run_fd(vow_datagram_bind(f->loop, "host.test", "0"));
    close(run_fd(vow_datagram_connect(f->loop, "host.test", text_of(vow_socket_port(bound)))));
    close(bound);
    end_threads();
}

/* In another process, which this is a trial for. */
static bool may_make_link(void)
{
    int status;
    pid_t child = fork();

    if (!child)
        _exit(!make_link("fe80::1234"));
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void on_a_link_of_its_own(fixture *f)
{
    if (g_test_subprocess()) {
        g_assert_true(make_link("fe80::1234"));
        connect_on_link(f);
    } else if (may_make_link()) {
        run_in_child(f);
        g_test_trap_assert_passed();
    } else {
        g_test_skip("this process may not have a network of its own");
    }
}

/* ---- Its own peer -------------------------------------------------------------------------------------- */

/* A port that nobody listens on: the system may give it to the one that connects. That is a refusal, too, and
 * who listens there the next moment can. */
static void never_its_own_peer(fixture *f)
{
    const char *port = text_of(refusing_port());

    connect_next_to_itself();
    run_fails(vow_connect(f->loop, "127.0.0.1", port), ECONNREFUSED, "127.0.0.1");
    vow_listen_options options = {.host = "127.0.0.1", .port = port, .exclusive = true};
    close(run_fd(vow_listen_with(f->loop, &options)));
}

static void never_its_own_peer_by_name(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    int port, listener = listen_alone(f, "127.0.0.1", &port);

    connect_next_to_itself();
    arrives(f, &entry, "127.0.0.1", port);
    close(listener);
    end_threads();
}

static void by_localhost(fixture *f)
{
    int ends[2], listener = run_fd(vow_listen(f->loop, "localhost", "0", 0));

    know(NULL);
    ends[0] = run_fd(vow_connect(f->loop, "localhost", text_of(vow_socket_port(listener))));
    ends[1] = run_fd(vow_accept(f->loop, listener));
    assert_connected(f, ends[0], ends[1]);
    close_both(ends);
    close(listener);
    end_threads();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/connect-by-name/first-that-works", the_first_that_works);
    test_add("/connect-by-name/no-ipv6", ipv6_does_not_work);
    test_add("/connect-by-name/silent", the_first_is_silent);
    test_add("/connect-by-name/slow", the_first_is_slow);
    test_add("/connect-by-name/all-refuse", the_families_take_turns);
    test_add("/connect-by-name/interleaved", interleaved);
    test_add("/connect-by-name/only-one", the_only_one_refuses);
    test_add("/connect-by-name/dropped", dropped_on_its_way);
    test_add("/connect-by-name/localhost", by_localhost);
    test_add("/connect-by-name/scope", the_scope_is_kept);
    test_add("/connect-by-name/link", on_a_link_of_its_own);
    test_add("/connect-by-name/own-peer", never_its_own_peer);
    test_add("/connect-by-name/own-peer/next", never_its_own_peer_by_name);
    return g_test_run();
}
