/* SPDX-License-Identifier: BSD-2-Clause */
/* The combinator race: the first outcome. */
#include <vow/combinators.h>

#include "core/combine-private.h"

static void race_run(vow_promise *promise, vow__reaction *wait)
{
    vow__combine *self = (vow__combine *) promise;

    if (vow__combine_is_cleaning(promise, wait))
        return;
    self->left--;
    vow__combine_decide(self, vow__take_upstream(wait));
}

static const vow__kind race_kind = {.name = "race",
                                    .run = race_run,
                                    .stop = vow__combine_stop,
                                    .unwind = vow__combine_unwind,
                                    .input = vow__combine_input};

vow_promise *vow_race_at(vow_loop *loop, size_t n, vow_promise *const *promises, const char *site)
{
    vow__combine *self = vow__combine_new(loop, n, promises, &race_kind, "vow_race", site);

    return self ? &self->promise : vow__combine_refuse(loop, n, promises);
}
