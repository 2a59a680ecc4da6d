/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into the programs that coverage.sh builds: a program that ends with abort(), as misuse does, or with
 * _exit(), as forked children do, would take what was counted with it. The handler of SIGABRT returns, and
 * abort() then ends the program as ever.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include <gcov.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t process; /* whose memory this is: not a child's that only borrows it until it is a program */

static void dump(int number)
{
    (void) number;
    __gcov_dump();
}

static void begin(void)
{
    process = getpid();
}

__attribute__((constructor)) static void install(void)
{
    begin();
    pthread_atfork(NULL, NULL, begin);
    signal(SIGABRT, dump);
}

/* In place of the C library's. */
void _exit(int status)
{
    if (getpid() == process)
        __gcov_dump();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}
