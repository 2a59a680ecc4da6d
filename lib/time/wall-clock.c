/* SPDX-License-Identifier: BSD-2-Clause */
/* The wall clock of a loop. Its watcher is an ev_periodic, which libev adjusts when the clock is set. */
#include "time/clock-private.h"

static double wall_now(const vow__clock *self)
{
    (void) self;
    return ev_time();
}

static double wall_looked_at(const vow__clock *self)
{
    return ev_now(self->loop->ev);
}

static void wall_arm(vow__clock *self, double at, double now)
{
    (void) now;
    ev_periodic_stop(self->loop->ev, &self->watcher.periodic);
    ev_periodic_set(&self->watcher.periodic, at, 0., NULL);
    ev_periodic_start(self->loop->ev, &self->watcher.periodic);
}

static void wall_disarm(vow__clock *self)
{
    ev_periodic_stop(self->loop->ev, &self->watcher.periodic);
}

static const vow__clock_kind wall_kind = {false, wall_now, wall_looked_at, wall_arm, wall_disarm};

static void wall_periodic_cb(EV_P_ ev_periodic *periodic, int revents)
{
    vow__ignore(EV_A_ revents);
    vow__clock_ring(periodic->data);
}

static vow__clock *make(vow__ev_loop *loop)
{
    vow__clock *self = vow__clock_new(loop, &wall_kind, &loop->wall_clock);

    if (!self)
        return NULL;
    ev_periodic_init(&self->watcher.periodic, wall_periodic_cb, 0., 0., NULL);
    ev_set_priority(&self->watcher.periodic, EV_MINPRI);
    self->watcher.periodic.data = self;
    return self;
}

vow__clock *vow__wall_clock_of(vow_loop *loop)
{
    vow__ev_loop *self = vow__ev_loop_of(loop);

    return self->wall_clock ? self->wall_clock : make(self);
}
