/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody else in the program waits for all children, as libev's default loop does in another thread, and
 * comes first: right after the program was executed, before anybody has asked about it by its id.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "gate.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool reaps;
static pid_t reaped, home;
static unsigned killed_by_id;

static void find(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);

    g_assert_nonnull(found);
    memcpy(function, &found, sizeof found);
}

/* Stands in for the C library's. When the library lets go of what it started the child with, that is the
 * program now. */
int close(int fd)
{
    static int (*original)(int);

    if (!original)
        find("close", (void *) &original);
    if (reaps && getpid() == home) {
        reaps = false;
        reaped = waitpid(-1, NULL, 0);
        errno = 0;
    }
    return original(fd);
}

/* Nobody knows whose id it is by now. */
int kill(pid_t pid, int signum)
{
    static int (*original)(pid_t, int);

    if (!original)
        find("kill", (void *) &original);
    killed_by_id += pid == reaped || pid == -reaped;
    return original(pid, signum);
}

static vow_process *start_reaped_in(fixture *f, const char *script, bool own_group)
{
    home = getpid();
    killed_by_id = 0;
    reaps = true;
    vow_process *process = start(f, SH(script), .own_group = own_group);

    g_assert_false(reaps);
    g_assert_cmpint(reaped, ==, vow_process_pid(process));
    return process;
}

static vow_process *start_reaped(fixture *f, const char *script)
{
    return start_reaped_in(f, script, false);
}

/* Where clone(2) gives no pidfd, it is too late. */
static bool status_is_found(void)
{
#if defined CLONE_PIDFD && !defined NO_FORK_WITH_THREADS
    return status_is_kept();
#else
    return false;
#endif
}

static void waits(fixture *f, const char *script, int code)
{
    vow_process *process = start_reaped(f, script);
    vow_value value;
    vow_error *error = vow_run(vow_process_wait(process), &value);

    g_test_message("%s", error ? vow_error_message(error) : "found");
    if (error && !status_is_found())
        g_assert_cmpint(vow_error_code(error), ==, ECHILD);
    else
        g_assert_cmpint(vow_as_int(&value), ==, code);
    vow_error_unref(error);
    vow_process_free(process);
    all_ended(f);
}

static void its_code(fixture *f)
{
    waits(f, "exit 7", 7);
}

static void its_signal(fixture *f)
{
    waits(f, "kill -KILL $$", -9);
}

/* Nobody is sent the signals that were for it. */
static void ended_in(fixture *f, bool own_group)
{
    vow_process *process = start_reaped_in(f, "exit 0", own_group);

    g_assert_cmpint(vow_process_kill(process, SIGTERM), ==, ESRCH);
    vow_process_end(process);
    vow_process_free(process);
    all_ended(f);
    g_assert_cmpuint(killed_by_id, ==, 0);
}

static void ended(fixture *f)
{
    ended_in(f, false);
}

/* Nor is what may have become another group. */
static void group_ended(fixture *f)
{
    ended_in(f, true);
}

/* What is left of its group is found all the same, where the system knows signals for the group of a pidfd.
 */
static void group_left(fixture *f)
{
    int ends[2];
    char byte;

    open_blocking_pipe(ends);
    home = getpid();
    killed_by_id = 0;
    reaps = true;
    vow_process *process =
        start(f, SH("sleep 99 & exit 0"), .out = {VOW_STDIO_FD, ends[1]}, .own_group = true);
    close(ends[1]);
    int code = vow_process_kill(process, SIGKILL);
    g_assert_cmpuint(killed_by_id, ==, 0);
    if (code) { /* it has to be looked for */
        g_assert_cmpint(code, ==, ESRCH);
        kill(-reaped, SIGKILL);
    }
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 0);
    close(ends[0]);
    vow_process_free(process);
    all_ended(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process-reaped/code", its_code);
    test_add("/process-reaped/signal", its_signal);
    test_add("/process-reaped/ended", ended);
    test_add("/process-reaped/group-ended", group_ended);
    test_add("/process-reaped/group-left", group_left);
    return g_test_run();
}
