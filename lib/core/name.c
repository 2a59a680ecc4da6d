/* SPDX-License-Identifier: BSD-2-Clause */
/* What messages call a promise, and what they say when it or a value is misused. */
#include "base/misuse-private.h"
#include "core/operations-private.h"

const char *vow__name_of(const vow_promise *promise)
{
    return promise->kind->describe ? promise->kind->describe(promise) : promise->kind->name;
}

void vow__misuse_handle(const vow_promise *promise, const char *what, const char *function, const char *site)
{
    if (!promise)
        vow__misuse_null(function, what, site);
    vow__misuse_at(function, promise->site, site, "the %s is used after it was given away", what);
}

void vow__misuse_promise(const vow_promise *promise, const char *function, const char *site)
{
    vow__misuse_handle(promise, "promise", function, site);
}

void vow__misuse_refs(const vow_promise *promise)
{
    vow__misuse("vow_ref", promise->site, "the promise has more references than can be counted");
}

void vow__misuse_loops(const char *function, const vow_promise *promise)
{
    vow__misuse(function, promise->site, "a promise of one loop cannot wait for one of another");
}

void vow__value_mismatch(const vow_value *value, const char *function, const vow_type *wanted,
                         const char *site)
{
    const char *name = wanted && wanted->name ? wanted->name : "of another type";

    if (!value && !wanted)
        vow__misuse_at(function, NULL, site, "what it is given is NULL");
    if (!value)
        vow__misuse_at(function, NULL, site, "the value is NULL, where %s is wanted", name);
    vow__misuse_at(function, vow__site_of_value(value), site, "the value is %s, where %s is wanted",
                   vow_value_type_name(value), name);
}

void vow__compare_thread(const vow_loop *loop, const char *function, const char *site)
{
    if (!pthread_equal(loop->thread, pthread_self()))
        vow__misuse_at(function, NULL, site, "the loop belongs to another thread");
}
