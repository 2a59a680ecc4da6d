/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/signal.h
 * @brief Signals of the operating system, as promises.
 *
 * A handler is installed while somebody subscribes to a signal. Afterwards the default action is back: a
 * SIGTERM then ends the process again. So subscribe once, for as long as the program is to survive the
 * signal, and not anew for each one. As POSIX says, a signal that arrives again before it was seen may be
 * merged with the first.
 *
 * libev delivers a signal to one ev_loop. Any number of subscribers on that one see it, even when they belong
 * to several vow_loops. While a subscription lasts, one for the same signal on another ev_loop is refused
 * with `EBUSY`. (This knows of subscriptions made here. If the program has an `ev_signal` of its own on
 * another ev_loop, libev checks that, and aborts.) `SIGCHLD` belongs to libev's default loop.
 */
#ifndef VOW_SIGNAL_H
#define VOW_SIGNAL_H

#include <vow/common.h>
#include <vow/promise.h>

#ifdef __cplusplus
#include <initializer_list>
#endif

VOW_BEGIN_DECLS

/* A subscription to one or several signals. See vow_signals_new(). */
typedef struct vow_signals vow_signals;

/**
 * @brief Fulfilled with the number of a signal when that arrives.
 *
 * Use it for one signal and no more: between two calls the default action is back, and a signal that arrives
 * then is not seen. A signal does not come back when the promise is dropped and nobody has looked at it:
 * there is nothing to keep it in, and whoever else waits for that signal has seen it, too. It does come back
 * to a subscription: see vow_signals_new().
 *
 * @param loop   whose ev_loop watches.
 * @param signum such as `SIGTERM`.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `EINVAL` for what is no signal, or none that can be caught; `EBUSY` when another ev_loop has it; `EMFILE`
 * and `ENFILE` when there is no descriptor left for libev to wake its loop by; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_signal_at(vow_loop *loop, int signum, const char *site);
#define vow_signal(...) vow_signal_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Subscribes to signals: from now on none is missed, whether somebody waits or not.
 *
 * A signal that arrives while nobody waits is kept for the next vow_signals_next(). Each number is kept once,
 * in the order in which the loop first heard of them. The loop hears of signals that arrive between two of
 * its looks in the order of their numbers: libev keeps one mark for each number. The subscription alone does
 * not keep ev_run() going; a promise of its next signal does.
 *
 * A subscription that is still there when its loop is freed ends then, and is reported as a leak.
 *
 * @param loop    whose ev_loop watches.
 * @param n       how many signals.
 * @param signums such as `SIGINT`, each once; the array is read during the call.
 * @return the subscription, to be released with vow_signals_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno is `EINVAL` when there is no signal, and for what is no signal, or none that can be caught; `EBUSY`
 * when another ev_loop has one of them; `EMFILE` and `ENFILE` when there is no descriptor left for libev to
 * wake its loop by; `ENOMEM`; `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_signals *vow_signals_new_at(vow_loop *loop, size_t n, const int *signums,
                                                      const char *site);
#define vow_signals_new(...) vow_signals_new_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_signals_new() of its arguments: `vow_signals_of(loop, SIGINT, SIGTERM)`. @since 0.1 */
#define vow_signals_of(loop, ...) VOW__SIGNALS_OF(loop, __VA_ARGS__)

/**
 * @brief Fulfilled with the number of the next signal of a subscription.
 *
 * If one was kept, it is fulfilled at once. Each signal goes to one of those who wait, in the order in which
 * they came; make a subscription for each that is to see them all. Dropping the promise loses no signal, even
 * once it is fulfilled: a signal that nobody has looked at goes to the next who waits, or stays the first in
 * line.
 *
 * @param signals borrowed.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `ECANCELED` when the subscription is released first; `ENOMEM`, which loses no signal.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_signals_next_at(vow_signals *signals, const char *site);
#define vow_signals_next(...) vow_signals_next_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a subscription. What was kept is lost, and those who still wait see `ECANCELED`.
 * @param signals given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_signals_free(vow_signals *signals);

VOW_END_DECLS

/* The arguments of vow_signals_of() as an array. */
#ifdef __cplusplus
VOW_NODISCARD inline vow_signals *vow__signals_of(vow_loop *loop, std::initializer_list<int> list,
                                                  const char *site)
{
    return vow_signals_new_at(loop, list.size(), list.begin(), site);
}
#define VOW__SIGNALS_OF(loop, ...) vow__signals_of((loop), {__VA_ARGS__}, VOW_HERE)
#else
#define VOW__SIGNALS_OF(loop, ...)                                                                     \
    vow_signals_new_at((loop), sizeof((int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__}, \
                       VOW_HERE)
#endif

#endif
