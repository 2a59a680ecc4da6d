/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows the futures of other libraries. The resolver that their then() gets lives on the stack of the job
 * that calls it, until it is used or moved.
 */
#include "core/thenable-private.h"

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "core/drop-private.h"
#include "core/resolver-private.h"

void vow__foreign_drop(void *pointer)
{
    vow__foreign *foreign = pointer;

    if (foreign->thenable->drop)
        foreign->thenable->drop(foreign->object);
    vow__release(foreign, sizeof *foreign);
}

vow_value vow_follow_thenable_at(const vow_thenable *thenable, void *object, const char *site)
{
    vow__foreign *foreign;

    vow__check_pointer(thenable, "thenable", "vow_follow_thenable", site);
    if (!thenable->then)
        vow__misuse_at("vow_follow_thenable", NULL, site, "the thenable has no then()");
    foreign = vow__allocate(sizeof *foreign);
    if (!foreign) {
        if (thenable->drop)
            vow__drop_call(thenable->drop, object);
        return vow_throw(&vow__error_no_memory);
    }
    foreign->thenable = thenable;
    foreign->object = object;
    return vow_own(foreign, &vow__type_foreign);
}

/* then() has failed. That rejects the promise, unless the resolver, wherever it is now, was used. */
static void foreign_fail(vow_promise *promise, vow_error *error)
{
    if (promise->mode == VOW__WAIT_RESOLVER)
        vow_reject_at((vow_resolver *) promise->wait.upstream, error, NULL);
    else
        vow_error_unref(error);
}

void vow__foreign_run(vow_promise *promise, vow__foreign *foreign)
{
    vow_resolver resolver;
    vow_error *error;

    vow__resolver_bind(&resolver, promise, NULL);
    error = foreign->thenable->then(foreign->object, &resolver);
    if (error)
        foreign_fail(promise, error);
    vow_resolver_abandon_at(&resolver, promise->site);
    vow_value_drop(vow_own(foreign, &vow__type_foreign));
}
