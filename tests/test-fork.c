/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After fork(2): the child goes on with its copy of the loop, and the parent notices nothing. The child's
 * exit code tells whether all was well there. What sleeps meanwhile does so on a real clock, for 20 ms: its
 * timer is libev's, and that is what has to go on.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "gate.h"
#include "misuse.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vow/testing.h>

/* Runs a function in a child process, which ends well if it returns. */
static void in_fork(fixture *f, void (*fn)(fixture *f, void *data), void *data)
{
    int status;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        fn(f, data);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* What the parent has pending when it forks. */
struct pending {
    int ends[2];
    char byte;
    vow_promise *sleep, *read;
};

static void pending_begin(fixture *f, struct pending *p)
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->ends), ==, 0);
    p->sleep = vow_then(vow_sleep(f->loop, 0.02), pass_value, tag_new(f, "slept"));
    p->read = vow_read(f->loop, p->ends[0], &p->byte, 1);
    turn(f);
}

/* It is all still there. */
static void pending_end(fixture *f, struct pending *p)
{
    g_assert_null(vow_run(p->sleep, NULL));
    assert_peek(p->read, "pending");
    put(p->ends[1], "x");
    g_assert_cmpint(run_int(p->read), ==, 1);
    g_assert_cmpint(p->byte, ==, 'x');
    close_both(p->ends);
    assert_log(f, "slept");
}

static void goes_on(fixture *f, void *data)
{
    struct pending *p = data;
    int ends[2];
    char byte;

    vow_loop_fork(f->loop);
    g_assert_null(vow_run(p->sleep, NULL));
    open_tcp(ends);
    vow_promise *read = vow_read(f->loop, ends[0], &byte, 1);
    turn(f);
    assert_peek(read, "pending");
    g_assert_cmpint(run_int(vow_write(f->loop, ends[1], "y", 1)), ==, 1);
    g_assert_cmpint(run_int(read), ==, 1);
    close_both(ends);
    vow_unref(p->read);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
    assert_code(f, 3, SH("exit 3"));
    vow_loop_free(f->loop);
    ev_loop_destroy(f->ev);
}

static void timers_and_descriptors(fixture *f)
{
    struct pending p;

    pending_begin(f, &p);
    in_fork(f, goes_on, &p);
    pending_end(f, &p);
}

/* A descriptor is one file in both: who looks first gets the byte. */
static void takes_over(fixture *f, void *data)
{
    struct pending *p = data;

    vow_loop_fork(f->loop);
    put(p->ends[1], "z");
    g_assert_cmpint(run_int(p->read), ==, 1);
    g_assert_cmpint(p->byte, ==, 'z');
}

static void what_was_pending(fixture *f)
{
    struct pending p;

    pending_begin(f, &p);
    in_fork(f, takes_over, &p);
    pending_end(f, &p);
}

static void frees_at_once(fixture *f, void *data)
{
    (void) data;
    vow_loop_fork(f->loop);
    vow_loop_free(f->loop);
    ev_loop_destroy(f->ev);
}

static void freed_in_the_child(fixture *f)
{
    struct pending p;

    pending_begin(f, &p);
    in_fork(f, frees_at_once, &p);
    pending_end(f, &p);
}

static void has_its_own_signals(fixture *f, void *data)
{
    vow_signals *signals = data;

    vow_loop_fork(f->loop);
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    g_assert_cmpint(run_int(vow_signals_next(signals)), ==, SIGUSR1);
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
}

static void signals(fixture *f)
{
    vow_signals *signals = vow_signals_of(f->loop, SIGUSR1);

    g_assert_nonnull(signals);
    in_fork(f, has_its_own_signals, signals);
    vow_promise *next = vow_signals_next(signals);
    turn(f);
    assert_peek(next, "pending");
    g_assert_cmpint(raise(SIGUSR1), ==, 0);
    g_assert_cmpint(run_int(next), ==, SIGUSR1);
    vow_signals_free(signals);
}

/* ---- Processes belong to the parent -------------------------------------------------------------------- */

static void is_told(fixture *f, void *data)
{
    vow_process *process = data;
    vow_promise *done = vow_process_wait(process);

    vow_loop_fork(f->loop);
    run_fails(done, ECHILD, "belongs to the process that started it");
    g_assert_cmpint(vow_process_kill(process, SIGKILL), ==, ESRCH);
    vow_process_end(process);
    vow_process_free(process);
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));
}

static void forgets_the_call(fixture *f, void *data)
{
    vow_process_free(data);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void forgets_the_call_and_frees(fixture *f, void *data)
{
    vow_process *process = data;

    vow_detach(vow_process_wait(process));
    vow_process_free(process);
    vow_loop_free(f->loop);
}

static void ends_one(fixture *f, void *data)
{
    (void) data;
    vow_loop_fork(f->loop);
    vow_process_free(start(f, SH("exec sleep 100")));
    ev_run(f->ev, 0);
    assert_no_children();
}

static void processes(fixture *f)
{
    static void (*const deeds[])(fixture *, void *) = {is_told, forgets_the_call, forgets_the_call_and_frees};

    for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
        vow_process *process = start(f, SH("read line; exit 6"), .in = {VOW_STDIO_PIPE, 0});
        in_fork(f, deeds[i], process);
        turn(f);
        g_assert_cmpint(vow_process_kill(process, 0), ==, 0);
        close(vow_process_take_fd(process, STDIN_FILENO));
        g_assert_cmpint(run_int(vow_process_wait(process)), ==, 6);
        vow_process_free(process);
        all_ended(f);
    }
    in_fork(f, ends_one, NULL);
}

/* In its grace time, too. */
static void lets_it_be(fixture *f, void *data)
{
    (void) data;
    vow_loop_fork(f->loop);
    g_assert_false(ev_run(f->ev, 0));
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
}

static void processes_that_are_being_ended(fixture *f)
{
    vow_process *process =
        start(f, SH("trap '' TERM; echo; exec sleep 100"), .out = {VOW_STDIO_PIPE, 0}, .grace = HOUR);
    int fd = vow_process_take_fd(process, STDOUT_FILENO);

    make_virtual(f);
    expect_text(f, fd, "\n");
    vow_process_free(process);
    in_fork(f, lets_it_be, NULL);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 1);
    vow_clock_advance(f->loop, HOUR);
    all_ended(f);
    close(fd);
}

/* Where libev waits for children itself, in the parent and in the child. */
static void waits_on_the_default_loop(fixture *f, void *data)
{
    vow_process *process = data;
    vow_promise *done = vow_process_wait(process);
    vow_loop *loop = vow_promise_loop(done);
    vow_value value;

    (void) f;
    vow_loop_fork(loop);
    run_fails(done, ECHILD, "belongs to the process that started it");
    vow_process_free(process);
    g_assert_null(vow_run(vow_process_start(loop, &(vow_process_options){SH("exit 8")}), &value));
    process = vow_take_process(&value);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 8);
    vow_process_free(process);
    assert_no_children();
}

static void on_the_default_loop(fixture *f)
{
    struct ev_loop *ev = ev_default_loop(0);
    vow_loop *loop = vow_loop_new(ev);
    vow_process_options options = {SH("read line; exit 6"), .in.kind = VOW_STDIO_PIPE};
    vow_value value;

    g_assert_null(vow_run(vow_process_start(loop, &options), &value));
    vow_process *process = vow_take_process(&value);
    in_fork(f, waits_on_the_default_loop, process);
    close(vow_process_take_fd(process, STDIN_FILENO));
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 6);
    vow_process_free(process);
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    assert_no_children();
}

MISUSE(null_loop, vow_loop_fork(NULL); (void) f, "vow_loop_fork", "the loop is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/fork/timers-and-descriptors", timers_and_descriptors);
    test_add("/fork/what-was-pending", what_was_pending);
    test_add("/fork/freed-in-the-child", freed_in_the_child);
    test_add("/fork/signals", signals);
    test_add("/fork/processes", processes);
    test_add("/fork/processes-being-ended", processes_that_are_being_ended);
    test_add("/fork/default-loop", on_the_default_loop);
    test_add("/fork/misuse/null-loop", test_null_loop);
    return g_test_run();
}
