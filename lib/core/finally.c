/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind finally: calls its handler exactly once, when the promise it waits for is settled or when it is
 * dropped itself. It then has the outcome of that promise.
 *
 * ECMAScript's finally is a then() whose handler returns `PromiseResolve(result).then(() => value)`. Of the
 * jobs that this makes, those that can be told apart from outside are kept: one turn when the result is
 * there, and one more before the outcome passes on.
 */
#include "core/operations-private.h"

enum stage {
    WAITING,  /* for the promise; the handler was not called */
    CLEANING, /* for what the handler returned */
    PASSING   /* the outcome on, in one more turn */
};

typedef struct finally {
    vow_promise promise;
    vow_finally_fn fn;
    void *data;
    vow_promise *source; /* after WAITING: the outcome to pass on; NULL if there is none, or it was dropped */
} finally;

/* The outcome that would have passed on is not wanted any more. If it is an error, that is reported, unless
 * somebody else has it. May run a drop function. */
static void drop_source(finally *self)
{
    vow_promise *source = self->source;

    self->source = NULL;
    vow_unref(source);
}

/* Settles. `result` (given, may be NULL) is the promise that the handler returned, settled. */
static void pass_on(finally *self, vow_promise *result)
{
    vow_promise *source = self->source;

    if (result && vow__is_rejected(result)) {
        drop_source(self);
        vow__adopt(&self->promise, result);
        return;
    }
    if (source && !(self->promise.flags & VOW__CANCELLED)) {
        self->source = NULL;
        vow__adopt(&self->promise, source);
    } else {
        drop_source(self);
        vow__reject(&self->promise, &vow__error_cancelled);
    }
    vow_unref(result);
}

/* Waits for the promise that the handler returned; one of another library is wrapped first. */
static void await_result(finally *self, vow_value value)
{
    vow_promise *promise = &self->promise;
    vow_promise *result = value.u.pointer;

    if (value.type == &vow__type_foreign)
        result = vow_resolved_at(vow__loop_of(promise), value, promise->site);
    vow__check_same_loop(promise, result, "vow_finally");
    if (result == promise) {
        drop_source(self);
        vow__reject(promise, &vow__error_self);
        vow_unref(result);
    } else if (vow__is_pending(result)) {
        vow__wait(promise, result, VOW__WAIT_REACTION);
    } else {
        vow__wait_turn(promise, result);
    }
}

/* Calls the handler. True while what it returned is not settled. May run anything. */
static bool call_handler(finally *self)
{
    vow_promise *promise = &self->promise;
    vow_value value;

    promise->stage = CLEANING;
    promise->flags |= VOW__SHIELDED;
    value = self->fn(self->data);
    if (value.type == &vow__type_throw) {
        drop_source(self);
        vow__reject(promise, value.u.pointer);
        return false;
    }
    if (value.type == &vow__type_follow || value.type == &vow__type_foreign) {
        await_result(self, value);
        return vow__is_pending(promise);
    }
    vow_value_drop(value);
    return false;
}

static void finally_run(vow_promise *promise, vow__reaction *wait)
{
    finally *self = (finally *) promise;
    vow_promise *upstream = vow__take_upstream(wait);

    switch (promise->stage) {
    case WAITING:
        self->source = upstream;
        if (!call_handler(self) && vow__is_pending(promise))
            vow__wait_turn(promise, NULL);
        break;
    case CLEANING:
        promise->stage = PASSING;
        vow__wait_turn(promise, upstream);
        break;
    default:
        pass_on(self, upstream);
    }
}

static bool finally_unwind(vow_promise *promise)
{
    return call_handler((finally *) promise);
}

static const vow__kind finally_kind = {.name = "finally", .run = finally_run, .unwind = finally_unwind};

/* What the handler cleans up must not be lost for want of memory, so the handler is called now. */
static vow_promise *finally_refuse(vow_promise *promise, vow_finally_fn fn, void *data)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *refused = vow__refuse(promise);
    vow_value value;

    vow__enter_program(loop);
    value = fn(data);
    if (value.type == &vow__type_follow)
        vow_detach(value.u.pointer);
    else
        vow_value_drop(value);
    vow__leave_program(loop);
    return refused;
}

vow_promise *vow_finally_at(vow_promise *promise, vow_finally_fn fn, void *data, const char *site)
{
    finally *self;

    vow__check_promise(promise, "vow_finally", site);
    if (!fn)
        return vow_then_at(promise, NULL, NULL, site);
    self = vow__promise_new(vow__loop_of(promise), sizeof *self, &finally_kind, site);
    if (!self)
        return finally_refuse(promise, fn, data);
    self->fn = fn;
    self->data = data;
    self->source = NULL;
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
