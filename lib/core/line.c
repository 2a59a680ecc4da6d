/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns those who wait in a line. A line is armed exactly as long as somebody waits in it and it has not been
 * stopped. Those who were given what may come back stay in its other list, and give it back if nobody looks
 * at it, as long as the line is there.
 */
#include "core/line-private.h"

#include <errno.h>

void *vow__object_new(vow_loop *loop, size_t size, const vow__kind *kind, const char *site)
{
    void *self = vow__promise_new(loop, size, kind, site);

    if (!self)
        errno = loop->is_closed ? ECANCELED : ENOMEM;
    return self;
}

void vow__line_init(vow__line *self, const vow__line_kind *kind, vow_promise *object)
{
    self->kind = kind;
    self->object = object;
    vow__list_init(&self->waiting);
    vow__list_init(&self->told);
    self->is_armed = false;
    self->is_stopped = false;
}

static void line_arm(vow__line *self)
{
    if (self->is_armed)
        return;
    self->is_armed = true;
    if (self->kind->arm)
        self->kind->arm(self);
}

static void line_disarm(vow__line *self)
{
    if (!self->is_armed)
        return;
    self->is_armed = false;
    if (self->kind->disarm)
        self->kind->disarm(self);
}

/* Takes one out of the line. The last one disarms it. */
static void line_remove(vow__line *self, vow__waiter *waiter)
{
    vow__list_unlink(&waiter->link);
    vow__list_init(&waiter->link);
    if (vow__line_is_empty(self))
        line_disarm(self);
}

void *vow__waiter_new(vow__line *self, size_t size, const vow__kind *kind, const char *site)
{
    vow__waiter *waiter = vow__promise_new(vow__loop_of(self->object), size, kind, site);

    if (!waiter)
        return NULL;
    waiter->line = self;
    waiter->place = 0;
    vow__list_init(&waiter->link);
    return waiter;
}

void vow__line_give(vow__line *self, vow__waiter *waiter, vow_value value)
{
    if (waiter->promise.kind->put_back)
        vow__list_append(&self->told, &waiter->link);
    vow__resolve(&waiter->promise, value);
}

vow_promise *vow__line_ask(vow__line *self, vow__waiter *waiter)
{
    vow_value value;

    if (vow__line_is_empty(self) && self->kind->take(self, waiter, &value)) {
        vow__line_give(self, waiter, value);
    } else {
        vow__list_append(&self->waiting, &waiter->link);
        line_arm(self);
    }
    return &waiter->promise;
}

vow_promise *vow__line_wait(vow__line *self, const vow__kind *kind, const char *site)
{
    vow__waiter *waiter = vow__waiter_new(self, sizeof *waiter, kind, site);

    return waiter ? vow__line_ask(self, waiter) : vow__refusal(vow__loop_of(self->object));
}

vow__waiter *vow__line_take_first(vow__line *self)
{
    vow__waiter *waiter = vow__line_first(self);

    line_remove(self, waiter);
    return waiter;
}

void vow__line_offer(vow__line *self)
{
    vow_value value;

    while (!vow__line_is_empty(self) && self->kind->take(self, vow__line_first(self), &value))
        vow__line_give(self, vow__line_take_first(self), value);
}

void vow__line_end(vow__line *self)
{
    while (!vow__line_is_empty(self)) {
        vow__waiter *waiter = vow__line_take_first(self);

        vow__settle(&waiter->promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
    }
}

void vow__line_stop(vow__line *self)
{
    line_disarm(self);
    self->is_stopped = true;
    while (!vow__list_is_empty(&self->told)) {
        vow__waiter *waiter = VOW__CONTAINER_OF(vow__list_take_first(&self->told), vow__waiter, link);

        vow__list_init(&waiter->link);
        waiter->line = NULL;
    }
}

void vow__waiter_halt(vow_promise *promise)
{
    vow__waiter *waiter = (vow__waiter *) promise;
    vow__line *line = waiter->line;

    line_remove(line, waiter);
    if (line->kind->left && !line->is_stopped)
        line->kind->left(line, waiter);
}

bool vow__taker_put_back(vow_promise *promise, vow_value value)
{
    vow__waiter *waiter = (vow__waiter *) promise;
    vow__line *line = waiter->line;

    if (!line)
        return false;
    line->kind->put_back(line, waiter, value);
    vow__line_offer(line);
    return true;
}

void vow__taker_dispose(vow_promise *promise)
{
    vow__list_unlink(&((vow__waiter *) promise)->link);
}

const vow_promise *vow__waiter_input(const vow_promise *promise)
{
    const vow__line *line = ((const vow__waiter *) promise)->line;

    return line ? line->object : NULL;
}
