/* SPDX-License-Identifier: BSD-2-Clause */
/* The latch: it counts down to zero, and stays open from then on. */
#include <vow/sync.h>

#include "core/line-private.h"

struct vow_latch {
    vow_promise promise;
    vow__line line;
    size_t count;
};

static bool take_zero(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    (void) waiter;
    *value = vow_nil();
    return !VOW__CONTAINER_OF(line, vow_latch, line)->count;
}

static void latch_halt(vow_promise *promise)
{
    vow__line_stop(&((vow_latch *) promise)->line);
}

static const vow__kind latch_kind = {.name = "latch", .halt = latch_halt};
static const vow__kind latch_wait_kind = VOW__WAITER_KIND("latch_wait");
static const vow__line_kind latch_line = {.take = take_zero};

vow_latch *vow_latch_new_at(vow_loop *loop, size_t count, const char *site)
{
    vow_latch *self;

    vow__check_loop(loop, "vow_latch_new", site);
    self = vow__object_new(loop, sizeof *self, &latch_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &latch_line, &self->promise);
    self->count = count;
    return self;
}

vow_promise *vow_latch_wait_at(vow_latch *latch, const char *site)
{
    vow__check_handle(latch, "latch", "vow_latch_wait", site);
    return vow__line_wait(&latch->line, &latch_wait_kind, site);
}

void vow_latch_count_down_at(vow_latch *latch, size_t n, const char *site)
{
    vow__check_handle(latch, "latch", "vow_latch_count_down", site);
    latch->count -= n < latch->count ? n : latch->count;
    vow__line_offer(&latch->line);
}

void vow_latch_free(vow_latch *latch)
{
    if (!latch)
        return;
    vow__check_handle(latch, "latch", "vow_latch_free", NULL);
    vow__line_end(&latch->line);
    vow_unref(&latch->promise);
}
