/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Somebody else in the program waits for all children, as libev's default loop does in another thread, and is
 * there first: right after the program was executed, before anything was asked about it by its id.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "gate.h"
#include "processes.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool reaps;
static pid_t reaped;

/* Stands in for the C library's. The end of what the child tells: it is the program now. */
ssize_t read(int fd, void *buffer, size_t size)
{
    static ssize_t (*original)(int, void *, size_t);
    void *found = original ? NULL : dlsym(RTLD_NEXT, "read");
    ssize_t count;

    if (found)
        memcpy(&original, &found, sizeof found);
    count = original(fd, buffer, size);
    if (count == 0 && reaps) {
        reaps = false;
        reaped = waitpid(-1, NULL, 0);
        errno = 0;
    }
    return count;
}

static vow_process *start_reaped(fixture *f, const char *script)
{
    reaps = true;
    vow_process *process = start(f, SH(script));

    g_assert_false(reaps);
    g_assert_cmpint(reaped, ==, vow_process_pid(process));
    return process;
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
static void ended(fixture *f)
{
    vow_process *process = start_reaped(f, "exit 0");

    if (status_is_found())
        g_assert_cmpint(vow_process_kill(process, SIGTERM), ==, ESRCH);
    vow_process_free(process);
    all_ended(f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process-reaped/code", its_code);
    test_add("/process-reaped/signal", its_signal);
    test_add("/process-reaped/ended", ended);
    return g_test_run();
}
