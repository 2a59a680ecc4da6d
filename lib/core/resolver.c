/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind of promise that user code settles, and its resolver. While the promise waits for it, the two point
 * at each other: `resolver->promise` and the promise's `wait.upstream`.
 */
#include "core/resolver-private.h"

#include <errno.h>

#include "base/misuse-private.h"
#include "core/operations-private.h"

static const vow__kind promise_kind = {.name = "promise"};
static const vow__kind never_kind = {.name = "never"};

static VOW__RARE vow_promise *new_slowly(vow_loop *loop, vow_resolver *resolver, vow_cancel_fn on_cancel,
                                         const char *site)
{
    vow_promise *promise = vow__promise_new_slowly(loop, sizeof *promise, &promise_kind, site);

    if (!promise) {
        resolver->promise = NULL;
        resolver->on_cancel = on_cancel;
        return vow__refusal(loop);
    }
    vow__resolver_bind(resolver, promise, on_cancel);
    return promise;
}

vow_promise *vow_promise_new_at(vow_loop *loop, vow_resolver *resolver, vow_cancel_fn on_cancel,
                                const char *site)
{
    vow_promise *promise;

    if (VOW_UNLIKELY(!resolver))
        vow__misuse_null("vow_promise_new", "resolver", site);
    vow__check_loop(loop, "vow_promise_new", site);
    promise = vow__promise_new_quickly(loop, sizeof *promise, &promise_kind, site);
    if (VOW_UNLIKELY(!promise))
        return new_slowly(loop, resolver, on_cancel, site);
    vow__resolver_bind(resolver, promise, on_cancel);
    return promise;
}

void vow_resolve_at(vow_resolver *resolver, vow_value value, const char *site)
{
    vow_promise *promise;

    if (VOW_UNLIKELY(!resolver))
        vow__misuse_null("vow_resolve", "resolver", site);
    promise = resolver->promise;
    if (!promise) {
        vow_value_drop(value);
        return;
    }
    vow__check_thread(vow__loop_of(promise), "vow_resolve", site);
    resolver->promise = NULL; /* the promise forgets it next, as its mode changes */
    vow__resolve(promise, value);
}

void vow_reject_at(vow_resolver *resolver, vow_error *error, const char *site)
{
    if (!resolver)
        vow__misuse_null("vow_reject", "resolver", site);
    if (!error)
        vow__misuse_at("vow_reject", resolver->promise ? resolver->promise->site : NULL, site,
                       "the error is NULL");
    if (resolver->promise)
        vow__error_pass(error, site);
    vow_resolve(resolver, vow_throw(error));
}

void vow_resolver_abandon_at(vow_resolver *resolver, const char *site)
{
    if (!resolver)
        vow__misuse_null("vow_resolver_abandon", "resolver", site);
    if (!resolver->promise)
        return;
    vow_resolve(resolver,
                vow_throw(vow__error_new_or(&vow__error_cancelled, site, ECANCELED,
                                            "abandoned by its resolver at %s", vow__site_text(site))));
}

void vow_resolver_move_at(vow_resolver *to, vow_resolver *from, vow_cancel_fn on_cancel, const char *site)
{
    vow_promise *promise;

    if (!to || !from)
        vow__misuse_null("vow_resolver_move", "resolver", site);
    if (to == from)
        return;
    promise = from->promise;
    to->promise = promise;
    to->on_cancel = on_cancel;
    from->promise = NULL;
    if (promise)
        promise->wait.upstream = (uintptr_t) to;
}

/* A promise that is resolved from the start. The value is given; without memory it is dropped. */
static vow_promise *resolved(vow_loop *loop, vow_value value, const char *site)
{
    vow_promise *promise = vow__promise_new(loop, sizeof *promise, &promise_kind, site);

    if (!promise) {
        promise = vow__refusal(loop); /* first: the value may hold what keeps a freed loop's memory */
        vow__drop(loop, value);
        return promise;
    }
    vow__resolve(promise, value);
    return promise;
}

vow_promise *vow_resolved_at(vow_loop *loop, vow_value value, const char *site)
{
    vow__check_loop(loop, "vow_resolved", site);
    return resolved(loop, value, site);
}

vow_promise *vow_rejected_at(vow_loop *loop, vow_error *error, const char *site)
{
    vow__check_loop(loop, "vow_rejected", site);
    if (!error)
        vow__misuse_null("vow_rejected", "error", site);
    return resolved(loop, vow_throw(error), site);
}

vow_promise *vow_never_at(vow_loop *loop, const char *site)
{
    vow_promise *promise;

    vow__check_loop(loop, "vow_never", site);
    promise = vow__promise_new(loop, sizeof *promise, &never_kind, site);
    return promise ? promise : vow__refusal(loop);
}

vow_promise *vow_try_at(vow_loop *loop, vow_try_fn fn, void *data, const char *site)
{
    vow_promise *promise;

    vow__check_loop(loop, "vow_try", site);
    if (!fn)
        vow__misuse_null("vow_try", "function", site);
    vow__enter_program(loop);
    promise = resolved(loop, fn(data), site);
    vow__leave_program(loop);
    return promise;
}
