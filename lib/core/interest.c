/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns references and what happens when they go: the reaper, which cancels and frees promises in any number
 * without recursion. A call from inside user code (an on_cancel(), say) works off what it dooms before it
 * returns, so that cancelling is synchronous. Many levels deep it is not: what is dropped or cancelled there
 * is left to the reaper that runs, which comes to it when the user code has returned; no event reaches it
 * from the call on. Settled promises that go inside a drop function many levels deep are put off likewise
 * (drop.c).
 */
#include <vow/combinators.h>

#include "core/drop-private.h"
#include "core/operations-private.h"
#include "core/resolver-private.h"
#include "core/thenable-private.h"

/* How many reapers run inside one another, each called by the user code of the one before. */
#define REAPS_MAX 64

static bool is_linked(const vow_promise *promise)
{
    return promise->mode >= VOW__WAIT_REACTION;
}

/* Takes a promise out of the list or queue that its link is in, and out of the reach of events, and puts it
 * on the stack. */
static void doom(vow_loop *loop, vow_promise *promise)
{
    if (promise->flags & VOW__DOOMED)
        return;
    if (promise->kind->halt && vow__is_pending(promise))
        promise->kind->halt(promise);
    if (is_linked(promise))
        vow__list_unlink(&promise->wait.link);
    promise->flags |= VOW__DOOMED;
    promise->wait.doomed.next = loop->doomed;
    loop->doomed = promise;
}

void vow__keep(vow_promise *promise)
{
    if (promise->flags & VOW__KEPT)
        return;
    promise->flags |= VOW__KEPT;
    promise->refs++;
}

/* Whether an error that nobody looks at is to be reported. */
static bool is_news(const vow_loop *loop, const vow_error *error)
{
    return !error->is_quiet && !(loop->is_refusing && error == &vow__error_no_memory);
}

/* Whether the promise that is being freed holds an error that nobody has seen and nobody can see any more. */
static bool is_unhandled(const vow_loop *loop, const vow_promise *promise)
{
    return vow__is_rejected(promise) && !(promise->flags & (VOW__SEEN | VOW__FORGOTTEN)) &&
           is_news(loop, vow__error_of(promise));
}

void vow__report_replaced(const vow_promise *promise, const vow_error *error)
{
    if (!(promise->flags & VOW__FORGOTTEN) && is_news(vow__loop_of(promise), error))
        vow__report_unhandled(vow__loop_of(promise), promise, error);
}

/* Whether a promise that goes has put back the item that it had. */
static bool has_put_back(const vow_loop *loop, vow_promise *promise)
{
    return vow__holds_item(promise) && !loop->is_closed && promise->kind->put_back(promise, promise->u.value);
}

/*
 * Drops what a settled promise holds. That may be an alias of an item, or a list with such aliases:
 * `is_unseen` says whether anybody has looked at them here. May run drop functions.
 */
static void drop_value(vow_loop *loop, const vow_promise *promise)
{
    bool was_unseen = loop->is_unseen;

    loop->is_unseen = !(promise->flags & VOW__SEEN);
    vow_value_drop(promise->u.value);
    loop->is_unseen = was_unseen;
}

void vow__dispose_members(vow_promise *promise)
{
    vow_loop *loop = vow__loop_of(promise);
    bool was_unseen = loop->is_unseen;

    loop->is_unseen = true;
    promise->kind->dispose(promise);
    loop->is_unseen = was_unseen;
}

void vow__dispose(vow_loop *loop, vow_promise *promise)
{
    bool is_back = has_put_back(loop, promise);

    if (!is_back && is_unhandled(loop, promise))
        vow__report_unhandled(loop, promise, vow__error_of(promise));
    if (promise->flags & VOW__IMMORTAL) {
        promise->flags |= VOW__SEEN;
        return;
    }
    if (!is_back && !vow__is_pending(promise))
        drop_value(loop, promise);
    if (promise->kind->dispose)
        vow__dispose_members(promise);
    vow__pool_give(promise);
}

static void dispose_link(vow__link *link)
{
    vow_promise *promise = VOW__CONTAINER_OF(link, vow_promise, wait.link);
    vow_loop *loop = vow__loop_of(promise);

    vow__dispose(loop, promise);
    if (loop->is_closed)
        vow__loop_retire(loop);
}

/* As vow__dispose(), for a settled promise. While a drop function runs many levels deep, the promise waits
 * for it, since its own value may have one, too. Whether its error is to be left unsaid is known only now, so
 * that is noted. */
static void dispose_in_turn(vow_loop *loop, vow_promise *promise)
{
    if (!vow__is_dropping() || (promise->flags & VOW__IMMORTAL)) {
        vow__dispose(loop, promise);
        return;
    }
    if (vow__is_rejected(promise) && !is_unhandled(loop, promise) && !vow__holds_item(promise))
        promise->flags |= VOW__SEEN;
    vow__drop_later(&promise->wait.link, dispose_link);
}

/* Makes a pending promise end, whoever holds it. */
static void cancel(vow_promise *promise)
{
    promise->flags |= VOW__CANCELLED;
    if (promise->flags & VOW__SHIELDED)
        vow__keep(promise);
    else
        doom(vow__loop_of(promise), promise);
}

/* As vow__is_plain(), for lists such as vow_all() of a few numbers gives. */
static bool is_trivial_list(const vow_promise *promise)
{
    return !(promise->flags & (VOW__REJECTED | VOW__DOOMED | VOW__GUARDED)) &&
           promise->u.value.type == &vow_type_list && vow__list_is_trivial(promise->u.value.u.pointer);
}

static void free_plain_list(vow_loop *loop, vow_promise *promise)
{
    vow__list_give_back(&loop->lists, promise->u.value.u.pointer);
    vow__pool_give(promise);
}

/* Whether a promise is pending and can go at once, because that runs nothing: it has no clean-up of its own,
 * and what it waits for goes on for others. */
static bool is_leaf(const vow_promise *promise)
{
    const vow__kind *kind = promise->kind;
    const vow_promise *upstream = (const vow_promise *) promise->wait.upstream;

    if ((promise->flags & (VOW__FULFILLED | VOW__REJECTED | VOW__SHIELDED | VOW__DOOMED)) || kind->unwind ||
        kind->stop || kind->dispose)
        return false;
    if (!upstream)
        return promise->mode == VOW__WAIT_NONE || promise->mode == VOW__WAIT_REACTION;
    return promise->mode == VOW__WAIT_REACTION && upstream->refs > 1 &&
           !(vow__is_pending(upstream) && (upstream->flags & VOW__CANCELLED));
}

static void free_leaf(vow_promise *promise)
{
    if (promise->kind->halt)
        promise->kind->halt(promise);
    if (is_linked(promise))
        vow__list_unlink(&promise->wait.link);
    if (promise->wait.upstream)
        ((vow_promise *) promise->wait.upstream)->refs--;
    vow__pool_give(promise);
}

/* The last reference is given up. Nothing may recurse. So only what cannot run anything is freed at once; the
 * rest is left to the reaper. */
static void let_last_go(vow_loop *loop, vow_promise *promise)
{
    if (is_leaf(promise))
        free_leaf(promise);
    else if (vow__is_pending(promise))
        cancel(promise);
    else if (vow__is_plain(promise))
        vow__pool_give(promise);
    else if (is_trivial_list(promise))
        free_plain_list(loop, promise);
    else
        doom(loop, promise);
}

void vow__let_go(vow_promise *promise)
{
    if (--promise->refs == 0)
        let_last_go(vow__loop_of(promise), promise);
}

/* Whether `promise` is being unwound because of `upstream`, which is being unwound itself, or has its outcome
 * and drops the rest. Then `promise` cleans up first, and does not wait for `upstream`. */
static bool is_behind(const vow_promise *promise, const vow_promise *upstream)
{
    const vow_loop *loop = vow__loop_of(promise);

    if (loop->deciding == upstream && loop->deciding_at == loop->busy)
        return promise->flags & VOW__UNWINDING;
    return (promise->flags & upstream->flags & VOW__UNWINDING) &&
           promise->wait.doomed.base == upstream->wait.doomed.base;
}

bool vow__drop_in_stop(const vow_promise *promise, vow_promise *upstream)
{
    bool is_last = upstream->refs == 1;

    if (vow__is_pending(upstream) && (is_last || (upstream->flags & VOW__CANCELLED)) &&
        !is_behind(promise, upstream)) {
        if (is_last)
            cancel(upstream);
        return true;
    }
    vow__let_go(upstream);
    return false;
}

/* Gives up what a promise waits for, except for an input that cleans up or will. May run an on_cancel(). */
static void interest_stop(vow_promise *promise)
{
    uintptr_t upstream = promise->wait.upstream;
    enum vow__mode mode = promise->mode;

    promise->mode = VOW__WAIT_NONE;
    promise->wait.upstream = 0;
    if (mode == VOW__WAIT_RESOLVER) {
        vow_resolver *resolver = (vow_resolver *) upstream;

        resolver->promise = NULL;
        if (resolver->on_cancel)
            resolver->on_cancel(resolver);
    } else if (mode == VOW__WAIT_FOREIGN) {
        vow_value_drop(vow_own((void *) upstream, &vow__type_foreign));
    } else if (upstream && vow__drop_in_stop(promise, (vow_promise *) upstream)) {
        promise->wait.upstream = upstream;
    }
    if (promise->kind->stop)
        promise->kind->stop(promise);
}

void vow__drop_again(vow_promise *promise)
{
    promise->flags &= (uint16_t) ~VOW__SHIELDED;
    cancel(promise);
}

/* Runs the promise's own clean-up, which may run handlers. True while that goes on, or when it has the
 * promise dropped once more. */
static bool clean_up(vow_promise *promise)
{
    bool is_busy;

    if (!promise->kind->unwind)
        return false;
    promise->refs++;
    promise->flags |= VOW__SHIELDED;
    is_busy = promise->kind->unwind(promise);
    promise->refs--;
    if (!is_busy)
        promise->flags &= (uint16_t) ~VOW__SHIELDED;
    else if (!(promise->flags & VOW__DOOMED))
        vow__keep(promise);
    return is_busy;
}

static void reject_if_pending(vow_promise *promise)
{
    if (vow__is_pending(promise))
        vow__settle(promise, VOW__REJECTED, vow__value_of_error(&vow__error_cancelled));
}

/* If what the promise waited for cleans up first, waits for that. Else the promise cleans up itself. Then it
 * goes, or is rejected for those who wait. */
static void unwind(vow_loop *loop, vow_promise *promise)
{
    vow_promise *upstream = vow__take_upstream(&promise->wait);
    bool is_first = upstream && vow__is_pending(upstream);

    promise->flags &= (uint16_t) ~VOW__UNWINDING; /* off the stack: what goes now is not behind it */
    if (upstream && !is_first)
        vow__unref(upstream);
    promise->flags &= (uint16_t) ~VOW__DOOMED;
    if (is_first) {
        promise->flags |= VOW__SHIELDED;
        vow__keep(promise);
        vow__wait(promise, upstream, VOW__WAIT_CLEAN_UP);
        return;
    }
    if (clean_up(promise))
        return;
    if (promise->refs)
        reject_if_pending(promise);
    else
        vow__dispose(loop, promise);
}

/* A settled promise that was doomed before or after it settled. */
static void reap_settled(vow_loop *loop, vow_promise *promise)
{
    promise->flags &= (uint16_t) ~(VOW__DOOMED | VOW__UNWINDING);
    if (promise->flags & VOW__KEPT) {
        promise->flags &= (uint16_t) ~VOW__KEPT;
        promise->refs--;
    }
    if (!promise->refs)
        dispose_in_turn(loop, promise);
}

static void reap(vow_loop *loop, vow_promise *base)
{
    while (loop->doomed != base) {
        vow_promise *promise = loop->doomed;

        if (vow__is_pending(promise) && !(promise->flags & VOW__UNWINDING)) {
            promise->flags |= VOW__UNWINDING;
            promise->wait.doomed.base = base;
            interest_stop(promise);
            continue;
        }
        loop->doomed = promise->wait.doomed.next;
        if (vow__is_pending(promise))
            unwind(loop, promise);
        else
            reap_settled(loop, promise);
    }
}

void vow__reap(vow_loop *loop, vow_promise *base)
{
    vow__enter_program(loop);
    loop->reaps++;
    reap(loop, base);
    loop->reaps--;
    vow__leave_program(loop);
}

/* For a call from the program. Does nothing if that is deep inside others: the reaper that runs works the
 * stack down to where it began, and so comes to what is left to it. */
static void reap_unless_deep(vow_loop *loop, vow_promise *base)
{
    if (loop->reaps < REAPS_MAX)
        vow__reap(loop, base);
}

void vow__reap_for(const vow_promise *promise, vow_promise *base)
{
    vow_loop *loop = vow__loop_of(promise);
    const vow_promise *outer = loop->deciding;
    unsigned outer_at = loop->deciding_at;

    loop->deciding = promise;
    loop->deciding_at = loop->busy + 1;
    vow__reap(loop, base);
    loop->deciding = outer;
    loop->deciding_at = outer_at;
}

/* Does what the reaper does with the input of a doomed promise. So in a circle, where the input waits for
 * this promise in turn, the input does not wait for this promise to clean up. */
bool vow__drop_input(vow_promise *promise, vow_promise *upstream)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;
    bool is_mine;

    promise->flags |= VOW__UNWINDING;
    promise->wait.doomed.base = base;
    is_mine = vow__drop_in_stop(promise, upstream);
    vow__reap(loop, base);
    promise->flags &= (uint16_t) ~VOW__UNWINDING;
    if (!is_mine)
        return false;
    if (!vow__is_pending(upstream)) {
        vow_unref(upstream);
        return false;
    }
    vow__wait(promise, upstream, VOW__WAIT_REACTION);
    return true;
}

void vow__unwind_on(vow_promise *promise)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;

    vow__unref(vow__take_upstream(&promise->wait));
    if (!clean_up(promise))
        reject_if_pending(promise);
    vow__reap(loop, base);
}

vow_promise *vow_ref_at(const vow_promise *promise, const char *site)
{
    vow_promise *mine = (vow_promise *) promise;

    vow__check_promise(promise, "vow_ref", site);
    vow__ref(mine);
    return mine;
}

void vow__unref_last(vow_promise *promise)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;

    let_last_go(loop, promise);
    if (loop->doomed != base || loop->is_closed)
        reap_unless_deep(loop, base);
}

void vow__unref_seen_slowly(vow_promise *promise)
{
    if (promise->refs < 0)
        vow__misuse_promise(promise, "vow_unref", NULL);
    promise->flags |= VOW__SEEN;
    if (!promise->refs)
        vow__unref_last(promise);
}

void vow_unref(vow_promise *promise)
{
    if (!promise)
        return;
    vow__check_thread(vow__loop_of(promise), "vow_unref", NULL);
    vow__unref(promise); /* notices a promise that is freed already */
}

void vow_detach_at(vow_promise *promise, const char *site)
{
    if (!promise)
        return;
    vow__check_promise(promise, "vow_detach", site);
    if (vow__is_pending(promise))
        vow__keep(promise);
    vow_unref(promise);
}

/* A rejected promise is only marked as seen: it may be one of the loop's own two, which are given to others
 * again, and vow__refusal() takes that mark off. */
void vow_forget_at(vow_promise *promise, const char *site)
{
    if (!promise)
        return;
    vow__check_promise(promise, "vow_forget", site);
    promise->flags |= vow__is_rejected(promise) ? VOW__SEEN : VOW__FORGOTTEN;
    vow_detach_at(promise, site);
}

void vow__cancel_now(vow_promise *promise)
{
    vow_loop *loop = vow__loop_of(promise);
    vow_promise *base = loop->doomed;

    cancel(promise);
    vow__reap(loop, base);
}

void vow_cancel_at(vow_promise *promise, const char *site)
{
    vow_loop *loop;
    vow_promise *base;

    if (!promise)
        return;
    vow__check_promise(promise, "vow_cancel", site);
    loop = vow__loop_of(promise);
    base = loop->doomed;
    if (vow__is_pending(promise))
        cancel(promise);
    vow__let_go(promise);
    reap_unless_deep(loop, base);
}
