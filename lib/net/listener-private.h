/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a loop knows of a listening socket: who waits for a connection of it, and the connections that came
 * back because nobody had looked at them. The socket is known by its identity and not by the number of its
 * descriptor, which may later be another one's.
 */
#ifndef VOW_NET_LISTENER_PRIVATE_H
#define VOW_NET_LISTENER_PRIVATE_H

#include "loop/loop-private.h"

typedef struct vow__listener vow__listener;

/* Memory in which a connection is kept when it comes back. It is made before the connection is accepted, so
 * that coming back cannot fail. */
typedef struct vow__berth vow__berth;

/* One who waits for a connection that comes back. New connections come from the system. */
typedef struct vow__taker {
    vow__link link; /* in the listener's list, or alone */
    /* There is a connection: it is taken now, or in a turn of the queue. */
    void (*offer)(struct vow__taker *self);
} vow__taker;

/* The listener of a descriptor; the caller holds it until vow__listener_let_go(). Or NULL, and errno. */
vow__listener *vow__listener_hold(vow_loop *loop, int fd);
/* Gives a listener up. Those who wait are told of connections that came back. May settle promises. */
void vow__listener_let_go(vow__listener *self);

/* NULL when there is no memory. The caller gives it to vow__berth_free() or to vow__listener_keep(). */
vow__berth *vow__berth_new(vow__listener *listener);
void vow__berth_free(vow__listener *listener, vow__berth *berth);

/* The place in line of a connection that has just been accepted. */
uint64_t vow__listener_arrived(vow__listener *self);
/* A connection comes back to its place. Those who wait are told when the caller lets the listener go. */
void vow__listener_keep(vow__listener *self, vow__berth *berth, int fd, uint64_t place);
/* The first of those that came back, and its place if that is asked for; -1 when there is none. */
int vow__listener_take(vow__listener *self, uint64_t *place);

/* If connections came back, those who wait are told. May settle promises. */
void vow__listener_offer(vow__listener *self);

/* The taker waits from now on, if it does not yet. A connection may be there: see vow__listener_offer(). */
void vow__taker_join(vow__listener *listener, vow__taker *taker);
/* The taker does not wait any more. If it leaves without having taken what was offered, the caller makes sure
 * that others are told. */
static inline void vow__taker_leave(vow__taker *taker)
{
    vow__list_unlink(&taker->link);
    vow__list_init(&taker->link);
}

#endif
