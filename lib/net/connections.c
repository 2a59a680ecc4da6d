/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the list that each connection of a server is in, from when it is accepted to the end of its promise.
 */
#include "net/connections-private.h"

#include "base/allocator-private.h"
#include "core/operations-private.h"

static vow__connection *connection_of(vow__link *link)
{
    return VOW__CONTAINER_OF(link, vow__connection, link);
}

void vow__connections_init(vow__connections *self, vow_promise *owner)
{
    self->owner = owner;
    vow__list_init(&self->queued);
    vow__list_init(&self->running);
    vow__list_init(&self->cancelled);
    self->spare = NULL;
    self->count = 0;
}

void vow__connections_dispose(vow__connections *self)
{
    if (self->spare)
        vow__release(self->spare, sizeof *self->spare);
}

vow__connection *vow__connection_take(vow__connections *self)
{
    vow__connection *connection = self->spare;

    self->spare = NULL;
    return connection ? connection : vow__allocate(sizeof *connection);
}

void vow__connection_give(vow__connections *self, vow__connection *connection)
{
    if (self->spare)
        vow__release(connection, sizeof *connection);
    else
        self->spare = connection;
}

/* ---- Those that wait for their turn -------------------------------------------------------------------- */

void vow__connections_queue(vow__connections *self, vow__connection *connection)
{
    vow__list_append(&self->queued, &connection->link);
}

vow__connection *vow__connections_unqueue(vow__connections *self)
{
    return vow__list_is_empty(&self->queued) ? NULL : connection_of(vow__list_take_first(&self->queued));
}

void vow__connections_drop_queued(vow__connections *self)
{
    vow__connection *connection;

    while ((connection = vow__connections_unqueue(self))) {
        vow_value_drop(connection->fd);
        vow__connection_give(self, connection);
    }
}

/* ---- Those that run ------------------------------------------------------------------------------------ */

void vow__connection_run(vow__connections *self, vow__connection *connection, vow_promise *promise)
{
    vow__list_append(&self->running, &connection->link);
    vow__wait_branch(&connection->branch, self->owner, promise);
}

/* A connection has ended. Its promise, which is given, is released last: may run user code. */
static void connections_forget(vow__connections *self, vow__connection *connection, vow_promise *promise)
{
    vow_value fd = connection->fd;

    vow__list_unlink(&connection->link);
    self->count--;
    vow__connection_give(self, connection);
    vow_value_drop(fd);
    vow_unref(promise);
}

void vow__connections_end(vow__connections *self, vow__reaction *wait)
{
    connections_forget(self, VOW__CONTAINER_OF(wait, vow__connection, branch.wait), vow__take_upstream(wait));
}

bool vow__connections_cancel_first(vow__connections *self)
{
    vow__connection *connection;

    if (vow__list_is_empty(&self->running))
        return false;
    connection = connection_of(vow__list_take_first(&self->running));
    vow__list_append(&self->cancelled, &connection->link);
    vow_cancel(vow_ref(vow__upstream_of(&connection->branch.wait)));
    return true;
}

/* ---- All are dropped ----------------------------------------------------------------------------------- */

/* Goes from the last one to the first. The reaper begins with the last one given up, so their order is
 * kept. */
static void connections_give_up(vow__connections *self, vow__link *list)
{
    vow__link *previous;

    for (vow__link *link = list->prev; link != list; link = previous) {
        vow__connection *connection = connection_of(link);
        vow_promise *promise = vow__branch_cut(&connection->branch);

        previous = link->prev;
        if (vow__drop_in_stop(self->owner, promise))
            vow__branch_set(&connection->branch, promise);
        else
            connections_forget(self, connection, NULL);
    }
}

void vow__connections_drop(vow__connections *self)
{
    connections_give_up(self, &self->cancelled);
    connections_give_up(self, &self->running);
}

static void wait_for(vow__connections *self, vow__link *list)
{
    vow__link *next;

    for (vow__link *link = list->next; link != list; link = next) {
        vow__connection *connection = connection_of(link);
        vow_promise *promise = vow__take_upstream(&connection->branch.wait);

        next = link->next;
        if (vow__is_pending(promise)) {
            vow__wait_branch(&connection->branch, self->owner, promise);
        } else {
            connections_forget(self, connection, NULL);
            vow__let_go(promise);
        }
    }
}

bool vow__connections_wait(vow__connections *self)
{
    wait_for(self, &self->running);
    wait_for(self, &self->cancelled);
    return self->count > 0;
}

const vow_promise *vow__connections_first(const vow__connections *self)
{
    if (!vow__list_is_empty(&self->running))
        return vow__upstream_of(&connection_of(self->running.next)->branch.wait);
    if (!vow__list_is_empty(&self->cancelled))
        return vow__upstream_of(&connection_of(self->cancelled.next)->branch.wait);
    return NULL;
}
