/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that stand in for the C library's where processes are made: see faults.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "faults.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(int code)
{
    errno = code;
    return -1;
}

int pipe2(int ends[2], int flags)
{
    static int (*original)(int *, int);
    int code = faults_take(CALL_PIPE, __builtin_return_address(0));

    if (!original)
        faults_find("pipe2", (void *) &original);
    return code ? fail(code) : original(ends, flags);
}

/* A function cannot return from vfork() twice, but it can from fork(). The child's calls do not count. */
pid_t vfork(void)
{
    int code = faults_take(CALL_FORK, __builtin_return_address(0));
    pid_t pid = code ? fail(code) : fork();

    if (pid == 0)
        faults_set(NULL, 0);
    return pid;
}

/* The child's calls do not count, so it gets memory of its own. */
struct child {
    int (*run)(void *);
    void *data;
};

static int run_child(void *data)
{
    const struct child *child = data;

    faults_set(NULL, 0);
    return child->run(child->data);
}

int clone(int (*run)(void *), void *stack, int flags, void *data, ...)
{
    static int (*original)(int (*)(void *), void *, int, void *, ...);
    int code = faults_take(CALL_FORK | CALL_CLONE, __builtin_return_address(0));
    struct child child = {run, data};
    va_list arguments;
    void *pidfd;

    if (!original)
        faults_find("clone", (void *) &original);
    va_start(arguments, data);
    pidfd = va_arg(arguments, void *);
    va_end(arguments);
    return code ? fail(code) : original(run_child, stack, flags & ~CLONE_VM, &child, pidfd);
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

static int syscall_fault(long number, const void *caller)
{
    unsigned call = number == SYS_pidfd_open ? CALL_PIDFD : number == SYS_pidfd_send_signal ? CALL_SIGNAL : 0;

    if (is_lacking(number))
        return ENOSYS;
    return call ? faults_take(call, caller) : 0;
}

long syscall(long number, ...)
{
    static long (*original)(long, ...);
    int code = syscall_fault(number, __builtin_return_address(0));
    long a[6];
    va_list arguments;

    if (!original)
        faults_find("syscall", (void *) &original);
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    return code ? fail(code) : original(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
