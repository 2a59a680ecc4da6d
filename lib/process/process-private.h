/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process is the promise of its own end. The handle and everybody who waits hold references to it. When the
 * last one goes, the process is ended, and the loop keeps the promise until that is done.
 */
#ifndef VOW_PROCESS_PROCESS_PRIVATE_H
#define VOW_PROCESS_PROCESS_PRIVATE_H

#include <vow/process.h>

#include "os/child-private.h"
#include "time/clock-private.h"

#define VOW__PROCESS_NAME 64

/* The promise's `stage`. */
enum vow__process_stage {
    VOW__PROCESS_NONE,   /* not started, or gone */
    VOW__PROCESS_RUNS,   /* runs, and was not told to end */
    VOW__PROCESS_ENDS,   /* was told to end */
    VOW__PROCESS_DROPPED /* was told to end, and nobody wants to know how it ends */
};

struct vow_process {
    vow_promise promise;
    vow__loop_hook hook; /* from its start to its end */
    vow__child child;
    vow__clock *clock;
    vow__clock *asking_clock; /* that `asking` is set on: a child ends in real time */
    ev_io pidfd;              /* fires when the child has ended; not used if there is no pidfd */
    vow__timer asking;        /* asks after `pause` seconds whether it has: without a pidfd, or in doubt */
    double pause;
    int doubts; /* how often somebody else had waited for it, and how it ended could not be told yet */
#if EV_CHILD_ENABLE
    ev_child reaped; /* on libev's default loop, which waits for all children */
#endif
    vow__timer grace; /* while it is being ended */
    double grace_time;
    int end_signal;
    int pipes[3]; /* our ends; -1 for none */
    char name[VOW__PROCESS_NAME];
};

/* A process that was not started yet; NULL when there is no memory. */
vow_process *vow__process_new(vow_loop *loop, const char *site);
/* Its child runs: watches it. */
void vow__process_begin(vow_process *self);
/* Starts a process: the process as a value, or a throw when it cannot be started. */
vow_value vow__process_start(vow_loop *loop, const vow_process_options *options, const char *site);
/* What becomes of the standard streams of a process. */
typedef struct vow__process_streams {
    vow_process *process; /* gets our ends of pipes */
    int fds[3];           /* which descriptor becomes its 0, 1 and 2 */
    int opened[3];        /* those that were opened for it, to be closed afterwards; -1 for none */
} vow__process_streams;

/* 0; or an errno value, and in *which the number of the stream that failed. */
int vow__process_streams_open(vow__process_streams *self, const vow_process_options *options, int *which);
void vow__process_streams_close(const vow__process_streams *self);
/* vow_process_take_fd() on behalf of a public function that was called at `site`. */
int vow__process_take_fd(vow_process *process, int stream, const char *function, const char *site);
/* Closes our ends of the pipes that nobody took. */
void vow__process_close_pipes(vow_process *self);

#endif
