/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the state machine: how a promise is made, waits, settles and is handed on. Nothing here runs handlers;
 * settling only puts reactions in the queue.
 */
#include "core/operations-private.h"

#include "base/misuse-private.h"

void *vow__promise_new_slowly(vow_loop *loop, size_t size, const vow__kind *kind, const char *site)
{
    vow_promise *promise = vow__pool_take_slowly(&loop->pools, size);

    if (promise)
        vow__promise_init(promise, kind, site);
    return promise;
}

void *vow__promise_new(vow_loop *loop, size_t size, const vow__kind *kind, const char *site)
{
    vow_promise *promise = vow__promise_new_quickly(loop, size, kind, site);

    return VOW__LIKELY(promise) ? promise : vow__promise_new_slowly(loop, size, kind, site);
}

vow_promise *vow__refusal(vow_loop *loop)
{
    vow_promise *promise = loop->is_closed ? &loop->closed : &loop->no_memory;

    vow__ref(promise);
    promise->flags &= (uint16_t) ~VOW__SEEN;
    return promise;
}

void vow__drop_refused(vow_promise *upstream, const vow_promise *refused)
{
    vow_loop *loop = vow__loop_of(refused);
    bool was_refusing = loop->is_refusing;

    loop->is_refusing = vow__error_of(refused) == &vow__error_no_memory;
    vow_unref(upstream);
    loop->is_refusing = was_refusing;
}

vow_promise *vow__refuse(vow_promise *upstream)
{
    vow_promise *promise = vow__refusal(vow__loop_of(upstream));

    vow__drop_refused(upstream, promise);
    return promise;
}

/* The link of a doomed promise is in use, on the stack; then the reaper gives up the loop's reference. */
void vow__settled_rarely(vow_promise *promise)
{
    vow_loop *loop = vow__loop_of(promise);

    if ((promise->flags & VOW__KEPT) && !(promise->flags & VOW__DOOMED)) {
        promise->mode = VOW__WAIT_RELEASE;
        vow__list_append(&loop->queue, &promise->wait.link);
    }
    if (!vow__list_is_empty(&loop->queue))
        vow__notify(loop);
}

void vow__reject(vow_promise *promise, vow_error *error)
{
    vow__error_pass(error, promise->site);
    vow__settle(promise, VOW__REJECTED, vow__value_of_error(error));
}

static void follow(vow_promise *promise, vow_promise *target)
{
    if (target == promise) {
        vow__reject(promise, &vow__error_self);
        vow_unref(target);
        return;
    }
    vow__check_same_loop(promise, target, "vow_follow");
    promise->wait.upstream = (uintptr_t) target;
    promise->mode = VOW__WAIT_FOLLOW;
    vow__enqueue(vow__loop_of(promise), &promise->wait);
}

/* The promise is about to end, or has. Its resolver, if it had one, is used up all the same. */
static void refuse_value(vow_promise *promise, vow_value value)
{
    if (promise->mode == VOW__WAIT_RESOLVER) {
        promise->mode = VOW__WAIT_NONE;
        promise->wait.upstream = 0;
    }
    vow__drop(vow__loop_of(promise), value);
}

void vow__resolve_slowly(vow_promise *promise, vow_value value)
{
    if (!vow__is_pending(promise) || (promise->flags & VOW__DOOMED)) {
        refuse_value(promise, value);
    } else if (value.type == &vow__type_throw) {
        vow__reject(promise, value.u.pointer);
    } else if (value.type == &vow__type_follow) {
        follow(promise, value.u.pointer);
    } else if (value.type == &vow__type_foreign) {
        promise->wait.upstream = (uintptr_t) value.u.pointer;
        promise->mode = VOW__WAIT_FOREIGN;
        vow__enqueue(vow__loop_of(promise), &promise->wait);
    } else {
        vow__fulfil(promise, value);
    }
}

void vow__adopt(vow_promise *promise, vow_promise *from)
{
    if (vow__is_rejected(from)) {
        from->flags |= VOW__SEEN;
        vow__reject(promise, vow_error_ref(vow__error_of(from)));
    } else {
        vow__fulfil(promise, vow__share(from));
    }
    vow__unref(from);
}

void vow__wait_turn(vow_promise *promise, vow_promise *upstream)
{
    promise->wait.upstream = (uintptr_t) upstream;
    promise->mode = VOW__WAIT_REACTION;
    vow__enqueue(vow__loop_of(promise), &promise->wait);
}

vow_promise *vow__branch_cut(vow__branch *branch)
{
    vow_promise *upstream = vow__upstream_of(&branch->wait);

    if (upstream) {
        vow__list_unlink(&branch->wait.link);
        branch->wait.upstream = 0;
    }
    return upstream;
}

bool vow_is_pending_at(const vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_is_pending", site);
    return vow__is_pending(promise);
}

bool vow_is_fulfilled_at(const vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_is_fulfilled", site);
    return vow__is_fulfilled(promise);
}

bool vow_is_rejected_at(const vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_is_rejected", site);
    return vow__is_rejected(promise);
}

vow_value *vow_peek_at(const vow_promise *promise, const char *site)
{
    vow_promise *mine = (vow_promise *) promise;

    vow__check_promise(promise, "vow_peek", site);
    if (vow__is_pending(promise))
        return NULL;
    return vow__look(mine);
}

vow_loop *vow_promise_loop_at(const vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_promise_loop", site);
    return vow__loop_of(promise);
}

const char *vow_promise_site_at(const vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_promise_site", site);
    return promise->site;
}
