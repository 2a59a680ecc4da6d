/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source interval. Tick number n is due at base + n * seconds, and `told` is the last one that somebody
 * was told of. So errors do not add up, and a watcher is needed only while somebody waits.
 */
#include <errno.h>
#include <math.h>

#include <vow/interval.h>

#include "loop/source-private.h"
#include "time/clock-private.h"

/* What the wall clocks of libev and of the system may differ by. */
#define TOLERANCE 1e-6
/* With less, the number of a tick would not fit in an integer. */
#define SECONDS_MIN 1e-9

struct vow_interval {
    vow_promise promise;
    vow__line line;
    bool by_clock;
    vow__timer timer;     /* on its clock */
    ev_periodic periodic; /* instead, by a real wall clock: libev notices when that is set back */
    double base, seconds;
    double told;     /* a whole number */
    double returned; /* how many ticks somebody was told of and nobody has seen */
};

static vow__clock *clock_of(const vow_interval *self)
{
    vow_loop *loop = vow__loop_of(&self->promise);

    return self->by_clock ? vow__wall_clock_of(loop) : vow__clock_of(loop);
}

static double now(const vow_interval *self)
{
    const vow__clock *clock = clock_of(self);

    return clock->kind->now(clock) + (self->by_clock ? TOLERANCE : 0);
}

static double time_of(const vow_interval *self, double tick)
{
    return self->base + tick * self->seconds;
}

/* The last tick that is due: a quotient alone may be off by one. */
static double last_due(const vow_interval *self, double time)
{
    double tick = floor((time - self->base) / self->seconds);

    if (time_of(self, tick + 1) <= time)
        return tick + 1;
    return time_of(self, tick) > time ? tick - 1 : tick;
}

static vow_interval *interval_of(vow__line *line)
{
    return VOW__CONTAINER_OF(line, vow_interval, line);
}

static bool take_tick(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_interval *self = interval_of(line);
    double due = last_due(self, now(self));
    double ticks = self->returned + (due > self->told ? due - self->told : 0);

    (void) waiter;
    if (due > self->told || self->by_clock)
        self->told = due; /* the clock may have been set back */
    if (ticks < 1)
        return false;
    self->returned = 0;
    *value = vow_int((int64_t) ticks - 1);
    return true;
}

static void return_ticks(vow__line *line, vow__waiter *waiter, vow_value value)
{
    (void) waiter;
    interval_of(line)->returned += (double) vow_as_int(&value) + 1;
}

static void interval_arm(vow__line *line)
{
    vow_interval *self = interval_of(line);
    vow__clock *clock = clock_of(self);

    if (self->by_clock && !clock->kind->is_virtual)
        ev_periodic_start(vow__ev(&self->promise), &self->periodic);
    else
        vow__clock_set_at(clock, &self->timer, time_of(self, self->told + 1));
}

static void interval_disarm(vow__line *line)
{
    vow_interval *self = interval_of(line);

    ev_periodic_stop(vow__ev(&self->promise), &self->periodic);
    vow__clock_cancel(clock_of(self), &self->timer);
}

static void interval_run_out(vow__timer *timer)
{
    vow_interval *self = VOW__CONTAINER_OF(timer, vow_interval, timer);

    vow__line_offer(&self->line);
    if (!vow__line_is_empty(&self->line))
        interval_arm(&self->line);
}

static void interval_periodic_cb(EV_P_ ev_periodic *periodic, int revents)
{
    vow__ignore(EV_A_ revents);
    vow__line_offer(&VOW__CONTAINER_OF(periodic, vow_interval, periodic)->line);
}

static void interval_halt(vow_promise *promise)
{
    vow__line_stop(&((vow_interval *) promise)->line);
}

static const vow__kind interval_kind = {.name = "interval", .halt = interval_halt};
static const vow__kind next_tick_kind = VOW__TAKER_KIND("interval_next");
static const vow__line_kind ticks_kind = {
    .take = take_tick, .put_back = return_ticks, .arm = interval_arm, .disarm = interval_disarm};

/* `offset` and `seconds` as vow_interval_by_clock() is given them; `clock` NULL when there is none to go by.
 */
static vow_interval *interval_new(vow_loop *loop, const vow__clock *clock, double offset, double seconds,
                                  const char *site)
{
    vow_interval *self;

    if (!isfinite(offset) || !isfinite(seconds) || seconds < SECONDS_MIN) {
        errno = EINVAL;
        return NULL;
    }
    if (!clock) {
        errno = loop->is_closed ? ECANCELED : ENOMEM;
        return NULL;
    }
    self = vow__object_new(loop, sizeof *self, &interval_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &ticks_kind, &self->promise);
    self->seconds = seconds;
    self->returned = 0;
    vow__timer_init(&self->timer, interval_run_out);
    ev_periodic_init(&self->periodic, interval_periodic_cb, 0., 0., NULL);
    ev_set_priority(&self->periodic, EV_MINPRI);
    return self;
}

vow_interval *vow_interval_new_at(vow_loop *loop, double seconds, const char *site)
{
    vow_interval *self;

    vow__check_loop(loop, "vow_interval_new", site);
    self = interval_new(loop, vow__clock_of(loop), 0, seconds, site);
    if (!self)
        return NULL;
    self->by_clock = false;
    self->base = now(self);
    self->told = 0;
    return self;
}

vow_interval *vow_interval_by_clock_at(vow_loop *loop, double offset, double seconds, const char *site)
{
    vow_interval *self;

    vow__check_loop(loop, "vow_interval_by_clock", site);
    self = interval_new(loop, vow__wall_clock_of(loop), offset, seconds, site);
    if (!self)
        return NULL;
    self->by_clock = true;
    self->base = fmod(offset, seconds); /* libev counts from there, and would count for ever from far away */
    self->told = last_due(self, now(self));
    ev_periodic_set(&self->periodic, self->base, seconds, NULL);
    return self;
}

vow_promise *vow_interval_next_at(vow_interval *interval, const char *site)
{
    vow__check_handle(interval, "interval", "vow_interval_next", site);
    return vow__line_wait(&interval->line, &next_tick_kind, site);
}

void vow_interval_free(vow_interval *interval)
{
    if (!interval)
        return;
    vow__check_handle(interval, "interval", "vow_interval_free", NULL);
    vow__line_end(&interval->line);
    vow_unref(&interval->promise);
}
