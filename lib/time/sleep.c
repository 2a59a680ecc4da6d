/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds sleep and sleep_until: a timer on one of the loop's clocks. */
#include <errno.h>
#include <math.h>

#include <vow/time.h>

#include "time/clock-private.h"

typedef struct sleeper {
    vow_promise promise;
    vow__timer timer;
} sleeper;

static void sleep_wake(vow__timer *timer)
{
    vow__resolve_and_leave(&VOW__CONTAINER_OF(timer, sleeper, timer)->promise, vow_nil());
}

static void sleep_stop(vow_promise *promise)
{
    vow__clock_cancel(vow__clock_of(vow__loop_of(promise)), &((sleeper *) promise)->timer);
}

static void sleep_until_stop(vow_promise *promise)
{
    vow__clock_cancel(vow__wall_clock_of(vow__loop_of(promise)), &((sleeper *) promise)->timer);
}

static const vow__kind sleep_kind = {.name = "sleep", .halt = sleep_stop};
static const vow__kind sleep_until_kind = {.name = "sleep_until", .halt = sleep_until_stop};

static vow_promise *not_a_number(vow_loop *loop, const char *function, const char *site)
{
    return vow_rejected_at(loop, vow_error_new_at(site, EINVAL, "%s: the time is not a number", function),
                           site);
}

/* Whose timer is to be set; NULL when there is no memory. */
static sleeper *sleeper_new(vow_loop *loop, const vow__clock *clock, const vow__kind *kind, const char *site)
{
    sleeper *self = clock ? vow__promise_new(loop, sizeof *self, kind, site) : NULL;

    if (self)
        vow__timer_init(&self->timer, sleep_wake);
    return self;
}

vow_promise *vow_sleep_at(vow_loop *loop, double seconds, const char *site)
{
    vow__clock *clock;
    sleeper *self;

    vow__check_loop(loop, "vow_sleep", site);
    if (isnan(seconds))
        return not_a_number(loop, "vow_sleep", site);
    clock = vow__clock_of(loop);
    self = sleeper_new(loop, clock, &sleep_kind, site);
    if (!self)
        return vow__refusal(loop);
    vow__clock_set(clock, &self->timer, seconds);
    return &self->promise;
}

vow_promise *vow_sleep_until_at(vow_loop *loop, double when, const char *site)
{
    vow__clock *clock;
    sleeper *self;

    vow__check_loop(loop, "vow_sleep_until", site);
    if (isnan(when))
        return not_a_number(loop, "vow_sleep_until", site);
    clock = vow__wall_clock_of(loop);
    self = sleeper_new(loop, clock, &sleep_until_kind, site);
    if (!self)
        return vow__refusal(loop);
    vow__clock_set_at(clock, &self->timer, when);
    return &self->promise;
}
