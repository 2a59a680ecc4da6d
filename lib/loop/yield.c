/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns of the ev_loop: the kind yield, which settles after the ev_loop has looked for events once, and the
 * operations that are put off until then because a budget is spent. However many wait, a loop has one pair of
 * watchers for them, active only while somebody waits.
 */
#include <vow/time.h>

#include "loop/loop-private.h"

typedef struct vow__yield {
    vow_promise promise;
    vow__link link; /* in the loop's `yielding` */
} vow__yield;

static void start_watchers(vow__ev_loop *loop)
{
    ev_check_start(loop->ev, &loop->turn);
    ev_idle_start(loop->ev, &loop->no_wait);
}

static void stop_watchers(vow__ev_loop *loop)
{
    ev_check_stop(loop->ev, &loop->turn);
    ev_idle_stop(loop->ev, &loop->no_wait);
}

void vow__put_off(vow_promise *promise)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));

    promise->wait.upstream = 0;
    promise->mode = VOW__WAIT_REACTION;
    vow__list_append(&loop->put_off, &promise->wait.link);
    start_watchers(loop);
}

/* Lets as many go on as one budget allows. The others keep their places. */
static void yield_admit(vow__ev_loop *loop)
{
    for (int i = 0; i < VOW__BUDGET && !vow__list_is_empty(&loop->put_off); i++)
        vow__list_append(&loop->core.queue, vow__list_take_first(&loop->put_off));
    if (!vow__list_is_empty(&loop->core.queue))
        vow__notify(&loop->core);
    if (!vow__list_is_empty(&loop->put_off))
        start_watchers(loop);
}

static void turn_cb(EV_P_ ev_check *watcher, int revents)
{
    vow__ev_loop *self = watcher->data;
    bool is_first = vow__loop_enter(self);

    vow__ignore(EV_A_ revents);
    stop_watchers(self);
    while (!vow__list_is_empty(&self->yielding)) {
        vow__yield *yield = VOW__CONTAINER_OF(self->yielding.next, vow__yield, link);

        vow__list_unlink(&yield->link);
        vow__fulfil(&yield->promise, vow_nil());
    }
    yield_admit(self);
    vow__loop_leave(self, is_first);
}

static void no_wait_cb(EV_P_ ev_idle *watcher, int revents)
{
    (void) watcher;
    vow__ignore(EV_A_ revents);
}

void vow__yield_init(vow__ev_loop *loop)
{
    ev_check_init(&loop->turn, turn_cb);
    ev_idle_init(&loop->no_wait, no_wait_cb);
    ev_set_priority(&loop->no_wait, EV_MAXPRI);
    loop->turn.data = loop;
    vow__list_init(&loop->yielding);
    vow__list_init(&loop->put_off);
}

void vow__yield_close(vow__ev_loop *loop)
{
    stop_watchers(loop);
}

static void yield_stop(vow_promise *promise)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));

    vow__list_unlink(&((vow__yield *) promise)->link);
    if (vow__list_is_empty(&loop->yielding) && vow__list_is_empty(&loop->put_off))
        stop_watchers(loop);
}

static const vow__kind yield_kind = {.name = "yield", .halt = yield_stop};

vow_promise *vow_yield_at(vow_loop *loop, const char *site)
{
    vow__ev_loop *host = vow__ev_loop_of(loop);
    vow__yield *self;

    vow__check_loop(loop, "vow_yield", site);
    self = vow__promise_new(loop, sizeof *self, &yield_kind, site);
    if (!self)
        return vow__refusal(loop);
    vow__list_append(&host->yielding, &self->link);
    start_watchers(host);
    return &self->promise;
}
