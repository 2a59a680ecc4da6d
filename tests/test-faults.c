/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call fails: each scenario runs once for every call it makes, with that one failing, in every
 * way in which such a call can. After each run nothing may be leaked, each clean-up must have run exactly
 * once, and the outcome must be right. It is the usual one if the program must not notice, as with EINTR and
 * calls that do less than they were asked to. Otherwise it is an error that has the call's code in it, or is
 * caused by one that does. To take part, a scenario stands in one of the tables of scenario.h that are named
 * below.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "faults.h"
#include "processes.h"
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A run that does not end in so many turns of the loop hangs. */
enum { TURNS_MAX = 100000 };

static const char *running; /* what, for messages */
static guint turns;

static void count_turn(struct ev_loop *ev, ev_prepare *watcher, int revents)
{
    (void) ev;
    (void) watcher;
    (void) revents;
    faults_end_foreigners();
    if (++turns > TURNS_MAX)
        g_error("it does not end: %s", running);
}

static void hangs(struct ev_loop *ev, ev_timer *timer, int revents)
{
    (void) ev;
    (void) timer;
    (void) revents;
    g_error("it hangs: %s", running);
}

/* What watches over a run, without keeping it going. */
struct guard {
    ev_timer timer;
    ev_prepare prepare;
};

static void guard_start(struct guard *guard, struct ev_loop *ev)
{
    turns = 0;
    ev_now_update(ev);
    ev_timer_init(&guard->timer, hangs, 60, 0);
    ev_prepare_init(&guard->prepare, count_turn);
    ev_timer_start(ev, &guard->timer);
    ev_unref(ev);
    ev_prepare_start(ev, &guard->prepare);
    ev_unref(ev);
}

static void guard_stop(struct guard *guard, struct ev_loop *ev)
{
    ev_ref(ev);
    ev_prepare_stop(ev, &guard->prepare);
    ev_ref(ev);
    ev_timer_stop(ev, &guard->timer);
}

/* ---- Outcomes ------------------------------------------------------------------------------------------ */

/* "!EPIPE!ECONNRESET": an error, and what caused it. */
static char *show_error(const vow_error *error)
{
    GString *text = g_string_new(NULL);

    for (; error; error = vow_error_cause(error))
        g_string_append_printf(text, "!%s", code_name(error));
    return g_string_free(text, FALSE);
}

static char *run_to_its_end(vow_promise *promise)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);
    char *outcome = error ? show_error(error) : show(&value);

    vow_error_unref(error);
    vow_value_drop(value);
    return outcome;
}

static void check_outcome(const struct scenario *scenario, const struct fault *fault, const char *outcome)
{
    vow_error *injected;
    char *name;

    if (fault->kind == EITHER && (strcmp(outcome, scenario->outcome) == 0 ||
                                  (scenario->or_else && strstr(outcome, scenario->or_else))))
        return;
    if (fault->kind == HARMLESS || fault->kind == LASTING) {
        g_assert_cmpstr(outcome, ==, scenario->outcome);
        return;
    }
    injected = vow_error_new(fault->code, "for its name");
    name = g_strconcat("!", code_name(injected), NULL);
    vow_error_unref(injected);
    if (!strstr(outcome, name))
        g_error("%s: the outcome is %s", running, outcome);
    g_free(name);
}

/* ---- Runs ---------------------------------------------------------------------------------------------- */

/* Runs a scenario on a loop of its own with the n-th call failing. Returns whether there was one. */
static bool run_once(fixture *f, const struct scenario *scenario, const struct fault *fault, size_t n)
{
    guint descriptors = count_descriptors();
    struct world w = {.f = f, .loop = vow_loop_new(f->ev)};
    struct guard guard;
    bool has_failed;

    name_path(&w);
    collect_reports(f, w.loop);
    guard_start(&guard, f->ev);
    faults_set(fault, n);
    char *outcome = run_to_its_end(scenario->make(&w));
    settle_down(&w);
    faults_end_foreigners();
    has_failed = faults_count() >= n;
    faults_set(NULL, 0);
    if (has_failed)
        check_outcome(scenario, fault, outcome);
    else
        g_assert_cmpstr(outcome, ==, scenario->outcome);
    g_free(outcome);
    g_assert_cmpuint(vow_loop_live(w.loop), ==, 0);
    vow_loop_free(w.loop);
    guard_stop(&guard, f->ev);
    g_ptr_array_set_size(f->reports, 0); /* of what nobody looks at when something else has failed */
    check_end(&w);
    g_assert_cmpuint(count_descriptors(), ==, descriptors);
    return has_failed;
}

static size_t run_each(fixture *f, const struct scenario *scenario, const struct fault *fault)
{
    size_t n = 0;
    bool is_again;

    do {
        char *text = g_strdup_printf("%s: call %zu: %s", scenario->name, ++n, fault->name);
        running = text;
        is_again = run_once(f, scenario, fault, n);
        g_free(text);
    } while (is_again);
    return n - 1;
}

/* When one of the calls in `borne` fails, the outcome tells of it as `kind` says. */
static size_t run_fault(fixture *f, const struct scenario *scenario, const struct fault *fault,
                        uint64_t borne, enum fault_kind kind)
{
    struct fault told = *fault, untold = *fault;
    size_t runs = 0;

    told.calls &= ~borne;
    untold.calls &= borne;
    if (untold.kind == TOLD)
        untold.kind = kind;
    if (told.calls)
        runs += run_each(f, scenario, &told);
    if (untold.calls)
        runs += run_each(f, scenario, &untold);
    return runs;
}

static void run_table_bearing(fixture *f, const struct scenario *table, uint64_t borne, enum fault_kind kind)
{
    if (!faults_work()) {
        g_test_skip("libvow is linked statically");
        return;
    }
    free_loop(f);
    open_descriptors(f);
    for (const struct scenario *scenario = table; scenario->name; scenario++) {
        size_t runs = 0;
        for (const struct fault *fault = faults; fault->name; fault++)
            runs += run_fault(f, scenario, fault, borne, kind);
        g_test_message("%s: %zu calls failed", scenario->name, runs);
    }
}

static void run_table(fixture *f, const struct scenario *table)
{
    run_table_bearing(f, table, 0, TOLD);
}

/* A server pauses, and accepts later. */
static void servers(fixture *f)
{
    run_table_bearing(f, server_scenarios, CALL_ACCEPT, HARMLESS);
}

static void sockets(fixture *f)
{
    run_table(f, socket_scenarios);
}

static void listeners(fixture *f)
{
    run_table(f, listener_scenarios);
}

/* Without IPv6 a listener at any address has IPv4. */
static void anywhere(fixture *f)
{
    static const struct fault no_v6[] = {
        {"no IPv6", EAFNOSUPPORT, CALL_SOCKET, HARMLESS},
        {"no address of IPv6", EADDRNOTAVAIL, CALL_BIND, HARMLESS},
    };

    run_table(f, anywhere_scenarios);
    if (!faults_work())
        return;
    for (const struct scenario *scenario = anywhere_scenarios; scenario->name; scenario++)
        for (size_t i = 0; i < G_N_ELEMENTS(no_v6); i++)
            g_assert_cmpuint(run_each(f, scenario, &no_v6[i]), >=, 1);
}

/* Who cannot be accepted when the server stops is not served, and there is no second time. */
static void queues(fixture *f)
{
    free_loop(f);
    open_descriptors(f);
    for (const struct fault *fault = faults; faults_work() && fault->name; fault++) {
        struct fault accepting = *fault, others = *fault;

        accepting.calls &= CALL_ACCEPT;
        accepting.kind = EITHER;
        others.calls &= ~(uint64_t) CALL_ACCEPT;
        run_each(f, queue_scenarios, &accepting);
        run_each(f, queue_scenarios, &others);
    }
}

static void streams(fixture *f)
{
    run_table(f, stream_scenarios);
}

static void talks(fixture *f)
{
    run_table(f, talk_scenarios);
}

static void processes(fixture *f)
{
    run_table(f, process_scenarios);
}

static void events(fixture *f)
{
    run_table(f, event_scenarios);
}

/* A name has several addresses, and one is enough. */
static void names(fixture *f)
{
    run_table_bearing(f, name_scenarios, ~UINT64_C(0), EITHER);
}

static void threads(fixture *f)
{
    run_table(f, thread_scenarios);
}

/* ---- What no scenario calls ---------------------------------------------------------------------------- */

/* Without standard streams, the pipe by which a new process tells that it runs is in their place. */
static void report_in_the_way(fixture *f)
{
    static const struct fault no_copy = {"EMFILE", EMFILE, CALL_DUP, TOLD};
    int in, out;

    if (!faults_work()) {
        g_test_skip("libvow is linked statically");
        return;
    }
    fflush(stdout);
    in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    faults_set(&no_copy, 1);
    vow_error *error = vow_run(vow_process_start(f->loop, &(vow_process_options){.program = "true"}), NULL);
    size_t count = faults_count();
    faults_set(NULL, 0);
    g_assert_cmpint(dup2(in, STDIN_FILENO) + dup2(out, STDOUT_FILENO), ==, STDOUT_FILENO);
    close(in);
    close(out);
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpint(vow_error_code(error), ==, EMFILE);
    vow_error_unref(error);
}

/* ---- What need not be called --------------------------------------------------------------------------- */

enum { ROUNDS = 100 };

static const struct fault any_read = {"read", ONE_BYTE, CALL_RECV | CALL_READ, HARMLESS};
static const struct fault any_write = {"write", ONE_BYTE, CALL_SEND | CALL_WRITE, HARMLESS};

static int64_t run_count(vow_promise *promise)
{
    vow_value value;

    g_assert_null(vow_run(promise, &value));
    return vow_as_int(&value);
}

/* Messages to and fro in lock-step: one call for each read and each write. */
static size_t count_calls(fixture *f, const struct fault *calls)
{
    int ends[2];
    char bytes[64];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);
    faults_set(calls, 0);
    for (int i = 0; i < ROUNDS; i++) {
        vow_promise *p = vow_stream_read(stream, bytes, sizeof bytes);
        turn(f);
        g_assert_cmpint(write(ends[1], "ping", 4), ==, 4);
        g_assert_cmpint(run_count(p), ==, 4);
        g_assert_cmpint(run_count(vow_stream_write(stream, bytes, 4)), ==, 4);
        g_assert_cmpint(read(ends[1], bytes, sizeof bytes), ==, 4);
    }
    vow_stream_free(stream);
    close(ends[1]);
    return faults_count();
}

static void no_call_that_finds_nothing(fixture *f)
{
    if (!faults_work()) {
        g_test_skip("libvow is linked statically");
        return;
    }
    g_assert_cmpuint(count_calls(f, &any_read), ==, ROUNDS + 1); /* the very first cannot know */
    g_assert_cmpuint(count_calls(f, &any_write), ==, ROUNDS);
    faults_set(NULL, 0);
}

/* ---- What an older kernel has not ---------------------------------------------------------------------- */

/* A descriptor that a program would inherit is not open in it. */
static void assert_closed(fixture *f, const long *lacking, int fd)
{
    char *script = g_strdup_printf("! [ -e /proc/self/fd/%d ]", fd);

    faults_lack(lacking);
    assert_code(f, 0, SH(script));
    faults_lack(NULL);
    g_free(script);
}

/* Without close_range() by their list in /proc, and without that one by one. */
static void descriptors_are_closed(fixture *f)
{
#ifdef SYS_close_range
    static const long first[] = {SYS_close_range, -1}, both[] = {SYS_close_range, SYS_getdents64, -1};
    struct rlimit old, low;
    int fd;

    if (!faults_work()) {
        g_test_skip("libvow is linked statically");
        return;
    }
    fd = dup2(STDERR_FILENO, 200);
    g_assert_cmpint(fd, ==, 200);
    assert_closed(f, first, fd);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &old), ==, 0);
    low = old;
    low.rlim_cur = (rlim_t) fd + 1; /* there may be millions */
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
    assert_closed(f, both, fd);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &old), ==, 0);
    close(fd);
#else
    (void) f;
    g_test_skip("close_range() is younger than this C library");
#endif
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/faults/servers", servers);
    test_add("/faults/sockets", sockets);
    test_add("/faults/listeners", listeners);
    test_add("/faults/anywhere", anywhere);
    test_add("/faults/queues", queues);
    test_add("/faults/streams", streams);
    test_add("/faults/talks", talks);
    test_add("/faults/processes", processes);
    test_add("/faults/events", events);
    test_add("/faults/names", names);
    test_add("/faults/threads", threads);
    test_add("/faults/report_in_the_way", report_in_the_way);
    test_add("/faults/descriptors-are-closed", descriptors_are_closed);
    test_add("/faults/no_call_that_finds_nothing", no_call_that_finds_nothing);
    return g_test_run();
}
