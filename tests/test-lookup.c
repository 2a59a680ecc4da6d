/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names as addresses, and listening and sending by name: what is found, what is said when nothing is, and how
 * much of the pool of threads lookups may take. getaddrinfo(3) has a stand-in: see resolver.h. Connecting by
 * name is in test-connect-by-name.c.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "jobs.h"
#include "place.h"
#include "resolver.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Lookup -------------------------------------------------------------------------------------------- */

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
    g_assert_cmpint(count_asked(ASKS), ==, 2);
    end_threads();
}

/* Asked for both families at once, the system tells the scopes. */
static void with_a_scope(fixture *f)
{
    static const char *const addresses[] = {"fe80::1%lo", "127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses, .loses_scopes = true};

    know(&entry);
    run_lookup(vow_lookup(f->loop, "host.test", "80"), "[fe80::1%lo]:80 127.0.0.1:80");
    run_lookup(vow_lookup(f->loop, "fe80::1%lo", "80"), "[fe80::1%lo]:80");
    g_assert_cmpint(count_asked(ASKS), ==, 1);
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
    static const char *const hosts[] = {NULL,  "",     "256.1.1.1", "1.2.3.4.", "::g", "1.2.3.4:80", "a b",
                                        "a/b", "a\nb", "[::1]",     "12",       "x.1", "*",          "*.x"};
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
    run_fails(vow_connect(f->loop, "*", "80"), EINVAL, "vow_connect: bad host '*'");
    run_fails(vow_listen(f->loop, "*", "80", 0), EINVAL, "vow_listen: bad host '*'");
    run_fails(vow_datagram_bind(f->loop, "*", "80"), EINVAL, "vow_datagram_bind: bad host '*'");
    run_fails(vow_datagram_connect(f->loop, "*", "80"), EINVAL, "vow_datagram_connect: bad host '*'");
    run_fails(vow_lookup(f->loop, "127.0.0.1", "*"), EINVAL, "bad port '*'");
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
    hold_answers(ASKS);
    vow_promise *p = vow_lookup(f->loop, "host.test", "80"), *q = vow_connect(f->loop, "host.test", "80");
    await_question(ASKS, 3); /* a connection asks for each family */
    vow_unref(vow_ref(p));
    vow_cancel(vow_ref(p));
    assert_peek(p, "!ECANCELED");
    vow_unref(p);
    vow_cancel(vow_ref(q));
    assert_peek(q, "!ECANCELED");
    vow_unref(q);
    hold_answers(0);
    end_threads();
    ev_run(f->ev, 0); /* the answers come, and nobody wants them */
    g_assert_cmpint(count_answered(), ==, 3);
}

/* A loop goes on to its end, and is freed, while the resolver still thinks. */
static void not_waited_for(fixture *f)
{
    static const char *const addresses[] = {"127.0.0.1", NULL};
    static const struct entry entry = {.addresses = addresses};
    struct held held = HELD(vow_int(1));

    know(&entry);
    hold_answers(ASKS);
    vow_promise *p = vow_lookup(f->loop, "host.test", "80"), *q = vow_lookup(f->loop, "host.test", "80");
    await_question(ASKS, 2);
    vow_unref(p);
    g_assert_true(ev_run(f->ev, EVRUN_NOWAIT));
    vow_cancel(q);
    g_assert_false(ev_run(f->ev, 0));
    vow_loop_set_patience(f->loop, INFINITY);
    vow_detach(running(f, &held)); /* this one is waited for, and ends */
    gate_open(&held.gate);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    g_assert_cmpint(count_answered(), ==, 0);
    hold_answers(0);
    end_threads();
}

/* ---- Lookups and the other jobs ------------------------------------------------------------------------ */

static const char *const one_address[] = {"127.0.0.1", NULL};
static const struct entry one_entry = {.addresses = one_address};

/* So many lookups that hang, with so many threads: `running` of them have asked. */
static void hang(fixture *f, unsigned threads, vow_promise **promises, size_t count, int running)
{
    vow_offload_set_limits(threads, 1000);
    know(&one_entry);
    hold_answers(ASKS);
    for (size_t i = 0; i < count; i++)
        promises[i] = vow_lookup(f->loop, "host.test", "80");
    await_question(ASKS, running);
}

static void run_all(size_t count, vow_promise **promises)
{
    for (size_t i = 0; i < count; i++)
        run_lookup(promises[i], "127.0.0.1:80");
}

static void write_and_read(fixture *f)
{
    char *name;
    vow_value value;
    int fd = g_file_open_tmp("vow-XXXXXX", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_null(vow_run(vow_file_write(f->loop, name, "text", 4), NULL));
    g_assert_null(vow_run(vow_file_read(f->loop, name, 100), &value));
    g_assert_cmpuint(vow_as_bytes(&value)->length, ==, 4);
    vow_value_drop(value);
    unlink(name);
    g_free(name);
}

/* Of four threads lookups take two, however many there are; the others are free for what else there is. */
static void leave_threads_for_files(fixture *f)
{
    struct held held = HELD(vow_nil());
    vow_promise *jobs[2], *promises[6];

    hang(f, 4, promises, 6, 2);
    write_and_read(f);
    for (int i = 0; i < 2; i++)
        jobs[i] = vow_offload(f->loop, hold, &held);
    gate_await(&held.gate, 2); /* both run at once */
    gate_open(&held.gate);
    g_assert_null(vow_run(vow_all(f->loop, 2, jobs), NULL));
    g_assert_cmpint(count_asked(ASKS), ==, 2);
    hold_answers(0);
    run_all(6, promises);
    g_assert_cmpint(count_asked(ASKS), ==, 6);
    usual_limits();
    end_threads();
}

/* What waits behind others of its kind is dropped as ever, and asks nobody. */
static void dropped_while_it_waits(fixture *f)
{
    vow_promise *promises[4];

    hang(f, 2, promises, 4, 1);
    vow_unref(promises[1]);
    vow_cancel(promises[2]);
    write_and_read(f);
    hold_answers(0);
    run_lookup(promises[0], "127.0.0.1:80");
    run_lookup(promises[3], "127.0.0.1:80");
    g_assert_cmpint(count_asked(ASKS), ==, 2);
    usual_limits();
    end_threads();
}

/* With more threads more of them ask at once, and with one they still do. */
static void as_many_as_the_limit_says(fixture *f)
{
    vow_promise *promises[4];

    hang(f, 1, promises, 4, 1);
    vow_offload_set_limits(5, 1000);
    await_question(ASKS, 3);
    write_and_read(f);
    g_assert_cmpint(count_asked(ASKS), ==, 3);
    vow_offload_set_limits(7, 1000);
    await_question(ASKS, 4);
    vow_offload_set_limits(1, 1000);
    hold_answers(0);
    run_all(4, promises);
    usual_limits();
    end_threads();
}

static vow_value count_questions(void *data)
{
    (void) data;
    return vow_int(count_asked(ASKS));
}

/* Nobody is overtaken but by those for whom there is a thread. */
static void in_their_order(fixture *f)
{
    struct held held = HELD(vow_nil());
    vow_promise *first, *jobs[3], *look_ups[2];

    vow_offload_set_limits(1, 1000);
    know(&one_entry);
    first = running(f, &held);
    for (int i = 0; i < 2; i++) {
        jobs[i] = vow_offload(f->loop, count_questions, NULL);
        look_ups[i] = vow_lookup(f->loop, "host.test", "80");
    }
    jobs[2] = vow_offload(f->loop, count_questions, NULL);
    gate_open(&held.gate);
    vow_unref(first);
    for (int i = 0; i < 3; i++) {
        vow_value value;

        g_assert_null(vow_run(jobs[i], &value));
        g_assert_cmpint(vow_as_int(&value), ==, i);
    }
    run_all(2, look_ups);
    usual_limits();
    end_threads();
}

/* The limit of those that wait holds for all of them; one for whom there is a thread does not wait. */
static void count_as_waiting(fixture *f)
{
    vow_promise *promises[3];
    vow_value value;

    hang(f, 2, promises, 3, 1);
    vow_offload_set_limits(2, 2);
    run_fails(vow_lookup(f->loop, "host.test", "80"), EAGAIN,
              "vow_lookup: the queue of jobs is full: 2 may wait");
    g_assert_null(vow_run(vow_offload(f->loop, count_questions, NULL), &value));
    g_assert_cmpint(vow_as_int(&value), ==, 1);
    hold_answers(0);
    run_all(3, promises);
    usual_limits();
    end_threads();
}

/* Refused with the rest when the pool is shut down. */
static void refused_in_the_end(fixture *f)
{
    vow_promise *promises[3];

    hang(f, 2, promises, 3, 1);
    vow_error *error = vow_offload_shutdown(0);
    g_assert_nonnull(strstr(vow_error_message(error), "1 job still runs"));
    vow_error_unref(error);
    run_fails(promises[1], ECANCELED, "the pool of threads was shut down");
    run_fails(promises[2], ECANCELED, "the pool of threads was shut down");
    vow_promise *later = vow_lookup(f->loop, "host.test", "80"); /* of the threads anew */
    await_question(ASKS, 2);
    hold_answers(0);
    run_lookup(promises[0], "127.0.0.1:80");
    run_lookup(later, "127.0.0.1:80");
    usual_limits();
    end_threads();
}

#ifndef NO_FORK_WITH_THREADS

/* In the child: what the parent asks is nobody's, and its threads do not count. */
static void ask_anew(fixture *f, vow_promise **promises)
{
    vow_loop_fork(f->loop);
    for (int i = 0; i < 3; i++)
        run_fails(promises[i], ECANCELED, "the job is the parent process's");
    hang(f, 2, promises, 3, 1);
    hold_answers(0);
    run_all(3, promises);
    free_loop(f);
    end_threads();
    _exit(0);
}

static void forked_meanwhile(fixture *f)
{
    vow_promise *promises[3];
    int status;

    if (no_thread_after_fork())
        return;
    hang(f, 2, promises, 3, 1);
    pid_t child = fork();
    if (!child)
        ask_anew(f, promises);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    hold_answers(0);
    run_all(3, promises);
    usual_limits();
    end_threads();
}

#else

static void forked_meanwhile(fixture *f)
{
    (void) f;
    g_test_skip("ThreadSanitizer does not follow threads into a forked child");
}

#endif

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
    g_assert_cmpint(vow_socket_address(fd, &address), ==, 0);
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
    test_add("/lookup/scope", with_a_scope);
    test_add("/lookup/service", names_of_services);
    test_add("/lookup/localhost", localhost);
    test_add("/lookup/unknown", a_name_that_is_unknown);
    test_add("/lookup/no-name", names_that_are_none);
    test_add("/lookup/dropped", dropped);
    test_add("/lookup/pool/half-of-the-threads", leave_threads_for_files);
    test_add("/lookup/pool/dropped", dropped_while_it_waits);
    test_add("/lookup/pool/limits", as_many_as_the_limit_says);
    test_add("/lookup/pool/order", in_their_order);
    test_add("/lookup/pool/queue", count_as_waiting);
    test_add("/lookup/pool/shutdown", refused_in_the_end);
    test_add("/lookup/pool/fork", forked_meanwhile);
    test_add("/lookup/not-waited-for", not_waited_for);
    test_add("/lookup/listen", listen_by_name);
    test_add("/lookup/datagram", datagrams_by_name);
    return g_test_run();
}
