/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind poll, a promise that is never fulfilled and that the program knows under another name, and
 * poll_next, for those who wait for it. A direction has one watcher, which stays active from one wait to the
 * next. While nobody waits, the ev_loop does not count it, and it is stopped when it fires.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <vow/poll.h>

#include "core/scheduler-private.h"
#include "io/io-private.h"

enum { IN, OUT, DIRECTIONS };

static const int event_of[DIRECTIONS] = {EV_READ, EV_WRITE};

typedef struct direction {
    ev_io io;
    vow__link waiting; /* of waiter.links, in the order of the calls */
} direction;

struct vow_poll {
    vow_promise promise;
    int fd;
    direction directions[DIRECTIONS];
};

typedef struct waiter {
    vow_promise promise;
    vow_poll *poll; /* NULL once it waits no more */
    int events;
    vow__link links[DIRECTIONS]; /* in the lists of the directions that it waits for */
} waiter;

static bool is_wanted(const direction *self)
{
    return !vow__list_is_empty(&self->waiting);
}

static waiter *poll_first_of(const direction *self, int i)
{
    return (waiter *) (void *) ((char *) self->waiting.next - offsetof(waiter, links) -
                                (size_t) i * sizeof(vow__link));
}

/* ---- Who waits ----------------------------------------------------------------------------------------- */

static void poll_enter(waiter *self, direction *to, int i)
{
    struct ev_loop *ev = vow__ev(&self->promise);

    if (is_wanted(to))
        ;
    else if (vow__io_is_up(&to->io))
        ev_ref(ev);
    else
        ev_io_start(ev, &to->io);
    vow__list_append(&to->waiting, &self->links[i]);
}

static void poll_leave(waiter *self)
{
    vow_poll *poll = self->poll;

    self->poll = NULL;
    for (int i = 0; i < DIRECTIONS; i++) {
        direction *from = &poll->directions[i];

        if (!(self->events & event_of[i]))
            continue;
        vow__list_unlink(&self->links[i]);
        if (!is_wanted(from) && vow__io_is_up(&from->io))
            ev_unref(vow__ev(&poll->promise));
    }
}

static void next_halt(vow_promise *promise)
{
    if (((waiter *) promise)->poll)
        poll_leave((waiter *) promise);
}

static const vow__kind next_kind = {.name = "poll_next", .halt = next_halt};

static vow_value poll_closed(const vow_poll *poll, const char *site)
{
    return vow_throwf_at(site, EBADF, "vow_poll_next: descriptor %d: %s", poll->fd, strerror(EBADF));
}

/* ---- What comes ---------------------------------------------------------------------------------------- */

/* What has come for one who waits. One who waits for both directions is told of both if both have come. */
static int came_for(const waiter *self, int i)
{
    const direction *other = &self->poll->directions[!i];

    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who is in a list has a poll */
    return event_of[i] | (ev_is_pending(&other->io) ? self->events & event_of[!i] : 0);
}

static void fire(vow_poll *poll, int i, int revents)
{
    direction *self = &poll->directions[i], *other = &poll->directions[!i];
    struct ev_loop *ev = vow__ev(&poll->promise);

    if (!is_wanted(self)) {
        ev_ref(ev);
        ev_io_stop(ev, &self->io);
        return;
    }
    while (is_wanted(self)) {
        waiter *next = poll_first_of(self, i);
        bool has_other = is_wanted(other);
        int came = came_for(next, i);

        poll_leave(next);
        if (has_other && !is_wanted(other) && !(revents & EV_ERROR))
            ev_clear_pending(ev, &other->io); /* nobody is left to be told of it */
        vow__resolve(&next->promise,
                     revents & EV_ERROR ? poll_closed(poll, next->promise.site) : vow_int(came));
    }
}

static void handle(vow_poll *poll, int i, int revents)
{
    vow__ev_loop *host = vow__ev_loop_of(vow__loop_of(&poll->promise));
    bool is_first = vow__loop_enter(host);

    fire(poll, i, revents);
    vow__loop_leave(host, is_first);
}

static void in_cb(EV_P_ ev_io *io, int revents)
{
    vow__ignore(EV_A_ 0);
    handle(VOW__CONTAINER_OF(io, vow_poll, directions[IN].io), IN, revents);
}

static void out_cb(EV_P_ ev_io *io, int revents)
{
    vow__ignore(EV_A_ 0);
    handle(VOW__CONTAINER_OF(io, vow_poll, directions[OUT].io), OUT, revents);
}

/* ---- The poll ------------------------------------------------------------------------------------------ */

static void poll_stop(vow_poll *poll, direction *self, int i)
{
    struct ev_loop *ev = vow__ev(&poll->promise);

    while (is_wanted(self))
        poll_leave(poll_first_of(self, i));
    if (vow__io_is_up(&self->io))
        ev_ref(ev);
    ev_io_stop(ev, &self->io);
}

/* If somebody still waits, the loop is being freed, and cancels those who do. */
static void poll_halt(vow_promise *promise)
{
    vow_poll *self = (vow_poll *) promise;

    poll_stop(self, &self->directions[IN], IN);
    poll_stop(self, &self->directions[OUT], OUT);
}

static const vow__kind poll_kind = {.name = "poll", .halt = poll_halt};

vow_poll *vow_poll_new_at(vow_loop *loop, int fd, const char *site)
{
    vow_poll *self;

    vow__check_loop(loop, "vow_poll_new", site);
    if (fcntl(fd, F_GETFD) < 0)
        return NULL;
    self = vow__promise_new(loop, sizeof *self, &poll_kind, site);
    if (!self) {
        errno = loop->is_closed ? ECANCELED : ENOMEM;
        return NULL;
    }
    self->fd = fd;
    ev_io_init(&self->directions[IN].io, in_cb, fd, EV_READ);
    ev_io_init(&self->directions[OUT].io, out_cb, fd, EV_WRITE);
    for (int i = 0; i < DIRECTIONS; i++)
        vow__list_init(&self->directions[i].waiting);
    return self;
}

/* libev ends the program when a watcher is started for a descriptor that is not open. */
static bool can_start(const vow_poll *poll, int events)
{
    for (int i = 0; i < DIRECTIONS; i++)
        if ((events & event_of[i]) && !vow__io_is_up(&poll->directions[i].io))
            return fcntl(poll->fd, F_GETFD) >= 0;
    return true;
}

vow_promise *vow_poll_next_at(vow_poll *poll, int events, const char *site)
{
    vow_loop *loop;
    waiter *self;

    vow__check_handle(poll, "poll", "vow_poll_next", site);
    loop = vow__loop_of(&poll->promise);
    self = vow__promise_new(loop, sizeof *self, &next_kind, site);
    if (!self)
        return vow__refusal(loop);
    self->poll = NULL;
    self->events = events;
    if (!events || (events & ~(EV_READ | EV_WRITE)))
        vow__resolve(&self->promise,
                     vow_throwf_at(site, EINVAL,
                                   "vow_poll_next: descriptor %d: neither EV_READ nor EV_WRITE: %d", poll->fd,
                                   events));
    else if (!can_start(poll, events))
        vow__resolve(&self->promise, poll_closed(poll, site));
    else
        self->poll = poll;
    for (int i = 0; i < DIRECTIONS && self->poll; i++)
        if (events & event_of[i])
            poll_enter(self, &poll->directions[i], i);
    return &self->promise;
}

void vow_poll_free(vow_poll *poll)
{
    if (!poll)
        return;
    vow__check_handle(poll, "poll", "vow_poll_free", NULL);
    for (int i = 0; i < DIRECTIONS; i++)
        while (is_wanted(&poll->directions[i])) {
            waiter *next = poll_first_of(&poll->directions[i], i);

            poll_leave(next);
            vow__settle(&next->promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
        }
    vow_unref(&poll->promise);
}
