/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns JavaScript values on their way through the library. A value is a reference that the library drops; an
 * error has nothing that could drop one, so reasons are kept in an array until the add-on is closed, and an
 * error's code is its reason's index.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "aplus.h"

#include <errno.h>
#include <stdlib.h>

static napi_ref reasons;
static uint32_t reason_count;

static const vow_domain js_domain = {"JavaScript", NULL};

void aplus_carry_init(void)
{
    napi_value array;

    aplus_ok(napi_create_array(aplus.env, &array));
    reasons = aplus_ref(array);
}

void aplus_carry_close(void)
{
    aplus_unref(reasons);
    reasons = NULL;
}

void *aplus_allocate(size_t size)
{
    void *pointer = calloc(1, size);

    aplus_ok(pointer ? napi_ok : napi_generic_failure);
    aplus.carried++;
    aplus.held++;
    return pointer;
}

void aplus_release(void *pointer)
{
    aplus.held--;
    free(pointer);
}

static void value_drop(void *pointer)
{
    aplus.held--;
    aplus_unref(pointer);
}

static const vow_type js_value = {"JavaScript value", value_drop};

/* Only objects can be referenced, so the value goes into an array of one. */
vow_value aplus_carry(napi_value value)
{
    napi_value box;

    aplus_ok(napi_create_array_with_length(aplus.env, 1, &box));
    aplus_ok(napi_set_element(aplus.env, box, 0, value));
    aplus.carried++;
    aplus.held++;
    return vow_own(aplus_ref(box), &js_value);
}

napi_value aplus_value(const vow_value *value)
{
    napi_value content;

    aplus_ok(napi_get_element(aplus.env, aplus_deref(vow_as(value, &js_value)), 0, &content));
    return content;
}

vow_error *aplus_carry_reason(napi_value reason)
{
    aplus_ok(napi_set_element(aplus.env, aplus_deref(reasons), reason_count, reason));
    return vow_error_new_in(&js_domain, (int) reason_count++, "a reason of JavaScript's");
}

vow_error *aplus_caught(napi_status status)
{
    napi_value exception;
    bool has_thrown;

    if (status == napi_ok)
        return NULL;
    aplus_ok(napi_is_exception_pending(aplus.env, &has_thrown));
    aplus_ok(has_thrown ? napi_ok : status);
    aplus_ok(napi_get_and_clear_last_exception(aplus.env, &exception));
    return aplus_carry_reason(exception);
}

/* An error that the library made itself. That a promise was to follow itself is a TypeError in JavaScript. */
static napi_value reason_of_library(const vow_error *error)
{
    napi_value message, reason;

    aplus_ok(napi_create_string_utf8(aplus.env, vow_error_message(error), NAPI_AUTO_LENGTH, &message));
    if (vow_error_domain(error) == &vow_domain_errno && vow_error_code(error) == ELOOP)
        aplus_ok(napi_create_type_error(aplus.env, NULL, message, &reason));
    else
        aplus_ok(napi_create_error(aplus.env, NULL, message, &reason));
    return reason;
}

napi_value aplus_reason(const vow_error *error)
{
    napi_value reason;

    if (vow_error_domain(error) != &js_domain)
        return reason_of_library(error);
    aplus_ok(napi_get_element(aplus.env, aplus_deref(reasons), (uint32_t) vow_error_code(error), &reason));
    return reason;
}
