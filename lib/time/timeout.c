/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind timeout: passes an outcome through, unless its timer runs out first. */
#include <errno.h>
#include <math.h>

#include <vow/time.h>

#include "time/clock-private.h"

typedef struct timeout {
    vow_promise promise;
    vow__timer timer;
    double seconds;
} timeout;

static vow_error error_timed_out = {
    .domain = &vow_domain_errno, .refs = 1, .code = ETIMEDOUT, .message = "timed out"};

static void stop_timer(vow_promise *promise)
{
    vow__clock_cancel(vow__clock_of(vow__loop_of(promise)), &((timeout *) promise)->timer);
}

static void timeout_run(vow_promise *promise, vow__reaction *wait)
{
    stop_timer(promise);
    vow__adopt(promise, vow__take_upstream(wait));
}

/* One that is doomed waits for nothing any more: it is about to be stopped. */
static void run_out(vow__timer *timer)
{
    timeout *self = VOW__CONTAINER_OF(timer, timeout, timer);
    const char *site = self->promise.site;
    vow_promise *late;

    if (self->promise.flags & VOW__DOOMED)
        return;
    vow__list_unlink(&self->promise.wait.link);
    late = vow__take_upstream(&self->promise.wait);
    vow__settle(&self->promise, VOW__REJECTED,
                vow__value_of_error(vow__error_new_or(&error_timed_out, site, ETIMEDOUT,
                                                      "timed out after %g s, a deadline set at %s",
                                                      self->seconds, site ? site : "an unknown place")));
    vow_unref(late);
}

static const vow__kind timeout_kind = {.name = "timeout", .run = timeout_run, .stop = stop_timer};

vow_promise *vow_timeout_at(vow_promise *promise, double seconds, const char *site)
{
    vow_loop *loop;
    vow__clock *clock;
    timeout *self;

    vow__check_promise(promise, "vow_timeout", site);
    if (isnan(seconds)) {
        vow_error *error = vow_error_new_at(site, EINVAL, "vow_timeout: the time is not a number");
        vow_promise *refused = vow_rejected_at(vow__loop_of(promise), error, site);

        vow_unref(promise);
        return refused;
    }
    loop = vow__loop_of(promise);
    clock = vow__clock_of(loop);
    self = clock ? (void *) vow__promise_new(loop, sizeof *self, &timeout_kind, site) : NULL;
    if (!self)
        return vow__refuse(promise);
    self->seconds = seconds;
    vow__timer_init(&self->timer, run_out);
    vow__clock_set(clock, &self->timer, seconds);
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
