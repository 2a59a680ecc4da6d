/* SPDX-License-Identifier: BSD-2-Clause */
/* The libev half of a vow_loop. */
#ifndef VOW_LOOP_LOOP_PRIVATE_H
#define VOW_LOOP_LOOP_PRIVATE_H

#include <ev.h>
#include <stdint.h>

#include "core/bytes-private.h"
#include "core/operations-private.h"
#include "thread/workers-private.h"

/* A clock, with what is to be done at a time on it: lib/time. */
typedef struct vow__clock vow__clock;

/* For what a folder above keeps for each loop. Each function is NULL where there is nothing to do. */
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
    ev_prepare ended;   /* while the promise of a vow_run() is settled, and that has not returned yet */
    ev_idle no_rest;    /* with it: until its ev_run() has come to that, it does not wait for events */
    ev_check turn;      /* while somebody yields or is put off: once the loop has looked for events */
    ev_idle no_wait;    /* as long, so that it looks without waiting */
    vow__link yielding; /* of vow__yield */
    vow__link put_off;  /* vow__reaction.link of those whose operation goes on after a turn of the ev_loop */
    ev_idle no_work;    /* while somebody waits for that */
    vow__link idling;   /* of those who do */
    uint64_t idlers;    /* that there have been */
    vow__link hooks;    /* of vow__loop_hook */
    int budget;         /* what is left of it: see VOW__BUDGET */
    vow__bytes *spare;  /* a buffer that the next stream that reads may have, or NULL */
    vow_promise runs;   /* owns the branches that vow_run() waits by */
    struct vow__runner *runner;       /* the innermost vow_run() that is under way, or NULL */
    struct vow__runner *spare_runner; /* for the next one; or NULL */
    unsigned ended_count;             /* of those that are under way: settled while their ev_run() was */
    struct vow__at_end *at_end;       /* the newest first */
    void *data;                       /* the program's */
    struct vow__inbox *inbox;         /* NULL until something on another thread is to settle a promise */
    vow__clock *clock, *wall_clock;   /* NULL until something is to be done at a time on it */
    struct vow__listeners *listeners; /* NULL until somebody accepts */
    bool has_deadline, has_clean_up_deadline; /* these two are set */
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

/* In a callback of libev: what it does not use of what it is called with. */
static inline void vow__ignore(EV_P_ int revents)
{
#if EV_MULTIPLICITY
    (void) loop;
#endif
    (void) revents;
}

/*
 * What may be done on descriptors without the ev_loop looking at the others in between: in one drain of the
 * job queue, or in one callback of a watcher. An operation that completes takes 1, and so does each 2 KiB
 * that it moves. So a peer that is always ready, or a line that has come already, or a write without end,
 * cannot keep the queue from running empty: who finds the budget spent is put off, looks at nothing until the
 * next turn, and goes on then, whatever its descriptor says.
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

/* Whether one may begin. Outside of a drain it is the program itself that decides how many it begins. */
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

/*
 * Puts a pending promise off that waits for nothing: its kind's run() is called, with nothing to take, once
 * the ev_loop has looked for events. They go on in the order in which they were put off.
 */
void vow__put_off(vow_promise *promise);

/* It need not go on any more, if it was put off. A doomed one's link is the reaper's. */
static inline void vow__not_put_off(vow_promise *promise)
{
    if (promise->mode != VOW__WAIT_REACTION || promise->wait.upstream || (promise->flags & VOW__DOOMED))
        return;
    vow__list_unlink(&promise->wait.link);
    promise->mode = VOW__WAIT_NONE;
}

/* Runs the jobs until there are none; later, if the program's code is running. */
void vow__loop_drain(vow__ev_loop *loop);
/* The rest of vow__loop_enter(), when somebody is about to drain the queue. */
VOW__RARE bool vow__loop_enter_again(vow__ev_loop *loop);

/*
 * For a watcher's callback that settles promises and then returns to libev: between these two nobody is asked
 * to drain the queue, and then it is drained here. That is the same moment, without a trip through libev's
 * pending events, which is 70 instructions. Whatever handlers may free must not be touched afterwards.
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

/* The last that a watcher's callback does, where it settles one promise: see vow__loop_enter(). */
static inline void vow__resolve_and_leave(vow_promise *promise, vow_value value)
{
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(promise));
    bool is_first = vow__loop_enter(loop);

    vow__resolve(promise, value);
    vow__loop_leave(loop, is_first);
}

/* How long vow_loop_free() waits for what does not end, unless the program says it: seconds. */
#define VOW__PATIENCE 10.
/* Until when vow_loop_free() waits for what runs elsewhere: its patience counts from the first call. */
const vow__deadline *vow__loop_deadline(vow__ev_loop *loop);
/* It has waited for that to no avail: clean-up has as much time as if it had not. */
void vow__loop_waited(vow__ev_loop *loop);
/* Whether clean-up has had its time. */
bool vow__loop_is_late(vow_loop *core);
/* From now on, and until it is taken out of the list, it is told. */
void vow__loop_hook_add(vow__loop_hook *self, const vow__loop_hook_kind *kind, vow_loop *loop);
/* Sets up what vow_run() waits by; false when there is no memory. And takes it down. */
bool vow__run_init(vow__ev_loop *loop);
void vow__run_close(vow__ev_loop *loop);
/* Where the stack frame of the function is that this stands in; 0 where that cannot be had. */
#ifdef __GNUC__
#define VOW__FRAME ((uintptr_t) __builtin_frame_address(0))
#else
#define VOW__FRAME ((uintptr_t) 0)
#endif
/* Ends the program if a vow_run() was left by longjmp() or an exception, as far as a frame can tell. */
void vow__run_check_left(const vow__ev_loop *loop, uintptr_t frame, const char *function);
/* An ev_run() is under way while the program's code of this loop runs. That is misuse, unless it is a
 * vow_run() of another loop on the same ev_loop, which ends. */
void vow__run_check_inside(const vow__ev_loop *loop);
/* Calls what vow_loop_at_end() was given. May run anything. */
void vow__at_end_run(vow__ev_loop *loop);
/* Sets the watchers for vow_yield() and vow__put_off() up, and takes them down. */
void vow__yield_init(vow__ev_loop *loop);
void vow__yield_close(vow__ev_loop *loop);
/* Sets the watcher for vow_idle() up. */
void vow__idle_init(vow__ev_loop *loop);

#endif
