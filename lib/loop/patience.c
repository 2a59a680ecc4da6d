/* SPDX-License-Identifier: BSD-2-Clause */
/* How long vow_loop_free() waits: for what runs elsewhere, and then for clean-up. */
#include <vow/loop.h>

#include "loop/loop-private.h"

void vow_loop_set_patience_at(vow_loop *loop, double seconds, const char *site)
{
    vow__check_loop(loop, "vow_loop_set_patience", site);
    loop->patience = seconds;
}

const vow__deadline *vow__loop_deadline(vow__ev_loop *loop)
{
    if (!loop->has_deadline)
        loop->deadline = vow__deadline_in(loop->core.patience);
    loop->has_deadline = true;
    return &loop->deadline;
}

void vow__loop_waited(vow__ev_loop *loop)
{
    loop->has_clean_up_deadline = false;
}

/* What runs elsewhere goes on during clean-up. So its time has begun, too. */
bool vow__loop_is_late(vow_loop *core)
{
    vow__ev_loop *self = vow__ev_loop_of(core);

    vow__loop_deadline(self);
    if (!self->has_clean_up_deadline)
        self->clean_up_deadline = vow__deadline_in(core->patience);
    self->has_clean_up_deadline = true;
    return vow__deadline_left(&self->clean_up_deadline) == 0;
}
