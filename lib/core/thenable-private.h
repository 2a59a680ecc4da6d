/* SPDX-License-Identifier: BSD-2-Clause */
/* A foreign object on its way to being followed. */
#ifndef VOW_CORE_THENABLE_PRIVATE_H
#define VOW_CORE_THENABLE_PRIVATE_H

#include <vow/promise.h>

typedef struct vow__foreign {
    const vow_thenable *thenable;
    void *object;
} vow__foreign;

/* Subscribes `promise` to the object, in the job that is for it. Releases `foreign`. Runs foreign code. */
void vow__foreign_run(vow_promise *promise, vow__foreign *foreign);
/* vow_type.drop of a vow__foreign. */
void vow__foreign_drop(void *foreign);

#endif
