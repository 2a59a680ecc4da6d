/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connecting by name, once the addresses are known: which are tried, in which order and when, who wins, and
 * what is said when nobody does. How they become known is in test-happy-eyeballs.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "attempts.h"
#include "place.h"
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

/* Connects to host.test; all its addresses will be known before the first is tried. */
static vow_promise *connect_to_all(fixture *f, const struct entry *entry, const char *port)
{
    know(entry);
    hold_answers(ASKS);
    vow_promise *promise = vow_connect(f->loop, "host.test", port);
    await_question(ASKS, 2);
    hold_answers(0);
    end_threads();
    return promise;
}

/* Connects to host.test, and checks at which address it arrived. */
static void arrives(fixture *f, const struct entry *entry, const char *host, int port)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address peer;

    guint before = count_descriptors();
    int fd = run_fd(connect_to_all(f, entry, text_of(port)));
    g_assert_true(vow_socket_peer(fd, &peer));
    vow_address_format(&peer, text, sizeof text);
    char *expected = g_strdup_printf("%s:%d", host, port);
    g_assert_cmpstr(text, ==, expected);
    g_free(expected);
    close(fd);
    vow_error_unref(vow_offload_shutdown(60));
    g_assert_cmpuint(count_descriptors(), <=,
                     before + 2); /* those that wake the loop: the losers' are closed */
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
    ev_tstamp began = ev_time();
    arrives(f, &entry, "127.0.0.1", silent.port);
    g_assert_cmpfloat(ev_time() - began, >=, 0.25 * 0.9);
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
    run_nil(vow_sleep(f->loop, 0.6)); /* the two others have been refused */
    assert_peek(p, "pending");
    for (int i = 0; i < 4; i++) { /* somebody accepts */
        vow_unref(silent.queued[i]);
        silent.queued[i] = NULL;
    }
    vow_promise *accepted = vow_accept(f->loop, silent.listener);
    while (vow_is_pending(p)) {
        if (vow_is_fulfilled(accepted)) {
            vow_unref(accepted);
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

/* While the look-up, the first attempt, or several attempts are under way: every socket is closed at once. */
static void dropped_on_its_way(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.2", "::1", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    static const double after[] = {0, 0.01, 0.3, 0.6};
    struct silent silent, other;

    open_silent(f, &silent, "127.0.0.2", refusing_port());
    open_silent(f, &other, "127.0.0.1", silent.port);
    know(&entry);
    for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
        vow_promise *p = vow_connect(f->loop, "host.test", text_of(silent.port));
        await_question(ASKS, 2 * ((int) i + 1));
        run_nil(vow_sleep(f->loop, after[i]));
        assert_peek(p, "pending");
        if (i % 2)
            vow_cancel(p);
        else
            vow_unref(p);
    }
    end_threads();
    ev_run(f->ev, EVRUN_NOWAIT);
    close_silent(&other);
    close_silent(&silent);
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
    return g_test_run();
}
