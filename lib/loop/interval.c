/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source interval. Tick number n is due at base + n * seconds, and `told` is the last one that somebody
 * was told of; so nothing adds up, and no watcher is needed but while somebody waits.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <time.h>

#include <vow/interval.h>

#include "loop/source-private.h"

/* What the clocks of libev and of the system may differ by. */
#define TOLERANCE 1e-6
/* With less, the number of a tick would not fit in an integer. */
#define SECONDS_MIN 1e-9

struct vow_interval {
    vow__source source;
    bool by_clock;
    ev_timer timer;       /* of one that counts from its making */
    ev_periodic periodic; /* of one by the wall clock */
    double base, seconds;
    double told;     /* a whole number */
    double returned; /* how many ticks somebody was told of and nobody has seen */
};

static double now(const vow_interval *self)
{
    struct timespec time;

    if (self->by_clock)
        return ev_time();
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* The last tick that is due. */
static double last_due(const vow_interval *self, double time)
{
    return floor((time - self->base + TOLERANCE) / self->seconds);
}

static double until_next(const vow_interval *self)
{
    double rest = self->base + (self->told + 1) * self->seconds - now(self);

    return rest > 0 ? rest : 0;
}

static bool take_tick(vow__source *source, vow_value *value, uint64_t *place)
{
    vow_interval *self = (vow_interval *) source;
    double due = last_due(self, now(self));
    double ticks = self->returned + (due > self->told ? due - self->told : 0);

    if (due > self->told || self->by_clock)
        self->told = due; /* the clock may have been set back */
    if (ticks < 1)
        return false;
    self->returned = 0;
    *value = vow_int((int64_t) ticks - 1);
    *place = 0;
    return true;
}

static void return_ticks(vow__source *source, vow_value value, uint64_t place)
{
    (void) place;
    ((vow_interval *) source)->returned += (double) vow_as_int(&value) + 1;
}

static void arm(vow__source *source)
{
    vow_interval *self = (vow_interval *) source;
    struct ev_loop *ev = vow__ev(&source->promise);

    if (self->by_clock) {
        ev_periodic_start(ev, &self->periodic);
        return;
    }
    ev_timer_set(&self->timer, until_next(self), 0.);
    ev_timer_start(ev, &self->timer);
}

static void disarm(vow__source *source)
{
    vow_interval *self = (vow_interval *) source;
    struct ev_loop *ev = vow__ev(&source->promise);

    ev_timer_stop(ev, &self->timer);
    ev_periodic_stop(ev, &self->periodic);
}

/* A timer counts from when the loop last looked at the clock, and so may be a little early. */
static void timer_cb(EV_P_ ev_timer *timer, int revents)
{
    vow_interval *self = VOW__CONTAINER_OF(timer, vow_interval, timer);

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__source_offer(&self->source);
    if (vow__source_is_awaited(&self->source))
        arm(&self->source);
}

static void periodic_cb(EV_P_ ev_periodic *periodic, int revents)
{
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__source_offer(&VOW__CONTAINER_OF(periodic, vow_interval, periodic)->source);
}

/* disarm() has stopped all there is. */
static void close_interval(vow__source *source)
{
    (void) source;
}

static const vow__source_kind interval_kind = {
    .kind = {.name = "interval", .stop = vow__source_stop},
    .next = VOW__NEXT_KIND("interval_next"),
    .take = take_tick,
    .put_back = return_ticks,
    .arm = arm,
    .disarm = disarm,
    .close = close_interval,
};

static vow_interval *interval_new(vow_loop *loop, double seconds, const char *site)
{
    vow_interval *self;

    if (!isfinite(seconds) || seconds < SECONDS_MIN) {
        errno = EINVAL;
        return NULL;
    }
    self = vow__source_new(loop, sizeof *self, &interval_kind, site);
    if (!self)
        return NULL;
    self->seconds = seconds;
    self->returned = 0;
    ev_timer_init(&self->timer, timer_cb, 0., 0.);
    ev_periodic_init(&self->periodic, periodic_cb, 0., 0., NULL);
    return self;
}

vow_interval *vow_interval_new_at(vow_loop *loop, double seconds, const char *site)
{
    vow_interval *self;

    vow__check_loop(loop, "vow_interval_new", site);
    self = interval_new(loop, seconds, site);
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
    self = interval_new(loop, isfinite(offset) ? seconds : -1, site);
    if (!self)
        return NULL;
    self->by_clock = true;
    self->base = fmod(offset, seconds); /* libev counts from there, and would count for ever from far away */
    self->told = last_due(self, now(self));
    ev_periodic_set(&self->periodic, self->base, seconds, NULL);
    return self;
}

static void check_interval(const vow_interval *interval, const char *function, const char *site)
{
    if (VOW_UNLIKELY(!interval))
        vow__misuse_null(function, "interval", site);
    vow__check_thread(vow__loop_of(&interval->source.promise), function);
}

vow_promise *vow_interval_next_at(vow_interval *interval, const char *site)
{
    check_interval(interval, "vow_interval_next", site);
    return vow__source_next(&interval->source, site);
}

void vow_interval_free(vow_interval *interval)
{
    if (!interval)
        return;
    check_interval(interval, "vow_interval_free", NULL);
    vow__source_free(&interval->source);
}
