/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the connections that were accepted and came back, until somebody takes them, their listening socket is
 * closed, or the loop is freed.
 *
 * The socket is the program's, and the program closes it without telling anybody. So the loop looks at it
 * whenever somebody accepts or something comes back, and once a second while something is kept, since the
 * clients wait. The timer for that does not keep ev_run() going.
 */
#define _POSIX_C_SOURCE 200809L
#include "net/listener-private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/allocator-private.h"

/* How often, in seconds, the loop looks whether the listening sockets of kept connections are open. */
#define LOOK_AGAIN 1.

struct vow__berth {
    vow__link link; /* in listener->kept */
    int fd;
    uint64_t place;
};

/* All listeners of a loop. */
typedef struct vow__listeners {
    vow__loop_hook hook;
    vow__ev_loop *loop;
    vow__link all;
    ev_timer look;    /* active while any connections are kept */
    size_t kept;      /* how many are kept */
    uint64_t arrived; /* how many connections there have been */
} listeners;

struct vow__listener {
    vow__link link;   /* in owner->all */
    listeners *owner; /* NULL once the loop is being freed */
    int fd;           /* the descriptor by which the socket was known last */
    dev_t device;
    ino_t inode;
    size_t holders;    /* with none, this stays for the next holder until another listener is added */
    vow__link kept;    /* berths with a connection, in the order of arrival */
    vow__link takers;  /* in the order in which they came */
    vow__berth *spare; /* for the next connection, or NULL */
};

static vow__listener *listener_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__listener, link);
}

static vow__berth *berth_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__berth, link);
}

/* ---- One listener -------------------------------------------------------------------------------------- */

vow__berth *vow__berth_new(vow__listener *listener)
{
    vow__berth *spare = listener->spare;

    listener->spare = NULL;
    return spare ? spare : vow__allocate(sizeof *spare);
}

void vow__berth_free(vow__listener *listener, vow__berth *berth)
{
    if (!berth)
        return;
    if (listener->spare)
        vow__release(berth, sizeof *berth);
    else
        listener->spare = berth;
}

static void count(listeners *owner, size_t kept)
{
    struct ev_loop *ev = owner->loop->ev;
    bool was_active = owner->kept;

    owner->kept = kept;
    if (!was_active == !kept)
        return;
    if (kept) {
        ev_timer_again(ev, &owner->look);
        ev_unref(ev);
    } else {
        ev_ref(ev);
        ev_timer_stop(ev, &owner->look);
    }
}

int vow__listener_take(vow__listener *self, uint64_t *place)
{
    vow__berth *first;
    int fd;

    if (vow__list_is_empty(&self->kept))
        return -1;
    first = berth_of(self->kept.next);
    fd = first->fd;
    if (place)
        *place = first->place;
    vow__list_unlink(&first->link);
    vow__berth_free(self, first);
    count(self->owner, self->owner->kept - 1);
    return fd;
}

static void close_kept(vow__listener *self)
{
    int fd;

    while ((fd = vow__listener_take(self, NULL)) >= 0)
        close(fd);
}

static void delete (vow__listener *self)
{
    vow__list_unlink(&self->link);
    if (self->spare)
        vow__release(self->spare, sizeof *self->spare);
    vow__release(self, sizeof *self);
}

static bool is_of(const vow__listener *self, const struct stat *status)
{
    return self->device == status->st_dev && self->inode == status->st_ino;
}

static bool is_open(const vow__listener *self)
{
    struct stat status;

    return fstat(self->fd, &status) == 0 && is_of(self, &status);
}

/* ---- All of them --------------------------------------------------------------------------------------- */

static void listener_look(listeners *owner)
{
    for (vow__link *link = owner->all.next; link != &owner->all && owner->kept; link = link->next) {
        vow__listener *self = listener_of(link);

        if (!vow__list_is_empty(&self->kept) && !is_open(self))
            close_kept(self);
    }
}

static void look_cb(EV_P_ ev_timer *timer, int revents)
{
    vow__ignore(EV_A_ revents);
    listener_look(timer->data);
}

/* The program may go on for long before it gives up its last promises. The connections are closed now. */
static void close_all(vow__loop_hook *hook)
{
    listeners *owner = VOW__CONTAINER_OF(hook, listeners, hook);

    for (vow__link *link = owner->all.next; link != &owner->all; link = link->next)
        close_kept(listener_of(link));
}

/* A listener that promises still hold stays for as long as they do. */
static void listener_release(vow__loop_hook *hook)
{
    listeners *owner = VOW__CONTAINER_OF(hook, listeners, hook);

    close_all(hook);
    while (!vow__list_is_empty(&owner->all)) {
        vow__listener *self = listener_of(owner->all.next);

        vow__list_unlink(&self->link);
        vow__list_init(&self->link);
        self->owner = NULL;
        if (!self->holders)
            delete (self);
    }
    vow__list_unlink(&hook->link);
    owner->loop->listeners = NULL;
    vow__release(owner, sizeof *owner);
}

static const vow__loop_hook_kind listener_hook_kind = {.close = close_all, .release = listener_release};

static listeners *listeners_of(vow_loop *core)
{
    vow__ev_loop *loop = vow__ev_loop_of(core);
    listeners *self = loop->listeners;

    if (self || core->is_closed)
        return self;
    self = vow__allocate(sizeof *self);
    if (!self)
        return NULL;
    loop->listeners = self;
    self->loop = loop;
    vow__list_init(&self->all);
    ev_timer_init(&self->look, look_cb, 0., LOOK_AGAIN);
    self->look.data = self;
    self->kept = 0;
    self->arrived = 0;
    vow__loop_hook_add(&self->hook, &listener_hook_kind, core);
    return self;
}

static vow__listener *listener_find(listeners *owner, const struct stat *status)
{
    for (vow__link *link = owner->all.next; link != &owner->all; link = link->next)
        if (is_of(listener_of(link), status))
            return listener_of(link);
    return NULL;
}

static void delete_unused(listeners *owner)
{
    for (vow__link *link = owner->all.next, *next; link != &owner->all; link = next) {
        vow__listener *self = listener_of(link);

        next = link->next;
        if (!self->holders && vow__list_is_empty(&self->kept))
            delete (self);
    }
}

static vow__listener *listener_add(listeners *owner, const struct stat *status)
{
    vow__listener *self;

    delete_unused(owner);
    self = vow__allocate(sizeof *self);
    if (!self)
        return NULL;
    self->owner = owner;
    self->device = status->st_dev;
    self->inode = status->st_ino;
    self->holders = 0;
    vow__list_init(&self->kept);
    vow__list_init(&self->takers);
    self->spare = NULL;
    vow__list_append(&owner->all, &self->link);
    return self;
}

/* ---- Those who accept ---------------------------------------------------------------------------------- */

vow__listener *vow__listener_hold(vow_loop *loop, int fd)
{
    listeners *owner = listeners_of(loop);
    struct stat status;
    vow__listener *self;

    if (!owner || fstat(fd, &status) < 0) {
        errno = owner ? errno : ENOMEM;
        return NULL;
    }
    self = listener_find(owner, &status);
    if (!self)
        self = listener_add(owner, &status);
    if (!self) {
        errno = ENOMEM;
        return NULL;
    }
    self->fd = fd;
    self->holders++;
    listener_look(owner);
    return self;
}

void vow__listener_let_go(vow__listener *self)
{
    self->holders--;
    if (self->owner)
        vow__listener_offer(self);
    else if (!self->holders)
        delete (self);
}

uint64_t vow__listener_arrived(vow__listener *self)
{
    return self->owner->arrived++;
}

void vow__listener_keep(vow__listener *self, vow__berth *berth, int fd, uint64_t place)
{
    vow__link *after = self->kept.prev;

    while (after != &self->kept && berth_of(after)->place > place)
        after = after->prev;
    berth->fd = fd;
    berth->place = place;
    vow__list_append(after->next, &berth->link); /* a list is a ring: this is behind `after` */
    count(self->owner, self->owner->kept + 1);
    listener_look(self->owner);
}

void vow__listener_offer(vow__listener *self)
{
    while (!vow__list_is_empty(&self->kept) && !vow__list_is_empty(&self->takers)) {
        vow__link *first = self->takers.next;
        vow__taker *taker = VOW__CONTAINER_OF(first, vow__taker, link);

        taker->offer(taker);
        if (self->takers.next == first)
            return; /* it takes one in a turn of its own */
    }
}

void vow__taker_join(vow__listener *listener, vow__taker *taker)
{
    if (vow__list_is_empty(&taker->link))
        vow__list_append(&listener->takers, &taker->link);
}
