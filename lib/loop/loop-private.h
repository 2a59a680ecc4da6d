/* SPDX-License-Identifier: BSD-2-Clause */
/* The libev half of a vow_loop. */
#ifndef VOW_LOOP_LOOP_PRIVATE_H
#define VOW_LOOP_LOOP_PRIVATE_H

#include <ev.h>
#include <stdint.h>

#include "core/bytes-private.h"
#include "core/operations-private.h"
#include "thread/workers-private.h"

/* A clock, with its timers: see lib/time. */
typedef struct vow__clock vow__clock;

/* Lets a folder above keep something for each loop. A function is NULL where there is nothing to do. */
typedef struct vow__loop_hook vow__loop_hook;

typedef struct vow__loop_hook_kind {
    void (*close)(vow__loop_hook *self); /* the loop is about to be freed */
    void (*forked)(
        vow__loop_hook *self); /* vow_loop_fork(): this process is a copy of the one that made it */
    void (*release)(vow__loop_hook *self); /* no promise of the loop is pending any more */
} vow__loop_hook_kind;

struct vow__loop_hook {
    vow__link link; /* in the loop's `hooks`; each of the functions may take it out */
    const vow__loop_hook_kind *kind;
};

typedef struct vow__ev_loop {
    vow_loop core;
    struct ev_loop *ev;
    ev_prepare drain;   /* never started: fed, at EV_MAXPRI, when the job queue is no longer empty */
    ev_prepare ended;   /* active while a vow_run() whose promise is settled has not returned yet */
    ev_idle no_rest;    /* active with `ended`: keeps that ev_run() from waiting for events */
    ev_check turn;      /* active while somebody yields or is put off: fires once events were looked for */
    ev_idle no_wait;    /* active with `turn`: keeps the ev_loop from waiting for events */
    vow__link yielding; /* of vow__yield.link */
    vow__link put_off;  /* vow__reaction.link of those whose operation goes on after a turn of the ev_loop */
    ev_idle no_work;    /* active while somebody is in `idling` */
    vow__link idling;   /* of those who wait for vow_idle() */
    uint64_t idlers;    /* how many calls of vow_idle() there have been */
    vow__link hooks;    /* of vow__loop_hook */
    int budget;         /* what is left of the budget: see VOW__BUDGET */
    vow__bytes *spare;  /* a buffer for the next stream that reads, or NULL */
    vow_promise runs;   /* owns the branches with which vow_run() waits */
    struct vow__runner *runner;       /* the innermost vow_run() that is under way, or NULL */
    struct vow__runner *spare_runner; /* for the next call, or NULL */
    unsigned ended_count;             /* runs under way whose promise was settled in their ev_run() */
    struct vow__at_end *at_end;       /* the newest first */
    void *data;                       /* the program's */
    struct vow__inbox *inbox;         /* NULL until something on another thread is to settle a promise */
    vow__clock *clock, *wall_clock;   /* NULL until something needs a timer on it */
    vow__clock *real_clock;           /* beside a virtual clock; or NULL */
    struct vow__listeners *listeners; /* NULL until somebody accepts */
    bool has_deadline, has_clean_up_deadline; /* whether the two below are set */
    vow__deadline deadline, clean_up_deadline;
} vow__ev_loop;

static inline vow__ev_loop *vow__ev_loop_of(vow_loop *loop)
{
    return (vow__ev_loop *) (void *) loop;
}

static inline struct ev_loop *vow__ev(const vow_promise *promise)
{
    return vow__ev_loop_of(vow__loop_of(promise))->ev;
}

/* Marks the arguments of a libev callback as unused. */
static inline void vow__ignore(EV_P_ int revents)
{
#if EV_MULTIPLICITY
    (void) loop;
#endif
    (void) revents;
}

/*
 * How much may be done on descriptors before the ev_loop looks at the others: in one drain of the job queue,
 * or in one callback of a watcher. An operation that completes takes 1, and so does each 2 KiB that it moves.
 * One that finds the budget spent is put off: it looks at nothing until the next turn, and goes on then,
 * whatever its descriptor says. So the queue runs empty even if a peer is always ready, a line has come
 * already, or a write has no end.
 */
#define VOW__BUDGET 128
#define VOW__BUDGET_BYTES 2048

/* How much one system call moves at most. */
#define VOW__IO_PIECE ((size_t) VOW__BUDGET * VOW__BUDGET_BYTES)

static inline void vow__budget_renew(vow__ev_loop *loop)
{
    loop->budget = VOW__BUDGET;
}

/* Whether an operation may go on now. */
static inline bool vow__budget_is_left(const vow__ev_loop *loop)
{
    return loop->budget > 0;
}

/* Whether an operation may begin now. Outside of a drain the budget begins anew: there the program itself
 * decides how many operations it begins. */
static inline bool vow__budget_admits(vow__ev_loop *loop)
{
    if (VOW_UNLIKELY(loop->budget <= 0 && !loop->core.is_draining))
        vow__budget_renew(loop);
    return loop->budget > 0;
}

static inline void vow__budget_take_bytes(vow__ev_loop *loop, size_t count)
{
    loop->budget -= (int) (count / VOW__BUDGET_BYTES);
}

static inline void vow__budget_take(vow__ev_loop *loop)
{
    loop->budget--;
}

/* Puts off a pending promise that waits for nothing. Once the ev_loop has looked for events, kind->run() is
 * called, with nothing to take. Promises go on in the order in which they were put off. */
void vow__put_off(vow_promise *promise);

/* Undoes vow__put_off(), if the promise was put off. A doomed promise is left alone: its link is the
 * reaper's. */
static inline void vow__not_put_off(vow_promise *promise)
{
    if (promise->mode != VOW__WAIT_REACTION || promise->wait.upstream || (promise->flags & VOW__DOOMED))
        return;
    vow__list_unlink(&promise->wait.link);
    promise->mode = VOW__WAIT_NONE;
}

/* Runs the jobs until there are none. If the program's code is running, it does so later. */
void vow__loop_drain(vow__ev_loop *loop);
/* The rest of vow__loop_enter(), for when somebody else is about to drain the queue. */
VOW__RARE bool vow__loop_enter_again(vow__ev_loop *loop);

/*
 * For a watcher's callback that settles promises and then returns to libev. Between vow__loop_enter() and
 * vow__loop_leave() nobody asks libev to drain the queue, and vow__loop_leave() drains it. libev would do so
 * at the same moment, but the way through its pending events takes 70 instructions. After vow__loop_leave()
 * the callback must not touch anything that handlers may free.
 */
static inline bool vow__loop_enter(vow__ev_loop *loop)
{
    if (VOW_UNLIKELY(loop->core.is_awake))
        return vow__loop_enter_again(loop);
    loop->core.is_awake = true;
    return true;
}

static inline void vow__loop_leave(vow__ev_loop *loop, bool is_first)
{
    if (!is_first)
        return;
    loop->core.is_awake = false;
    if (!vow__list_is_empty(&loop->core.queue))
        vow__loop_drain(loop);
}

/* For a watcher's callback that settles one promise. It is the last thing that the callback does: see
 * vow__loop_enter(). */
static inline void vow__resolve_and_leave(vow_promise *promise, vow_value value)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));
    bool is_first = vow__loop_enter(loop);

    vow__resolve(promise, value);
    vow__loop_leave(loop, is_first);
}

/* How many seconds vow_loop_free() waits for what does not end, unless the program sets another time. */
#define VOW__PATIENCE 10.
/* Until when vow_loop_free() waits for what runs elsewhere. The time begins with the first call of this. */
const vow__deadline *vow__loop_deadline(vow__ev_loop *loop);
/* vow_loop_free() has waited for what runs elsewhere. Clean-up still gets its whole time. */
void vow__loop_waited(vow__ev_loop *loop);
/* Whether clean-up has had its time. */
bool vow__loop_is_late(vow_loop *core);
/* Adds a hook: its functions are called until it is taken out of the list. */
VOW__SHARED void vow__loop_hook_add(vow__loop_hook *self, const vow__loop_hook_kind *kind, vow_loop *loop);
/* Set up what vow_run() needs, or give false when there is no memory; and take it down. */
bool vow__run_init(vow__ev_loop *loop);
void vow__run_close(vow__ev_loop *loop);
/* The address of the current function's stack frame; 0 where the compiler does not give it. */
#ifdef __GNUC__
#define VOW__FRAME ((uintptr_t) __builtin_frame_address(0))
#else
#define VOW__FRAME ((uintptr_t) 0)
#endif
/* Ends the program if a vow_run() was left by longjmp() or an exception, as far as a frame can tell. */
void vow__run_check_left(const vow__ev_loop *loop, uintptr_t frame, const char *function);
/* For events that come while the program's code of this loop runs: ends the program. Only a vow_run() of
 * another loop on the same ev_loop is no misuse, since it ends by itself. */
void vow__run_check_inside(const vow__ev_loop *loop);
/* Whether the innermost ev_run() is that of a vow_run() whose promise is settled: it ends before it looks for
 * events once more. */
VOW__SHARED bool vow__run_is_ending(const vow__ev_loop *loop);
/* An ev_run() that begins and ends between these two is a part of that which is the innermost now: of the
 * vow_run() that this belongs to, if any. */
VOW__SHARED struct vow__runner *vow__run_deepen(struct ev_loop *ev);
VOW__SHARED void vow__run_rise(struct vow__runner *run);
/* Calls what vow_loop_at_end() was given. May run anything. */
void vow__at_end_run(vow__ev_loop *loop);
/* Set up the watchers for vow_yield() and vow__put_off(), and take them down. */
void vow__yield_init(vow__ev_loop *loop);
void vow__yield_close(vow__ev_loop *loop);
/* Sets up the watcher for vow_idle(). */
void vow__idle_init(vow__ev_loop *loop);

#endif
