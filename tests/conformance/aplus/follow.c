/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the way into a promise: JavaScript's resolve and reject functions, and thenables, which are followed
 * through the library's vtable for foreign futures.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "aplus.h"

#include <stdlib.h>

/*
 * A resolver that JavaScript functions settle. The library points to it while its promise is pending, the
 * functions as long as they exist: it is freed by whoever is last.
 */
typedef struct cell {
    vow_resolver resolver; /* first: on_cancel() gets it */
    unsigned functions;    /* how many are alive */
} cell;

typedef struct thenable {
    napi_ref object;
    napi_ref then;
} thenable;

static void cell_cancelled(vow_resolver *resolver)
{
    cell *self = (cell *) resolver;

    if (!self->functions)
        free(self);
}

static void function_finalize(napi_env env, void *data, void *hint)
{
    cell *self = data;

    (void) env, (void) hint;
    if (--self->functions == 0 && !vow_resolver_is_pending(&self->resolver))
        free(self);
}

static cell *cell_and_argument(napi_callback_info info, napi_value *argument)
{
    size_t count = 1;
    void *data;

    aplus_ok(napi_get_cb_info(aplus.env, info, &count, argument, NULL, &data));
    return data;
}

/*
 * The resolver is used up before x.then is read, as in ECMAScript: a getter that calls one of the two
 * functions comes too late. For the same reason a resolver that is used up already does not read it.
 */
static napi_value resolve(napi_env env, napi_callback_info info)
{
    napi_value x;
    cell *self = cell_and_argument(info, &x);
    vow_resolver resolver;

    (void) env;
    vow_resolver_move(&resolver, &self->resolver, NULL);
    if (vow_resolver_is_pending(&resolver))
        vow_resolve(&resolver, aplus_resolution(x));
    aplus_schedule();
    return NULL;
}

static napi_value reject(napi_env env, napi_callback_info info)
{
    napi_value reason;
    cell *self = cell_and_argument(info, &reason);

    (void) env;
    if (aplus.loop)
        vow_reject(&self->resolver, aplus_carry_reason(reason));
    aplus_schedule();
    return NULL;
}

void aplus_resolving_functions(vow_resolver *from, napi_value functions[2])
{
    cell *self = malloc(sizeof *self);

    aplus_ok(self ? napi_ok : napi_generic_failure);
    vow_resolver_move(&self->resolver, from, cell_cancelled);
    self->functions = 2;
    functions[0] = aplus_function_with("resolve", resolve, self);
    functions[1] = aplus_function_with("reject", reject, self);
    for (int i = 0; i < 2; i++)
        aplus_ok(napi_add_finalizer(aplus.env, functions[i], self, function_finalize, NULL, NULL));
}

/* Called by the library, in a job of its own. */
static vow_error *thenable_then(void *object, vow_resolver *resolver)
{
    const thenable *self = object;
    napi_handle_scope scope;
    napi_value functions[2];
    vow_error *error;

    aplus_ok(napi_open_handle_scope(aplus.env, &scope));
    aplus_resolving_functions(resolver, functions);
    error = aplus_caught(napi_call_function(aplus.env, aplus_deref(self->object), aplus_deref(self->then), 2,
                                            functions, NULL));
    aplus_ok(napi_close_handle_scope(aplus.env, scope));
    return error;
}

static void thenable_drop(void *object)
{
    thenable *self = object;

    aplus_unref(self->object);
    aplus_unref(self->then);
    aplus_release(self);
}

static const vow_thenable js_thenable = {"JavaScript thenable", thenable_then, thenable_drop};

static vow_value follow_thenable(napi_value object, napi_value then)
{
    thenable *self = aplus_allocate(sizeof *self);

    self->object = aplus_ref(object);
    self->then = aplus_ref(then);
    return vow_follow_thenable(&js_thenable, self);
}

vow_value aplus_resolution(napi_value x)
{
    vow_promise *promise;
    vow_error *error;
    napi_value then;

    if (!aplus_is_object(x))
        return aplus_carry(x);
    error = aplus_caught(napi_get_named_property(aplus.env, x, "then", &then));
    if (error)
        return vow_throw(error);
    promise = aplus_promise_of(x, then);
    if (promise)
        return vow_follow(vow_ref(promise));
    if (aplus_is_function(then))
        return follow_thenable(x, then);
    return aplus_carry(x);
}
