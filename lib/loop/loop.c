/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binds the job queue to an ev_loop. When a callback has filled the queue, a watcher of ours is fed at the
 * highest priority. libev invokes that next, before anything else that is pending.
 */
#include "loop/loop-private.h"

#include <errno.h>

#include <vow/loop.h>

#include "base/misuse-private.h"
#include "loop/inbox-private.h"

static void drain_cb(EV_P_ ev_prepare *watcher, int revents)
{
    vow__ignore(EV_A_ revents);
    vow__loop_drain(watcher->data);
}

static void loop_wake(vow_loop *core)
{
    vow__ev_loop *self = vow__ev_loop_of(core);

    ev_feed_event(self->ev, &self->drain, EV_CUSTOM);
}

static bool loop_finish(vow_loop *core)
{
    return vow__inbox_finish(vow__ev_loop_of(core));
}

static vow__loop_hook *hook_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__loop_hook, link);
}

static void release_hooks(vow__ev_loop *self)
{
    for (vow__link *link = self->hooks.next, *next; link != &self->hooks; link = next) {
        next = link->next;
        if (hook_of(link)->kind->release)
            hook_of(link)->kind->release(hook_of(link));
    }
}

static void loop_end(vow_loop *core)
{
    vow__at_end_run(vow__ev_loop_of(core));
}

static void close_loop(vow_loop *core)
{
    vow__ev_loop *self = vow__ev_loop_of(core);

    release_hooks(self);
    ev_clear_pending(self->ev, &self->drain);
    vow__yield_close(self);
    vow__run_close(self);
    vow__inbox_close(self);
    vow__bytes_free(self->spare);
    self->spare = NULL;
}

static const vow__host host = {loop_wake, loop_finish, vow__loop_is_late, loop_end, close_loop};

vow_loop *vow_loop_new_at(struct ev_loop *ev, const char *site)
{
    vow__ev_loop *self;

    if (!ev)
        vow__misuse_null("vow_loop_new", "ev_loop", site);
    self = (vow__ev_loop *) (void *) vow__loop_new(sizeof *self, &host);
    if (!self) {
        errno = ENOMEM;
        return NULL;
    }
    self->ev = ev;
    ev_prepare_init(&self->drain, drain_cb);
    ev_set_priority(&self->drain, EV_MAXPRI);
    self->drain.data = self;
    self->core.patience = VOW__PATIENCE;
    vow__list_init(&self->hooks);
    vow__yield_init(self);
    vow__idle_init(self);
    /* Feeding may make libev enlarge its array of pending events. It does so now, and not when a promise
     * settles. */
    loop_wake(&self->core);
    ev_clear_pending(ev, &self->drain);
    if (vow__run_init(self))
        return &self->core;
    vow__loop_close(&self->core);
    errno = ENOMEM;
    return NULL;
}

void vow__loop_hook_add(vow__loop_hook *self, const vow__loop_hook_kind *kind, vow_loop *loop)
{
    self->kind = kind;
    vow__list_append(&vow__ev_loop_of(loop)->hooks, &self->link);
}

static void close_hooks(vow__ev_loop *self)
{
    for (vow__link *link = self->hooks.next, *next; link != &self->hooks; link = next) {
        next = link->next;
        if (hook_of(link)->kind->close)
            hook_of(link)->kind->close(hook_of(link));
    }
}

void vow_loop_free(vow_loop *loop)
{
    if (!loop)
        return;
    vow__check_loop(loop, "vow_loop_free", NULL);
    if (loop->is_closed)
        vow__misuse("vow_loop_free", NULL, "the loop %s already",
                    loop->busy ? "is being freed" : "was freed");
    if (vow__is_occupied(loop))
        vow__misuse("vow_loop_free", loop->running ? loop->running->site : NULL,
                    "the loop cannot be freed from inside a handler");
    vow__run_check_left(vow__ev_loop_of(loop), VOW__FRAME, "vow_loop_free");
    if (vow__ev_loop_of(loop)->runner)
        vow__misuse("vow_loop_free", NULL, "the loop cannot be freed while vow_run() drives it");
    close_hooks(vow__ev_loop_of(loop));
    vow__loop_close(loop);
}

void vow_loop_fork_at(vow_loop *loop, const char *site)
{
    vow__ev_loop *self = vow__ev_loop_of(loop);

    vow__check_loop(loop, "vow_loop_fork", site);
    ev_loop_fork(self->ev);
    for (vow__link *link = self->hooks.next, *next; link != &self->hooks; link = next) {
        next = link->next;
        if (hook_of(link)->kind->forked)
            hook_of(link)->kind->forked(hook_of(link));
    }
    vow__inbox_forked(self);
}

struct ev_loop *vow_loop_ev_at(const vow_loop *loop, const char *site)
{
    vow__check_loop(loop, "vow_loop_ev", site);
    return ((const vow__ev_loop *) (const void *) loop)->ev;
}

void vow_loop_set_data_at(vow_loop *loop, void *data, const char *site)
{
    vow__check_loop(loop, "vow_loop_set_data", site);
    vow__ev_loop_of(loop)->data = data;
}

void *vow_loop_data_at(const vow_loop *loop, const char *site)
{
    vow__check_loop(loop, "vow_loop_data", site);
    return ((const vow__ev_loop *) (const void *) loop)->data;
}

size_t vow_loop_live_at(const vow_loop *loop, const char *site)
{
    vow__check_loop(loop, "vow_loop_live", site);
    return vow__pools_count(&loop->pools);
}
