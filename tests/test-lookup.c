/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names as addresses, and connecting, listening and sending by name: which addresses are tried, in which
 * order and when, who wins, and what is said when nobody does. getaddrinfo(3) is stood in for here: it knows
 * names that no resolver knows, and holds an answer back as long as a test wants; the rest it passes on.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "place.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---- The resolver -------------------------------------------------------------------------------------- */

/* A name and its numeric addresses; or an error. */
struct entry {
    const char *name;
    const char *const *addresses; /* ends with NULL */
    int status, code;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    const struct entry *entry; /* what every name that ends in .test is */
    bool is_held;              /* no answer yet */
    int asked, answered;
} resolver = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, false, 0, 0};

typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int resolve(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **found)
{
    union {
        void *object;
        resolve_fn *function;
    } next = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

    return next.function(host, service, hints, found);
}

/* The lists of several addresses as one: freeaddrinfo(3) goes from node to node. */
static int resolve_all(const struct entry *entry, const char *service, const struct addrinfo *hints,
                       struct addrinfo **found)
{
    *found = NULL;
    for (size_t i = 0; entry->addresses[i]; i++) {
        int status = resolve(entry->addresses[i], service, hints, found);
        if (status)
            return status;
        while (*found)
            found = &(*found)->ai_next;
    }
    return 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    if (!host || !g_str_has_suffix(host, ".test") || (hints->ai_flags & AI_NUMERICHOST))
        return resolve(host, service, hints, found);
    pthread_mutex_lock(&resolver.lock);
    const struct entry *entry = resolver.entry;
    resolver.asked++;
    pthread_cond_broadcast(&resolver.change);
    while (resolver.is_held)
        pthread_cond_wait(&resolver.change, &resolver.lock);
    resolver.answered++;
    pthread_mutex_unlock(&resolver.lock);
    errno = entry->code;
    return entry->status ? entry->status : resolve_all(entry, service, hints, found);
}

static void know(const struct entry *entry)
{
    resolver.entry = entry;
    resolver.is_held = false;
    resolver.asked = resolver.answered = 0;
}

static void hold_answers(bool is_held)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.is_held = is_held;
    pthread_cond_broadcast(&resolver.change);
    pthread_mutex_unlock(&resolver.lock);
}

static void await_question(int count)
{
    pthread_mutex_lock(&resolver.lock);
    while (resolver.asked < count)
        pthread_cond_wait(&resolver.change, &resolver.lock);
    pthread_mutex_unlock(&resolver.lock);
}

/* Every test ends its threads: they have descriptors and memory. */
static void end_threads(void)
{
    vow_error *error = vow_offload_shutdown(60);

    if (error)
        g_error("%s", vow_error_message(error));
}

/* ---- Look-up ------------------------------------------------------------------------------------------- */

static char *texts_of(const vow_value *value)
{
    const vow_list *list = vow_as_list(value);
    GString *texts = g_string_new(NULL);
    char text[VOW_ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < vow_list_length(list); i++)
        g_string_append_printf(texts, "%s%s", i ? " " : "",
                               vow_address_format(vow_as_address(vow_list_at(list, i)), text, sizeof text));
    return g_string_free(texts, FALSE);
}

static void run_lookup(vow_promise *promise, const char *expected)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);

    if (error)
        g_error("not expected: %s", vow_error_message(error));
    char *texts = texts_of(&value);
    g_assert_cmpstr(texts, ==, expected);
    g_free(texts);
    vow_value_drop(value);
}

static void numeric(fixture *f)
{
    know(NULL);
    run_lookup(vow_lookup(f->loop, "127.0.0.1", "80"), "127.0.0.1:80");
    run_lookup(vow_lookup(f->loop, "::1", "0"), "[::1]:0");
    run_lookup(vow_lookup(f->loop, "127.0.0.1", NULL), "127.0.0.1:0");
    vow_promise *p = vow_lookup(f->loop, "127.0.0.1", "80"); /* at once */
    g_assert_true(vow_is_fulfilled(p));
    vow_unref(p);
}

static void by_name(fixture *f)
{
    static const char *const addresses[] = {"::1", "127.0.0.1", "127.0.0.2", NULL};
    static const struct entry entry = {.addresses = addresses};

    know(&entry);
    run_lookup(vow_lookup(f->loop, "host.test", "80"), "[::1]:80 127.0.0.1:80 127.0.0.2:80");
    run_lookup(vow_lookup(f->loop, "HOST.test", NULL), "[::1]:0 127.0.0.1:0 127.0.0.2:0");
    g_assert_cmpint(resolver.asked, ==, 2);
    end_threads();
}

static void twice_the_same(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.1", "::1", "127.0.0.1", "::1", NULL};
    static const struct entry entry = {.addresses = addresses};

    know(&entry);
    run_lookup(vow_lookup(f->loop, "host.test", "80"), "127.0.0.1:80 [::1]:80");
    end_threads();
}

static void names_of_services(fixture *f)
{
    struct servent *http = getservbyname("http", "tcp");

    know(NULL);
    if (http && http->s_port == htons(80))
        run_lookup(vow_lookup(f->loop, "127.0.0.1", "http"), "127.0.0.1:80");
    else
        g_test_skip("this machine does not know the service http");
    end_threads();
}

static void localhost(fixture *f)
{
    vow_value value;

    know(NULL);
    vow_error *error = vow_run(vow_lookup(f->loop, "localhost", "7"), &value);
    if (error) {
        g_test_skip(vow_error_message(error));
        vow_error_unref(error);
    } else {
        char *texts = texts_of(&value);
        g_assert_true(strstr(texts, "127.0.0.1:7") || strstr(texts, "[::1]:7"));
        g_free(texts);
        vow_value_drop(value);
    }
    end_threads();
}

static void a_name_that_is_unknown(fixture *f)
{
    static const struct entry unknown = {.status = EAI_NONAME}, broken = {.status = EAI_SYSTEM, .code = EIO},
                              full = {.status = EAI_MEMORY};
    vow_error *error;

    know(&unknown);
    run_fails_in(vow_lookup(f->loop, "host.test", "80"), &vow_domain_gai, EAI_NONAME);
    error = vow_run(vow_connect(f->loop, "host.test", "80"), NULL);
    g_assert_true(vow_error_domain(error) == &vow_domain_gai);
    g_assert_true(g_str_has_prefix(vow_error_message(error), "vow_connect: host.test:80: "));
    g_assert_nonnull(strstr(vow_error_message(error), gai_strerror(EAI_NONAME)));
    vow_error_unref(error);
    g_assert_cmpstr(vow_domain_gai.describe(EAI_AGAIN), ==, gai_strerror(EAI_AGAIN));
    know(&broken);
    run_fails(vow_lookup(f->loop, "host.test", "80"), EIO, "vow_lookup: host.test:80: ");
    know(&full);
    run_fails(vow_lookup(f->loop, "host.test", "80"), ENOMEM, "");
    end_threads();
}

/* No thread is asked for what cannot be a name. */
static void names_that_are_none(fixture *f)
{
    static const char *const hosts[] = {NULL,  "",    "256.1.1.1", "1.2.3.4.", "::g", "1.2.3.4:80",
                                        "a b", "a/b", "a\nb",      "[::1]",    "12",  "x.1"};
    static const char *const services[] = {"", "-1", "65536", "4294967376", "a b", "\t", "99999999999"};
    char *longest = g_strnfill(300, 'x');

    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        if (hosts[i] && strcmp(hosts[i], "12") == 0)
            continue; /* getaddrinfo(3) takes it for 0.0.0.12 */
        vow_promise *p = vow_lookup(f->loop, hosts[i], "80");
        g_assert_true(vow_is_rejected(p));
        run_fails(p, EINVAL, hosts[i] ? hosts[i] : "NULL");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
        vow_promise *p = vow_lookup(f->loop, "host.test", services[i]);
        g_assert_true(vow_is_rejected(p));
        run_fails(p, EINVAL, services[i]);
    }
    run_fails(vow_lookup(f->loop, longest, "80"), EINVAL, longest);
    run_fails(vow_lookup(f->loop, "127.0.0.1", longest), EINVAL, longest);
    run_fails(vow_connect(f->loop, "127.0.0.1", NULL), EINVAL, "port is NULL");
    g_free(longest);
}

/* Dropping does not wait for the resolver, nor does cancelling. */
static void dropped(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};

    know(&entry);
    hold_answers(true);
    vow_promise *p = vow_lookup(f->loop, "host.test", "80"), *q = vow_connect(f->loop, "host.test", "80");
    await_question(2);
    vow_unref(vow_ref(p));
    vow_cancel(vow_ref(p));
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    vow_cancel(vow_ref(q));
    assert_peek(q, "!ECANCELED");
    vow_unref(q);
    hold_answers(false);
    end_threads();
    ev_run(f->ev, 0); /* the answers come, and nobody wants them */
    g_assert_cmpint(resolver.answered, ==, 2);
}

/* ---- Connecting ---------------------------------------------------------------------------------------- */

/* Nobody listens there, and the system says so at once. */
static int refusing_port(fixture *f)
{
    int fd = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 1)), port = vow_socket_port(fd);

    close(fd);
    return port;
}

/* A listener whose queue is full: who connects waits. */
struct silent {
    int listener, port;
    vow_promise *queued[4];
};

static void open_silent(fixture *f, struct silent *silent, const char *host, const char *port)
{
    char text[8];

    silent->listener = run_fd(vow_listen(f->loop, host, port, 1));
    silent->port = vow_socket_port(silent->listener);
    g_snprintf(text, sizeof text, "%d", silent->port);
    g_assert_cmpint(listen(silent->listener, 0), ==, 0);
    for (int i = 0; i < 4; i++)
        silent->queued[i] = vow_connect(f->loop, host, text);
    for (int i = 0; i < 3; i++)
        turn(f);
    g_assert_true(vow_is_pending(silent->queued[3]));
}

static void close_silent(struct silent *silent)
{
    for (int i = 0; i < 4; i++)
        vow_unref(silent->queued[i]);
    close(silent->listener);
}

static const char *text_of(int port)
{
    static char texts[4][8];
    static int next;
    char *text = texts[next++ % 4];

    g_snprintf(text, sizeof texts[0], "%d", port);
    return text;
}

/* Connects to host.test, and checks at which address it arrived. */
static void arrives(fixture *f, const struct entry *entry, const char *host, int port)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    vow_address peer;

    know(entry);
    guint before = count_descriptors();
    int fd = run_fd(vow_connect(f->loop, "host.test", text_of(port)));
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
    int listener = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 0));

    arrives(f, &entry, "127.0.0.1", vow_socket_port(listener)); /* the others refuse */
    close(listener);
    end_threads();
}

/* Without IPv6, or with nobody there: the next one is tried at once, long before the delay. */
static void ipv6_does_not_work(fixture *f)
{
    static const char *const addresses[] = {"::1", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    int listener = run_fd(vow_listen(f->loop, "127.0.0.1", "0", 0));

    arrives(f, &entry, "127.0.0.1", vow_socket_port(listener));
    close(listener);
    end_threads();
}

/* The first answers nothing: after the delay, and not before, the second has its turn. */
static void the_first_is_silent(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct silent silent;

    open_silent(f, &silent, "127.0.0.2", "0");
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

    open_silent(f, &silent, "127.0.0.2", "0");
    know(&entry);
    vow_promise *p = vow_connect(f->loop, "host.test", text_of(silent.port));
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
    const char *port = text_of(refusing_port(f));

    know(&four_first);
    vow_error *error = vow_run(vow_connect(f->loop, "host.test", port), NULL);
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
    know(&six_first);
    error = vow_run(vow_connect(f->loop, "host.test", port), NULL);
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
    static const char *const order[] = {"127.0.0.1:", "[::1]:", "127.0.0.2:", "[::2]:", "127.0.0.3:"};
    static const struct entry entry = {.addresses = addresses};
    const char *port = text_of(refusing_port(f));
    char *all;

    if (!has_ipv6()) {
        g_test_skip("this machine has no IPv6 loopback address");
        return;
    }
    know(&entry);
    vow_error *error = vow_run(vow_timeout(vow_connect(f->loop, "host.test", port), 60), NULL);
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

    know(&entry);
    run_fails(vow_connect(f->loop, "host.test", text_of(refusing_port(f))), ECONNREFUSED,
              ": 127.0.0.1:");
    run_fails(vow_connect(f->loop, "host.test", "1"), ECONNREFUSED, "vow_connect: host.test:1: 127.0.0.1:1: ");
    end_threads();
}

/* While the look-up, the first attempt, or several attempts are under way: every socket is closed at once. */
static void dropped_on_its_way(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.2", "127.0.0.2", "::1", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    static const double after[] = {0, 0.01, 0.3, 0.6};
    struct silent silent, other;

    open_silent(f, &silent, "127.0.0.2", "0");
    open_silent(f, &other, "127.0.0.1", text_of(silent.port));
    know(&entry);
    for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
        vow_promise *p = vow_connect(f->loop, "host.test", text_of(silent.port));
        await_question((int) i + 1);
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

/* ---- Listening and datagrams --------------------------------------------------------------------------- */

/* The first address that can be had; if there is none, why the first cannot. */
static void listen_by_name(fixture *f)
{
    static const char *const addresses[] = {"240.0.0.1", "127.0.0.1", "127.0.0.2", NULL};
    static const char *const elsewhere[] = {"240.0.0.1", "240.0.0.2", NULL};
    static const struct entry entry = {.addresses = addresses}, no_entry = {.addresses = elsewhere};
    vow_address address;
    char text[VOW_ADDRESS_TEXT_SIZE];

    know(&entry);
    int fd = run_fd(vow_listen(f->loop, "host.test", "0", 0));
    g_assert_true(vow_socket_address(fd, &address));
    g_assert_true(g_str_has_prefix(vow_address_format(&address, text, sizeof text), "127.0.0.1:"));
    close(fd);
    know(&no_entry);
    run_fails(vow_listen(f->loop, "host.test", "0", 0), EADDRNOTAVAIL, "vow_listen: 240.0.0.1:0");
    vow_unref(vow_listen(f->loop, "host.test", "0", 0)); /* dropped while it is looked up */
    end_threads();
    ev_run(f->ev, EVRUN_NOWAIT);
}

static void datagrams_by_name(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    char text[8] = "";

    know(&entry);
    int bound = run_fd(vow_datagram_bind(f->loop, "host.test", "0"));
    int fd = run_fd(vow_datagram_connect(f->loop, "host.test", text_of(vow_socket_port(bound))));
    run_int(vow_datagram_send(f->loop, fd, "hello", 5, NULL));
    g_assert_cmpint(run_int(vow_datagram_receive(f->loop, bound, text, sizeof text, NULL)), ==, 5);
    g_assert_cmpstr(text, ==, "hello");
    close(fd);
    close(bound);
    end_threads();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/lookup/numeric", numeric);
    test_add("/lookup/name", by_name);
    test_add("/lookup/no-name-twice", twice_the_same);
    test_add("/lookup/service", names_of_services);
    test_add("/lookup/localhost", localhost);
    test_add("/lookup/unknown", a_name_that_is_unknown);
    test_add("/lookup/no-name", names_that_are_none);
    test_add("/lookup/dropped", dropped);
    test_add("/lookup/connect/first-that-works", the_first_that_works);
    test_add("/lookup/connect/no-ipv6", ipv6_does_not_work);
    test_add("/lookup/connect/silent", the_first_is_silent);
    test_add("/lookup/connect/slow", the_first_is_slow);
    test_add("/lookup/connect/all-refuse", the_families_take_turns);
    test_add("/lookup/connect/interleaved", interleaved);
    test_add("/lookup/connect/only-one", the_only_one_refuses);
    test_add("/lookup/connect/dropped", dropped_on_its_way);
    test_add("/lookup/connect/localhost", by_localhost);
    test_add("/lookup/listen", listen_by_name);
    test_add("/lookup/datagram", datagrams_by_name);
    return g_test_run();
}
