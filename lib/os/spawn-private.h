/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a process that runs another program. Knows neither promises nor libev. */
#ifndef VOW_OS_SPAWN_PRIVATE_H
#define VOW_OS_SPAWN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "os/child-private.h"

typedef struct vow__spawn {
    const char *candidates;   /* paths to try in order, one after the other, with an empty one at the end */
    char *const *arguments;   /* as execve(2) wants them */
    char *const *environment; /* as execve(2) wants it */
    const char *directory;    /* or NULL */
    int stdio[3];             /* which descriptor of ours becomes its 0, 1 and 2 */
    bool own_group;
} vow__spawn;

/* What a new process does on its way to the new program. */
enum vow__spawn_step {
    VOW__SPAWN_FORK,
    VOW__SPAWN_GROUP,
    VOW__SPAWN_STDIO,
    VOW__SPAWN_DIRECTORY,
    VOW__SPAWN_EXECUTE
};

typedef struct vow__spawn_failure {
    enum vow__spawn_step step;
    int code; /* an errno value */
} vow__spawn_failure;

/*
 * What the new process has to tell us. It shares our memory and writes here. We go on only once it has become
 * the program or has ended, so all is said by then. Emulations of the system (Valgrind's, ThreadSanitizer's,
 * qemu's) give it memory of its own instead, and do not wait. There it tells us by a pipe, and the end of the
 * pipe means that it has become the program. Only in that case may we wait for the end: a process that
 * another thread forks at this time holds the pipe open, too.
 */
typedef struct vow__spawn_report {
    volatile bool is_shared; /* the new process has written here */
    volatile bool has_failed;
    volatile vow__spawn_failure failure;
    int pipe; /* where it writes */
} vow__spawn_report;

/* Makes a process in which the program runs. Else says what has failed, and then no process is left. */
bool vow__spawn_process(const vow__spawn *spawn, vow__child *child, vow__spawn_failure *failure);

/* In the new process: becomes the program, or tells why not. */
_Noreturn void vow__spawn_become(const vow__spawn *spawn, vow__spawn_report *report);

/* Our own environment, as execve(2) wants it. */
char *const *vow__spawn_environment(void);
/* The paths to try for a program, by the PATH of an environment. The block has `size` bytes and goes to
 * vow__release(). NULL when there is no memory. */
char *vow__spawn_candidates(const char *program, char *const *environment, size_t *size);

#endif
