/* SPDX-License-Identifier: BSD-2-Clause */
/* The event: a flag that somebody may wait for. */
#include <vow/sync.h>

#include "core/line-private.h"

struct vow_event {
    vow_promise promise;
    vow__line line;
    bool is_set;
};

static bool take_event(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    (void) waiter;
    *value = vow_nil();
    return VOW__CONTAINER_OF(line, vow_event, line)->is_set;
}

static void event_halt(vow_promise *promise)
{
    vow__line_stop(&((vow_event *) promise)->line);
}

static const vow__kind event_kind = {.name = "event", .halt = event_halt};
static const vow__kind event_wait_kind = VOW__WAITER_KIND("event_wait");
static const vow__line_kind event_line = {.take = take_event};

vow_event *vow_event_new_at(vow_loop *loop, const char *site)
{
    vow_event *self;

    vow__check_loop(loop, "vow_event_new", site);
    self = vow__object_new(loop, sizeof *self, &event_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &event_line, &self->promise);
    self->is_set = false;
    return self;
}

vow_promise *vow_event_wait_at(vow_event *event, const char *site)
{
    vow__check_handle(event, "event", "vow_event_wait", site);
    return vow__line_wait(&event->line, &event_wait_kind, site);
}

void vow_event_set_at(vow_event *event, const char *site)
{
    vow__check_handle(event, "event", "vow_event_set", site);
    event->is_set = true;
    vow__line_offer(&event->line);
}

void vow_event_clear_at(vow_event *event, const char *site)
{
    vow__check_handle(event, "event", "vow_event_clear", site);
    event->is_set = false;
}

bool vow_event_is_set_at(const vow_event *event, const char *site)
{
    vow__check_handle(event, "event", "vow_event_is_set", site);
    return event->is_set;
}

void vow_event_free(vow_event *event)
{
    if (!event)
        return;
    vow__check_handle(event, "event", "vow_event_free", NULL);
    vow__line_end(&event->line);
    vow_unref(&event->promise);
}
