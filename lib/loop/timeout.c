/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind timeout: passes an outcome through, unless its ev_timer fires first. */
#include <errno.h>
#include <math.h>

#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct timeout {
    vow_promise promise;
    ev_timer timer;
    double seconds;
} timeout;

static vow_error error_timed_out = {
    .domain = &vow_domain_errno, .refs = 1, .code = ETIMEDOUT, .message = "timed out"};

static void timeout_run(vow_promise *promise, vow__reaction *wait)
{
    ev_timer_stop(vow__ev(promise), &((timeout *) promise)->timer);
    vow__adopt(promise, vow__take_upstream(wait));
}

static void timeout_stop(vow_promise *promise)
{
    ev_timer_stop(vow__ev(promise), &((timeout *) promise)->timer);
}

static void timeout_cb(EV_P_ ev_timer *timer, int revents)
{
    timeout *self = VOW__CONTAINER_OF(timer, timeout, timer);
    const char *site = self->promise.site;
    vow_promise *late;

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__list_unlink(&self->promise.wait.link);
    late = vow__take_upstream(&self->promise.wait);
    vow__settle(&self->promise, VOW__REJECTED,
                vow__value_of_error(vow__error_new_or(&error_timed_out, site, ETIMEDOUT,
                                                      "timed out after %g s, a deadline set at %s",
                                                      self->seconds, site ? site : "an unknown place")));
    vow_unref(late);
}

static const vow__kind timeout_kind = {.name = "timeout", .run = timeout_run, .stop = timeout_stop};

vow_promise *vow_timeout_at(vow_promise *promise, double seconds, const char *site)
{
    timeout *self;

    vow__check_promise(promise, "vow_timeout", site);
    if (isnan(seconds)) {
        vow_error *error = vow_error_new_at(site, EINVAL, "vow_timeout: the time is not a number");
        vow_promise *refused = vow_rejected_at(vow__loop_of(promise), error, site);

        vow_unref(promise);
        return refused;
    }
    self = (void *) vow__promise_new(vow__loop_of(promise), sizeof *self, &timeout_kind, site);
    if (!self)
        return vow__refuse(promise);
    self->seconds = seconds;
    ev_timer_init(&self->timer, timeout_cb, seconds > 0 ? seconds : 0, 0.);
    ev_timer_start(vow__ev(&self->promise), &self->timer);
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
