/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/promise.h
 * @brief Promises: making them, settling them, and saying what happens next.
 *
 * A promise is pending until it is fulfilled with a value or rejected with an error. The type says who owns
 * what: a `vow_promise *` that you pass is given away, a `const` one is only borrowed, one that is returned
 * is the caller's. References are interest: when the last one to a pending promise goes, whatever was to
 * settle it is cancelled.
 *
 * Handlers never run inside the call that settles or attaches. They run from the loop's job queue, one at a
 * time, in the order in which ECMAScript runs them. The queue is drained right after the libev callback that
 * filled it.
 *
 * Everything here belongs to the thread of the promise's loop. No function that returns a promise returns
 * NULL: out of memory, it returns one that is rejected with `ENOMEM`, and has released what it was given.
 */
#ifndef VOW_PROMISE_H
#define VOW_PROMISE_H

#include <vow/common.h>
#include <vow/error.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

typedef struct vow_resolver vow_resolver;

/** @brief Called when nobody waits any more for what a resolver was to settle. See vow_promise_new(). */
typedef void (*vow_cancel_fn)(vow_resolver *resolver);
/** @brief Called with the value a promise was fulfilled with. See vow_then(). */
typedef vow_value (*vow_then_fn)(vow_value *value, void *data);
/** @brief Called with the error a promise was rejected with. See vow_catch(). */
typedef vow_value (*vow_catch_fn)(const vow_error *error, void *data);
/** @brief Called when a promise is settled or cancelled. See vow_finally(). */
typedef vow_value (*vow_finally_fn)(void *data);
/** @brief Called by vow_try(). */
typedef vow_value (*vow_try_fn)(void *data);

/**
 * @brief The producer's half of a promise: what settles it. Embed one in the struct that does the work, as
 * you would embed an `ev_io`.
 *
 * It does not count as interest: it does not keep its promise alive. Do not copy it (vow_resolver_move()
 * does).
 */
struct vow_resolver {
    vow_promise *promise;    /**< the promise to settle; NULL once that is done, or nobody waits for it */
    vow_cancel_fn on_cancel; /**< what vow_promise_new() was given */
};

/** @brief How a future of another library is followed. See vow_follow_thenable(). */
typedef struct vow_thenable {
    const char *name; /**< as messages call it */
    /**
     * Subscribes to the foreign object, called once in a job of its own. Settle the resolver before
     * returning, or vow_resolver_move() it into memory of your own and settle that later: if you do neither,
     * the promise rejects with `ECANCELED`. Returns NULL, or an error to reject with (which counts only if
     * the resolver was not settled).
     */
    vow_error *(*then)(void *object, vow_resolver *resolver);
    void (*drop)(void *object); /**< called once, right after then(), or when the value is dropped; or NULL */
} vow_thenable;

/**
 * @brief Makes a pending promise and the resolver that settles it.
 *
 * `on_cancel(resolver)` is called, synchronously, when the last reference to the pending promise goes, when
 * it is cancelled, or when its loop is freed: stop the watcher and free the struct that the resolver is
 * embedded in. It is not called once the resolver was used.
 *
 * @param loop      where handlers will run.
 * @param resolver  initialised by this call; must stay valid until it is used or on_cancel() was called. Out
 * of memory it is initialised, too, settles nothing, and on_cancel() is not called.
 * @param on_cancel may be NULL when there is nothing to stop.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM`; `ECANCELED` while the loop is being freed.
 * @par Standard
 * ECMAScript 2024, 27.2.3.1 Promise ( executor ).
 * @since 0.1
 */
VOW_API VOW_DIRECT VOW_NODISCARD vow_promise *vow_promise_new_at(vow_loop *loop, vow_resolver *resolver,
                                                                 vow_cancel_fn on_cancel, const char *site);
#define vow_promise_new(...) vow_promise_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Resolves a promise: fulfils it with a plain value, rejects it with a vow_throw(), or makes it follow
 * another promise with a vow_follow().
 *
 * This needs no memory and cannot fail. Handlers run later, from the job queue. A resolver settles once: the
 * second time, this releases the value and does nothing else. When it returns, the resolver may be freed.
 *
 * @param resolver borrowed, and used up from now on.
 * @param value    given away.
 * @par Standard
 * ECMAScript 2024, 27.2.1.3.2 Promise Resolve Functions.
 * @since 0.1
 */
VOW_API VOW_DIRECT void vow_resolve_at(vow_resolver *resolver, vow_value value, const char *site);
#define vow_resolve(...) vow_resolve_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Rejects a promise.
 *
 * It behaves as vow_resolve() in every respect. The error notes where this call stands.
 *
 * @param resolver borrowed, and used up from now on.
 * @param error    given away.
 * @par Standard
 * ECMAScript 2024, 27.2.1.3.1 Promise Reject Functions.
 * @since 0.1
 */
VOW_API void vow_reject_at(vow_resolver *resolver, vow_error *error, const char *site);
#define vow_reject(...) vow_reject_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Gives a resolver up: its promise rejects with `ECANCELED`, saying that it was abandoned, and where.
 *
 * It is for a producer that goes away without an answer. It does nothing if the resolver was used already.
 *
 * @param resolver borrowed, and used up from now on.
 * @since 0.1
 */
VOW_API void vow_resolver_abandon_at(vow_resolver *resolver, const char *site);
#define vow_resolver_abandon(...) vow_resolver_abandon_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Moves a resolver to another place in memory, and says who is told when nobody waits any more.
 * @param to        initialised by this call; if it is `from` itself, nothing happens.
 * @param from      used up.
 * @param on_cancel called with `to`; may be NULL.
 * @since 0.1
 */
VOW_API void vow_resolver_move_at(vow_resolver *to, vow_resolver *from, vow_cancel_fn on_cancel,
                                  const char *site);
#define vow_resolver_move(...) vow_resolver_move_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether somebody still waits for what this resolver is to settle.
 * @param resolver borrowed.
 * @return false once it was used or cancelled.
 * @since 0.1
 */
static inline bool vow_resolver_is_pending_at(const vow_resolver *resolver, const char *site)
{
    if (VOW_UNLIKELY(!resolver))
        vow__value_mismatch(NULL, "vow_resolver_is_pending", NULL, site);
    return resolver->promise != NULL;
}
#define vow_resolver_is_pending(...) vow_resolver_is_pending_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A promise that is resolved from the start.
 *
 * With a plain value it is fulfilled at once; with vow_throw() it is rejected at once; with vow_follow() it
 * follows.
 *
 * @param loop  where handlers will run.
 * @param value given away.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_resolved_at(vow_loop *loop, vow_value value, const char *site);
#define vow_resolved(...) vow_resolved_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A promise that is rejected from the start.
 * @param loop  where handlers will run.
 * @param error given away.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM` in place of the error given.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_rejected_at(vow_loop *loop, vow_error *error, const char *site);
#define vow_rejected(...) vow_rejected_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A promise that nobody settles: it ends when it is dropped or cancelled.
 *
 * It is for an input of a combinator that is missing this time, and for a program that runs until it is told
 * to end. It is no event: when nothing else is left, vow_run() returns `EDEADLK`.
 *
 * @param loop where handlers will run.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_never_at(vow_loop *loop, const char *site);
#define vow_never(...) vow_never_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Calls a function at once and gives a promise of what it returns: a value, a throw or a promise.
 * @param loop where handlers will run.
 * @param fn   called inside this call, even when no promise can be made for its result.
 * @param data handed to fn.
 * @return the promise, the caller's.
 * @par Errors
 * What fn throws; `ENOMEM`.
 * @par Standard
 * ECMAScript 2025, 27.2.4.8 Promise.try.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_try_at(vow_loop *loop, vow_try_fn fn, void *data, const char *site);
#define vow_try(...) vow_try_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Calls a function with the value of a promise, and gives a promise of what the function returns.
 *
 * `fn(value, data)` runs in a job of its own after `promise` is fulfilled. What it returns resolves the new
 * promise: a plain value fulfils it, vow_throw() or vow_throwf() rejects it, vow_follow() makes it follow. If
 * `promise` rejects, fn is not called and the new promise rejects with the same error. If the new promise is
 * dropped first, fn is never called.
 *
 * The value is lent: it points into the promise that was waited for, which releases it. To pass it on, return
 * `vow_take(value)`, which moves it out. `return *value` is a copy with the same content, which is then
 * released twice; so is `*vow_list_at(…)`. A library that was configured with --enable-debug notices this for
 * strings, bytes, lists and descriptors.
 *
 * One promise may have any number of handlers (vow_ref() it for each). They run in the order in which they
 * were attached and see the same value: if one moves it out with vow_take(), the later ones see nil.
 *
 * @param promise given away.
 * @param fn      NULL passes the value on.
 * @param data    handed to fn; stays the caller's (see vow_attach() to have it released).
 * @return the new promise, the caller's.
 * @par Errors
 * Those of the promise and of fn; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.5.4 Promise.prototype.then.
 * @since 0.1
 */
VOW_API VOW_DIRECT VOW_NODISCARD vow_promise *vow_then_at(vow_promise *promise, vow_then_fn fn, void *data,
                                                          const char *site);
#define vow_then(...) vow_then_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Calls a function with the error of a promise. What it returns takes the error's place.
 *
 * `fn(error, data)` runs in a job of its own after `promise` is rejected. It recovers by returning a value or
 * a vow_follow(), or throws again (`vow_throw(vow_error_ref(error))` or an error of its own). If `promise` is
 * fulfilled, fn is not called and the new promise gets the value.
 *
 * @param promise given away.
 * @param fn      NULL passes the error on.
 * @param data    handed to fn; stays the caller's.
 * @return the new promise, the caller's.
 * @par Errors
 * Those that fn throws; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.5.1 Promise.prototype.catch.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_catch_at(vow_promise *promise, vow_catch_fn fn, void *data,
                                                const char *site);
#define vow_catch(...) vow_catch_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief vow_then() and vow_catch() side by side: exactly one of the two functions runs, and neither sees
 * what the other throws.
 * @param promise      given away.
 * @param on_fulfilled NULL passes the value on.
 * @param on_rejected  NULL passes the error on.
 * @param data         handed to both; stays the caller's.
 * @return the new promise, the caller's.
 * @par Errors
 * Those that the functions throw; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.5.4 Promise.prototype.then, with two arguments.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_then_catch_at(vow_promise *promise, vow_then_fn on_fulfilled,
                                                     vow_catch_fn on_rejected, void *data, const char *site);
#define vow_then_catch(...) vow_then_catch_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Calls a function exactly once when a promise is done, however it ends: fulfilled, rejected or
 * cancelled.
 *
 * The outcome passes through, unless fn throws or returns a promise that rejects: then that error takes its
 * place. If fn returns a vow_follow(), the outcome waits for that promise. On cancel, fn runs inside the call
 * that cancels; the loop keeps a promise that it returns then until that is settled.
 *
 * Out of memory, fn is called inside this call, so that what it cleans up is not lost.
 *
 * @param promise given away.
 * @param fn      any plain value it returns is released. NULL passes the outcome on, as in ECMAScript.
 * @param data    handed to fn; stays the caller's.
 * @return the new promise, the caller's.
 * @par Errors
 * Those of the promise and of fn; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.5.3 Promise.prototype.finally.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_finally_at(vow_promise *promise, vow_finally_fn fn, void *data,
                                                  const char *site);
#define vow_finally(...) vow_finally_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ties something to a promise: `drop(pointer)` is called exactly once, when the promise is done or
 * dropped.
 *
 * Use it to hand over the `data` of handlers earlier in the chain. If the new promise is dropped, clean-up
 * goes from the inside out, so the pointer stays valid for theirs. Like every promise in a chain, it takes a
 * turn of the job queue of its own.
 *
 * @param promise given away.
 * @param pointer given away. Out of memory it is released inside this call, after `promise` was.
 * @param drop    releases it: in a job of its own after the promise is settled. If the new promise is dropped
 * or cancelled, it releases it inside that call, or after the clean-up that it waits for.
 * @return a promise with the same outcome, the caller's.
 * @par Errors
 * Those of the promise; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_attach_at(vow_promise *promise, void *pointer,
                                                 void (*drop)(void *pointer), const char *site);
#define vow_attach(...) vow_attach_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Wraps a future of another library, so that vow_follow()'s rules apply to it.
 *
 * The vtable's then() is called in a job of its own, as ECMAScript calls the `then` of a foreign thenable.
 *
 * @param thenable borrowed for as long as the value lives; make it static.
 * @param object   given away: released through the vtable's drop().
 * @return a value to return from a handler or to pass to vow_resolve(); out of memory, a vow_throw() of
 * `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.2.2 NewPromiseResolveThenableJob.
 * @since 0.1
 */
VOW_API vow_value vow_follow_thenable_at(const vow_thenable *thenable, void *object, const char *site);
#define vow_follow_thenable(...) vow_follow_thenable_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Keeps a promise: one more reference to it, one more party that waits.
 * @param promise borrowed.
 * @return the same promise, with a reference that is the caller's.
 * @since 0.1
 */
VOW_API VOW_DIRECT VOW_NODISCARD vow_promise *vow_ref_at(const vow_promise *promise, const char *site);
#define vow_ref(...) vow_ref_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Gives up a reference. If it is the last one to a pending promise, whatever was to settle that is
 * cancelled.
 *
 * Cancelling is synchronous: when this returns, no watcher is left, on_cancel(), vow_finally() handlers and
 * the VOW_FINALLY sections of tasks have run, and lent buffers are the caller's again. Clean-up goes from the
 * inside out: what a promise waits for is cleaned up before the promise itself. If a clean-up awaits
 * something, the loop keeps it until it is done, and then runs what comes after it. What others hold goes on
 * for them and is not waited for, unless it was cancelled.
 *
 * If the last reference goes to a promise whose clean-up has begun (its vow_finally() handler has run, or its
 * task is in VOW_FINALLY), that clean-up goes on to its end. The outcome that was to follow is let go.
 *
 * If the last reference goes to a rejected promise whose error nobody looked at, the error is reported (see
 * vow_loop_set_report()).
 *
 * @param promise given away; NULL does nothing.
 * @since 0.1
 */
VOW_API VOW_DIRECT void vow_unref(vow_promise *promise);

/**
 * @brief "Run on without me": the loop keeps the promise until it is settled.
 *
 * If it then rejects and nobody else looks at the error, that is reported as unhandled.
 *
 * @param promise given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_detach_at(vow_promise *promise, const char *site);
#define vow_detach(...) vow_detach_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a promise for everyone who waits for it.
 *
 * Whatever was to settle it stops inside this call, and clean-up runs as for vow_unref(). Then, or once an
 * asynchronous clean-up is done, the promise rejects with `ECANCELED` for those who hold it. A promise that
 * is settled stays as it is.
 *
 * @param promise given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_cancel_at(vow_promise *promise, const char *site);
#define vow_cancel(...) vow_cancel_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a promise is not settled yet. @param promise borrowed. @return true if so. @since 0.1 */
VOW_API bool vow_is_pending_at(const vow_promise *promise, const char *site);
#define vow_is_pending(...) vow_is_pending_at(__VA_ARGS__, VOW_HERE)

/** @brief Whether a promise is fulfilled. @param promise borrowed. @return true if so. @since 0.1 */
VOW_API bool vow_is_fulfilled_at(const vow_promise *promise, const char *site);
#define vow_is_fulfilled(...) vow_is_fulfilled_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether a promise is rejected. This alone does not count as looking at the error.
 * @param promise borrowed.
 * @return true if so.
 * @since 0.1
 */
VOW_API bool vow_is_rejected_at(const vow_promise *promise, const char *site);
#define vow_is_rejected(...) vow_is_rejected_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The outcome of a promise, without waiting.
 *
 * Peeking at a rejected promise counts as having looked at its error.
 *
 * @param promise borrowed.
 * @return NULL while it is pending; the value; or, if it is rejected, an error value (vow_is_error()). Valid
 * while the promise lives.
 * @since 0.1
 */
VOW_API vow_value *vow_peek_at(const vow_promise *promise, const char *site);
#define vow_peek(...) vow_peek_at(__VA_ARGS__, VOW_HERE)

/** @brief The loop a promise belongs to. @param promise borrowed. @return its loop. @since 0.1 */
VOW_API vow_loop *vow_promise_loop_at(const vow_promise *promise, const char *site);
#define vow_promise_loop(...) vow_promise_loop_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Where a promise was made.
 * @param promise borrowed.
 * @return "file:line", a static string; NULL in builds without sites.
 * @since 0.1
 */
VOW_API const char *vow_promise_site_at(const vow_promise *promise, const char *site);
#define vow_promise_site(...) vow_promise_site_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
