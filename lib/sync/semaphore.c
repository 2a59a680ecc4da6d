/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The semaphore. A waiter's `place` is how many permits it asks for. The first in line waits until there are
 * as many, and nobody passes it.
 *
 * All values for one permit are of one stake. A value for several has a stake of its own, which must be there
 * when it is handed out. Of these there can be no more at a time than half of the permits. So stakes are made
 * as calls ask for them, up to that number, and used again and again.
 */
#include <errno.h>
#include <stdint.h>

#include <vow/sync.h>

#include "base/allocator-private.h"
#include "sync/stake-private.h"

/* A larger number can only be a negative one by mistake. */
#define PERMITS_MAX (SIZE_MAX / 2)
/* How many stakes are made at a time, at least. */
#define STAKES_MIN 16

typedef struct several {
    vow__stake stake;
    struct several *next; /* among those that are spare */
} several;

typedef struct several_block {
    struct several_block *next;
    size_t count;
    several stakes[];
} several_block;

typedef struct permit_store {
    vow__store store;
    vow__stake one;
    several_block *blocks;
    several *spare;
    size_t made;   /* how many stakes there are in the blocks */
    size_t wanted; /* how many calls for several wait or have their value */
} permit_store;

struct vow_semaphore {
    vow_promise promise;
    vow__line line;
    permit_store *permits; /* NULL while it is made */
    size_t total, available;
};

static size_t several_size(size_t count)
{
    return sizeof(several_block) + count * sizeof(several);
}

static void permits_dispose(vow__store *store)
{
    several_block *block = ((permit_store *) store)->blocks;

    while (block) {
        several_block *next = block->next;

        vow__release(block, several_size(block->count));
        block = next;
    }
}

static void permits_back(vow__store *store, vow__stake *stake)
{
    permit_store *self = (permit_store *) store;
    vow_semaphore *semaphore = (vow_semaphore *) store->object;
    size_t count = stake->count;

    if (stake != &self->one) {
        several *spare = VOW__CONTAINER_OF(stake, several, stake);

        spare->next = self->spare;
        self->spare = spare;
        self->wanted--;
    }
    if (!semaphore)
        return;
    semaphore->available += count;
    vow__line_offer(&semaphore->line);
}

static const vow__store_kind permits_kind = {sizeof(permit_store), permits_back, permits_dispose};

/* How many stakes there must be for so many calls. */
static size_t stakes_needed(const vow_semaphore *self, size_t wanted)
{
    return wanted < self->total / 2 ? wanted : self->total / 2;
}

/* Makes sure that there is a stake for one call more, when its turn comes. False when there is no memory. */
static bool stakes_prepare(vow_semaphore *self)
{
    permit_store *store = self->permits;
    size_t count = store->made > STAKES_MIN ? store->made : STAKES_MIN;
    several_block *block;

    if (stakes_needed(self, store->wanted + 1) <= store->made)
        return true;
    if (count > self->total / 2 - store->made)
        count = self->total / 2 - store->made;
    block =
        count < (SIZE_MAX / 2 - sizeof *block) / sizeof(several) ? vow__allocate(several_size(count)) : NULL;
    if (!block)
        return false;
    block->next = store->blocks;
    block->count = count;
    store->blocks = block;
    store->made += count;
    for (size_t i = 0; i < count; i++) {
        block->stakes[i].stake.store = &store->store;
        block->stakes[i].next = store->spare;
        store->spare = &block->stakes[i];
    }
    return true;
}

static vow_value hand_out(vow_semaphore *self, size_t count)
{
    permit_store *store = self->permits;
    several *stake = store->spare;

    self->available -= count;
    if (count == 1)
        return vow__stake_give(&store->one, &vow_type_permit);
    store->spare = stake->next;
    stake->stake.count = count;
    return vow__stake_give(&stake->stake, &vow_type_permit);
}

static bool take_permits(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_semaphore *self = VOW__CONTAINER_OF(line, vow_semaphore, line);

    if (self->available < waiter->place)
        return false;
    *value = hand_out(self, (size_t) waiter->place);
    return true;
}

/* The next one may ask for less. */
static void want_no_permits(vow__line *line, vow__waiter *waiter)
{
    if (waiter->place > 1)
        VOW__CONTAINER_OF(line, vow_semaphore, line)->permits->wanted--;
    vow__line_offer(line);
}

static void semaphore_halt(vow_promise *promise)
{
    vow_semaphore *self = (vow_semaphore *) promise;

    vow__line_stop(&self->line);
    if (self->permits)
        vow__store_leave(&self->permits->store);
    self->permits = NULL;
}

static const vow__kind semaphore_kind = {.name = "semaphore", .halt = semaphore_halt};
static const vow__kind acquire_kind = VOW__WAITER_KIND("semaphore_acquire");
static const vow__line_kind permits_line = {.take = take_permits, .left = want_no_permits};

static permit_store *permits_new(vow_promise *object)
{
    permit_store *self = vow__store_new(&permits_kind, object);

    if (!self)
        return NULL;
    self->one = (vow__stake){&self->store, 1};
    self->blocks = NULL;
    self->spare = NULL;
    self->made = 0;
    self->wanted = 0;
    return self;
}

vow_semaphore *vow_semaphore_new_at(vow_loop *loop, size_t permits, const char *site)
{
    vow_semaphore *self;

    vow__check_loop(loop, "vow_semaphore_new", site);
    if (!permits || permits > PERMITS_MAX) {
        errno = EINVAL;
        return NULL;
    }
    self = vow__object_new(loop, sizeof *self, &semaphore_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &permits_line, &self->promise);
    self->total = permits;
    self->available = permits;
    self->permits = permits_new(&self->promise);
    if (self->permits)
        return self;
    vow_unref(&self->promise);
    errno = ENOMEM;
    return NULL;
}

static vow_promise *acquire(vow_semaphore *self, size_t count, const char *site)
{
    vow__waiter *waiter = vow__waiter_new(&self->line, sizeof *waiter, &acquire_kind, site);

    if (!waiter)
        return vow__refusal(vow__loop_of(&self->promise));
    waiter->place = count;
    return vow__line_ask(&self->line, waiter);
}

vow_promise *vow_semaphore_acquire_at(vow_semaphore *semaphore, const char *site)
{
    vow__check_handle(semaphore, "semaphore", "vow_semaphore_acquire", site);
    return acquire(semaphore, 1, site);
}

static vow_promise *acquire_several(vow_semaphore *self, size_t count, const char *site)
{
    vow_promise *promise;

    if (!self->permits || !stakes_prepare(self))
        return vow__refusal(vow__loop_of(&self->promise));
    self->permits->wanted++;
    promise = acquire(self, count, site);
    if (vow__is_rejected(promise))
        self->permits->wanted--;
    return promise;
}

vow_promise *vow_semaphore_acquire_many_at(vow_semaphore *semaphore, size_t n, const char *site)
{
    vow__check_handle(semaphore, "semaphore", "vow_semaphore_acquire_many", site);
    if (!n || n > semaphore->total)
        return vow_rejected_at(vow__loop_of(&semaphore->promise),
                               vow_error_new_at(site, EINVAL,
                                                "vow_semaphore_acquire_many: %zu of %zu permits", n,
                                                semaphore->total),
                               site);
    return n == 1 ? acquire(semaphore, 1, site) : acquire_several(semaphore, n, site);
}

bool vow_semaphore_try_acquire_at(vow_semaphore *semaphore, vow_value *permit, const char *site)
{
    vow__check_handle(semaphore, "semaphore", "vow_semaphore_try_acquire", site);
    vow__check_pointer(permit, "permit", "vow_semaphore_try_acquire", site);
    *permit = vow_nil();
    if (!semaphore->permits || !semaphore->available || !vow__line_is_empty(&semaphore->line))
        return false;
    *permit = hand_out(semaphore, 1);
    return true;
}

size_t vow_semaphore_available_at(const vow_semaphore *semaphore, const char *site)
{
    vow__check_handle(semaphore, "semaphore", "vow_semaphore_available", site);
    return semaphore->available;
}

void vow_semaphore_free(vow_semaphore *semaphore)
{
    if (!semaphore)
        return;
    vow__check_handle(semaphore, "semaphore", "vow_semaphore_free", NULL);
    vow__line_end(&semaphore->line);
    vow_unref(&semaphore->promise);
}
