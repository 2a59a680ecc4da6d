/* SPDX-License-Identifier: BSD-2-Clause */
/* The combinator any: the first value, or an aggregate of every error. */
#include <vow/combinators.h>

#include "core/combine-private.h"

static void reject_all(vow__combine *self)
{
    vow_error *aggregate = self->u.aggregate;

    self->u.aggregate = NULL;
    vow__settle(&self->promise, VOW__REJECTED, vow__value_of_error(aggregate));
}

static void any_run(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;
    vow_promise *input;
    vow_error *error;

    if (vow__combine_is_cleaning(promise, wait))
        return;
    input = vow__take_upstream(wait);
    self->left--;
    if (vow__is_fulfilled(input)) {
        vow__combine_decide(self, input);
        return;
    }
    input->flags |= VOW__SEEN;
    error = vow_error_ref(vow__error_of(input));
    self->u.aggregate->list->items[vow__combine_index(self, wait)] = vow__value_of_error(error);
    if (!self->left)
        reject_all(self);
    vow_unref(input);
}

static void any_dispose(vow_promise *promise)
{
    vow__combine *self = (vow__combine *) promise;

    vow_error_unref(self->u.aggregate);
    self->u.aggregate = NULL;
}

static const vow__kind any_kind = {.name = "any",
                                   .run = any_run,
                                   .stop = vow__combine_stop,
                                   .unwind = vow__combine_unwind,
                                   .dispose = any_dispose,
                                   .input = vow__combine_input};

vow_promise *vow_any_at(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site)
{
    vow__combine *self = vow__combine_new(loop, n, promises, &any_kind, "vow_any", site);

    if (!self)
        return vow__combine_refuse(loop, n, promises);
    self->u.aggregate = vow__error_new_aggregate(site, n);
    if (!self->u.aggregate)
        return vow__refuse(&self->promise);
    if (n == 0)
        reject_all(self);
    return &self->promise;
}
