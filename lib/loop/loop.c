/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binds the job queue to an ev_loop: when a callback has filled the queue, a watcher of ours is fed at the
 * highest priority, which libev invokes next, before anything else that is pending.
 */
#include "loop/loop-private.h"

#include <vow/loop.h>

#include "base/misuse-private.h"
#include "loop/inbox-private.h"

void vow__loop_drain(vow__ev_loop *loop)
{
    vow__budget_renew(loop);
    vow__drain(&loop->core);
}

static void drain_cb(EV_P_ ev_prepare *watcher, int revents)
{
    (void) revents;
#if EV_MULTIPLICITY
    (void) loop;
#endif
    vow__loop_drain(watcher->data);
}

static void wake(vow_loop *core)
{
    vow__ev_loop *self = vow__ev_loop_of(core);

    ev_feed_event(self->ev, &self->drain, EV_CUSTOM);
}

static bool finish(vow_loop *core)
{
    return vow__inbox_finish(vow__ev_loop_of(core));
}

static vow__ward *ward_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__ward, link);
}

static void release_wards(vow__ev_loop *self)
{
    for (vow__link *link = self->wards.next, *next; link != &self->wards; link = next) {
        next = link->next;
        if (ward_of(link)->kind->release)
            ward_of(link)->kind->release(ward_of(link));
    }
}

static void close_loop(vow_loop *core)
{
    vow__ev_loop *self = vow__ev_loop_of(core);

    release_wards(self);
    ev_clear_pending(self->ev, &self->drain);
    vow__yield_close(self);
    vow__inbox_close(self);
    vow__bytes_free(self->spare);
    self->spare = NULL;
}

static const vow__host host = {wake, finish, close_loop};

vow_loop *vow_loop_new(struct ev_loop *ev)
{
    vow__ev_loop *self;

    if (!ev)
        vow__misuse("vow_loop_new", NULL, "the ev_loop is NULL");
    self = (vow__ev_loop *) (void *) vow__loop_new(sizeof *self, &host);
    if (!self)
        return NULL;
    self->ev = ev;
    ev_prepare_init(&self->drain, drain_cb);
    ev_set_priority(&self->drain, EV_MAXPRI);
    self->drain.data = self;
    self->patience = VOW__PATIENCE;
    vow__list_init(&self->wards);
    vow__yield_init(self);
    vow__idle_init(self);
    vow__run_init(self);
    /* Feeding may make libev enlarge its array of pending events: now, and not when a promise settles. */
    wake(&self->core);
    ev_clear_pending(ev, &self->drain);
    return &self->core;
}

void vow__ward_add(vow__ward *self, const vow__ward_kind *kind, vow_loop *loop)
{
    self->kind = kind;
    vow__list_append(&vow__ev_loop_of(loop)->wards, &self->link);
}

static void close_wards(vow__ev_loop *self)
{
    for (vow__link *link = self->wards.next, *next; link != &self->wards; link = next) {
        next = link->next;
        ward_of(link)->kind->close(ward_of(link));
    }
}

void vow_loop_free(vow_loop *loop)
{
    if (!loop)
        return;
    vow__check_loop(loop, "vow_loop_free", NULL);
    if (loop->is_closed)
        vow__misuse("vow_loop_free", NULL, "the loop is being freed already");
    if (loop->is_draining || loop->busy)
        vow__misuse("vow_loop_free", loop->running ? loop->running->site : NULL,
                    "the loop cannot be freed from inside a handler");
    if (vow__ev_loop_of(loop)->runner)
        vow__misuse("vow_loop_free", NULL, "the loop cannot be freed while vow_run() drives it");
    close_wards(vow__ev_loop_of(loop));
    vow__loop_close(loop);
}

void vow_loop_fork(vow_loop *loop)
{
    vow__ev_loop *self = vow__ev_loop_of(loop);

    vow__check_loop(loop, "vow_loop_fork", NULL);
    ev_loop_fork(self->ev);
    for (vow__link *link = self->wards.next, *next; link != &self->wards; link = next) {
        next = link->next;
        ward_of(link)->kind->forked(ward_of(link));
    }
    vow__inbox_forked(self);
}

struct ev_loop *vow_loop_ev(const vow_loop *loop)
{
    vow__check_loop(loop, "vow_loop_ev", NULL);
    return ((const vow__ev_loop *) (const void *) loop)->ev;
}

size_t vow_loop_live(const vow_loop *loop)
{
    vow__check_loop(loop, "vow_loop_live", NULL);
    return vow__pools_count(&loop->pools);
}
