/* SPDX-License-Identifier: BSD-2-Clause */
/* Which calls of vow_run() are under way on a thread, and what must not be done then. */
#include "loop/run-private.h"

#include "base/misuse-private.h"
#include "os/this-thread-private.h"

_Thread_local struct vow__runner *vow__innermost_run;

/* vow__innermost_run may be of another ev_loop, in whose callback this one runs. */
bool vow__run_is_ending(const vow__ev_loop *loop)
{
    const struct vow__runner *run = vow__innermost_run;

    return run && run->promise && run->loop->ev == loop->ev && run->depth == ev_depth(loop->ev);
}

/* The last call on an ev_loop, or NULL. */
static struct vow__runner *innermost_on(const struct ev_loop *ev)
{
    struct vow__runner *run = vow__innermost_run;

    while (run && run->loop->ev != ev)
        run = run->around;
    return run;
}

struct vow__runner *vow__run_deepen(struct ev_loop *ev)
{
    struct vow__runner *run = innermost_on(ev);

    if (!run || run->depth != ev_depth(ev))
        return NULL;
    run->depth++;
    return run;
}

void vow__run_rise(struct vow__runner *run)
{
    if (run)
        run->depth--;
}

void vow__run_check_inside(const vow__ev_loop *loop)
{
    const struct vow__runner *run = innermost_on(loop->ev);
    const vow_promise *running = loop->core.is_draining ? loop->core.running : NULL;

    if (!run || run->loop == loop || run->depth != ev_depth(loop->ev))
        vow__misuse("ev_run", running ? running->site : NULL, "it was called inside a handler");
}

/* A stack grows downwards: a call inside the vow_run() has a lower frame. Frames on other stacks cannot be
 * compared. */
void vow__run_check_left(const vow__ev_loop *loop, uintptr_t frame, const char *function)
{
    const struct vow__runner *run = loop->runner;

    if (!run || frame < run->frame || !vow__are_on_first_stack(frame, run->frame))
        return;
    vow__misuse(function, NULL, "the vow_run() at %s was left by longjmp() or an exception",
                vow__site_text(run->site));
}
