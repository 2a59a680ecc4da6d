/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that cannot be killed, like one that has become another user's: vow_loop_free() waits for it as
 * long as its patience says, and names it. In this program the system calls that send signals fail as the
 * kernel's would.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "processes.h"
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool may_kill = true;

/* All system calls go through here that have no function of their own in libc. */
long syscall(long number, ...)
{
    typedef long (*syscall_fn)(long number, ...);
    static syscall_fn next;
    long a[6];
    va_list args;

    va_start(args, number);
    for (size_t i = 0; i < G_N_ELEMENTS(a); i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (!may_kill && (number == SYS_kill || number == SYS_pidfd_send_signal)) {
        errno = EPERM;
        return -1;
    }
    if (!next)
        *(void **) &next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int kill(pid_t pid, int signum)
{
    return (int) syscall(SYS_kill, pid, signum);
}

/* In a group of its own, so that it is killed by kill(2). */
#define START(f) start((f), SH("exec sleep 1000"), .own_group = true)

static void end_it(pid_t pid)
{
    may_kill = true;
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static void free_without_patience(fixture *f, pid_t pid)
{
    vow_loop_set_patience(f->loop, 0.);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    expect_report(f, "still runs");
    end_it(pid);
}

static void held_when_its_loop_is_freed(fixture *f)
{
    vow_process *process = START(f);
    pid_t pid = vow_process_pid(process);

    vow_detach(vow_process_wait(process));
    vow_process_free(process);
    may_kill = false;
    free_without_patience(f, pid);
}

static void dropped_before_its_loop_is_freed(fixture *f)
{
    vow_process *process = START(f);
    pid_t pid = vow_process_pid(process);

    may_kill = false;
    vow_process_free(process);
    free_without_patience(f, pid);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process-straggler/held", held_when_its_loop_is_freed);
    test_add("/process-straggler/dropped", dropped_before_its_loop_is_freed);
    return g_test_run();
}
