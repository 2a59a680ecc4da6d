/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the JavaScript objects that stand for promises. Each holds a reference to its promise until it is
 * collected. That never cancels anything, since whether anybody still holds a promise of JavaScript's must
 * make no difference: each is detached as well, and so runs on without its object.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "aplus.h"

#include <stdlib.h>

typedef struct wrapper {
    vow_promise *promise; /* NULL once the add-on is closed */
    struct wrapper *next;
    struct wrapper **link; /* what points to this one, in the list of all */
} wrapper;

/* The two arguments of a then(); NULL for one that is no function. */
typedef struct reaction {
    napi_ref on_fulfilled;
    napi_ref on_rejected;
} reaction;

static wrapper *wrappers;
static napi_ref then_function;

static const napi_type_tag wrapper_tag = {0x766f77207072616eULL, 0x6170747573206a73ULL};

static wrapper *wrapper_of(napi_value x)
{
    bool is_wrapper = false;
    void *self = NULL;

    if (aplus_is_object(x))
        aplus_ok(napi_check_object_type_tag(aplus.env, x, &wrapper_tag, &is_wrapper));
    if (is_wrapper)
        aplus_ok(napi_unwrap(aplus.env, x, &self));
    return self;
}

vow_promise *aplus_promise_of(napi_value x, napi_value then)
{
    wrapper *self = wrapper_of(x);
    bool is_own = false;

    if (!self)
        return NULL;
    aplus_ok(napi_strict_equals(aplus.env, then, aplus_deref(then_function), &is_own));
    return is_own ? self->promise : NULL;
}

static void wrapper_finalize(napi_env env, void *data, void *hint)
{
    wrapper *self = data;

    (void) env, (void) hint;
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    vow_unref(self->promise);
    free(self);
}

/* The object of a promise, which is given. */
static napi_value wrap(vow_promise *promise)
{
    wrapper *self = malloc(sizeof *self);
    napi_value object;

    aplus_ok(self ? napi_ok : napi_generic_failure);
    vow_detach(vow_ref(promise));
    *self = (wrapper){promise, wrappers, &wrappers};
    if (wrappers)
        wrappers->link = &self->next;
    wrappers = self;
    aplus_ok(napi_create_object(aplus.env, &object));
    aplus_ok(napi_set_named_property(aplus.env, object, "then", aplus_deref(then_function)));
    aplus_ok(napi_wrap(aplus.env, object, self, wrapper_finalize, NULL, NULL));
    aplus_ok(napi_type_tag_object(aplus.env, object, &wrapper_tag));
    return object;
}

/* Calls a handler from the job queue. `this` is undefined; a sloppy function sees the global object. */
static vow_value react(napi_ref handler, napi_value argument)
{
    napi_value result;
    vow_error *error = aplus_caught(
        napi_call_function(aplus.env, aplus_undefined(), aplus_deref(handler), 1, &argument, &result));

    return error ? vow_throw(error) : aplus_resolution(result);
}

static vow_value on_fulfilled(vow_value *value, void *data)
{
    napi_handle_scope scope;
    vow_value result;

    aplus_ok(napi_open_handle_scope(aplus.env, &scope));
    result = react(((reaction *) data)->on_fulfilled, aplus_value(value));
    aplus_ok(napi_close_handle_scope(aplus.env, scope));
    return result;
}

static vow_value on_rejected(const vow_error *error, void *data)
{
    napi_handle_scope scope;
    vow_value result;

    aplus_ok(napi_open_handle_scope(aplus.env, &scope));
    result = react(((reaction *) data)->on_rejected, aplus_reason(error));
    aplus_ok(napi_close_handle_scope(aplus.env, scope));
    return result;
}

static void reaction_drop(void *pointer)
{
    reaction *self = pointer;

    aplus_unref(self->on_fulfilled);
    aplus_unref(self->on_rejected);
    aplus_release(self);
}

/*
 * The handlers are released when the promise that then() gives is done. What waits for that is a promise
 * beside it, since one between it and its own followers would cost them a turn of the queue.
 */
static vow_promise *then_of(const vow_promise *promise, const napi_value arguments[2])
{
    reaction *self = aplus_allocate(sizeof *self);
    vow_promise *result, *beside;

    self->on_fulfilled = aplus_is_function(arguments[0]) ? aplus_ref(arguments[0]) : NULL;
    self->on_rejected = aplus_is_function(arguments[1]) ? aplus_ref(arguments[1]) : NULL;
    result = vow_then_catch(vow_ref(promise), self->on_fulfilled ? on_fulfilled : NULL,
                            self->on_rejected ? on_rejected : NULL, self);
    beside = vow_attach(vow_ref(result), self, reaction_drop);
    aplus_ok(vow_is_pending(beside) ? napi_ok : napi_generic_failure); /* else: out of memory */
    vow_detach(beside);
    return result;
}

static napi_value then(napi_env env, napi_callback_info info)
{
    size_t count = 2;
    napi_value arguments[2], this_object, result;
    wrapper *self;

    aplus_ok(napi_get_cb_info(env, info, &count, arguments, &this_object, NULL));
    self = wrapper_of(this_object);
    if (!self || !self->promise) {
        napi_throw_type_error(env, NULL, "then() of something that is no promise, or after the end");
        return NULL;
    }
    result = wrap(then_of(self->promise, arguments));
    aplus_schedule();
    return result;
}

static bool is_closed(void)
{
    if (!aplus.loop)
        napi_throw_error(aplus.env, NULL, "the add-on was closed");
    return !aplus.loop;
}

static napi_value deferred(napi_env env, napi_callback_info info)
{
    napi_value object, functions[2];
    vow_resolver resolver;
    vow_promise *promise;

    (void) info;
    if (is_closed())
        return NULL;
    promise = vow_promise_new(aplus.loop, &resolver, NULL);
    aplus_resolving_functions(&resolver, functions);
    aplus_ok(napi_create_object(env, &object));
    aplus_ok(napi_set_named_property(env, object, "promise", wrap(promise)));
    aplus_ok(napi_set_named_property(env, object, "resolve", functions[0]));
    aplus_ok(napi_set_named_property(env, object, "reject", functions[1]));
    return object;
}

static napi_value resolved(napi_env env, napi_callback_info info)
{
    size_t count = 1;
    napi_value argument;

    if (is_closed())
        return NULL;
    aplus_ok(napi_get_cb_info(env, info, &count, &argument, NULL, NULL));
    argument = wrap(vow_resolved(aplus.loop, aplus_resolution(argument)));
    aplus_schedule();
    return argument;
}

static napi_value rejected(napi_env env, napi_callback_info info)
{
    size_t count = 1;
    napi_value argument;

    if (is_closed())
        return NULL;
    aplus_ok(napi_get_cb_info(env, info, &count, &argument, NULL, NULL));
    argument = wrap(vow_rejected(aplus.loop, aplus_carry_reason(argument)));
    aplus_schedule();
    return argument;
}

void aplus_promise_init(napi_value exports)
{
    then_function = aplus_ref(aplus_function("then", then));
    aplus_export(exports, "deferred", deferred);
    aplus_export(exports, "resolved", resolved);
    aplus_export(exports, "rejected", rejected);
}

void aplus_promise_close(void)
{
    for (wrapper *self = wrappers; self; self = self->next) {
        vow_promise *promise = self->promise;

        self->promise = NULL;
        vow_unref(promise);
    }
}
