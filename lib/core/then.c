/* SPDX-License-Identifier: BSD-2-Clause */
/* The kinds then, catch and both: wait for one promise, call one handler, become what it returns. */
#include "core/lent-private.h"
#include "core/operations-private.h"

typedef struct then {
    vow_promise promise;
    vow_then_fn fn;
    void *data;
} then;

typedef struct catcher {
    vow_promise promise;
    vow_catch_fn fn;
    void *data;
} catcher;

typedef struct then_catch {
    vow_promise promise;
    vow_then_fn on_fulfilled;
    vow_catch_fn on_rejected;
    void *data;
} then_catch;

/* Calls one of the handlers with the outcome of `upstream`, which is given, or passes the outcome on. */
static inline void react(vow_promise *promise, vow_promise *upstream, vow_then_fn on_fulfilled,
                         vow_catch_fn on_rejected, void *data)
{
    vow_value given;

    if (vow__is_fulfilled(upstream) && on_fulfilled) {
        given = on_fulfilled(vow__value_of(upstream), data);
        vow__check_given(vow__value_of(upstream), given, promise, "vow_then");
        vow__resolve(promise, given);
    } else if (vow__is_rejected(upstream) && on_rejected) {
        given = on_rejected(vow__error_of(upstream), data);
        vow__check_given(vow__value_of(upstream), given, promise, "vow_catch");
        vow__resolve(promise, given);
    } else {
        vow__adopt(promise, upstream);
        return;
    }
    vow__unref_seen(upstream);
}

static void then_run(vow_promise *promise, vow__reaction *wait)
{
    then *self = (then *) promise;

    (void) wait;
    react(promise, vow__take_own_upstream(promise), self->fn, NULL, self->data);
}

static void catch_run(vow_promise *promise, vow__reaction *wait)
{
    catcher *self = (catcher *) promise;

    (void) wait;
    react(promise, vow__take_own_upstream(promise), NULL, self->fn, self->data);
}

static void then_catch_run(vow_promise *promise, vow__reaction *wait)
{
    then_catch *self = (then_catch *) promise;

    (void) wait;
    react(promise, vow__take_own_upstream(promise), self->on_fulfilled, self->on_rejected, self->data);
}

static const vow__kind then_kind = {.name = "then", .run = then_run};
static const vow__kind catch_kind = {.name = "catch", .run = catch_run};
static const vow__kind then_catch_kind = {.name = "then_catch", .run = then_catch_run};

static inline vow_promise *then_wait(then *self, vow_promise *promise, vow_then_fn fn, void *data)
{
    self->fn = fn;
    self->data = data;
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}

static VOW__RARE vow_promise *then_slowly(vow_promise *promise, vow_then_fn fn, void *data, const char *site)
{
    then *self = vow__promise_new_slowly(vow__loop_of(promise), sizeof *self, &then_kind, site);

    return self ? then_wait(self, promise, fn, data) : vow__refuse(promise);
}

vow_promise *vow_then_at(vow_promise *promise, vow_then_fn fn, void *data, const char *site)
{
    then *self;

    vow__check_promise(promise, "vow_then", site);
    self = vow__promise_new_quickly(vow__loop_of(promise), sizeof *self, &then_kind, site);
    return VOW__LIKELY(self) ? then_wait(self, promise, fn, data) : then_slowly(promise, fn, data, site);
}

vow_promise *vow_catch_at(vow_promise *promise, vow_catch_fn fn, void *data, const char *site)
{
    catcher *self;

    vow__check_promise(promise, "vow_catch", site);
    self = vow__promise_new(vow__loop_of(promise), sizeof *self, &catch_kind, site);
    if (!self)
        return vow__refuse(promise);
    self->fn = fn;
    self->data = data;
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}

vow_promise *vow_then_catch_at(vow_promise *promise, vow_then_fn on_fulfilled, vow_catch_fn on_rejected,
                               void *data, const char *site)
{
    then_catch *self;

    vow__check_promise(promise, "vow_then_catch", site);
    self = vow__promise_new(vow__loop_of(promise), sizeof *self, &then_catch_kind, site);
    if (!self)
        return vow__refuse(promise);
    self->on_fulfilled = on_fulfilled;
    self->on_rejected = on_rejected;
    self->data = data;
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
