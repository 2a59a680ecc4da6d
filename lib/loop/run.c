/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_run(): drives the ev_loop until a promise is settled, and says so when nothing is left that could
 * settle it.
 *
 * Each call waits by a branch; the branches' owner is a promise inside the loop that is never settled. A call
 * may be nested in another one, or in an ev_run() of the program's, in a callback of the program.
 *
 * ev_break() ends the innermost ev_run(), which need not be ours. So it is called by a watcher that fires at
 * the beginning of each turn, once our ev_run() is the innermost again. If the program itself has called
 * ev_break() in the turn before, there is no next turn: its call may be meant for the ev_run()s around ours
 * as well, and is not taken back.
 *
 * What a call knows is no part of its stack frame, which a program can leave by longjmp(3) or an exception.
 */
#include <errno.h>
#include <stdint.h>

#include <vow/loop.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "core/drop-private.h"
#include "core/waits-private.h"
#include "loop/run-private.h"

#define WAITS_SIZE 2048

/* ---- The end of an ev_run() ---------------------------------------------------------------------------- */

/* Lets ev_run() wait for events again. */
static void let_rest(vow__ev_loop *loop)
{
    if (!ev_is_active(&loop->no_rest))
        return;
    ev_ref(loop->ev);
    ev_idle_stop(loop->ev, &loop->no_rest);
}

static void ended_cb(EV_P_ ev_prepare *watcher, int revents)
{
    vow__ev_loop *self = watcher->data;

    vow__ignore(EV_A_ revents);
    if (self->runner->promise && self->runner->depth == ev_depth(self->ev))
        ev_break(self->ev, EVBREAK_ONE);
    else
        let_rest(self); /* the innermost ev_run() is not ours, and may take long */
}

static void no_rest_cb(EV_P_ ev_idle *watcher, int revents)
{
    (void) watcher;
    vow__ignore(EV_A_ revents);
}

/* The watcher alone does not keep an ev_run() going. */
static void start_watcher(vow__ev_loop *loop)
{
    if (loop->ended_count++)
        return;
    ev_prepare_start(loop->ev, &loop->ended);
    ev_unref(loop->ev);
}

static void stop_watcher(vow__ev_loop *loop)
{
    if (--loop->ended_count)
        return;
    ev_ref(loop->ev);
    ev_prepare_stop(loop->ev, &loop->ended);
    let_rest(loop);
}

/* If the innermost ev_run() is this call's, its next turn does not wait for events. */
static void hurry(struct vow__runner *self)
{
    vow__ev_loop *loop = self->loop;

    if (self->depth != ev_depth(loop->ev) || ev_is_active(&loop->no_rest))
        return;
    ev_idle_start(loop->ev, &loop->no_rest);
    ev_unref(loop->ev);
}

/* ---- Calls that are under way -------------------------------------------------------------------------- */

static void runner_run(vow_promise *owner, vow__reaction *wait)
{
    struct vow__runner *self = (struct vow__runner *) (void *) wait;

    (void) owner;
    self->promise = vow__take_upstream(wait);
    if (!self->depth)
        return;
    self->is_ended = true;
    start_watcher(self->loop);
    hurry(self);
}

static const vow__kind runner_kind = {.name = "run", .run = runner_run};

/* NULL when there is no memory. Only a call inside another one needs any: the first has the spare one. */
static struct vow__runner *runner_new(vow__ev_loop *loop)
{
    struct vow__runner *self = loop->spare_runner;

    loop->spare_runner = NULL;
    return self ? self : vow__allocate(sizeof *self);
}

static void runner_free(struct vow__runner *self)
{
    vow__ev_loop *loop = self->loop;

    if (loop->spare_runner)
        vow__release(self, sizeof *self);
    else
        loop->spare_runner = self;
}

static void runner_begin(struct vow__runner *self, vow__ev_loop *loop, const char *site, uintptr_t frame)
{
    *self = (struct vow__runner){
        .loop = loop, .site = site, .frame = frame, .outer = loop->runner, .around = vow__innermost_run};
    loop->runner = vow__innermost_run = self;
}

/* The promise of the call around this one may have been settled meanwhile. Then that call is to end, too. */
static void runner_end(struct vow__runner *self)
{
    self->loop->runner = self->outer;
    vow__innermost_run = self->around;
    if (self->is_ended)
        stop_watcher(self->loop);
    if (vow__innermost_run && vow__innermost_run->is_ended)
        hurry(vow__innermost_run);
}

bool vow__run_init(vow__ev_loop *loop)
{
    loop->runs.kind = &runner_kind;
    loop->runs.refs = 1;
    vow__list_init(&loop->runs.u.reactions);
    ev_prepare_init(&loop->ended, ended_cb);
    ev_set_priority(&loop->ended, EV_MAXPRI);
    ev_idle_init(&loop->no_rest, no_rest_cb);
    ev_set_priority(&loop->no_rest, EV_MINPRI);
    loop->ended.data = loop;
    loop->spare_runner = vow__allocate(sizeof *loop->spare_runner);
    return loop->spare_runner;
}

void vow__run_close(vow__ev_loop *loop)
{
    vow__release(loop->spare_runner, sizeof *loop->spare_runner);
    loop->spare_runner = NULL;
}

/* ---- The outcome --------------------------------------------------------------------------------------- */

/* Why the run ends without an outcome. */
static vow_error *why(const vow_promise *promise, bool is_deadlock, const char *site)
{
    char bytes[WAITS_SIZE];
    vow__text text = {NULL, bytes, sizeof bytes, 0};

    if (!is_deadlock)
        return vow_error_new_at(site, EINTR, "ev_break() was called before the %s made at %s was settled",
                                vow__name_of(promise), vow__site_text(promise->site));
    vow__waits_describe(&text, promise);
    return vow_error_new_at(site, EDEADLK, "nothing is left that could settle %s", bytes);
}

/* The outcome of a settled promise, whose reference is given. */
static vow_error *outcome(vow_promise *promise, vow_value *value)
{
    vow_error *error = NULL;

    promise->flags |= VOW__SEEN; /* even if the caller asks for no value: it has waited */
    if (vow__is_rejected(promise)) {
        error = vow_error_ref(vow__error_of(promise));
    } else if (value) {
        *value = vow_take(vow__value_of(promise));
    }
    vow_unref(promise);
    return error;
}

enum end { SETTLED, DEADLOCK, BROKEN_OFF };

/* Runs the ev_loop until the promise is settled, nothing can settle it any more, or ev_break() is called. */
static enum end drive(struct vow__runner *self)
{
    vow__ev_loop *loop = self->loop;
    bool is_alive;

    vow__loop_drain(loop);
    if (self->promise)
        return SETTLED;
    self->depth = ev_depth(loop->ev) + 1;
    is_alive = ev_run(loop->ev, 0);
    self->depth = 0;
    if (self->promise)
        return SETTLED;
    return is_alive ? BROKEN_OFF : DEADLOCK;
}

/*
 * Ends without an outcome, after a deadlock or an ev_break(): the promise is dropped. After a deadlock nobody
 * is in a hurry to leave. So the clean-up that dropping sets going is run to its end, unless nothing is left
 * that could end it, either.
 */
static vow_error *runner_give_up(struct vow__runner *self, enum end end, const char *site)
{
    vow_promise *promise = vow__branch_cut(&self->branch);
    vow_error *error = why(promise, end == DEADLOCK, site);

    if (end == DEADLOCK && promise->refs == 1) {
        vow__cancel_now(promise);
        if (vow__is_pending(promise)) {
            vow__wait_branch(&self->branch, &self->loop->runs, promise);
            if (drive(self) != SETTLED)
                vow__branch_cut(&self->branch);
        }
    }
    vow_unref(promise);
    return error;
}

static void check_run(const vow_promise *promise, const vow_loop *loop, const char *site)
{
    if (loop->is_closed)
        vow__misuse_at("vow_run", promise->site, site, "its loop %s",
                       loop->busy ? "is being freed" : "was freed");
    if (vow__is_occupied(loop))
        vow__misuse_at("vow_run", promise->site, site, "it was called inside a handler");
}

static vow_error *no_memory(vow_promise *promise)
{
    vow_unref(promise);
    return &vow__error_no_memory;
}

vow_error *vow_run_at(vow_promise *promise, vow_value *value, const char *site)
{
    struct vow__runner *self;
    vow__ev_loop *loop;
    vow__drops *paused;
    vow_error *error;
    enum end end;

    vow__check_promise(promise, "vow_run", site);
    loop = vow__ev_loop_of(vow__loop_of(promise));
    if (value)
        *value = vow_nil();
    check_run(promise, &loop->core, site);
    vow__run_check_left(loop, VOW__FRAME, "vow_run");
    self = runner_new(loop);
    if (!self)
        return no_memory(promise);
    runner_begin(self, loop, site, VOW__FRAME);
    vow__wait_branch(&self->branch, &loop->runs, promise);
    paused = vow__drops_pause();
    end = drive(self);
    error = end == SETTLED ? NULL : runner_give_up(self, end, site);
    vow__drops_go_on(paused);
    runner_end(self);
    if (end == SETTLED)
        error = outcome(self->promise, value);
    runner_free(self);
    return error;
}
