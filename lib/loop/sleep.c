/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds sleep, on an ev_timer, and sleep_until, on an ev_periodic. */
#include <errno.h>
#include <math.h>

#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct sleeper {
    vow_promise promise;
    ev_timer timer;
} sleeper;

typedef struct alarm_clock {
    vow_promise promise;
    ev_periodic periodic;
} alarm_clock;

static void sleep_cb(EV_P_ ev_timer *timer, int revents)
{
    sleeper *self = VOW__CONTAINER_OF(timer, sleeper, timer);

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__resolve_and_leave(&self->promise, vow_nil());
}

static void sleep_stop(vow_promise *promise)
{
    ev_timer_stop(vow__ev(promise), &((sleeper *) promise)->timer);
}

static const vow__kind sleep_kind = {.name = "sleep", .stop = sleep_stop};

static vow_promise *not_a_number(vow_loop *loop, const char *function, const char *site)
{
    return vow_rejected_at(loop, vow_error_new_at(site, EINVAL, "%s: the time is not a number", function),
                           site);
}

vow_promise *vow_sleep_at(vow_loop *loop, double seconds, const char *site)
{
    sleeper *self;

    vow__check_loop(loop, "vow_sleep", site);
    if (isnan(seconds))
        return not_a_number(loop, "vow_sleep", site);
    self = (void *) vow__promise_new(loop, sizeof *self, &sleep_kind, site);
    if (!self)
        return vow__emergency(loop);
    ev_timer_init(&self->timer, sleep_cb, seconds > 0 ? seconds : 0, 0.);
    ev_timer_start(vow__ev(&self->promise), &self->timer);
    return &self->promise;
}

static void sleep_until_cb(EV_P_ ev_periodic *periodic, int revents)
{
    alarm_clock *self = VOW__CONTAINER_OF(periodic, alarm_clock, periodic);

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__resolve_and_leave(&self->promise, vow_nil());
}

static void sleep_until_stop(vow_promise *promise)
{
    ev_periodic_stop(vow__ev(promise), &((alarm_clock *) promise)->periodic);
}

static const vow__kind sleep_until_kind = {.name = "sleep_until", .stop = sleep_until_stop};

vow_promise *vow_sleep_until_at(vow_loop *loop, double when, const char *site)
{
    alarm_clock *self;

    vow__check_loop(loop, "vow_sleep_until", site);
    if (isnan(when))
        return not_a_number(loop, "vow_sleep_until", site);
    self = (void *) vow__promise_new(loop, sizeof *self, &sleep_until_kind, site);
    if (!self)
        return vow__emergency(loop);
    ev_periodic_init(&self->periodic, sleep_until_cb, when, 0., NULL);
    ev_periodic_start(vow__ev(&self->promise), &self->periodic);
    return &self->promise;
}
