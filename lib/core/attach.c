/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind attach: passes an outcome through, and releases something when the outcome is there or no longer
 * wanted.
 */
#include "base/misuse-private.h"
#include "core/drop-private.h"
#include "core/operations-private.h"

typedef struct attach {
    vow_promise promise;
    void *pointer;
    void (*drop)(void *pointer); /* NULL once called */
} attach;

static void attach_drop(attach *self)
{
    void (*drop)(void *pointer) = self->drop;

    self->drop = NULL;
    if (drop)
        vow__drop_call(drop, self->pointer);
}

static void attach_run(vow_promise *promise, vow__reaction *wait)
{
    vow_promise *upstream = vow__take_upstream(wait);

    attach_drop((attach *) promise);
    if (vow__is_pending(promise))
        vow__adopt(promise, upstream);
    else
        vow_unref(upstream);
}

static bool attach_unwind(vow_promise *promise)
{
    attach_drop((attach *) promise);
    return false;
}

static const vow__kind attach_kind = {.name = "attach", .run = attach_run, .unwind = attach_unwind};

vow_promise *vow_attach_at(vow_promise *promise, void *pointer, void (*drop)(void *pointer), const char *site)
{
    attach *self;

    vow__check_promise(promise, "vow_attach", site);
    if (!drop)
        vow__misuse_at("vow_attach", promise->site, site, "the drop function is NULL");
    self = vow__promise_new(vow__loop_of(promise), sizeof *self, &attach_kind, site);
    if (!self) {
        vow_loop *loop = vow__loop_of(promise);
        vow_promise *refused = vow__refuse(promise);

        vow__enter_program(loop);
        vow__drop_call(drop, pointer);
        vow__leave_program(loop);
        return refused;
    }
    self->pointer = pointer;
    self->drop = drop;
    vow__wait(&self->promise, promise, VOW__WAIT_REACTION);
    return &self->promise;
}
