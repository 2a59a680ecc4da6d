/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the one watcher behind all timers of a clock, and calls what has run out.
 *
 * Setting a timer sets the watcher at once if the timer is the first to run out. Cancelling one leaves the
 * watcher alone until the ev_loop is about to wait: most deadlines are cancelled, and the next one is set,
 * before that. The watcher has the lowest priority, so that everything else that the ev_loop found has its
 * turn first.
 */
#define _POSIX_C_SOURCE 200809L
#include "time/clock-private.h"

#include <float.h>
#include <math.h>
#include <time.h>

#include <vow/time.h>

#include "base/allocator-private.h"

/* What the ev_loop's idea of the time may be behind by, in seconds, for a watcher that is set for a moment.
 */
#define STALE_MAX 1e-7

/* ---- The loop's own clock ------------------------------------------------------------------------------ */

/* As libev computes it. */
static double monotonic(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

static double own_now(const vow__clock *self)
{
    (void) self;
    return monotonic();
}

/* libev has stopped it, which has left in it by how much it is late. */
static double own_looked_at(const vow__clock *self)
{
    return self->armed - self->watcher.timer.at;
}

static void clock_start(vow__clock *self, double seconds)
{
    ev_timer_stop(self->loop->ev, &self->watcher.timer);
    ev_timer_set(&self->watcher.timer, seconds, 0.);
    ev_timer_start(self->loop->ev, &self->watcher.timer);
}

/* An ev_timer counts from when the ev_loop last looked at the clock, which may be long ago. */
static void own_arm(vow__clock *self, double at, double now)
{
    double stale;

    clock_start(self, at - now);
    stale = at - self->watcher.timer.at;
    if (stale > STALE_MAX)
        clock_start(self, at - now + stale);
}

static void own_disarm(vow__clock *self)
{
    ev_timer_stop(self->loop->ev, &self->watcher.timer);
}

static const vow__clock_kind own_kind = {false, own_now, own_looked_at, own_arm, own_disarm};

static void timer_cb(EV_P_ ev_timer *timer, int revents)
{
    vow__ignore(EV_A_ revents);
    vow__clock_ring(timer->data);
}

static vow__clock *make_real(vow__ev_loop *loop, vow__clock **place)
{
    vow__clock *self = vow__clock_new(loop, &own_kind, place);

    if (!self)
        return NULL;
    ev_timer_init(&self->watcher.timer, timer_cb, 0., 0.);
    ev_set_priority(&self->watcher.timer, EV_MINPRI);
    self->watcher.timer.data = self;
    return self;
}

vow__clock *vow__clock_make(vow__ev_loop *loop)
{
    return make_real(loop, &loop->clock);
}

vow__clock *vow__real_clock_of(vow_loop *loop)
{
    vow__ev_loop *self = vow__ev_loop_of(loop);
    vow__clock *own = vow__clock_of(loop);

    if (own && own->kind->is_virtual && !self->real_clock)
        make_real(self, &self->real_clock);
    return self->real_clock ? self->real_clock : own;
}

double vow__clock_now(const vow_loop *loop)
{
    const vow__clock *self = ((const vow__ev_loop *) (const void *) loop)->clock;

    return self ? self->kind->now(self) : monotonic();
}

double vow_now_at(const vow_loop *loop, const char *site)
{
    vow__check_loop(loop, "vow_now", site);
    return vow__clock_now(loop);
}

/* ---- The watcher --------------------------------------------------------------------------------------- */

/* Nothing is set any more. `adjust` will stop the watcher, unless something is set before that. */
static void clock_let_be(vow__clock *self)
{
    struct ev_loop *ev = self->loop->ev;

    if (!ev_is_active(&self->adjust))
        ev_prepare_start(ev, &self->adjust);
    self->uncounted = 1 + (!self->kind->is_virtual && ev_is_active(&self->watcher.timer));
    for (int i = 0; i < self->uncounted; i++)
        ev_unref(ev);
}

static void clock_count(vow__clock *self)
{
    for (; self->uncounted; self->uncounted--)
        ev_ref(self->loop->ev);
}

static void clock_arm(vow__clock *self, double at, double now)
{
    self->armed = at;
    self->kind->arm(self, at, now);
}

static void clock_disarm(vow__clock *self)
{
    clock_count(self);
    self->armed = HUGE_VAL;
    self->kind->disarm(self);
    ev_prepare_stop(self->loop->ev, &self->adjust);
}

/* Sets the watcher for the first timer, or stops it if there is none. */
static void clock_adjust(vow__clock *self)
{
    double next;

    if (!self->wheel.count) {
        clock_disarm(self);
        return;
    }
    ev_prepare_stop(self->loop->ev, &self->adjust);
    next = vow__wheel_next(&self->wheel);
    if (next != self->armed)
        clock_arm(self, next, self->kind->now(self));
}

static void adjust_cb(EV_P_ ev_prepare *watcher, int revents)
{
    vow__ignore(EV_A_ revents);
    clock_adjust(watcher->data);
}

/* May run handlers. */
static void expire(vow__clock *self, vow__timer *timer)
{
    vow_loop *loop = &self->loop->core;

    timer->expire(timer);
    if (!vow__list_is_empty(&loop->queue))
        vow__loop_drain(self->loop);
}

/* What handlers set meanwhile has another turn of the ev_loop before it. They may run the ev_loop, too, and
 * what is left is done then. */
void vow__clock_ring(vow__clock *self)
{
    double limit = self->kind->looked_at(self), now = self->kind->now(self);
    vow__timer *timer;

    limit = limit < now ? limit : now;
    clock_count(self);
    self->armed = -HUGE_VAL;
    ev_prepare_start(self->loop->ev, &self->adjust);
    vow__wheel_gather(&self->wheel, limit);
    while ((timer = vow__wheel_take(&self->wheel, limit)))
        expire(self, timer);
    clock_adjust(self);
}

/* ---- Timers -------------------------------------------------------------------------------------------- */

/* One that never ends has its place, too: the ev_loop is not to end before it. */
static void clock_set(vow__clock *self, vow__timer *timer, double at, double now)
{
    at = at < DBL_MAX ? at : DBL_MAX;
    clock_count(self);
    vow__wheel_set(&self->wheel, timer, at);
    if (at < self->armed)
        clock_arm(self, at, now);
}

void vow__clock_set(vow__clock *self, vow__timer *timer, double seconds)
{
    double now = self->kind->now(self);

    if (!self->wheel.count)
        vow__wheel_adjust(&self->wheel, now);
    clock_set(self, timer, seconds > 0 ? now + seconds : now, now);
}

void vow__clock_set_at(vow__clock *self, vow__timer *timer, double at)
{
    double now = self->kind->now(self);

    vow__wheel_adjust(&self->wheel, now);
    clock_set(self, timer, at, now);
}

void vow__clock_cancel(vow__clock *self, vow__timer *timer)
{
    if (!vow__timer_is_set(timer))
        return;
    vow__wheel_cancel(&self->wheel, timer);
    if (!self->wheel.count)
        clock_let_be(self);
    else if (timer->at <= self->armed)
        ev_prepare_start(self->loop->ev, &self->adjust);
}

void vow__clock_replace(vow__clock *self, const vow__clock_kind *kind, double now, void *data)
{
    double passed = self->kind->now(self) - now;
    vow__link all;
    vow__timer *timer;

    clock_disarm(self);
    vow__list_init(&all);
    vow__wheel_gather(&self->wheel, DBL_MAX);
    while ((timer = vow__wheel_take(&self->wheel, DBL_MAX)))
        vow__list_append(&all, &timer->link);
    self->kind = kind;
    self->watcher.data = data;
    while (!vow__list_is_empty(&all)) {
        timer = VOW__CONTAINER_OF(vow__list_take_first(&all), vow__timer, link);
        vow__clock_set_at(self, timer, timer->at < DBL_MAX ? timer->at - passed : DBL_MAX);
    }
}

/* ---- From its making to its end ------------------------------------------------------------------------ */

static void clock_release(vow__loop_hook *hook)
{
    vow__clock *self = VOW__CONTAINER_OF(hook, vow__clock, hook);

    clock_disarm(self);
    vow__list_unlink(&hook->link);
    *self->place = NULL;
    vow__release(self, sizeof *self);
}

static const vow__loop_hook_kind clock_hook_kind = {.release = clock_release};

vow__clock *vow__clock_new(vow__ev_loop *loop, const vow__clock_kind *kind, vow__clock **place)
{
    vow__clock *self = loop->core.is_closed ? NULL : vow__allocate(sizeof *self);

    if (!self)
        return NULL;
    *place = self;
    self->place = place;
    self->kind = kind;
    self->loop = loop;
    self->armed = HUGE_VAL;
    self->uncounted = 0;
    vow__wheel_init(&self->wheel);
    ev_prepare_init(&self->adjust, adjust_cb);
    ev_set_priority(&self->adjust, EV_MINPRI);
    self->adjust.data = self;
    vow__loop_hook_add(&self->hook, &clock_hook_kind, &loop->core);
    return self;
}
