/* SPDX-License-Identifier: BSD-2-Clause */
/* The combinators all and all_settled: a list of outcomes in the inputs' order. */
#include <vow/combinators.h>

#include "core/combine-private.h"

/* Settles with the list. From then on dispose() has nothing to do, so the promise may be freed without a
 * look. */
static void all_finish(vow__combine *self)
{
    vow_list *list = self->u.list;

    for (size_t i = 0; i < self->n; i++)
        list->items[i] = self->branch[i].value;
    self->u.list = NULL;
    if (!vow__loop_of(&self->promise)->is_closed)
        self->promise.flags &= (uint16_t) ~VOW__GUARDED;
    vow__fulfil(&self->promise, vow_own(list, &vow_type_list));
}

/* Keeps the value of an input; the last one settles the promise. Until then the values stay in the branches
 * and not in the list. Inputs may settle in any order, and the branch of one that settles is in the cache. */
static void place(vow__combine *self, vow__reaction *wait, vow_value value)
{
    vow__branch *branch = (vow__branch *) (void *) wait;

    branch->value = value;
    branch->owner = NULL;
    if (--self->left == 0)
        all_finish(self);
}

static void all_run(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;
    vow_promise *input;

    if (vow__combine_is_cleaning(promise, wait))
        return;
    input = vow__take_upstream(wait);
    if (vow__is_rejected(input)) {
        self->left--;
        vow__combine_decide(self, input);
        return;
    }
    place(self, wait, vow__share_with(self->u.list, input));
    vow__unref(input);
}

static void all_settled_run(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;
    vow_promise *input;
    vow_value value;

    if (vow__combine_is_cleaning(promise, wait))
        return;
    input = vow__take_upstream(wait);
    if (vow__is_rejected(input)) {
        input->flags |= VOW__SEEN;
        value = vow__value_of_error(vow_error_ref(vow__error_of(input)));
    } else {
        value = vow__share_with(self->u.list, input);
    }
    place(self, wait, value);
    vow__unref(input);
}

/* If the promise has not come to its end, drops what was kept. May run drop functions. */
static void all_dispose(vow_promise *promise)
{
    vow__combine *self = (vow__combine *) promise;
    vow_list *list = self->u.list;

    if (!list)
        return;
    self->u.list = NULL;
    for (size_t i = 0; i < self->n; i++)
        if (!self->branch[i].owner)
            vow_value_drop(self->branch[i].value);
    vow__list_release(list);
}

static const vow__kind all_kind = {.name = "all",
                                   .run = all_run,
                                   .stop = vow__combine_stop,
                                   .unwind = vow__combine_unwind,
                                   .dispose = all_dispose,
                                   .input = vow__combine_input};
static const vow__kind all_settled_kind = {.name = "all_settled",
                                           .run = all_settled_run,
                                           .stop = vow__combine_stop,
                                           .unwind = vow__combine_unwind,
                                           .dispose = all_dispose,
                                           .input = vow__combine_input};

static vow_promise *combine(vow_loop *loop, size_t n, vow_promise *const *promises, const vow__kind *kind,
                            const char *function, const char *site)
{
    vow__combine *self = vow__combine_new(loop, n, promises, kind, function, site);

    if (!self)
        return vow__combine_refuse(loop, n, promises);
    self->u.list = vow__list_obtain(&loop->lists, n);
    if (!self->u.list)
        return vow__refuse(&self->promise);
    if (n == 0)
        all_finish(self);
    return &self->promise;
}

vow_promise *vow_all_at(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site)
{
    return combine(loop, n, promises, &all_kind, "vow_all", site);
}

vow_promise *vow_all_settled_at(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site)
{
    return combine(loop, n, promises, &all_settled_kind, "vow_all_settled", site);
}
