/* SPDX-License-Identifier: BSD-2-Clause */
/* The kind shield: the outcome of a promise that the loop keeps, whoever waits for this one. */
#include <vow/combinators.h>

#include "core/operations-private.h"

static void shield_run(vow_promise *promise, vow__reaction *wait)
{
    vow__adopt(promise, vow__take_upstream(wait));
}

static const vow__kind shield_kind = {.name = "shield", .run = shield_run};

vow_promise *vow_shield_at(vow_promise *promise, const char *site)
{
    vow_promise *self;

    vow__check_promise(promise, "vow_shield", site);
    self = vow__promise_new(vow__loop_of(promise), sizeof *self, &shield_kind, site);
    if (!self) {
        self = vow__refusal(vow__loop_of(promise));
        vow_detach_at(promise, site);
        return self;
    }
    if (vow__is_pending(promise))
        vow__keep(promise);
    vow__wait(self, promise, VOW__WAIT_REACTION);
    return self;
}
