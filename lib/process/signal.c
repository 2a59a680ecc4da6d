/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind signal, for one signal, and the source signals, a subscription.
 *
 * libev has one table of signals for the process, and ends the program when two ev_loops want the same one.
 * So this file also notes who has which, and looks before libev is asked: from the first watcher on an
 * ev_loop to the last.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include <vow/signal.h>

#include "base/misuse-private.h"
#include "loop/source-private.h"
#include "os/fd-private.h"
#include "os/signals-private.h"

/* ---- Who has which signal ------------------------------------------------------------------------------ */

typedef struct claim {
    _Atomic(struct ev_loop *) ev; /* NULL for nobody's */
    unsigned watchers;            /* used by the thread of that ev_loop alone */
} claim;

static claim claims[VOW__SIGNALS];

static bool can_be_caught(int signum)
{
    struct sigaction action;

    return signum > 0 && signum < VOW__SIGNALS && signum != SIGKILL && signum != SIGSTOP &&
           sigaction(signum, NULL, &action) == 0;
}

/* 0, or the errno value that says why this ev_loop cannot have the signal. */
static int claim_signal(struct ev_loop *ev, int signum)
{
    struct ev_loop *holder = NULL;
    int code;

    if (!can_be_caught(signum))
        return EINVAL;
    if (signum == SIGCHLD && !ev_is_default_loop(ev))
        return EBUSY;
    code = vow__fd_find_room(); /* the first signal watcher of an ev_loop opens some descriptors */
    if (code)
        return code;
    if (!atomic_compare_exchange_strong(&claims[signum].ev, &holder, ev) && holder != ev)
        return EBUSY;
    claims[signum].watchers++;
    return 0;
}

static int signal_watch(struct ev_loop *ev, ev_signal *watcher)
{
    int code = claim_signal(ev, watcher->signum);

    if (!code)
        ev_signal_start(ev, watcher);
    return code;
}

static void signal_unwatch(struct ev_loop *ev, ev_signal *watcher)
{
    claim *held = &claims[watcher->signum];

    ev_signal_stop(ev, watcher);
    if (--held->watchers == 0)
        atomic_store(&held->ev, NULL);
}

/* ---- One ----------------------------------------------------------------------------------------------- */

typedef struct one_signal {
    vow_promise promise;
    ev_signal watcher;
} one_signal;

static void signal_stop(vow_promise *promise)
{
    signal_unwatch(vow__ev(promise), &((one_signal *) promise)->watcher);
}

static void signal_cb(EV_P_ ev_signal *watcher, int revents)
{
    one_signal *self = VOW__CONTAINER_OF(watcher, one_signal, watcher);

    vow__ignore(EV_A_ revents);
    signal_stop(&self->promise);
    vow__resolve_and_leave(&self->promise, vow_int(watcher->signum));
}

static const vow__kind signal_kind = {.name = "signal", .halt = signal_stop};

vow_promise *vow_signal_at(vow_loop *loop, int signum, const char *site)
{
    one_signal *self;
    int code;

    vow__check_loop(loop, "vow_signal", site);
    self = vow__promise_new(loop, sizeof *self, &signal_kind, site);
    if (!self)
        return vow__refusal(loop);
    ev_signal_init(&self->watcher, signal_cb, signum);
    code = signal_watch(vow__ev(&self->promise), &self->watcher);
    if (code)
        vow__resolve(&self->promise,
                     vow_throwf_at(site, code, "vow_signal: signal %d: %s", signum, strerror(code)));
    return &self->promise;
}

/* ---- A subscription ------------------------------------------------------------------------------------ */

typedef struct slot {
    ev_signal watcher;
    vow_signals *signals;
    vow__link link; /* in signals->kept, if is_kept */
    uint64_t place; /* its place there; the last one it had, if it is not there */
    bool is_kept;
} slot;

struct vow_signals {
    vow_promise promise;
    vow__line line;
    vow__link kept;   /* slots of what nobody has seen yet, in the order of arrival, which is their place */
    uint64_t arrived; /* how many have arrived */
    size_t count;
    slot slots[];
};

/* Puts a signal in its place, which is the last one when it has just arrived. */
static void keep(slot *self, uint64_t place)
{
    vow__link *after = self->signals->kept.prev;

    while (after != &self->signals->kept && VOW__CONTAINER_OF(after, slot, link)->place > place)
        after = after->prev;
    self->is_kept = true;
    self->place = place;
    vow__list_append(after->next, &self->link);
}

static void signal_arrived_cb(EV_P_ ev_signal *watcher, int revents)
{
    slot *self = VOW__CONTAINER_OF(watcher, slot, watcher);
    vow__ev_loop *host = vow__ev_loop_of(vow__loop_of(&self->signals->promise));
    bool is_first = vow__loop_enter(host);

    vow__ignore(EV_A_ revents);
    if (!self->is_kept)
        keep(self, self->signals->arrived++);
    vow__line_offer(&self->signals->line);
    vow__loop_leave(host, is_first);
}

static bool take_kept(vow__line *line, vow__waiter *waiter, vow_value *value)
{
    vow_signals *self = VOW__CONTAINER_OF(line, vow_signals, line);
    slot *oldest;

    if (vow__list_is_empty(&self->kept))
        return false;
    oldest = VOW__CONTAINER_OF(self->kept.next, slot, link);
    vow__list_unlink(&oldest->link);
    oldest->is_kept = false;
    *value = vow_int(oldest->watcher.signum);
    waiter->place = oldest->place;
    return true;
}

/* If the signal has arrived again meanwhile, the two are one, which has the place of the first. */
static void keep_again(vow__line *line, vow__waiter *waiter, vow_value value)
{
    vow_signals *self = VOW__CONTAINER_OF(line, vow_signals, line);
    slot *again = self->slots;

    while (again->watcher.signum != (int) vow_as_int(&value))
        again++;
    if (again->is_kept)
        vow__list_unlink(&again->link);
    keep(again, waiter->place);
}

static void signals_halt(vow_promise *promise)
{
    vow_signals *self = (vow_signals *) promise;
    struct ev_loop *ev = vow__ev(promise);

    vow__line_stop(&self->line);
    for (; self->count; self->count--) {
        ev_ref(ev);
        signal_unwatch(ev, &self->slots[self->count - 1].watcher);
    }
}

static const vow__kind signals_kind = {.name = "signals", .halt = signals_halt};
static const vow__kind next_signal_kind = VOW__TAKER_KIND("signals_next");
static const vow__line_kind arrived_kind = {
    .take = take_kept, .put_back = keep_again, .arm = vow__source_hold, .disarm = vow__source_let_be};

static bool has(const vow_signals *self, int signum)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->slots[i].watcher.signum == signum)
            return true;
    return false;
}

/* Adds a signal. The watcher alone does not keep ev_run() going. */
static int signal_add(vow_signals *self, int signum)
{
    struct ev_loop *ev = vow__ev(&self->promise);
    slot *place = &self->slots[self->count];
    int code;

    if (has(self, signum))
        return 0;
    place->signals = self;
    place->is_kept = false;
    ev_signal_init(&place->watcher, signal_arrived_cb, signum);
    code = signal_watch(ev, &place->watcher);
    if (code)
        return code;
    ev_unref(ev);
    self->count++;
    return 0;
}

vow_signals *vow_signals_new_at(vow_loop *loop, size_t n, const int *signums, const char *site)
{
    vow_signals *self;
    int code = n && n < VOW__SIGNALS ? 0 : EINVAL;

    vow__check_loop(loop, "vow_signals_new", site);
    vow__check_bytes(signums, n, "vow_signals_new", site);
    self = code ? NULL : vow__object_new(loop, sizeof *self + n * sizeof self->slots[0], &signals_kind, site);
    if (!self) {
        errno = code ? code : errno;
        return NULL;
    }
    vow__line_init(&self->line, &arrived_kind, &self->promise);
    self->count = 0;
    self->arrived = 0;
    vow__list_init(&self->kept);
    for (size_t i = 0; i < n && !code; i++)
        code = signal_add(self, signums[i]);
    if (!code)
        return self;
    vow_signals_free(self);
    errno = code;
    return NULL;
}

vow_promise *vow_signals_next_at(vow_signals *signals, const char *site)
{
    vow__check_handle(signals, "subscription", "vow_signals_next", site);
    return vow__line_wait(&signals->line, &next_signal_kind, site);
}

void vow_signals_free(vow_signals *signals)
{
    if (!signals)
        return;
    vow__check_handle(signals, "subscription", "vow_signals_free", NULL);
    vow__line_end(&signals->line);
    vow_unref(&signals->promise);
}
