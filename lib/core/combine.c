/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the branches of a combinator, from taking over the inputs until the last branch is cut. */
#include "core/combine-private.h"

#include "base/misuse-private.h"

/*
 * Takes the promise to return first: the inputs may be the last that keep a freed loop's memory. Lets all of
 * them go before any user code runs, which may free the array. Goes backwards, so that the first is reaped
 * first.
 */
vow_promise *vow__combine_refuse(vow_loop *loop, size_t n, vow_promise *const *promises)
{
    vow_promise *refused = vow__refusal(loop);
    vow_promise *base = loop->doomed;
    bool was_refusing = loop->is_refusing;

    while (n-- > 0)
        vow__let_go(promises[n]);
    loop->is_refusing = vow__error_of(refused) == &vow__error_no_memory;
    vow__reap(loop, base);
    loop->is_refusing = was_refusing;
    return refused;
}

static void check_all(vow_loop *loop, size_t n, vow_promise *const *promises, const char *function,
                      const char *site)
{
    vow__check_loop(loop, function, site);
    if (n && !promises)
        vow__misuse_at(function, NULL, site, "the array of promises is NULL");
    for (size_t i = 0; i < n; i++) {
        vow__check_promise(promises[i], function, site);
        if (vow__loop_of(promises[i]) != loop)
            vow__misuse_at(function, promises[i]->site, site, "promise %zu belongs to another loop", i);
    }
}

vow__combine *vow__combine_new(vow_loop *loop, size_t n, vow_promise *const *promises, const vow__kind *kind,
                               const char *function, const char *site)
{
    vow__combine *self = NULL;

    check_all(loop, n, promises, function, site);
    if (n < (SIZE_MAX / 2 - sizeof *self) / sizeof self->branch[0])
        self = vow__promise_new(loop, sizeof *self + n * sizeof self->branch[0], kind, site);
    if (!self)
        return NULL;
    self->u.list = NULL;
    self->n = n;
    self->left = n;
    for (size_t i = 0; i < n; i++)
        vow__wait_branch(&self->branch[i], &self->promise, promises[i]);
    return self;
}

size_t vow__combine_index(const vow__combine *self, const vow__reaction *wait)
{
    return (size_t) ((const vow__branch *) (const void *) wait - self->branch);
}

/* The clean-up of all that was dropped is done. */
static void combine_end(vow__combine *self)
{
    vow_promise *promise = &self->promise;
    vow_promise *winner = vow__take_own_upstream(promise);

    promise->flags &= (uint16_t) ~VOW__SHIELDED;
    if (promise->flags & VOW__CANCELLED) {
        vow__reject(promise, &vow__error_cancelled);
        vow_unref(winner);
    } else if (winner) {
        vow__adopt(promise, winner);
    } else {
        vow__fulfil(promise, vow_int((int64_t) self->u.index));
    }
}

/* The same where no clean-up has to be awaited. */
static void end_in_place(vow__combine *self)
{
    vow_promise *promise = &self->promise;
    vow_promise *winner = vow__take_own_upstream(promise);
    vow_error *error = &vow__error_cancelled;

    if (!(promise->flags & VOW__CANCELLED)) {
        if (!winner || vow__is_fulfilled(winner)) {
            vow__place_settle(promise, VOW__FULFILLED,
                              winner ? vow__share(winner) : vow_int((int64_t) self->u.index));
            vow_unref(winner);
            return;
        }
        winner->flags |= VOW__SEEN;
        error = vow_error_ref(vow__error_of(winner));
    }
    vow__error_pass(error, promise->site);
    vow__place_settle(promise, VOW__REJECTED, vow__value_of_error(error));
    vow_unref(winner);
}

void vow__combine_decide(vow__combine *self, vow_promise *winner)
{
    vow_promise *promise = &self->promise;
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;

    promise->wait.upstream = (uintptr_t) winner;
    vow__place_take(promise);
    vow__combine_stop(promise);
    vow__reap_for(promise, base);
    if (promise->kind->dispose)
        vow__dispose_members(promise);
    if (vow__combine_unwind(promise))
        vow__place_leave(promise);
    else
        end_in_place(self);
}

/* Goes backwards: the input given up last is reaped first, so the inputs are cancelled in their order. */
void vow__combine_stop(vow_promise *promise)
{
    vow__combine *self = (vow__combine *) promise;
    bool is_decided = promise->wait.upstream;

    for (size_t i = self->n; i-- > 0 && self->left;) {
        vow_promise *input = vow__branch_cut(&self->branch[i]);

        if (!input)
            continue;
        self->left--;
        if (is_decided && vow__is_rejected(input))
            input->flags |= VOW__SEEN; /* it came second */
        if (vow__drop_in_stop(promise, input))
            vow__branch_set(&self->branch[i], input);
    }
}

/* Waits once more for the inputs whose clean-up goes on. */
bool vow__combine_unwind(vow_promise *promise)
{
    vow__combine *self = (vow__combine *) promise;

    promise->stage = VOW__COMBINE_CLEANING;
    for (size_t i = 0; i < self->n; i++) {
        vow_promise *input = vow__take_upstream(&self->branch[i].wait);

        if (input && vow__is_pending(input)) {
            vow__wait_branch(&self->branch[i], promise, input);
            self->left++;
        } else if (input) {
            vow__unref(input);
        }
    }
    return self->left > 0;
}

bool vow__combine_is_cleaning(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;

    if (promise->stage != VOW__COMBINE_CLEANING)
        return false;
    vow__unref(vow__take_upstream(wait));
    if (--self->left == 0)
        combine_end(self);
    return true;
}

const vow_promise *vow__combine_input(const vow_promise *promise)
{
    const vow__combine *self = (const vow__combine *) promise;

    for (size_t i = 0; i < self->n; i++) {
        const vow_promise *input = vow__upstream_of(&self->branch[i].wait);

        if (input && vow__is_pending(input))
            return input;
    }
    return NULL;
}
