/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns those who wait for a source. A source is armed exactly as long as its list of them is not empty and it
 * has not been stopped. When it is freed, nobody waits any more. Those who were told something keep it, and
 * give it back if nobody looks at it, as long as the source is there.
 */
#include "loop/source-private.h"

#include <errno.h>

#include "core/scheduler-private.h"

/* The promise of one who waits. */
typedef struct vow__next {
    vow_promise promise;
    vow__source *source; /* NULL once the source was stopped */
    vow__link link;      /* in source->waiting or source->told */
    uint64_t place;      /* of what it was told: see vow__source_kind.take */
} vow__next;

static const vow__source_kind *source_kind_of(const vow__source *self)
{
    return (const vow__source_kind *) (const void *) self->promise.kind;
}

void *vow__source_new(vow_loop *loop, size_t size, const vow__source_kind *kind, const char *site)
{
    vow__source *self = vow__promise_new(loop, size, &kind->kind, site);

    if (!self) {
        errno = loop->is_closed ? ECANCELED : ENOMEM;
        return NULL;
    }
    vow__list_init(&self->waiting);
    vow__list_init(&self->told);
    self->is_armed = false;
    return self;
}

static void source_disarm(vow__source *self)
{
    if (!self->is_armed)
        return;
    self->is_armed = false;
    source_kind_of(self)->disarm(self);
}

/* Takes one who waits out of the list. The last one disarms the source. */
static void source_leave(vow__next *next)
{
    vow__list_unlink(&next->link);
    vow__list_init(&next->link);
    if (!vow__source_is_awaited(next->source))
        source_disarm(next->source);
}

static void tell(vow__next *next, vow_value value)
{
    vow__list_append(&next->source->told, &next->link);
    vow__resolve(&next->promise, value);
}

vow_promise *vow__source_next(vow__source *self, const char *site)
{
    vow_loop *loop = vow__loop_of(&self->promise);
    vow__next *next = vow__promise_new(loop, sizeof *next, &source_kind_of(self)->next, site);
    vow_value value;

    if (!next)
        return vow__refusal(loop);
    next->source = self;
    if (!vow__source_is_awaited(self) && source_kind_of(self)->take(self, &value, &next->place)) {
        tell(next, value);
        return &next->promise;
    }
    vow__list_append(&self->waiting, &next->link);
    if (!self->is_armed) {
        self->is_armed = true;
        source_kind_of(self)->arm(self);
    }
    return &next->promise;
}

static vow__next *source_first(const vow__source *self)
{
    return VOW__CONTAINER_OF(self->waiting.next, vow__next, link);
}

void vow__source_offer(vow__source *self)
{
    vow_value value;
    uint64_t place;

    if (vow__source_is_awaited(self) && source_kind_of(self)->take(self, &value, &place)) {
        vow__next *next = source_first(self);

        source_leave(next);
        next->place = place;
        tell(next, value);
    }
}

void vow__source_free(vow__source *self)
{
    if (!self)
        return;
    while (vow__source_is_awaited(self)) {
        vow__next *next = source_first(self);

        source_leave(next);
        vow__settle(&next->promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
    }
    vow_unref(&self->promise);
}

void vow__source_hold(vow__source *self)
{
    ev_ref(vow__ev(&self->promise));
}

void vow__source_let_be(vow__source *self)
{
    ev_unref(vow__ev(&self->promise));
}

void vow__source_stop(vow_promise *promise)
{
    vow__source *self = (vow__source *) promise;

    source_disarm(self);
    source_kind_of(self)->close(self);
    while (!vow__list_is_empty(&self->told)) {
        vow__next *next = VOW__CONTAINER_OF(self->told.next, vow__next, link);

        vow__list_unlink(&next->link);
        vow__list_init(&next->link);
        next->source = NULL;
    }
}

void vow__next_stop(vow_promise *promise)
{
    source_leave((vow__next *) promise);
}

void vow__next_put_back(vow_promise *promise, vow_value value)
{
    vow__next *next = (vow__next *) promise;
    vow__source *source = next->source;

    if (!source)
        return; /* the values of sources are plain: none needs to be dropped */
    source_kind_of(source)->put_back(source, value, next->place);
    vow__source_offer(source);
}

void vow__next_dispose(vow_promise *promise)
{
    vow__list_unlink(&((vow__next *) promise)->link);
}
