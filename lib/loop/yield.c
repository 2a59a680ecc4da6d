/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind yield: settles after the ev_loop has looked for events once. However many wait, there is one pair
 * of watchers a loop, active only while somebody does.
 */
#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct vow__yield {
    vow_promise promise;
    vow__link link; /* in the loop's `yielding` */
} vow__yield;

static void stop_watchers(vow__ev_loop *loop)
{
    ev_check_stop(loop->ev, &loop->turn);
    ev_idle_stop(loop->ev, &loop->no_wait);
}

static void turn_cb(EV_P_ ev_check *watcher, int revents)
{
    vow__ev_loop *self = watcher->data;

    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    stop_watchers(self);
    while (!vow__list_is_empty(&self->yielding)) {
        vow__yield *yield = VOW__CONTAINER_OF(self->yielding.next, vow__yield, link);

        vow__list_unlink(&yield->link);
        vow__fulfil(&yield->promise, vow_nil());
    }
}

static void no_wait_cb(EV_P_ ev_idle *watcher, int revents)
{
    (void) watcher;
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
}

void vow__yield_init(vow__ev_loop *loop)
{
    ev_check_init(&loop->turn, turn_cb);
    ev_idle_init(&loop->no_wait, no_wait_cb);
    ev_set_priority(&loop->no_wait, EV_MAXPRI);
    loop->turn.data = loop;
    vow__list_init(&loop->yielding);
}

void vow__yield_close(vow__ev_loop *loop)
{
    stop_watchers(loop);
}

static void yield_stop(vow_promise *promise)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));

    vow__list_unlink(&((vow__yield *) promise)->link);
    if (vow__list_is_empty(&loop->yielding))
        stop_watchers(loop);
}

static const vow__kind yield_kind = {.name = "yield", .stop = yield_stop};

vow_promise *vow_yield_at(vow_loop *loop, const char *site)
{
    vow__ev_loop *host = vow__ev_loop_of(loop);
    vow__yield *self;

    vow__check_loop(loop, "vow_yield", site);
    self = (void *) vow__promise_new(loop, sizeof *self, &yield_kind, site);
    if (!self)
        return vow__emergency(loop);
    if (vow__list_is_empty(&host->yielding)) {
        ev_check_start(host->ev, &host->turn);
        ev_idle_start(host->ev, &host->no_wait);
    }
    vow__list_append(&host->yielding, &self->link);
    return &self->promise;
}
