/* SPDX-License-Identifier: BSD-2-Clause */
/* Offloading for the rest of the library. */
#ifndef VOW_OFFLOAD_OFFLOAD_PRIVATE_H
#define VOW_OFFLOAD_OFFLOAD_PRIVATE_H

#include <vow/offload.h>

#include "loop/loop-private.h"
#include "thread/workers-private.h"

/* What a function of the library offloads. */
typedef struct vow__errand {
    const char *name; /* of the function that the program called, for messages */
    vow_offload_fn fn;
    /* Releases the data when fn has returned or will not be called, on whichever thread that is; or NULL. */
    void (*drop)(void *data);
    enum vow__lane lane;
    bool is_self_contained; /* nothing is lent to it, so nobody waits for it once it is not wanted */
} vow__errand;

/* vow_offload() of an errand; `data` is given if the errand has a drop function. */
vow_promise *vow__offload(vow_loop *loop, const vow__errand *errand, void *data, const char *site);

#endif
