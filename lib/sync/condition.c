/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The condition: those who wait are told that something has changed. A notice that nobody has looked at goes
 * to the next who waits. If nobody does, it is lost, as one that comes when nobody waits.
 */
#include <stdint.h>

#include <vow/sync.h>

#include "core/line-private.h"

struct vow_condition {
    vow_promise promise;
    vow__line line;
    size_t notices; /* to be given now; 0 outside of notify() */
};

static bool take_notice(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_condition *self = VOW__CONTAINER_OF(line, vow_condition, line);

    (void) waiter;
    if (!self->notices)
        return false;
    self->notices--;
    *value = vow_nil();
    return true;
}

static void notify(vow_condition *self, size_t n)
{
    self->notices = n;
    vow__line_offer(&self->line);
    self->notices = 0;
}

static void pass_notice_on(vow__line *line, vow__waiter *waiter, vow_value value)
{
    (void) waiter;
    (void) value;
    notify(VOW__CONTAINER_OF(line, vow_condition, line), 1);
}

static void condition_halt(vow_promise *promise)
{
    vow__line_stop(&((vow_condition *) promise)->line);
}

static const vow__kind condition_kind = {.name = "condition", .halt = condition_halt};
static const vow__kind condition_wait_kind = VOW__TAKER_KIND("condition_wait");
static const vow__line_kind condition_line = {.take = take_notice, .put_back = pass_notice_on};

vow_condition *vow_condition_new_at(vow_loop *loop, const char *site)
{
    vow_condition *self;

    vow__check_loop(loop, "vow_condition_new", site);
    self = vow__object_new(loop, sizeof *self, &condition_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &condition_line, &self->promise);
    self->notices = 0;
    return self;
}

vow_promise *vow_condition_wait_at(vow_condition *condition, const char *site)
{
    vow__check_handle(condition, "condition", "vow_condition_wait", site);
    return vow__line_wait(&condition->line, &condition_wait_kind, site);
}

void vow_condition_notify_at(vow_condition *condition, size_t n, const char *site)
{
    vow__check_handle(condition, "condition", "vow_condition_notify", site);
    notify(condition, n);
}

void vow_condition_notify_all_at(vow_condition *condition, const char *site)
{
    vow__check_handle(condition, "condition", "vow_condition_notify_all", site);
    notify(condition, SIZE_MAX);
}

void vow_condition_free(vow_condition *condition)
{
    if (!condition)
        return;
    vow__check_handle(condition, "condition", "vow_condition_free", NULL);
    vow__line_end(&condition->line);
    vow_unref(&condition->promise);
}
