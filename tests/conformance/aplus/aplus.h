/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Node add-on that lends libvow's promises to JavaScript. It carries values, errors and calls across and
 * decides nothing: what a promise becomes, and in which order handlers run, is the library's alone.
 *
 * One environment on one thread. Where Node refuses a call there is no value to go on with: the program ends.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef APLUS_H
#define APLUS_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <vow.h>

typedef struct aplus_state {
    napi_env env;
    vow_loop *loop; /* NULL before the add-on is loaded and after it was closed */
    size_t carried; /* values, reactions and thenables that the library was given so far */
    size_t held;    /* of these, those it has not dropped */
} aplus_state;

extern aplus_state aplus;

/* aplus.c: after anything that may have put a job in the queue. */
void aplus_schedule(void);

/* carry.c. What gives a napi_value needs an open handle scope. */
void aplus_carry_init(void);
void aplus_carry_close(void);
vow_value aplus_carry(napi_value value);
napi_value aplus_value(const vow_value *value);
vow_error *aplus_carry_reason(napi_value reason);
napi_value aplus_reason(const vow_error *error);
/* The exception that a call into JavaScript ended with, which no longer counts as thrown; or NULL. */
vow_error *aplus_caught(napi_status status);

/* follow.c. What resolving with `x` means: a value, a promise or thenable to follow, or a throw. Reads
 * x.then, which may run JavaScript. */
vow_value aplus_resolution(napi_value x);
/* A resolve and a reject function; `from` is moved to where both find it. */
void aplus_resolving_functions(vow_resolver *from, napi_value functions[2]);

/* promise.c: the promise behind a JavaScript object that still has the `then` it came with, or NULL. */
vow_promise *aplus_promise_of(napi_value x, napi_value then);
void aplus_promise_init(napi_value exports);
/* Gives up the references that JavaScript objects hold. */
void aplus_promise_close(void);

static inline void aplus_ok_at(napi_status status, const char *site)
{
    if (status != napi_ok)
        napi_fatal_error(site, NAPI_AUTO_LENGTH, "Node refused a call of the add-on", NAPI_AUTO_LENGTH);
}
#define aplus_ok(status) aplus_ok_at((status), VOW_HERE)

/* Memory for something that the library is to be given, counted. */
void *aplus_allocate(size_t size);
void aplus_release(void *pointer);

static inline bool aplus_is_function(napi_value value)
{
    napi_valuetype type;

    aplus_ok(napi_typeof(aplus.env, value, &type));
    return type == napi_function;
}

static inline bool aplus_is_object(napi_value value)
{
    napi_valuetype type;

    aplus_ok(napi_typeof(aplus.env, value, &type));
    return type == napi_object || type == napi_function;
}

static inline napi_value aplus_undefined(void)
{
    napi_value undefined;

    aplus_ok(napi_get_undefined(aplus.env, &undefined));
    return undefined;
}

static inline napi_ref aplus_ref(napi_value object)
{
    napi_ref ref;

    aplus_ok(napi_create_reference(aplus.env, object, 1, &ref));
    return ref;
}

static inline napi_value aplus_deref(napi_ref ref)
{
    napi_value object;

    aplus_ok(napi_get_reference_value(aplus.env, ref, &object));
    return object;
}

static inline void aplus_unref(napi_ref ref)
{
    if (ref)
        aplus_ok(napi_delete_reference(aplus.env, ref));
}

static inline napi_value aplus_function_with(const char *name, napi_callback callback, void *data)
{
    napi_value function;

    aplus_ok(napi_create_function(aplus.env, name, NAPI_AUTO_LENGTH, callback, data, &function));
    return function;
}

static inline napi_value aplus_function(const char *name, napi_callback callback)
{
    return aplus_function_with(name, callback, NULL);
}

static inline void aplus_export(napi_value exports, const char *name, napi_callback callback)
{
    aplus_ok(napi_set_named_property(aplus.env, exports, name, aplus_function(name, callback)));
}

#endif
