/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that stand in for the C library's, for calls that make processes: see faults.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "faults.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

static int fail(int code)
{
    errno = code;
    return -1;
}

STANDS_IN int pipe2(int ends[2], int flags)
{
    static int (*original)(int *, int);
    int code = faults_take(CALL_PIPE, __builtin_return_address(0));

    if (!original)
        faults_find("pipe2", (void *) &original);
    return code ? fail(code) : original(ends, flags);
}

/* A function cannot return from vfork() twice, but it can from fork(). That child has memory of its own. */
STANDS_IN pid_t vfork(void)
{
    int code = faults_take(CALL_FORK, __builtin_return_address(0));
    pid_t pid = code ? fail(code) : fork();

    if (pid > 0)
        faults_expect_report(__builtin_return_address(0));
    return pid;
}

STANDS_IN pid_t fork(void)
{
    static pid_t (*original)(void);
    int code = faults_take(CALL_FORK, __builtin_return_address(0));
    pid_t pid;

    if (!original)
        faults_find("fork", (void *) &original);
    pid = code ? fail(code) : original();
    if (pid > 0)
        faults_expect_report(__builtin_return_address(0));
    return pid;
}

typedef int clone_fn(int (*run)(void *), void *stack, int flags, void *data, ...);

static int set_flag(void *flag)
{
    *(int *) flag = 1;
    return 0;
}

/* An emulator makes it a fork(2), whose child tells of itself by a pipe alone: that stays open as long as
 * a foreigner has a copy of it. */
static bool does_share_memory(clone_fn *original)
{
    static int is_shared = -1;
    _Alignas(64) char stack[16384];
    int flag = 0;
    pid_t pid;

    if (is_shared >= 0)
        return is_shared;
    pid = original(set_flag, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &flag);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    is_shared = flag;
    return is_shared;
}

STANDS_IN int clone(int (*run)(void *), void *stack, int flags, void *data, ...)
{
    static clone_fn *original;
    int code = faults_take(CALL_FORK | CALL_CLONE, __builtin_return_address(0));
    va_list arguments;
    void *pidfd;

    if (!original)
        faults_find("clone", (void *) &original);
    va_start(arguments, data);
    pidfd = va_arg(arguments, void *);
    va_end(arguments);
    if (code == FOREIGN_FORK && does_share_memory(original))
        faults_fork_foreigner();
    return code > 0 ? fail(code) : original(run, stack, flags, data, pidfd);
}

static const long *lacking; /* NULL: nothing */

void faults_lack(const long *numbers)
{
    lacking = numbers;
}

static bool is_lacking(long number)
{
    for (const long *n = lacking; n && *n != -1; n++)
        if (*n == number)
            return true;
    return false;
}

static int syscall_fault(long number, const long *a, const void *caller)
{
    if (is_lacking(number))
        return ENOSYS;
    switch (number) {
    case SYS_pidfd_open:
        return faults_take(CALL_PIDFD, caller);
    case SYS_pidfd_send_signal:
        return faults_take(CALL_SIGNAL, caller);
    case SYS_preadv2:
        return faults_take_on(CALL_READ | CALL_NOWAIT, (int) a[0], true, caller);
    case SYS_pwritev2:
        return faults_take_on(CALL_WRITE | CALL_NOWAIT, (int) a[0], true, caller);
    default:
        return 0;
    }
}

/* Of the parts of a message, the first byte. */
static struct iovec one_byte(long parts)
{
    struct iovec one = *(const struct iovec *) parts;

    one.iov_len = one.iov_len ? 1 : 0;
    return one;
}

STANDS_IN long syscall(long number, ...)
{
    static long (*original)(long, ...);
    long a[6];
    va_list arguments;
    struct iovec one;
    int code;

    if (!original)
        faults_find("syscall", (void *) &original);
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    code = syscall_fault(number, a, __builtin_return_address(0));
    if (code == ONE_BYTE) {
        one = one_byte(a[1]);
        a[1] = (long) &one;
        a[2] = 1;
    }
    return code > 0 ? fail(code) : original(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
