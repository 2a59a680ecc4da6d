/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind idle: settles when the ev_loop has no other event. However many wait, a loop has one watcher for
 * them, of the lowest priority and active only while somebody waits. They are told in the order in which they
 * came.
 */
#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct idler {
    vow_promise promise;
    vow__link link; /* in the loop's `idling`; alone once it is told */
    uint64_t number;
} idler;

static idler *idle_first_of(const vow__ev_loop *loop)
{
    return VOW__CONTAINER_OF(loop->idling.next, idler, link);
}

static void idle_leave(vow__ev_loop *loop, idler *self)
{
    vow__list_unlink(&self->link);
    vow__list_init(&self->link);
    if (vow__list_is_empty(&loop->idling))
        ev_idle_stop(loop->ev, &loop->no_work);
}

/* Tells those who waited when this began, but not those who come meanwhile. Ends early when another event
 * comes: the rest goes on waiting. */
static void no_work_cb(EV_P_ ev_idle *watcher, int revents)
{
    vow__ev_loop *self = watcher->data;
    uint64_t last = self->idlers;

    vow__ignore(EV_A_ revents);
    while (!vow__list_is_empty(&self->idling) && idle_first_of(self)->number <= last &&
           !ev_pending_count(self->ev)) {
        idler *first = idle_first_of(self);

        idle_leave(self, first);
        vow__resolve_and_leave(&first->promise, vow_nil());
    }
}

void vow__idle_init(vow__ev_loop *loop)
{
    ev_idle_init(&loop->no_work, no_work_cb);
    ev_set_priority(&loop->no_work, EV_MINPRI);
    loop->no_work.data = loop;
    vow__list_init(&loop->idling);
}

static void idle_stop(vow_promise *promise)
{
    idler *self = (idler *) promise;

    if (!vow__list_is_empty(&self->link))
        idle_leave(vow__ev_loop_of(vow__loop_of(promise)), self);
}

static const vow__kind idle_kind = {.name = "idle", .halt = idle_stop};

vow_promise *vow_idle_at(vow_loop *loop, const char *site)
{
    vow__ev_loop *host = vow__ev_loop_of(loop);
    idler *self;

    vow__check_loop(loop, "vow_idle", site);
    self = vow__promise_new(loop, sizeof *self, &idle_kind, site);
    if (!self)
        return vow__refusal(loop);
    self->number = ++host->idlers;
    vow__list_append(&host->idling, &self->link);
    ev_idle_start(host->ev, &host->no_work);
    return &self->promise;
}
