/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock that many may have to read, or one to write. Readers and writers wait in one line, so none is
 * passed. There is one stake for all readers and one for the writer.
 */
#include <errno.h>

#include <vow/sync.h>

#include "sync/stake-private.h"

/* A waiter's place, and what its stake counts. */
enum { READ, WRITE };

typedef struct rwlock_store {
    vow__store store;
    vow__stake stakes[2]; /* of READ and of WRITE */
} rwlock_store;

struct vow_rwlock {
    vow_promise promise;
    vow__line line;
    rwlock_store *store; /* NULL while it is made, and once it was stopped */
    size_t readers;
    bool has_writer;
};

static void rwlock_back(vow__store *store, vow__stake *stake)
{
    vow_rwlock *self = (vow_rwlock *) store->object;

    if (!self)
        return;
    if (stake->count == WRITE)
        self->has_writer = false;
    else
        self->readers--;
    vow__line_offer(&self->line);
}

static const vow__store_kind rwlock_store_kind = {sizeof(rwlock_store), rwlock_back, NULL};

static bool take_read_or_write(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_rwlock *self = VOW__CONTAINER_OF(line, vow_rwlock, line);

    if (self->has_writer || (waiter->place == WRITE && self->readers))
        return false;
    if (waiter->place == WRITE)
        self->has_writer = true;
    else
        self->readers++;
    *value = vow__stake_give(&self->store->stakes[waiter->place], &vow_type_lock);
    return true;
}

/* Readers may have waited behind a writer that is gone. */
static void leave_rwlock(vow__line *line, vow__waiter *waiter)
{
    (void) waiter;
    vow__line_offer(line);
}

static void rwlock_halt(vow_promise *promise)
{
    vow_rwlock *self = (vow_rwlock *) promise;

    vow__line_stop(&self->line);
    if (self->store)
        vow__store_leave(&self->store->store);
    self->store = NULL;
}

static const vow__kind rwlock_kind = {.name = "rwlock", .halt = rwlock_halt};
static const vow__kind rwlock_wait_kinds[2] = {VOW__WAITER_KIND("rwlock_read"),
                                               VOW__WAITER_KIND("rwlock_write")};
static const vow__line_kind rwlock_line = {.take = take_read_or_write, .left = leave_rwlock};

vow_rwlock *vow_rwlock_new_at(vow_loop *loop, const char *site)
{
    vow_rwlock *self;

    vow__check_loop(loop, "vow_rwlock_new", site);
    self = vow__object_new(loop, sizeof *self, &rwlock_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &rwlock_line, &self->promise);
    self->readers = 0;
    self->has_writer = false;
    self->store = vow__store_new(&rwlock_store_kind, &self->promise);
    if (self->store) {
        self->store->stakes[READ] = (vow__stake){&self->store->store, READ};
        self->store->stakes[WRITE] = (vow__stake){&self->store->store, WRITE};
        return self;
    }
    vow_unref(&self->promise);
    errno = ENOMEM;
    return NULL;
}

static vow_promise *rwlock_wait(vow_rwlock *self, int what, const char *site)
{
    vow__waiter *waiter = vow__waiter_new(&self->line, sizeof *waiter, &rwlock_wait_kinds[what], site);

    if (!waiter)
        return vow__refusal(vow__loop_of(&self->promise));
    waiter->place = (uint64_t) what;
    return vow__line_ask(&self->line, waiter);
}

vow_promise *vow_rwlock_read_at(vow_rwlock *rwlock, const char *site)
{
    vow__check_handle(rwlock, "rwlock", "vow_rwlock_read", site);
    return rwlock_wait(rwlock, READ, site);
}

vow_promise *vow_rwlock_write_at(vow_rwlock *rwlock, const char *site)
{
    vow__check_handle(rwlock, "rwlock", "vow_rwlock_write", site);
    return rwlock_wait(rwlock, WRITE, site);
}

void vow_rwlock_free(vow_rwlock *rwlock)
{
    if (!rwlock)
        return;
    vow__check_handle(rwlock, "rwlock", "vow_rwlock_free", NULL);
    vow__line_end(&rwlock->line);
    vow_unref(&rwlock->promise);
}
