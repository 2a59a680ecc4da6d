/* SPDX-License-Identifier: BSD-2-Clause */
/* One call of vow_run(). */
#ifndef VOW_LOOP_RUN_PRIVATE_H
#define VOW_LOOP_RUN_PRIVATE_H

#include "loop/loop-private.h"

struct vow__runner {
    vow__branch branch;
    vow__ev_loop *loop;
    vow_promise *promise; /* the one waited for, once it is settled; NULL until then */
    unsigned depth;       /* ev_depth() in its ev_run(); 0 before and after */
    bool is_ended;        /* counted in the loop's `ended_count` */
    const char *site;
    uintptr_t frame;            /* where its stack frame is */
    struct vow__runner *outer;  /* the call that this one is in, of the same loop */
    struct vow__runner *around; /* the call that this one is in, on the same thread */
};

/* The last call on this thread that has not returned. */
extern _Thread_local struct vow__runner *vow__innermost_run;

#endif
