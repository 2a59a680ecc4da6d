/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The combinator select: which of several promises is settled first. It has a reference to each of its inputs
 * and looks at none. So whoever holds them goes on with them as if the select had never been.
 */
#include <vow/combinators.h>

#include "core/combine-private.h"

/* The first input that is settled. At least one is. */
static size_t first_settled(const vow__combine *self)
{
    size_t i = 0;

    while (vow__is_pending(vow__upstream_of(&self->branch[i].wait)))
        i++;
    return i;
}

/* Gives up inputs that somebody else holds. They are left as they are, even in a clean-up. Goes backwards: of
 * an input that is listed several times, the first place goes last. */
static void leave_held(vow__combine *self)
{
    for (size_t i = self->n; i-- > 0;) {
        if (vow__upstream_of(&self->branch[i].wait)->refs > 1) {
            vow__branch_cut(&self->branch[i])->refs--;
            self->left--;
        }
    }
}

static void select_run(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;

    if (vow__combine_is_cleaning(promise, wait))
        return;
    vow__list_init(&wait->link); /* its turn is over: now it can be cut like the others */
    self->u.index = first_settled(self);
    leave_held(self);
    vow__combine_decide(self, NULL);
}

static const vow__kind select_kind = {.name = "select",
                                      .run = select_run,
                                      .stop = vow__combine_stop,
                                      .unwind = vow__combine_unwind,
                                      .input = vow__combine_input};

vow_promise *vow_select_at(vow_loop *loop, size_t n, const vow_promise *const *promises, const char *site)
{
    vow__combine *self =
        vow__combine_new(loop, n, (vow_promise *const *) promises, &select_kind, "vow_select", site);

    if (!self)
        return vow__refusal(loop);
    for (size_t i = 0; i < n; i++)
        vow__upstream_of(&self->branch[i].wait)->refs++;
    return &self->promise;
}
