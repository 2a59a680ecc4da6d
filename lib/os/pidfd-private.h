/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's descriptor for a process, which stands for this one alone, even when its id was given to another
 * one meanwhile. Elsewhere there is none, and each of these says ENOSYS.
 */
#ifndef VOW_OS_PIDFD_PRIVATE_H
#define VOW_OS_PIDFD_PRIVATE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* A pidfd, or -1 and errno. */
int vow__pidfd_open(pid_t pid);
/* As waitid(2) with WEXITED: 0 or an errno value. `info->si_pid` stays 0 if there is nothing to tell. */
int vow__pidfd_wait(int pidfd, siginfo_t *info, int options);
/* The status, as of waitpid(2), of a process that somebody else has waited for: 0 or an errno value. */
int vow__pidfd_status(int pidfd, int *status);
/* Sends a signal to the process, or to its group: 0 or an errno value. */
int vow__pidfd_signal(int pidfd, int signum, bool to_group);

#endif
