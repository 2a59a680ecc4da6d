/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clocks of a loop, and what is to be done at a time on them. A loop has two: its own, which nobody sets
 * and by which every duration counts, and the wall clock. Each is made when it is first asked for, has one
 * watcher, however many timers are set on it, and goes with its loop.
 */
#ifndef VOW_TIME_CLOCK_PRIVATE_H
#define VOW_TIME_CLOCK_PRIVATE_H

#include "loop/loop-private.h"
#include "time/wheel-private.h"

typedef struct vow__clock_kind {
    bool is_virtual; /* only the program moves it */
    double (*now)(const vow__clock *self);
    /* What time it was when the ev_loop last looked for events, if its watcher has just been invoked. */
    double (*looked_at)(const vow__clock *self);
    /* Has the watcher invoked at a time, and not at another one any more; `now` is the time. */
    void (*arm)(vow__clock *self, double at, double now);
    void (*disarm)(vow__clock *self);
} vow__clock_kind;

struct vow__clock {
    const vow__clock_kind *kind;
    vow__ev_loop *loop;
    vow__clock **place; /* where the loop has it */
    vow__loop_hook hook;
    /* Active while the watcher may be set for another time than that of the first timer. */
    ev_prepare adjust;
    /* For when the watcher is set, never later than the first timer: infinite when it is not active. While
     * timers run out it is -infinite, since `adjust` will set it. */
    double armed;
    int uncounted; /* of the two watchers: active, though nothing is set, and not to keep ev_run() from ending
                    */
    union {
        ev_timer timer;
        ev_periodic periodic; /* of the wall clock */
        void *data;           /* of a kind that another library has put in its place */
    } watcher;
    vow__wheel wheel;
};

/* Of vow__clock_of(), when there is none yet. */
VOW__SHARED VOW__RARE vow__clock *vow__clock_make(vow__ev_loop *loop);

/* The loop's own clock; NULL when there is no memory, or the loop is being freed. */
static inline vow__clock *vow__clock_of(vow_loop *loop)
{
    vow__ev_loop *self = vow__ev_loop_of(loop);

    return VOW__LIKELY(self->clock) ? self->clock : vow__clock_make(self);
}

/* A clock that goes by real time, for whoever looks at something outside again and again: the loop's own one,
 * or another one beside a virtual one. Without memory for that, the virtual one. */
vow__clock *vow__real_clock_of(vow_loop *loop);
/* Likewise the wall clock. */
VOW__SHARED vow__clock *vow__wall_clock_of(vow_loop *loop);

/* The time on the loop's own clock, in seconds. */
double vow__clock_now(const vow_loop *loop);

/*
 * Sets a timer that is not set: for so many seconds from now on, for a time. It runs out no sooner, after all
 * that was set for a time before it, or for the same time but earlier; and after all events that the ev_loop
 * found when it last looked, so that what was ready in time comes first.
 *
 * Then its expire() is called, and jobs that are queued then are run right after it.
 */
void vow__clock_set(vow__clock *self, vow__timer *timer, double seconds);
void vow__clock_set_at(vow__clock *self, vow__timer *timer, double at);
/* Cancels it, if it is set. */
void vow__clock_cancel(vow__clock *self, vow__timer *timer);

/* A clock for a loop: its watcher is the caller's to initialise. NULL as above. */
vow__clock *vow__clock_new(vow__ev_loop *loop, const vow__clock_kind *kind, vow__clock **place);
/* Its watcher was invoked. May run handlers. */
VOW__SHARED void vow__clock_ring(vow__clock *self);

/* What is set on this clock goes by another kind from now on, on which it is `now`, and `data` is its
 * watcher: each timer has as long to run as it had. */
VOW__SHARED void vow__clock_replace(vow__clock *self, const vow__clock_kind *kind, double now, void *data);

#endif
