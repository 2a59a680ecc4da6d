/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that are ended: dropped, cancelled, late, or with their loop freed, in each state, by a signal
 * they heed or one they ignore. What has to be seen first is told on a pipe. No zombie is ever left, which
 * waitpid() of any child says at the end of each test. Grace times are hours on a virtual clock, which ends
 * them when the child has had its chance to heed the signal, and ignores it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "gate.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vow/testing.h>

/* sleep(1) inherits what the shell ignores. */
#define STUBBORN SH("trap '' TERM; echo ready; exec sleep 100")
#define OBEDIENT SH("echo ready; exec sleep 100")
/* Ends a little later, in its own way. */
#define ORDERLY(code) SH("trap 'echo bye; exit " #code "' TERM; echo ready; while :; do sleep 0.01; done")
/* Says once more that it runs, when it is asked. */
#define STUBBORN_SAYS \
    SH("trap '' TERM; echo ready; read line; echo still; exec sleep 100"), .in = {VOW_STDIO_PIPE, 0}
#define OUT .out = {VOW_STDIO_PIPE, 0}

/* Starts it and waits until it says that it is ready. The descriptor of its output stays open. */
#define start_ready(f, fd, ...) start_ready_with((f), (fd), &(vow_process_options){__VA_ARGS__})
static vow_process *start_ready_with(fixture *f, int *fd, const vow_process_options *options)
{
    vow_process *process = start_with(f, options);

    *fd = vow_process_take_fd(process, STDOUT_FILENO);
    expect_text(f, *fd, "ready\n");
    return process;
}

static void assert_ended(fixture *f, int fd)
{
    char *rest = read_to_end(f, fd);

    g_assert_cmpstr(rest, ==, "");
    g_free(rest);
    all_ended(f);
}

/* ---- Interest ------------------------------------------------------------------------------------------ */

static void dropped_before_it_was_taken(fixture *f)
{
    vow_unref(vow_process_start(f->loop, &(vow_process_options){SH("exec sleep 100")}));
    all_ended(f);
    vow_detach(vow_process_start(f->loop, &(vow_process_options){SH("exec sleep 100")}));
    all_ended(f);
    vow_cancel(vow_process_start(f->loop, &(vow_process_options){SH("exec sleep 100"), OUT}));
    all_ended(f);
}

static void handle_freed(fixture *f)
{
    int fd;

    vow_process_free(start_ready(f, &fd, OBEDIENT, OUT));
    assert_ended(f, fd);
}

static void lives_for_those_who_wait(fixture *f)
{
    int fd;
    vow_process *process =
        start_ready(f, &fd, SH("echo ready; read line; exit 4"), OUT, .in = {VOW_STDIO_PIPE, 0});
    int in = vow_process_take_fd(process, STDIN_FILENO);
    vow_promise *a = vow_process_wait(process), *b = vow_process_wait(process);

    vow_process_free(process);
    vow_unref(a);
    turn(f);
    assert_peek(b, "pending");
    close(in);
    g_assert_cmpint(run_int(b), ==, 4);
    assert_ended(f, fd);
}

/* Nobody looks at the promise, and it is run on all the same. */
static void detached(fixture *f)
{
    int fd;
    vow_process *process =
        start_ready(f, &fd, SH("echo ready; read line; echo done"), OUT, .in = {VOW_STDIO_PIPE, 0});
    int in = vow_process_take_fd(process, STDIN_FILENO);

    vow_detach(vow_process_wait(process));
    vow_process_free(process);
    close(in);
    char *rest = read_to_end(f, fd);
    g_assert_cmpstr(rest, ==, "done\n");
    g_free(rest);
    all_ended(f);
}

static void last_who_waited_is_dropped(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, OBEDIENT, OUT);
    vow_promise *a = vow_process_wait(process), *b = vow_process_wait(process);

    vow_process_free(process);
    vow_unref(a);
    vow_unref(b);
    assert_ended(f, fd);
}

/* Who cancels waits until it is gone. */
static void cancelled(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, ORDERLY(0), OUT);
    vow_promise *done = vow_process_wait(process);
    pid_t pid = vow_process_pid(process);

    vow_process_free(process);
    watch(f, vow_ref(done), "watched");
    vow_cancel(vow_ref(done));
    assert_peek(done, "pending");
    g_assert_cmpint(kill(pid, 0), ==, 0);
    vow_cancel(vow_ref(done)); /* again: changes nothing */
    run_fails(done, ECANCELED, "");
    assert_no_children();
    turn(f);
    assert_log(f, "watched!ECANCELED");
    char *rest = read_to_end(f, fd);
    g_assert_cmpstr(rest, ==, "bye\n");
    g_free(rest);
    all_ended(f);
}

static void cancelled_while_the_handle_is_held(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, OBEDIENT, OUT);
    vow_promise *other = vow_process_wait(process), *done = vow_process_wait(process);

    vow_cancel(vow_ref(done));
    assert_peek(done, "!ECANCELED");
    vow_unref(done);
    turn(f);
    assert_peek(other, "pending");
    g_assert_cmpint(vow_process_kill(process, SIGTERM), ==, 0);
    g_assert_cmpint(run_int(other), ==, -SIGTERM);
    vow_process_free(process);
    assert_ended(f, fd);
}

static void too_late(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, OBEDIENT, OUT);
    vow_promise *done = vow_process_wait(process);

    vow_process_free(process);
    run_too_late(f, done);
    assert_ended(f, fd);
}

static void loser_of_a_race(fixture *f)
{
    int fds[2];
    vow_process *a = start_ready(f, &fds[0], OBEDIENT, OUT);
    vow_process *b = start_ready(f, &fds[1], SH("echo ready; exit 9"), OUT);
    vow_promise *race = vow_race_of(f->loop, vow_process_wait(a), vow_process_wait(b));

    vow_process_free(a);
    vow_process_free(b);
    g_assert_cmpint(run_int(race), ==, 9);
    assert_ended(f, fds[0]);
    close(fds[1]);
}

/* It has ended, and its loop has not noticed yet. */
static void dropped_after_its_end(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, SH("echo ready"), OUT);
    char byte;

    g_assert_cmpint(run_int(vow_read(f->loop, fd, &byte, 1)), ==, 0);
    close(fd);
    vow_process_free(process);
    all_ended(f);
}

/* ---- vow_process_end() --------------------------------------------------------------------------------- */

static void ended_in_its_own_way(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, ORDERLY(42), OUT);

    vow_process_end(process);
    vow_process_end(process);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 42);
    vow_process_end(process);
    expect_text(f, fd, "bye\n");
    vow_process_free(process);
    assert_ended(f, fd);
}

static void ended_by_another_signal(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, OBEDIENT, OUT, .end_signal = SIGINT);

    vow_process_end(process);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, -SIGINT);
    vow_process_free(process);
    assert_ended(f, fd);
}

/* It still runs just before its time is over. */
static void grace_time_ends(fixture *f, int in, int out)
{
    vow_clock_advance(f->loop, HOUR - 1);
    put(in, "?\n");
    close(in);
    expect_text(f, out, "still\n");
    vow_clock_advance(f->loop, 1);
}

static void killed_when_the_grace_time_is_over(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, STUBBORN_SAYS, OUT, .grace = HOUR);

    make_virtual(f);
    vow_process_end(process);
    grace_time_ends(f, vow_process_take_fd(process, STDIN_FILENO), fd);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, -SIGKILL);
    g_assert_cmpfloat(vow_now(f->loop), ==, HOUR);
    vow_process_free(process);
    assert_ended(f, fd);
}

static void killed_at_once(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, STUBBORN, OUT, .grace = -1);

    vow_process_end(process);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, -SIGKILL);
    vow_process_free(process);
    assert_ended(f, fd);
}

static void dropped_and_killed(fixture *f)
{
    make_virtual(f);
    for (int ends = 0; ends <= 1; ends++) {
        int fd;
        vow_process *process = start_ready(f, &fd, STUBBORN_SAYS, OUT, .grace = HOUR);
        int in = vow_process_take_fd(process, STDIN_FILENO);
        if (ends)
            vow_process_end(process);
        vow_process_free(process);
        grace_time_ends(f, in, fd);
        assert_ended(f, fd);
    }
    g_assert_cmpfloat(vow_now(f->loop), ==, 2 * HOUR);
}

/* A shell and what it started; the pipe tells that none of them is left. */
#define FAMILY SH("sh -c \"trap '' TERM; echo ready; sleep 100; :\" & exec sleep 100")

static void group_as_a_whole(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, FAMILY, OUT, .own_group = true);

    vow_process_free(process);
    assert_ended(f, fd);
    process = start_ready(f, &fd, FAMILY, OUT, .own_group = true);
    vow_process_end(process);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, -SIGTERM);
    vow_process_free(process);
    assert_ended(f, fd);
    process = start_ready(f, &fd, FAMILY, OUT, .own_group = true);
    f->expect_live = 1;
    free_loop(f);
    expect_report(f, "(process) was never released");
    vow_process_free(process);
    char byte;
    g_assert_cmpint(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), ==, 1);
    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
    close(fd);
    assert_no_children();
}

/* ---- With the loop ------------------------------------------------------------------------------------- */

static void loop_freed_while_it_runs(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, STUBBORN, OUT);

    watch(f, vow_process_wait(process), "p");
    vow_process_free(process);
    f->expect_live = 3;
    free_loop(f);
    assert_no_children();
    close(fd);
}

static void loop_freed_while_the_handle_is_held(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, STUBBORN, OUT, .in = {VOW_STDIO_PIPE, 0});
    vow_promise *done = vow_process_wait(process);

    f->expect_live = 2;
    free_loop(f);
    assert_no_children();
    expect_report(f, "(process) was never released");
    expect_report(f, "(then) was never released");
    g_assert_cmpint(vow_process_kill(process, SIGTERM), ==, ESRCH);
    vow_process_end(process);
    assert_peek(done, "!ECANCELED");
    vow_unref(done);
    vow_process_free(process);
    close(fd);
}

static void loop_freed_in_the_grace_time(fixture *f)
{
    int fds[3];
    vow_process *process = start_ready(f, &fds[0], STUBBORN, OUT, .grace = 1000);
    vow_promise *done = vow_process_wait(process);

    vow_process_free(process);
    vow_unref(done);
    process = start_ready(f, &fds[1], STUBBORN, OUT, .grace = 1000);
    watch(f, vow_process_wait(process), "b");
    vow_process_end(process);
    vow_process_free(process);
    process = start_ready(f, &fds[2], STUBBORN, OUT, .grace = 1000);
    done = vow_process_wait(process);
    vow_process_free(process);
    watch(f, vow_ref(done), "c");
    vow_cancel(done);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_no_children();
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    g_string_truncate(f->log, 0);
}

/* A clean-up that is under way when the loop is freed drops it then. */
static vow_value free_process(void *process)
{
    vow_process_free(process);
    return vow_nil();
}

static void loop_freed_and_then_dropped(fixture *f)
{
    int fd;
    vow_process *process = start_ready(f, &fd, STUBBORN, OUT, .grace = 1000);

    vow_detach(vow_finally(vow_sleep(f->loop, 100), free_process, process));
    f->expect_live = 3;
    free_loop(f);
    assert_no_children();
    close(fd);
}

/* ---- Who else waits for children ----------------------------------------------------------------------- */

static vow_process *start_on(vow_loop *loop, const vow_process_options *options)
{
    vow_value value;

    g_assert_null(vow_run(vow_process_start(loop, options), &value));
    return vow_take_process(&value);
}

static void on_the_default_loop(fixture *f)
{
    enum { N = 40 };
    struct ev_loop *ev = ev_default_loop(0);
    vow_loop *loop = vow_loop_new(ev);
    vow_promise *all[N];
    vow_value value;

    for (int i = 0; i < N; i++) {
        char script[32];
        g_snprintf(script, sizeof script, "exit %d", i);
        vow_process *process = start_on(loop, &(vow_process_options){SH(script)});
        all[i] = vow_process_wait(process);
        vow_process_free(process);
    }
    g_assert_null(vow_run(vow_all(loop, N, all), &value));
    for (int i = 0; i < N; i++)
        g_assert_cmpint(vow_as_int(vow_list_at(vow_as_list(&value), (size_t) i)), ==, i);
    vow_value_drop(value);
    vow_process_free(start_on(loop, &(vow_process_options){SH("exec sleep 100"), .own_group = true}));
    ev_run(ev, 0);
    g_assert_cmpuint(vow_loop_live(loop), ==, 0);
    assert_no_children();
    vow_process_free(start_on(loop, &(vow_process_options){SH("trap '' TERM; exec sleep 100")}));
    vow_loop_free(loop);
    assert_no_children();
    ev_loop_destroy(ev);
    (void) f;
}

/* The exit code, where the kernel keeps it for us; else ECHILD, and no waiting for ever. */
static void assert_code_or_lost(vow_process *process, int code)
{
    vow_value value;
    vow_error *error = vow_run(vow_process_wait(process), &value);

    if (status_is_kept())
        g_assert_null(error);
    if (error)
        g_assert_cmpint(vow_error_code(error), ==, ECHILD);
    else
        g_assert_cmpint(vow_as_int(&value), ==, code);
    g_test_message("%s", error ? vow_error_message(error) : "found");
    vow_error_unref(error);
    vow_process_free(process);
    assert_no_children();
}

/* libev's default loop waits for all children, even for those of other loops. */
static void beside_the_default_loop(fixture *f)
{
    struct ev_loop *ev = ev_default_loop(0);
    vow_process *process = start(f, SH("exit 7"));
    siginfo_t info;

    g_assert_cmpint(waitid(P_PID, (id_t) vow_process_pid(process), &info, WEXITED | WNOWAIT), ==, 0);
    while (kill(vow_process_pid(process), 0) == 0)
        ev_run(ev, EVRUN_NOWAIT);
    assert_code_or_lost(process, 7);
    ev_loop_destroy(ev);
}

static void somebody_else_waits(fixture *f)
{
    vow_process *process = start(f, SH("exit 7"));

    g_assert_cmpint(waitpid(-1, NULL, 0), ==, vow_process_pid(process));
    assert_code_or_lost(process, 7);
    process = start(f, SH("kill -KILL $$"));
    g_assert_cmpint(waitpid(-1, NULL, 0), ==, vow_process_pid(process));
    assert_code_or_lost(process, -SIGKILL);
    process = start(f, SH("exit 7"));
    g_assert_cmpint(waitpid(-1, NULL, 0), ==, vow_process_pid(process));
    vow_process_free(process);
    all_ended(f);
}

static void child_signal_ignored(fixture *f)
{
    struct sigaction before;

    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
    for (int i = 0; i < 20; i++) { /* so that it cannot end before its pidfd is open */
        vow_process *process = start(f, SH("read line; exit 7"), .in = {VOW_STDIO_PIPE, 0});
        close(vow_process_take_fd(process, STDIN_FILENO));
        assert_code_or_lost(process, 7);
    }
    vow_process_free(start(f, SH("exec sleep 100")));
    all_ended(f);
    assert_fails(f, ENOENT, "executing it", .program = "/nowhere");
    sigaction(SIGCHLD, &before, NULL);
}

/* ---- Many ---------------------------------------------------------------------------------------------- */

static void again_and_again(fixture *f)
{
    enum { ROUNDS = 60, EACH = 8 };
    guint descriptors = count_descriptors();

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < EACH; i++) {
            vow_promise *started = vow_process_start(
                f->loop, &(vow_process_options){
                             .arguments = (char *[]){"sleep", "100", NULL}, OUT, .grace = i % 2 ? 0 : -1});
            if (i % 3)
                turn(f);
            vow_unref(started);
        }
        if (round % 4 == 0)
            all_ended(f);
    }
    all_ended(f);
    g_assert_cmpuint(count_descriptors(), ==, descriptors);
}

/* ThreadSanitizer does not see a pidfd being opened, and takes its number for the descriptor that another
 * thread had before. */
#ifndef NO_FORK_WITH_THREADS
/* A thread with a loop of its own. The pid of another one's process is not its to wait for. */
static gpointer spawn_and_wait(gpointer data)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *loop = vow_loop_new(ev);
    int base = GPOINTER_TO_INT(data);

    for (int i = 0; i < 20; i++) {
        char script[32];
        g_snprintf(script, sizeof script, "exit %d", base + i);
        vow_process *process =
            start_on(loop, &(vow_process_options){SH(script), OUT, .in = {VOW_STDIO_PIPE, 0}});
        vow_value value;
        g_assert_null(vow_run(vow_process_wait(process), &value));
        g_assert_cmpint(vow_as_int(&value), ==, base + i);
        vow_process_free(process);
        vow_process_free(start_on(loop, &(vow_process_options){SH("exec sleep 100")}));
    }
    ev_run(ev, 0);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    return NULL;
}

static void several_threads(fixture *f)
{
    GThread *threads[3];

    vow_loop_free(f->loop);
    f->loop = NULL;
    vow_allocator_set(NULL); /* the fixture's counts for one thread */
    for (int i = 0; i < 3; i++)
        threads[i] = g_thread_new("spawn", spawn_and_wait, GINT_TO_POINTER(50 * i));
    for (int i = 0; i < 3; i++)
        g_thread_join(threads[i]);
    assert_no_children();
}
#else
static void several_threads(fixture *f)
{
    (void) f;
    g_test_skip("ThreadSanitizer does not see pidfds");
}
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process-end/interest/never-taken", dropped_before_it_was_taken);
    test_add("/process-end/interest/handle-freed", handle_freed);
    test_add("/process-end/interest/lives-for-those-who-wait", lives_for_those_who_wait);
    test_add("/process-end/interest/detached", detached);
    test_add("/process-end/interest/last-is-dropped", last_who_waited_is_dropped);
    test_add("/process-end/interest/cancelled", cancelled);
    test_add("/process-end/interest/cancelled-with-handle", cancelled_while_the_handle_is_held);
    test_add("/process-end/interest/too-late", too_late);
    test_add("/process-end/interest/race", loser_of_a_race);
    test_add("/process-end/interest/after-its-end", dropped_after_its_end);
    test_add("/process-end/end/in-its-own-way", ended_in_its_own_way);
    test_add("/process-end/end/by-another-signal", ended_by_another_signal);
    test_add("/process-end/end/grace-time-over", killed_when_the_grace_time_is_over);
    test_add("/process-end/end/at-once", killed_at_once);
    test_add("/process-end/end/dropped-and-killed", dropped_and_killed);
    test_add("/process-end/end/group", group_as_a_whole);
    test_add("/process-end/loop-freed/runs", loop_freed_while_it_runs);
    test_add("/process-end/loop-freed/handle-held", loop_freed_while_the_handle_is_held);
    test_add("/process-end/loop-freed/grace-time", loop_freed_in_the_grace_time);
    test_add("/process-end/loop-freed/then-dropped", loop_freed_and_then_dropped);
    test_add("/process-end/others/default-loop", on_the_default_loop);
    test_add("/process-end/others/beside-default-loop", beside_the_default_loop);
    test_add("/process-end/others/somebody-waits", somebody_else_waits);
    test_add("/process-end/others/signal-ignored", child_signal_ignored);
    test_add("/process-end/again-and-again", again_and_again);
    test_add("/process-end/several-threads", several_threads);
    return g_test_run();
}
