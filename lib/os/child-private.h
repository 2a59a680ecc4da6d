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
    pid_t parent; /* the process that started it; a fork of that process must not wait for it or kill it */
    int pidfd;    /* readable once the child has ended; -1 where there is none */
    bool own_group;
} vow__child;

enum vow__child_state { VOW__CHILD_RUNS, VOW__CHILD_ENDED, VOW__CHILD_LOST };

/* For a process that this one has just started. Takes `pidfd` over. If none came with the process it is -1,
 * and one is opened now. The child is not in a group of its own yet. */
void vow__child_init(vow__child *child, pid_t pid, int pidfd);
/* Asks whether the child has ended. If so, no zombie is left, and `code` is its exit code, or minus the
 * number of the signal that ended it. */
enum vow__child_state vow__child_ask(const vow__child *child, int *code);
/* The same, but waits for the end, until a deadline. */
enum vow__child_state vow__child_wait(const vow__child *child, const vow__deadline *deadline, int *code);
/* The code that a status of waitpid(2) stands for. */
int vow__child_code(int status);
/* Whether the child has ended and nobody has waited for it yet. */
bool vow__child_has_ended(const vow__child *child);
/* Sends a signal to the child, or to its group if it has one of its own: 0 or an errno value. If somebody has
 * waited for the child and only its id is left to reach it by, sends nothing: that id may be another
 * process's by now. */
int vow__child_kill(const vow__child *child, int signum);
/* After the child's end: kills whoever is left of its own group. */
void vow__child_kill_group(const vow__child *child);
/* Whether this very process has started the child. False in a fork of the process that has. */
bool vow__child_is_ours(const vow__child *child);
void vow__child_close(vow__child *child);

#endif
