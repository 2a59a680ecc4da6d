/* SPDX-License-Identifier: BSD-2-Clause */
/* Which task's body runs, for checks that debug builds make. */
#ifndef VOW_TASK_TASK_PRIVATE_H
#define VOW_TASK_TASK_PRIVATE_H

#include <vow/task.h>

#include "core/scheduler-private.h"

/* A body that is on the stack. */
typedef struct vow__body {
    const vow_task *frame;
    uint64_t number; /* of the task in its loop, from 1: no other task ever has it */
} vow__body;

/* The innermost body of a loop that runs; NULL if none does, or this is no debug build. */
static inline const vow__body *vow__body_of(const vow_loop *loop)
{
#ifdef VOW_DEBUG
    return loop->body;
#else
    (void) loop;
    return NULL;
#endif
}

#endif
