/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connections of a server: those that its handler was called with, each a branch of the server to the
 * promise that the handler returned, and those that wait for their turn. Functions that run user code say so.
 */
#ifndef VOW_NET_CONNECTIONS_PRIVATE_H
#define VOW_NET_CONNECTIONS_PRIVATE_H

#include "core/promise-private.h"

typedef struct vow__connection {
    vow__branch branch; /* to the promise that the handler returned */
    vow__link link;     /* in `queued`, `running` or `cancelled` */
    vow_value fd;       /* nil once the handler took it */
} vow__connection;

typedef struct vow__connections {
    vow_promise *owner; /* the server */
    vow__link queued;   /* taken over when the server was stopped, and not given to the handler yet */
    vow__link running;
    vow__link cancelled;    /* those that the deadline has cancelled, until their clean-up is done */
    vow__connection *spare; /* one that is free for the next connection, or NULL */
    size_t count;           /* with the one that the handler is being called with, but not those queued */
} vow__connections;

void vow__connections_init(vow__connections *self, vow_promise *owner);
void vow__connections_dispose(vow__connections *self);

/* A connection that is in no list; NULL when there is no memory. vow__connection_give() takes it back. */
vow__connection *vow__connection_take(vow__connections *self);
void vow__connection_give(vow__connections *self, vow__connection *connection);

void vow__connections_queue(vow__connections *self, vow__connection *connection);
/* Takes the first of those queued out of its list; NULL when there is none. */
vow__connection *vow__connections_unqueue(vow__connections *self);
/* Closes those that are queued. */
void vow__connections_drop_queued(vow__connections *self);

/* The handler has returned a promise, which is given. */
void vow__connection_run(vow__connections *self, vow__connection *connection, vow_promise *promise);
/* The promise of a connection is settled, and the branch's reaction runs: the connection goes. May run user
 * code. */
void vow__connections_end(vow__connections *self, vow__reaction *wait);
/* Cancels the first that runs, whoever else holds its promise; false if none runs. May run user code. */
bool vow__connections_cancel_first(vow__connections *self);

/* From within kind->stop(): gives up all that run. */
void vow__connections_drop(vow__connections *self);
/* From within kind->unwind(): has the owner wait for those that clean up. False if there are none. */
bool vow__connections_wait(vow__connections *self);
/* For kind->input(): one that is waited for, or NULL. */
const vow_promise *vow__connections_first(const vow__connections *self);

static inline bool vow__connections_are_queued(const vow__connections *self)
{
    return !vow__list_is_empty(&self->queued);
}

#endif
