/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What reaches a loop from other threads. A parcel is announced to the inbox when it is made, on the loop's
 * thread. It is posted once, on any thread, and the inbox delivers it on the loop's. The inbox's watcher is
 * active while a parcel may come, and keeps ev_run() going while somebody waits for one.
 *
 * The inbox is counted. One reference is the loop's, and each parcel has one until it is posted. So the inbox
 * is still there for those who post when the loop is gone.
 */
#ifndef VOW_LOOP_INBOX_PRIVATE_H
#define VOW_LOOP_INBOX_PRIVATE_H

#include "loop/loop-private.h"
#include "thread/mailbox-private.h"
#include "thread/workers-private.h"

typedef struct vow__inbox {
    vow__mailbox mailbox;
    atomic_uint refs;
    struct ev_loop *ev; /* NULL once the loop is closed; changed under the lock `waking` of inbox.c */
    ev_async async;
    bool is_unheeded; /* the watcher is active, but does not keep ev_run() going */
    bool is_reported; /* the loop is closing, and the jobs that still run were reported */
    size_t expected;  /* parcels that may come */
    size_t wanted;    /* how many of them somebody waits for */
} vow__inbox;

/* Makes fork(2) safe with threads. Whatever uses the pool or an inbox calls this first. */
void vow__inbox_set_up(void);

/* ---- On the loop's thread ---- */

/* The inbox of a loop, made on the first call. NULL on failure: then *error is the caller's. */
vow__inbox *vow__inbox_of(vow__ev_loop *loop, vow_error **error);
/* One more parcel may come from now on, and somebody waits for it. It has a reference to the inbox. */
void vow__inbox_expect(vow__inbox *inbox);
/* A parcel is not wanted any more, but may still come. */
void vow__inbox_ignore(vow__inbox *inbox);
/* A parcel came. `was_wanted`: whether somebody still waited for it. */
void vow__inbox_received(vow__inbox *inbox, bool was_wanted);
/* A parcel that was wanted will not come. Gives up its reference to the inbox. */
void vow__inbox_take_back(vow__inbox *inbox);

/* This process is a fork of the one that the inbox was made in. */
void vow__inbox_forked(vow__ev_loop *loop);
/* The inbox's parts of vow__host.finish and vow__host.close. */
bool vow__inbox_finish(vow__ev_loop *loop);
void vow__inbox_close(vow__ev_loop *loop);

/* ---- On any thread ---- */

/* Hands a parcel over, with its reference to the inbox. */
void vow__inbox_post(vow__inbox *inbox, vow__parcel *parcel);

#endif
