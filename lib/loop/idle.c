/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind idle, on an ev_idle of the lowest priority: settles when the ev_loop has no other event. */
#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct idler {
    vow_promise promise;
    ev_idle idle;
} idler;

static void idle_stop(vow_promise *promise)
{
    ev_idle_stop(vow__ev(promise), &((idler *) promise)->idle);
}

static void idle_cb(EV_P_ ev_idle *idle, int revents)
{
    idler *self = VOW__CONTAINER_OF(idle, idler, idle);

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    idle_stop(&self->promise);
    vow__fulfil(&self->promise, vow_nil());
}

static const vow__kind idle_kind = {.name = "idle", .stop = idle_stop};

vow_promise *vow_idle_at(vow_loop *loop, const char *site)
{
    idler *self;

    vow__check_loop(loop, "vow_idle", site);
    self = (void *) vow__promise_new(loop, sizeof *self, &idle_kind, site);
    if (!self)
        return vow__emergency(loop);
    ev_idle_init(&self->idle, idle_cb);
    ev_set_priority(&self->idle, EV_MINPRI);
    ev_idle_start(vow__ev(&self->promise), &self->idle);
    return &self->promise;
}
