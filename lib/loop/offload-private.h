/* SPDX-License-Identifier: BSD-2-Clause */
/* What the loop needs to know of the jobs that were offloaded from it. */
#ifndef VOW_LOOP_OFFLOAD_PRIVATE_H
#define VOW_LOOP_OFFLOAD_PRIVATE_H

#include "loop/loop-private.h"

/* Reports each job that still runs, though the loop is freed. */
void vow__offload_report(vow__ev_loop *loop);

#endif
