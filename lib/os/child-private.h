/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child process of ours, from its start to the one time that somebody asks how it ended. Knows no promises.
 */
#ifndef VOW_OS_CHILD_PRIVATE_H
#define VOW_OS_CHILD_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/deadline-private.h"

typedef struct vow__child {
    pid_t pid;
    pid_t parent; /* the process that started it: in a fork of that it is nobody's to wait for or to kill */
    int pidfd;    /* readable when it has ended; -1 where there is none */
    bool own_group;
} vow__child;

enum vow__child_state { VOW__CHILD_RUNS, VOW__CHILD_ENDED, VOW__CHILD_LOST };

/* Of a process that this one has just started. `pidfd`: given away; -1 where it did not come with the
 * process, and is opened now. Not in a group of its own yet. */
void vow__child_init(vow__child *child, pid_t pid, int pidfd);
/* Asks whether it has ended; then no zombie is left. `code`: its exit code, or minus the number of a signal.
 */
enum vow__child_state vow__child_ask(const vow__child *child, int *code);
/* The same, but waits for it, until a deadline. */
enum vow__child_state vow__child_wait(const vow__child *child, const vow__deadline *deadline, int *code);
/* What a status of waitpid(2) says. */
int vow__child_code(int status);
/* Whether it has ended and nobody has waited for it. */
bool vow__child_has_ended(const vow__child *child);
/* Sends a signal to it, or to its group: 0 or an errno value. Not when somebody has waited for it and there
 * is nothing but its id to reach it by: that may be another one's. */
int vow__child_kill(const vow__child *child, int signum);
/* After its end: who else is left of its group. */
void vow__child_kill_group(const vow__child *child);
/* Whether it is a child of this very process. */
bool vow__child_is_ours(const vow__child *child);
void vow__child_close(vow__child *child);

#endif
