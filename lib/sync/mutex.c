/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mutex: one lock, and one stake for it. Debug builds also note which task asked for the lock that is
 * out. A waiter's `place` is the number of that task, or 0.
 */
#include <errno.h>

#include <vow/sync.h>

#include "base/misuse-private.h"
#include "sync/stake-private.h"
#include "task/task-private.h"

typedef struct mutex_store {
    vow__store store;
    vow__stake lock;
} mutex_store;

struct vow_mutex {
    vow_promise promise;
    vow__line line;
    mutex_store *store;  /* NULL while it is made, and once it was stopped */
    uint64_t holder;     /* in debug builds: of the task that has the lock; 0 if that is not known */
    const char *held_at; /* where the lock that is out was asked for */
    bool is_locked;
};

static void mutex_back(vow__store *store, vow__stake *stake)
{
    vow_mutex *self = (vow_mutex *) store->object;

    (void) stake;
    if (!self)
        return;
    self->is_locked = false;
    vow__line_offer(&self->line);
}

static const vow__store_kind mutex_store_kind = {sizeof(mutex_store), mutex_back, NULL};

static vow_value mutex_hand_out(vow_mutex *self, uint64_t holder, const char *site)
{
    self->is_locked = true;
    self->holder = holder;
    self->held_at = site;
    return vow__stake_give(&self->store->lock, &vow_type_lock);
}

static bool take_lock(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_mutex *self = VOW__CONTAINER_OF(line, vow_mutex, line);

    if (self->is_locked)
        return false;
    *value = mutex_hand_out(self, waiter->place, waiter->promise.site);
    return true;
}

static void mutex_halt(vow_promise *promise)
{
    vow_mutex *self = (vow_mutex *) promise;

    vow__line_stop(&self->line);
    if (self->store)
        vow__store_leave(&self->store->store);
    self->store = NULL;
}

static const vow__kind mutex_kind = {.name = "mutex", .halt = mutex_halt};
static const vow__kind mutex_lock_kind = VOW__WAITER_KIND("mutex_lock");
static const vow__line_kind mutex_line = {.take = take_lock};

vow_mutex *vow_mutex_new_at(vow_loop *loop, const char *site)
{
    vow_mutex *self;

    vow__check_loop(loop, "vow_mutex_new", site);
    self = vow__object_new(loop, sizeof *self, &mutex_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &mutex_line, &self->promise);
    self->is_locked = false;
    self->store = vow__store_new(&mutex_store_kind, &self->promise);
    if (self->store) {
        self->store->lock = (vow__stake){&self->store->store, 1};
        return self;
    }
    vow_unref(&self->promise);
    errno = ENOMEM;
    return NULL;
}

/*
 * A task that asks for the lock that it has waits for itself. The lock that its last await gave is not meant:
 * that goes as soon as the task awaits once more. A list that the await gave may have it, too.
 */
#ifdef VOW_DEBUG
static bool is_about_to_go(const vow_mutex *self, const vow_value *value)
{
    return value && (value->type == &vow_type_list ||
                     (value->type == &vow_type_lock && value->u.pointer == &self->store->lock));
}

static void check_holder(const vow_mutex *self, const vow__body *body, const char *site)
{
    if (body && self->is_locked && self->holder == body->number && !is_about_to_go(self, body->frame->result))
        vow__misuse_at("vow_mutex_lock", self->promise.site, site,
                       "the task has the lock already, which it asked for at %s",
                       vow__site_text(self->held_at));
}
#else
#define check_holder(self, body, site) ((void) 0)
#endif

vow_promise *vow_mutex_lock_at(vow_mutex *mutex, const char *site)
{
    const vow__body *body;
    vow__waiter *waiter;

    vow__check_handle(mutex, "mutex", "vow_mutex_lock", site);
    body = vow__body_of(vow__loop_of(&mutex->promise));
    check_holder(mutex, body, site);
    waiter = vow__waiter_new(&mutex->line, sizeof *waiter, &mutex_lock_kind, site);
    if (!waiter)
        return vow__refusal(vow__loop_of(&mutex->promise));
    waiter->place = body ? body->number : 0;
    return vow__line_ask(&mutex->line, waiter);
}

bool vow_mutex_try_lock_at(vow_mutex *mutex, vow_value *lock, const char *site)
{
    const vow__body *body;

    vow__check_handle(mutex, "mutex", "vow_mutex_try_lock", site);
    vow__check_pointer(lock, "lock", "vow_mutex_try_lock", site);
    *lock = vow_nil();
    if (!mutex->store || mutex->is_locked)
        return false;
    body = vow__body_of(vow__loop_of(&mutex->promise));
    *lock = mutex_hand_out(mutex, body ? body->number : 0, site);
    return true;
}

void vow_mutex_free(vow_mutex *mutex)
{
    if (!mutex)
        return;
    vow__check_handle(mutex, "mutex", "vow_mutex_free", NULL);
    vow__line_end(&mutex->line);
    vow_unref(&mutex->promise);
}
