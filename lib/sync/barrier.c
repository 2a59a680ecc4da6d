/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The barrier: those who wait go on together, as soon as there are enough of them. Then it begins anew. Who
 * leaves before has not arrived. So the number of an arrival is its place in line when all go on.
 */
#include <errno.h>
#include <stdint.h>

#include <vow/sync.h>

#include "core/line-private.h"

/* A larger number can only be a negative one by mistake. */
#define PARTIES_MAX (SIZE_MAX / 2)

struct vow_barrier {
    vow_promise promise;
    vow__line line;
    size_t parties;
    size_t arrived; /* how many wait, the one who is arriving counted */
    size_t passed;  /* how many of them have gone on already, while they do */
};

static bool take_passage(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_barrier *self = VOW__CONTAINER_OF(line, vow_barrier, line);

    (void) waiter;
    if (self->arrived < self->parties)
        return false;
    *value = vow_int((int64_t) self->passed++);
    return true;
}

static void take_arrival_back(vow__line *line, vow__waiter *waiter)
{
    (void) waiter;
    VOW__CONTAINER_OF(line, vow_barrier, line)->arrived--;
}

static void barrier_halt(vow_promise *promise)
{
    vow__line_stop(&((vow_barrier *) promise)->line);
}

static const vow__kind barrier_kind = {.name = "barrier", .halt = barrier_halt};
static const vow__kind barrier_wait_kind = VOW__WAITER_KIND("barrier_wait");
static const vow__line_kind barrier_line = {.take = take_passage, .left = take_arrival_back};

vow_barrier *vow_barrier_new_at(vow_loop *loop, size_t parties, const char *site)
{
    vow_barrier *self;

    vow__check_loop(loop, "vow_barrier_new", site);
    if (!parties || parties > PARTIES_MAX) {
        errno = EINVAL;
        return NULL;
    }
    self = vow__object_new(loop, sizeof *self, &barrier_kind, site);
    if (!self)
        return NULL;
    vow__line_init(&self->line, &barrier_line, &self->promise);
    self->parties = parties;
    self->arrived = 0;
    self->passed = 0;
    return self;
}

vow_promise *vow_barrier_wait_at(vow_barrier *barrier, const char *site)
{
    vow__waiter *waiter;
    vow_promise *promise;

    vow__check_handle(barrier, "barrier", "vow_barrier_wait", site);
    waiter = vow__waiter_new(&barrier->line, sizeof *waiter, &barrier_wait_kind, site);
    if (!waiter)
        return vow__refusal(vow__loop_of(&barrier->promise));
    barrier->arrived++;
    vow__line_offer(&barrier->line);
    promise = vow__line_ask(&barrier->line, waiter);
    if (barrier->arrived == barrier->parties)
        barrier->arrived = barrier->passed = 0;
    return promise;
}

void vow_barrier_free(vow_barrier *barrier)
{
    if (!barrier)
        return;
    vow__check_handle(barrier, "barrier", "vow_barrier_free", NULL);
    vow__line_end(&barrier->line);
    vow_unref(&barrier->promise);
}
