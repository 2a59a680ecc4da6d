/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the job queue from a callback of the ev_loop. */
#include "loop/loop-private.h"

void vow__loop_drain(vow__ev_loop *loop)
{
    if (VOW_UNLIKELY(vow__is_occupied(&loop->core))) {
        vow__run_check_inside(loop);
        vow__drain_later(&loop->core);
        return;
    }
    vow__budget_renew(loop);
    vow__drain(&loop->core);
}

bool vow__loop_enter_again(vow__ev_loop *loop)
{
    if (vow__is_occupied(&loop->core))
        vow__run_check_inside(loop);
    return false;
}
