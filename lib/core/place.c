/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the time between a promise having its outcome and being settled, in which it drops the rest. */
#include "core/place-private.h"

void vow__place_take(vow_promise *promise)
{
    promise->flags |= VOW__SHIELDED;
    vow__list_append(&vow__loop_of(promise)->queue, &promise->wait.link);
}

void vow__place_leave(vow_promise *promise)
{
    vow__list_unlink(&promise->wait.link);
}

/* Those who wait come where the link is, before all that was added behind it. */
void vow__place_settle(vow_promise *promise, enum vow__state state, vow_value value)
{
    vow__link *place = &promise->wait.link;

    if (!vow__list_is_empty(&promise->u.reactions)) {
        vow__list_splice(place, &promise->u.reactions);
        vow__list_init(&promise->u.reactions);
    }
    vow__list_unlink(place);
    promise->flags &= (uint16_t) ~VOW__SHIELDED;
    vow__settle(promise, state, value);
    if (!vow__list_is_empty(&vow__loop_of(promise)->queue))
        vow__notify(vow__loop_of(promise));
}

bool vow__place_drop(vow_promise *promise, vow_promise *upstream)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;

    vow__place_take(promise);
    if (!vow__drop_in_stop(promise, upstream))
        upstream = NULL;
    promise->refs++;
    vow__reap_for(promise, base);
    vow__let_go(promise);
    if (!upstream)
        return false;
    if (vow__is_pending(upstream)) {
        vow__place_leave(promise);
        vow__wait(promise, upstream, VOW__WAIT_REACTION);
        return true;
    }
    vow_unref(upstream);
    return false;
}
