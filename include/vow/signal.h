/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/signal.h
 * @brief Signals of the operating system, as promises.
 *
 * A handler is installed while somebody subscribes to a signal, and the default action is back afterwards:
 * the process then ends of a SIGTERM again. So subscribe once, for as long as the program is to survive the
 * signal, and not anew for each one. As POSIX says, a signal that arrives again before it was seen may be one
 * and the same.
 *
 * libev delivers a signal to one ev_loop. Any number of subscribers on that one see it, also when they belong
 * to several vow_loops. On a second ev_loop a subscription is refused with `EBUSY` while the first one lasts.
 * (This knows of subscriptions made here. An `ev_signal` of the program's own on another ev_loop is libev's
 * to check, which aborts.) `SIGCHLD` belongs to libev's default loop.
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
 * For one signal and no more: between two calls the default action is back, and one that arrives then is not
 * seen. Nor does one come back that nobody has looked at when the promise is dropped: there is nothing that
 * it could be kept in, and whoever else waits for that signal has seen it, too. See vow_signals_new() for a
 * subscription, to which it does come back.
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
 * A signal that arrives while nobody waits is kept for the next vow_signals_next(), each number once, in the
 * order in which the loop heard of them first. What arrives between two looks of the loop it hears of in the
 * order of the numbers, whichever came first: libev keeps one mark for each number. The subscription alone
 * does not keep ev_run() going; a promise of its next signal does.
 *
 * A subscription that is still there when its loop is freed ends then, and is reported as a leak.
 *
 * @param loop    whose ev_loop watches.
 * @param n       how many signals.
 * @param signums such as `SIGINT`, each once; the array is read during the call.
 * @return the subscription, to be released with vow_signals_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno is `EINVAL` for no signal at all, and for what is none, or none that can be caught; `EBUSY` when
 * another ev_loop has one of them; `EMFILE` and `ENFILE` when there is no descriptor left for libev to wake
 * its loop by; `ENOMEM`; `ECANCELED` while the loop is being freed.
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
 * At once if one was kept. Each signal goes to one of those who wait, in the order in which they came; make a
 * subscription for each that is to see them all. Dropping the promise loses no signal, also once it is
 * fulfilled: one that nobody has looked at goes to the next who waits, or stays the first in line.
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
 * @brief Ends a subscription. What was kept is lost, and who still waits sees `ECANCELED`.
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
