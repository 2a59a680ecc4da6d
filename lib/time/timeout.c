/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind timeout: passes an outcome through, unless its timer runs out first. */
#include <errno.h>
#include <math.h>

#include <vow/time.h>

#include "core/place-private.h"
#include "time/clock-private.h"

typedef struct timeout {
    vow_promise promise;
    vow__timer timer;
    double seconds;
    vow_error *late; /* what it ends with when what it guards has cleaned up; NULL while there is time */
} timeout;

static vow_error error_timed_out = {
    .domain = &vow_domain_errno, .refs = 1, .code = ETIMEDOUT, .message = "timed out"};

static void stop_timer(vow_promise *promise)
{
    vow__clock_cancel(vow__clock_of(vow__loop_of(promise)), &((timeout *) promise)->timer);
}

/* The time was up, and what was guarded is dropped. That the deadline itself was cancelled meanwhile counts.
 */
static void timeout_end(timeout *self)
{
    vow_promise *promise = &self->promise;
    vow_error *error = self->late;

    self->late = NULL;
    if (!(promise->flags & VOW__CANCELLED)) {
        vow__place_settle(promise, VOW__REJECTED, vow__value_of_error(error));
        return;
    }
    vow__place_settle(promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
    vow__report_replaced(promise, error);
    vow_error_unref(error);
}

static void timeout_run(vow_promise *promise, vow__reaction *wait)
{
    if (((timeout *) promise)->late) {
        vow__unref(vow__take_upstream(wait));
        vow__place_take(promise);
        timeout_end((timeout *) promise);
        return;
    }
    stop_timer(promise);
    vow__adopt(promise, vow__take_upstream(wait));
}

/* One that is doomed waits for nothing any more: it is about to be stopped. What it guards may have settled
 * in time, where its turn has not come yet. */
static void timeout_run_out(vow__timer *timer)
{
    timeout *self = VOW__CONTAINER_OF(timer, timeout, timer);
    const char *site = self->promise.site;

    if ((self->promise.flags & VOW__DOOMED) || !vow__is_pending((vow_promise *) self->promise.wait.upstream))
        return;
    vow__list_unlink(&self->promise.wait.link);
    self->promise.mode = VOW__WAIT_NONE;
    self->late =
        vow__error_new_or(&error_timed_out, site, ETIMEDOUT, "timed out after %g s, a deadline set at %s",
                          self->seconds, vow__site_text(site));
    if (!vow__place_drop(&self->promise, vow__take_upstream(&self->promise.wait)))
        timeout_end(self);
}

static const vow__kind timeout_kind = {.name = "timeout", .run = timeout_run, .halt = stop_timer};

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
    self = clock ? vow__promise_new(loop, sizeof *self, &timeout_kind, site) : NULL;
    if (!self)
        return vow__refuse(promise);
    self->seconds = seconds;
    self->late = NULL;
    vow__timer_init(&self->timer, timeout_run_out);
    vow__clock_set(clock, &self->timer, seconds);
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
