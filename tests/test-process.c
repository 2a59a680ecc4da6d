/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting programs: what they get, how they end, and what is said when they cannot be started.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "misuse.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The end ------------------------------------------------------------------------------------------- */

static void exit_code(fixture *f)
{
    assert_code(f, 0, .program = "true");
    assert_code(f, 7, SH("exit 7"));
    assert_code(f, 255, SH("exit 255"));
}

static void signal_that_ended_it(fixture *f)
{
    assert_code(f, -SIGKILL, SH("kill -KILL $$"));
    assert_code(f, -SIGTERM, SH("kill -TERM $$"));
}

static void any_number_may_wait(fixture *f)
{
    vow_process *process = start(f, SH("read line; exit 3"), .in = {VOW_STDIO_PIPE, 0});
    int fd = vow_process_take_fd(process, STDIN_FILENO);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(vow_process_take_fd(process, STDIN_FILENO), ==, -1);
    g_assert_cmpint(vow_process_take_fd(process, STDOUT_FILENO), ==, -1);
    g_assert_cmpint(vow_process_take_fd(process, 3), ==, -1);
    g_assert_cmpint(vow_process_take_fd(process, -1), ==, -1);
    watch(f, vow_process_wait(process), "a");
    vow_unref(vow_process_wait(process));
    watch(f, vow_process_wait(process), "b");
    g_assert_cmpint(close(fd), ==, 0);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 3);
    assert_log(f, "a=3 b=3");
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 3);
    vow_process_free(process);
    all_ended(f);
}

static void many_at_once(fixture *f)
{
    enum { N = 30 };
    vow_promise *all[N];
    vow_value value;

    for (int i = 0; i < N; i++) {
        char script[32];
        g_snprintf(script, sizeof script, "exit %d", i);
        vow_process *process = start(f, SH(script));
        all[i] = vow_process_wait(process);
        vow_process_free(process);
    }
    g_assert_null(vow_run(vow_all(f->loop, N, all), &value));
    for (int i = 0; i < N; i++)
        g_assert_cmpint(vow_as_int(vow_list_at(vow_as_list(&value), (size_t) i)), ==, i);
    vow_value_drop(value);
    all_ended(f);
}

static void outlives_its_loop(fixture *f)
{
    vow_process *process = start(f, SH("exit 3"));
    vow_promise *done = vow_process_wait(process);

    while (vow_is_pending(done))
        ev_run(f->ev, EVRUN_ONCE);
    f->expect_live = 2;
    free_loop(f);
    expect_report(f, "(process) was never released");
    expect_report(f, "(then) was never released");
    assert_peek(done, "3");
    vow_unref(done);
    done = vow_process_wait(process);
    assert_peek(done, "!ECANCELED");
    vow_unref(done);
    vow_process_end(process);
    g_assert_cmpint(vow_process_kill(process, 0), ==, ESRCH);
    vow_process_free(process);
    vow_process_free(NULL);
}

static void signals_sent(fixture *f)
{
    vow_process *process = start(f, SH("trap 'exit 42' USR1; echo ready; while :; do sleep 0.01; done"),
                                 .out = {VOW_STDIO_PIPE, 0});

    g_assert_cmpint(vow_process_pid(process), >, 0);
    int fd = vow_process_take_fd(process, STDOUT_FILENO);
    expect_text(f, fd, "ready\n");
    g_assert_cmpint(vow_process_kill(process, 0), ==, 0);
    g_assert_cmpint(vow_process_kill(process, 1000), ==, EINVAL);
    g_assert_cmpint(vow_process_kill(process, SIGUSR1), ==, 0);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 42);
    g_assert_cmpint(vow_process_kill(process, SIGUSR1), ==, ESRCH);
    close(fd);
    vow_process_free(process);
    all_ended(f);
}

/* ---- What it gets -------------------------------------------------------------------------------------- */

static void arguments_and_environment(fixture *f)
{
    assert_prints(f, "a b|c\n",
                  .arguments = (char *[]){"sh", "-c", "echo \"$1|$2\"", "sh", "a b", "c", NULL});
    assert_prints(f, "word /bin:/usr/bin\n", SH("echo $VOW $PATH"),
                  .environment = (char *[]){"PATH=/bin:/usr/bin", "VOW=word", NULL});
    assert_prints(f, "other\n", .program = "sh", .arguments = (char *[]){"other", "-c", "echo $0", NULL});
    g_setenv("VOW_TEST", "inherited", TRUE);
    assert_prints(f, "inherited\n", SH("echo $VOW_TEST"));
    g_unsetenv("VOW_TEST");
    assert_code(f, 0, .program = "true", .environment = (char *[]){NULL});
}

static void directory(fixture *f)
{
    char path[] = "/tmp/vow-test-XXXXXX";

    g_assert_nonnull(mkdtemp(path));
    char *here = realpath(path, NULL), *line = g_strconcat(here, "\n", NULL);
    assert_prints(f, line, SH("pwd -P"), .directory = path);
    assert_fails(f, ENOENT, "changing to its directory", SH("pwd"), .directory = "/tmp/vow-test-nothing");
    assert_fails(f, ENOTDIR, "changing to its directory", SH("pwd"), .directory = "/dev/null");
    g_free(line);
    free(here);
    g_assert_cmpint(rmdir(path), ==, 0);
}

static void pipes(fixture *f)
{
    vow_process *process = start(f, SH("cat; echo error >&2"), .in = {VOW_STDIO_PIPE, 0},
                                 .out = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0});
    int in = vow_process_take_fd(process, STDIN_FILENO), out = vow_process_take_fd(process, STDOUT_FILENO);

    g_assert_false(is_blocking(in) || is_blocking(out));
    g_assert_true(fcntl(in, F_GETFD) & FD_CLOEXEC);
    g_assert_cmpint(run_int(vow_write(f->loop, in, "hello\n", 6)), ==, 6);
    expect_text(f, out, "hello\n");
    close(in);
    char *rest = read_to_end(f, out);
    char *error = read_to_end(f, vow_process_take_fd(process, STDERR_FILENO));
    g_assert_cmpstr(rest, ==, "");
    g_assert_cmpstr(error, ==, "error\n");
    g_free(rest);
    g_free(error);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_process_free(process);
    all_ended(f);
}

/* The pipe's other end blocks, as programs expect, though ours does not. */
static void more_than_a_pipe_holds(fixture *f)
{
    const size_t size = 400000;
    vow_process *process = start(f, SH("cat"), .in = {VOW_STDIO_PIPE, 0}, .out = {VOW_STDIO_PIPE, 0});
    int in = vow_process_take_fd(process, STDIN_FILENO), out = vow_process_take_fd(process, STDOUT_FILENO);
    char *bytes = stream_bytes(size), *seen = g_malloc(size);
    vow_promise *write = vow_write(f->loop, in, bytes, size);

    for (int64_t count = 0; count < (int64_t) size;)
        count += run_int(vow_read(f->loop, out, seen + count, size - (size_t) count));
    g_assert_cmpint(run_int(write), ==, (int64_t) size);
    g_assert_cmpint(memcmp(seen, bytes, size), ==, 0);
    close(in);
    close(out);
    g_free(bytes);
    g_free(seen);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_process_free(process);
    all_ended(f);
}

static void null_device(fixture *f)
{
    assert_code(f, 0, SH("cat && echo nobody reads this && echo nor this >&2"), .in = {VOW_STDIO_NULL, 0},
                .out = {VOW_STDIO_NULL, 0}, .err = {VOW_STDIO_NULL, 0});
}

static void descriptors_of_ours(fixture *f)
{
    int ends[2];

    open_blocking_pipe(ends);
    assert_code(f, 0, SH("echo one; echo two >&2"), .out = {VOW_STDIO_FD, ends[1]},
                .err = {VOW_STDIO_FD, ends[1]});
    assert_readable_text(ends[0], "one\ntwo\n");
    put(ends[1], "three\n");
    assert_prints(f, "three\n", SH("head -n 1"), .in = {VOW_STDIO_FD, ends[0]});
    assert_prints(f, "one\ntwo\n", SH("echo one; echo two >&2"), .err = {VOW_STDIO_STDOUT, 0});
    close_both(ends);
    assert_fails(f, EBADF, "standard input", SH("exit 0"), .in = {VOW_STDIO_FD, ends[0]});
    assert_fails(f, EBADF, "standard error", SH("exit 0"), .out = {VOW_STDIO_PIPE, 0},
                 .err = {VOW_STDIO_FD, -1});
}

/* Descriptors 1 and 2 change places. */
static void crossed(fixture *f)
{
    int saved[2] = {dup(1), dup(2)}, one[2], two[2];

    open_blocking_pipe(one);
    open_blocking_pipe(two);
    fflush(stdout);
    dup2(one[1], 1);
    dup2(two[1], 2);
    vow_process *process =
        start(f, SH("echo out; echo err >&2"), .out = {VOW_STDIO_FD, 2}, .err = {VOW_STDIO_FD, 1});
    int64_t code = run_int(vow_process_wait(process));
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    g_assert_cmpint(code, ==, 0);
    vow_process_free(process);
    assert_readable_text(one[0], "err\n");
    assert_readable_text(two[0], "out\n");
    close_both(one);
    close_both(two);
    close_both(saved);
    assert_no_children();
}

/* When 0 to 2 are free here, what is opened on the way lands there. All of that is closed before they come
 * back. */
static void with_standard_streams_closed(fixture *f)
{
    int saved[3];

    fflush(stdout);
    for (int i = 0; i < 3; i++)
        saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 20);
    for (int mask = 1; mask < 8; mask++) {
        for (int i = 0; i < 3; i++)
            if (mask & 1 << i)
                close(i);
        vow_process *process = start(f, SH("cat; echo error >&2"), .in = {VOW_STDIO_PIPE, 0},
                                     .out = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0});
        int in = vow_process_take_fd(process, STDIN_FILENO);
        g_assert_cmpint(run_int(vow_write(f->loop, in, "hello", 5)), ==, 5);
        close(in);
        char *out = read_to_end(f, vow_process_take_fd(process, STDOUT_FILENO));
        char *err = read_to_end(f, vow_process_take_fd(process, STDERR_FILENO));
        g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
        vow_process_free(process);
        for (int i = 0; i < 3; i++) {
            char *script = g_strdup_printf("[ /dev/null -ef /proc/self/fd/%d ] && exit 9", i);
            if (mask & 1 << i)
                assert_code(f, 9, SH(script));
            g_free(script);
        }
        for (int i = 0; i < 3; i++)
            g_assert_cmpint(dup2(saved[i], i), ==, i);
        g_assert_cmpstr(out, ==, "hello");
        g_assert_cmpstr(err, ==, "error\n");
        g_free(out);
        g_free(err);
    }
    for (int i = 0; i < 3; i++)
        close(saved[i]);
    all_ended(f);
}

/* Neither those that were made for it, nor those that others forgot to mark. */
static void no_other_descriptor(fixture *f)
{
    int fd = fcntl(0, F_DUPFD, 50);

    g_assert_cmpint(fd, >=, 50);
    assert_prints(f, "0\n1\n2\n3\n", .arguments = (char *[]){"ls", "/proc/self/fd", NULL},
                  .err = {VOW_STDIO_PIPE, 0});
    close(fd);
}

/* SIGPIPE is ignored by many servers, and would be so in whatever they start. */
static void no_signal_ignored_or_blocked(fixture *f)
{
    struct sigaction before;
    sigset_t blocked, was;
    unsigned long long mask[2] = {~0ULL, ~0ULL};

    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &before);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, &was);
    vow_process *process =
        start(f, SH("grep -E '^Sig(Blk|Ign):' /proc/self/status"), .out = {VOW_STDIO_PIPE, 0});
    char *text = read_to_end(f, vow_process_take_fd(process, STDOUT_FILENO));
    g_assert_cmpint(sscanf(text, "SigBlk: %llx SigIgn: %llx", &mask[0], &mask[1]), ==, 2);
    g_free(text);
    vow_process_free(process);
    all_ended(f);
    g_assert_cmphex(mask[0], ==, 0);
    /* The C library keeps two for itself. */
    g_assert_cmphex(mask[1] & ~(3ULL << 31), ==, 0);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    g_assert_true(sigismember(&blocked, SIGUSR1));
    g_assert_false(sigismember(&blocked, SIGUSR2));
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    sigaction(SIGPIPE, &before, NULL);
}

static void group_of_its_own(fixture *f)
{
    for (int own = 0; own < 2; own++) {
        vow_process *process = start(f, SH("cat"), .in = {VOW_STDIO_PIPE, 0}, .own_group = own);
        pid_t pid = vow_process_pid(process);
        g_assert_cmpint(getpgid(pid), ==, own ? pid : getpgrp());
        vow_process_free(process);
        all_ended(f);
    }
}

/* ---- What cannot be started ---------------------------------------------------------------------------- */

static char *make_file(const char *folder, const char *name, const char *text, mode_t mode)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(chmod(path, mode), ==, 0);
    return path;
}

/* It does not survive these two failures of execve(2) itself. */
static bool is_valgrind(void)
{
    const char *preloaded = g_getenv("LD_PRELOAD");

    return preloaded && strstr(preloaded, "vgpreload");
}

static void programs_that_are_none(fixture *f)
{
    char folder[] = "/tmp/vow-test-XXXXXX";

    g_assert_nonnull(mkdtemp(folder));
    char *plain = make_file(folder, "plain", "#!/bin/sh\nexit 1\n", 0600);
    char *empty = make_file(folder, "no-format", "no format", 0700);
    char *lost = make_file(folder, "lost", "#!/nowhere/interpreter\n", 0700);
    assert_fails(f, ENOENT, "vow-no-such-program: executing it: No such file",
                 .program = "vow-no-such-program");
    assert_fails(f, ENOENT, "/nowhere/program", .program = "/nowhere/program");
    assert_fails(f, ENOENT, "executing it", .program = "");
    assert_fails(f, EACCES, plain, .program = plain);
    if (!is_valgrind()) {
        assert_fails(f, ENOEXEC, empty, .program = empty);
        assert_fails(f, ENOENT, lost, .program = lost);
    }
    assert_fails(f, ENOTDIR, "/dev/null/x", .program = "/dev/null/x");
    assert_fails(f, EACCES, folder, .program = folder);
    unlink(plain);
    unlink(empty);
    unlink(lost);
    g_free(plain);
    g_free(empty);
    g_free(lost);
    g_assert_cmpint(rmdir(folder), ==, 0);
}

/* PATH is that of the environment it gets, and is searched as execvp(3) does. */
static void search_in_path(fixture *f)
{
    char one[] = "/tmp/vow-test-XXXXXX", two[] = "/tmp/vow-test-XXXXXX";

    g_assert_nonnull(mkdtemp(one));
    g_assert_nonnull(mkdtemp(two));
    char *forbidden = make_file(one, "vow-tool", "#!/bin/sh\necho one\n", 0600);
    char *tool = make_file(two, "vow-tool", "#!/bin/sh\necho two\n", 0700);
    char *both = g_strdup_printf("PATH=/nowhere:%s:%s", one, two),
         *first = g_strdup_printf("PATH=%s:/x", one);
    char *current = g_strdup("PATH=:/x");
    assert_prints(f, "two\n", .program = "vow-tool", .environment = (char *[]){"A=b", both, NULL});
    assert_fails(f, EACCES, "vow-tool", .program = "vow-tool", .environment = (char *[]){first, NULL});
    assert_fails(f, ENOENT, "vow-tool", .program = "vow-tool", .environment = (char *[]){NULL});
    assert_prints(f, "two\n", .program = "vow-tool", .environment = (char *[]){current, NULL},
                  .directory = two);
    assert_prints(f, "two\n", .program = "./vow-tool", .directory = two);
    unlink(forbidden);
    unlink(tool);
    g_free(forbidden);
    g_free(tool);
    g_free(both);
    g_free(first);
    g_free(current);
    g_assert_cmpint(rmdir(one) + rmdir(two), ==, 0);
}

static void options_without_sense(fixture *f)
{
    assert_fails(f, EINVAL, "the options", .directory = "/");
    assert_fails(f, EINVAL, "the options", .arguments = (char *[]){NULL});
    assert_fails(f, EINVAL, "true: the options", .program = "true", .grace = (double) NAN);
    assert_fails(f, EINVAL, "the options", .program = "true", .end_signal = -1);
    assert_fails(f, EINVAL, "the options", .program = "true", .end_signal = SIGRTMAX + 1);
    assert_fails(f, EINVAL, "standard input", .program = "true", .in = {VOW_STDIO_STDOUT, 0});
    assert_fails(f, EINVAL, "standard output", .program = "true", .out = {VOW_STDIO_STDOUT, 0});
    assert_fails(f, EINVAL, "standard output", .program = "true", .in = {VOW_STDIO_PIPE, 0},
                 .out = {(enum vow_stdio_kind) 99, 0});
}

/* With one descriptor more each time, until there are enough. */
static void too_few_descriptors(fixture *f)
{
    struct rlimit before, few;
    vow_error *error;
    vow_value value;
    int failures = -1;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    few = before;
    few.rlim_cur = 3;
    do {
        guint descriptors = count_descriptors();
        vow_process_options options = {SH("exit 3"), .in = {VOW_STDIO_PIPE, 0}, .out = {VOW_STDIO_PIPE, 0},
                                       .err = {VOW_STDIO_NULL, 0}};
        few.rlim_cur++;
        failures++;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
        error = vow_run(vow_process_start(f->loop, &options), &value);
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        if (error) {
            g_assert_cmpint(vow_error_code(error), ==, EMFILE);
            g_assert_cmpuint(count_descriptors(), ==, descriptors);
            assert_no_children();
        }
        vow_error_unref(error);
    } while (error);
    g_assert_cmpint(failures, >, 3);
    vow_process *process = vow_take_process(&value);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 3);
    vow_process_free(process);
    all_ended(f);
}

static void no_memory(fixture *f)
{
    for (size_t n = 1; n <= 3; n++) {
        guint descriptors = count_descriptors();

        memory_fail(f, n, true);
        vow_promise *p =
            vow_process_start(f->loop, &(vow_process_options){SH("exit 0"), .in = {VOW_STDIO_PIPE, 0}});
        bool has_failed = f->memory.failed > 0;
        memory_fail(f, 0, false);
        if (has_failed)
            run_fails(p, ENOMEM, "");
        else
            vow_unref(p);
        all_ended(f);
        g_assert_cmpuint(count_descriptors(), ==, descriptors);
    }
}

static void is_taken_as_a_process(fixture *f)
{
    vow_value value = vow_int(1);

    vow_take_process(&value);
    (void) f;
}

MISUSE(null_loop, vow_unref(vow_process_start(NULL, NULL));
       (void) f, "vow_process_start", "the loop is NULL", false)
MISUSE(null_options, vow_unref(vow_process_start(f->loop, NULL)), "vow_process_start", "the options is NULL",
       false)
MISUSE(null_process, vow_unref(vow_process_wait(NULL));
       (void) f, "vow_process_wait", "the process is NULL", false)
MISUSE(no_process, is_taken_as_a_process(f), "vow_take_process", "int", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process/end/exit-code", exit_code);
    test_add("/process/end/signal", signal_that_ended_it);
    test_add("/process/end/any-number-may-wait", any_number_may_wait);
    test_add("/process/end/many-at-once", many_at_once);
    test_add("/process/end/outlives-its-loop", outlives_its_loop);
    test_add("/process/end/signals-sent", signals_sent);
    test_add("/process/gets/arguments-and-environment", arguments_and_environment);
    test_add("/process/gets/directory", directory);
    test_add("/process/gets/pipes", pipes);
    test_add("/process/gets/more-than-a-pipe-holds", more_than_a_pipe_holds);
    test_add("/process/gets/null-device", null_device);
    test_add("/process/gets/descriptors-of-ours", descriptors_of_ours);
    test_add("/process/gets/crossed", crossed);
    test_add("/process/gets/standard-streams-closed", with_standard_streams_closed);
    test_add("/process/gets/no-other-descriptor", no_other_descriptor);
    test_add("/process/gets/no-signal-ignored-or-blocked", no_signal_ignored_or_blocked);
    test_add("/process/gets/group", group_of_its_own);
    test_add("/process/fails/no-programs", programs_that_are_none);
    test_add("/process/fails/search-in-path", search_in_path);
    test_add("/process/fails/options", options_without_sense);
    test_add("/process/fails/descriptors", too_few_descriptors);
    test_add("/process/fails/memory", no_memory);
    test_add("/process/misuse/null-loop", test_null_loop);
    test_add("/process/misuse/null-options", test_null_options);
    test_add("/process/misuse/null-process", test_null_process);
    test_add("/process/misuse/no-process", test_no_process);
    return g_test_run();
}
