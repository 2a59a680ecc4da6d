/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The promise and its state machine.
 *
 * A kind of promise is a struct that begins with a vow_promise, and one static vow__kind. Every promise,
 * whatever its kind, waits for at most one thing with its own `wait` member: for a reaction to another
 * promise, for a resolver, or for its turn in the job queue. That is why any promise can follow another
 * without memory.
 *
 * References are interest. When the last one to a promise goes, the promise is doomed: it goes on the loop's
 * stack of doomed promises, which vow__reap() works off, so that nothing recurses along a chain. What a
 * doomed promise waited for is doomed in turn and reaped first. Then its own clean-up runs. Then it is freed.
 */
/*
 * What the verbs mean by which something stops being somebody's, here and in all other folders:
 *
 *   unref     one reference less; the last one to a promise that is pending drops it
 *   let_go    the same while the reaper is at work, which goes on with the promise
 *   drop      nobody wants it any more: a promise ends after its clean-up, a value by its type's function
 *   cancel    it ends, though others want it
 *   abandon   a producer's half goes unused: its promise is rejected
 *   dispose   what the members of a promise hold goes, just before its memory
 *   release   memory goes back to the allocator
 *   free      a handle of the program's ends: a loop, a stream, a process
 */
#ifndef VOW_CORE_PROMISE_PRIVATE_H
#define VOW_CORE_PROMISE_PRIVATE_H

#include <vow/promise.h>

#include "base/link-private.h"
#include "base/misuse-private.h"
#include "base/pool-private.h"
#include "core/error-private.h"
#include "core/value-private.h"

/* The last two are flags of a promise, too. Neither is set while it is pending. */
enum vow__state { VOW__PENDING, VOW__FULFILLED = 1, VOW__REJECTED = 2 };

/* What a promise's `wait` is for. From VOW__WAIT_REACTION on, it is linked in a list of reactions or in the
 * queue. */
enum vow__mode {
    VOW__WAIT_NONE,
    VOW__WAIT_RESOLVER, /* upstream: the vow_resolver */
    VOW__WAIT_READY,    /* upstream: the promise, settled, whose outcome kind->run() is about to get */
    VOW__WAIT_REACTION, /* upstream: the promise whose outcome kind->run() gets */
    VOW__WAIT_FOLLOW,   /* upstream: the promise to subscribe to, in a job of its own */
    VOW__WAIT_ADOPT,    /* upstream: the promise whose outcome becomes this one's */
    VOW__WAIT_FOREIGN,  /* upstream: the vow__foreign to subscribe to, in a job of its own */
    VOW__WAIT_CLEAN_UP, /* dropped or cancelled; upstream: the promise whose clean-up comes first */
    VOW__WAIT_RELEASE   /* settled; the loop gives its reference up in a job */
};

/* The flags that settling and letting go look at stand with the state, so that one test covers them. */
enum vow__flag {
    VOW__SEEN = 4,         /* somebody looked at the outcome, or it is an error that was passed on */
    VOW__KEPT = 8,         /* the loop holds a reference until the promise is settled */
    VOW__DOOMED = 16,      /* on the stack of doomed promises, its `wait.doomed` links it there */
    VOW__GUARDED = 32,     /* not to be freed without a look: vow__kind_is_guarded(), or its loop is closed */
    VOW__CANCELLED = 64,   /* dropped or cancelled: settles with ECANCELED once its clean-up is done */
    VOW__SHIELDED = 128,   /* in its clean-up: cancelling lets that finish */
    VOW__UNWINDING = 256,  /* doomed, and what it waited for has been let go */
    VOW__IMMORTAL = 512,   /* a member of the loop, not of a pool */
    VOW__FORGOTTEN = 1024, /* whatever error it ends with is not reported */
    VOW__ON_WAY = 2048,    /* passed on the way to what it waits for: see vow__report_circles() */
    VOW__PASSED = 4096     /* passed on an earlier way; if that led to a circle, the circle is reported */
};

/* A place in a list of reactions or in the job queue. */
typedef struct vow__reaction {
    union {
        vow__link link;
        struct {               /* of a doomed promise, which waits for nothing in a list any more */
            vow_promise *next; /* below it on the stack of doomed promises */
            vow_promise *base; /* the top of that stack when the unwinding began: marks those of one call */
        } doomed;
    };
    uintptr_t upstream; /* by mode; with VOW__BRANCH set it is a promise, and this a vow__branch */
} vow__reaction;

/* One of several waits of a promise, outside its own struct. */
typedef struct vow__branch {
    union {
        vow__reaction wait;
        vow_value value; /* once the wait is over, where the owner wants to keep one for each branch */
    };
    vow_promise *owner; /* NULL: there is a value */
} vow__branch;

#define VOW__BRANCH ((uintptr_t) 1)

static inline bool vow__is_branch(const vow__reaction *wait)
{
    return wait->upstream & VOW__BRANCH;
}

/* The promise that a branch, or a promise by itself, waits for; NULL if there is none. */
static inline vow_promise *vow__upstream_of(const vow__reaction *wait)
{
    return (vow_promise *) (wait->upstream & ~VOW__BRANCH);
}

static inline void vow__branch_set(vow__branch *branch, vow_promise *upstream)
{
    branch->wait.upstream = (uintptr_t) upstream | VOW__BRANCH;
}

typedef struct vow__kind {
    const char *name; /* for reports: "then" */
    /* Its job: what `wait` (its own, or a branch's) stood for is settled. May run handlers. */
    void (*run)(vow_promise *promise, vow__reaction *wait);
    /*
     * The promise is dropped or cancelled while pending: no event may reach it any more. Called at once,
     * before any code of the program, which might run an ev_loop. Runs nothing of the program and lets no
     * input go.
     */
    void (*halt)(vow_promise *promise);
    /* After that, in its turn: gives branches up with vow__drop_in_stop(). */
    void (*stop)(vow_promise *promise);
    /*
     * After that: its own clean-up. May run handlers and may settle the promise. True while the clean-up goes
     * on: the loop then keeps the promise until it is settled.
     */
    bool (*unwind)(vow_promise *promise);
    /*
     * The promise's own clean-up goes on and on while its loop is freed. Ends the clean-up where it stands,
     * so that the promise can be settled. The promise waits for nothing any more. May run drop functions.
     * NULL: its clean-up is finite.
     */
    void (*cut)(vow_promise *promise);
    /* Called before the memory of a promise goes, whatever became of it: releases what the kind's own members
     * still hold. A combinator calls it once its outcome is known, too. */
    void (*dispose)(vow_promise *promise);
    /*
     * The promise was fulfilled with an item (a signal, a line, a connection), and goes before anybody has
     * looked at the item. Takes the value, and puts the item back in its place, so that the next one who asks
     * gets it. False if that place is gone: then the value is dropped.
     *
     * Called once, before dispose(). Not called once the loop is being freed: then the value is dropped. The
     * source of the item may be gone by the time of the call, unless the promise holds it. May settle
     * promises, but runs no user code. Several items of one source may come back in any order (the list of a
     * dropped vow_all() ends from its beginning). So the kind must know their places itself, by a number,
     * say.
     *
     * An item was looked at if a handler or a task was given it, or somebody got it from vow_peek(),
     * vow_run() or vow_take(). Whoever else takes a value out of a promise that may be of such a kind says so
     * with vow__look(). To pass an outcome on is no look: vow__share() then leaves the value where it is and
     * gives an alias, and an alias that goes says whether it was looked at. So the item also comes back
     * through vow_timeout(), vow_race(), a promise that follows, or the list of vow_all().
     */
    bool (*put_back)(vow_promise *promise, vow_value value);
    /* An error may be an item, too: put_back() is also called for a rejected promise, with the error as a
     * value. It is reported only if its place is gone. An error that was passed on is no item any more. */
    bool puts_errors_back;
    /* What it waits for, besides its own `wait`: the first input that is pending, or NULL. */
    const vow_promise *(*input)(const vow_promise *promise);
    /* This process was forked, and the promise waits for a thread that is in the parent only: rejects it. */
    void (*lost)(vow_promise *promise);
    /* A longer name for reports, which stays as it is for as long as the program runs; or NULL. */
    const char *(*describe)(const vow_promise *promise);
} vow__kind;

struct vow_promise {
    const vow__kind
        *kind; /* NULL once it is freed, as long as nothing else is there: see base/pool-private.h */
    union {
        vow__link reactions; /* while pending: those who wait, in the order in which they came */
        vow_value value;     /* settled: the value, or the error as a value of vow_type_error */
    } u;
    const char *site;
    int32_t refs;
    uint16_t flags; /* vow__state and vow__flag */
    uint8_t mode;
    uint8_t stage; /* the kind's own */
    vow__reaction wait;
};

_Static_assert(sizeof(void *) != 8 || sizeof(vow_promise) == 64, "a promise is one cache line");

static inline vow_loop *vow__loop_of(const vow_promise *promise)
{
    return (vow_loop *) (void *) vow__slab_of(promise)->pools;
}

static inline bool vow__is_pending(const vow_promise *promise)
{
    return !(promise->flags & (VOW__FULFILLED | VOW__REJECTED));
}

static inline bool vow__is_fulfilled(const vow_promise *promise)
{
    return promise->flags & VOW__FULFILLED;
}

static inline bool vow__is_rejected(const vow_promise *promise)
{
    return promise->flags & VOW__REJECTED;
}

static inline enum vow__state vow__state_of(const vow_promise *promise)
{
    return (enum vow__state)(promise->flags & (VOW__FULFILLED | VOW__REJECTED));
}

/* The promise that holds what an alias stands for; NULL if a box holds it. */
vow_promise *vow__alias_promise(vow_value alias);

/* Where a value lives: for an alias, what it stands for. */
static inline vow_value *vow__value_resolve(vow_value *value)
{
    while (value->type == &vow__type_alias)
        value = value->u.pointer;
    return value;
}

/* The value (or error value) of a settled promise, for one who only passes it on. */
static inline vow_value *vow__value_of(vow_promise *promise)
{
    return vow__value_resolve(&promise->u.value);
}

/* The same for one who looks at it. */
static inline vow_value *vow__look(vow_promise *promise)
{
    promise->flags |= VOW__SEEN;
    return vow__value_of(promise);
}

/* Whether promises of a kind have something to do before they are freed. */
static inline bool vow__kind_is_guarded(const vow__kind *kind)
{
    return kind->dispose || kind->put_back;
}

/* Whether a settled promise has an item that goes back if nobody looks at it. */
static inline bool vow__holds_item(const vow_promise *promise)
{
    return VOW_UNLIKELY(promise->flags & VOW__GUARDED) && promise->kind->put_back &&
           !(promise->flags & VOW__SEEN) &&
           ((promise->flags & VOW__FULFILLED) ||
            ((promise->flags & VOW__REJECTED) && promise->kind->puts_errors_back));
}

static inline vow_error *vow__error_of(const vow_promise *promise)
{
    return promise->u.value.u.pointer;
}

/*
 * A pending promise of a kind, with one reference, the caller's. NULL when there is no memory or the loop is
 * being freed: the caller releases what it was given and returns vow__refusal().
 */
void *vow__promise_new(vow_loop *loop, size_t size, const vow__kind *kind, const char *site);
/* The rejected promise that needs no memory. */
vow_promise *vow__refusal(vow_loop *loop);
/* The same for a function that was given a promise, which is let go. May run clean-up. */
vow_promise *vow__refuse(vow_promise *upstream);
/* Gives up a promise in whose place `refused` is returned, and what it waits for. If there was no memory for
 * a part of it, `refused` says so, too: that is not reported here. */
void vow__drop_refused(vow_promise *upstream, const vow_promise *refused);
/* End the program: what was passed to a public function is gone, or of another loop or thread. */
VOW__RARE VOW_NORETURN void vow__misuse_promise(const vow_promise *promise, const char *function,
                                                const char *site);
/* The same for what the program knows under another name, as a `what`. */
VOW__RARE VOW_NORETURN void vow__misuse_handle(const vow_promise *promise, const char *what,
                                               const char *function, const char *site);
VOW__RARE VOW_NORETURN void vow__misuse_loops(const char *function, const vow_promise *promise);
VOW__RARE VOW_NORETURN void vow__misuse_refs(const vow_promise *promise);
/* Ends the program if this is not the thread of the loop. */
VOW__SHARED void vow__compare_thread(const vow_loop *loop, const char *function, const char *site);
/* The same, where misuse is looked for that costs time to find. */
#ifdef VOW_DEBUG
#define vow__check_thread(loop, function, site) vow__compare_thread(loop, function, site)
#else
#define vow__check_thread(loop, function, site) ((void) (site))
#endif

/* Adds a reference. Their number must not wrap. What the library adds for the time of a call is not checked:
 * VOW__REFS_MAX leaves room for it. */
static inline void vow__ref(vow_promise *promise)
{
    if (VOW_UNLIKELY(promise->refs >= VOW__REFS_MAX))
        vow__misuse_refs(promise);
    promise->refs++;
}

static inline void vow__check_loop(const vow_loop *loop, const char *function, const char *site)
{
    if (VOW_UNLIKELY(!loop))
        vow__misuse_null(function, "loop", site);
    vow__check_thread(loop, function, site);
}

/* Whether what a program passed is NULL, or a promise that was freed, as far as its memory still tells. */
static inline bool vow__is_gone(const vow_promise *promise)
{
    return !promise || !promise->kind;
}

static inline void vow__check_promise(const vow_promise *promise, const char *function, const char *site)
{
    if (VOW_UNLIKELY(vow__is_gone(promise)))
        vow__misuse_promise(promise, function, site);
    vow__check_thread(vow__loop_of(promise), function, site);
}

/* The same for something that begins with a promise and that the program knows as a `what`, such as an
 * interval. */
static inline void vow__check_handle(const void *handle, const char *what, const char *function,
                                     const char *site)
{
    const vow_promise *promise = handle;

    if (VOW_UNLIKELY(vow__is_gone(promise)))
        vow__misuse_handle(promise, what, function, site);
    vow__check_thread(vow__loop_of(promise), function, site);
}

static inline void vow__check_same_loop(const vow_promise *promise, const vow_promise *target,
                                        const char *function)
{
    if (VOW_UNLIKELY(vow__loop_of(target) != vow__loop_of(promise)))
        vow__misuse_loops(function, target);
}

/* Rejects a pending promise, as vow__settle() does; takes the error over. */
void vow__reject(vow_promise *promise, vow_error *error);
/* Settles as `from` is settled, and takes over the caller's reference to it. */
void vow__adopt(vow_promise *promise, vow_promise *from);
/* vow__share() of a value that is owned, or an item. */
vow_value vow__share_slowly(vow_promise *from);

/* Whether the value of `from` can simply be copied: nobody owns it, and it is no item. */
static inline bool vow__is_copied(const vow_promise *from)
{
    return !(from->flags & VOW__GUARDED) && vow__value_is_trivial(from->u.value);
}

/* The value of `from`, for another holder. That is no look. The value moves if the caller's reference is the
 * only one and the value is no item to be put back; else it is shared. */
static inline vow_value vow__share(vow_promise *from)
{
    return VOW__LIKELY(vow__is_copied(from)) ? from->u.value : vow__share_slowly(from);
}

/* The same for a place in a list. */
static inline vow_value vow__share_with(vow_list *list, vow_promise *from)
{
    if (VOW__LIKELY(vow__is_copied(from)))
        return from->u.value;
    list->container.is_bound = true;
    return vow__share_slowly(from);
}

/* Makes a bound list, which is on its way out of its loop, stand alone (see share.c). Gives the same list. */
VOW__RARE vow_value vow__list_unbind(vow_value value);

/* Puts a promise in the queue: kind->run() is called, with `upstream` (which may be NULL) to take. */
void vow__wait_turn(vow_promise *promise, vow_promise *upstream);
/* Ends a branch's wait, if it has one. Returns the promise that it waited for, which is the caller's now, or
 * NULL. */
vow_promise *vow__branch_cut(vow__branch *branch);

/* Cancels a pending promise as vow_cancel() does; the caller keeps its reference. */
void vow__cancel_now(vow_promise *promise);
/*
 * From within kind->stop(): `promise` gives `upstream` up. True if it must wait for it all the same, because
 * `upstream` cleans up or will: then the reference stays the caller's. In a circle, unwinding comes round to
 * a promise whose `upstream` is the one where it began. There it is false: that promise does not wait for the
 * clean-up of the first one.
 */
bool vow__drop_in_stop(const vow_promise *promise, vow_promise *upstream);
/* The same outside of kind->stop(), for a promise that waits for nothing and is not doomed: drops what it was
 * to wait for. True if that cleans up: then kind->run() is called after it. May run clean-up. */
bool vow__drop_input(vow_promise *promise, vow_promise *upstream);
/* From within kind->unwind(), which must return true then: the clean-up is over, and has left the promise
 * waiting for another one. That one is dropped in turn, and then the promise is cleaned up once more. */
void vow__drop_again(vow_promise *promise);
/* Reports an error that is lost: a promise was about to be settled with it, but a clean-up ends with another
 * outcome. The report is the same as for a rejected promise that nobody has looked at. May run the program's
 * hook. */
void vow__report_replaced(const vow_promise *promise, const vow_error *error);
/* Calls kind->dispose(), at the end or before. Nobody has looked at what that drops. May run drop
 * functions. */
void vow__dispose_members(vow_promise *promise);
/* Gives up a reference while the reaper is at work, which goes on with the promise. */
void vow__let_go(vow_promise *promise);
/* The loop keeps a pending promise until it is settled. */
void vow__keep(vow_promise *promise);

/* For messages: where the promise was made that holds this value. Else where the one was made whose job runs
 * on this thread; or NULL. */
const char *vow__site_of_value(const vow_value *value);
/* What a promise is called in messages. */
const char *vow__name_of(const vow_promise *promise);

#endif
