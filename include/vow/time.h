/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/time.h
 * @brief Promises of time.
 *
 * Seconds are a double, as in libev. What lasts for so many seconds lasts at least that long, from the moment
 * of the call, by a clock that nobody sets (CLOCK_MONOTONIC, which stands still while the machine sleeps). It
 * makes no difference how long ago the ev_loop last looked at the clock: neither ev_now() nor ev_now_update()
 * matters.
 *
 * What ends at the same time ends in the order of the calls. What an ev_loop finds when it looks for events
 * has its turn before any time that has run out. So what was ready in time is in time, however long a handler
 * has kept the loop from looking.
 *
 * ev_suspend() and ev_resume() do not stop that clock. But the ev_loop may look at it again only when it has
 * made up for the time for which it was suspended: what was set before then ends that much later, at most.
 *
 * However many sleeps and deadlines there are, the ev_loop has one timer for all of them. Setting one and
 * dropping it are O(1); dropping the promise stops it inside that call.
 */
#ifndef VOW_TIME_H
#define VOW_TIME_H

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/**
 * @brief The time on the loop's own clock, which sleeps, deadlines and intervals go by.
 *
 * This is not the time of the day: only differences mean something. Unlike ev_now(), it is read anew in each
 * call.
 *
 * @param loop whose clock it is.
 * @return seconds.
 * @since 0.1
 */
VOW_API double vow_now_at(const vow_loop *loop, const char *site);
#define vow_now(...) vow_now_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil after some time.
 * @param loop    whose ev_loop keeps the time.
 * @param seconds how long at least; zero and less mean the next turn of the loop.
 * @return the promise, the caller's.
 * @par Errors
 * `EINVAL` for NaN; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_sleep_at(vow_loop *loop, double seconds, const char *site);
#define vow_sleep(...) vow_sleep_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil when the wall clock reaches a moment, even when the clock is set meanwhile.
 * @param loop whose ev_loop keeps the time.
 * @param when seconds since the epoch, as ev_time(); in the past means the next turn of the loop.
 * @return the promise, the caller's.
 * @par Errors
 * `EINVAL` for NaN; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_sleep_until_at(vow_loop *loop, double when, const char *site);
#define vow_sleep_until(...) vow_sleep_until_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Gives a promise a deadline.
 *
 * The new promise has the old one's outcome if that comes first. Otherwise it rejects with `ETIMEDOUT`, in a
 * message that names the deadline and where it was set, and drops the old one. That one stops, unless
 * somebody else holds it. The new promise settles when the old one has finished its clean-up, even when that
 * awaits.
 *
 * @param promise given away.
 * @param seconds from now; zero and less mean the next turn of the loop.
 * @return the new promise, the caller's.
 * @par Errors
 * The promise's own; `ETIMEDOUT`; `EINVAL` for NaN; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_timeout_at(vow_promise *promise, double seconds, const char *site);
#define vow_timeout(...) vow_timeout_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil after one turn of the loop: other watchers get to run in between.
 * @param loop whose turn it is.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_yield_at(vow_loop *loop, const char *site);
#define vow_yield(...) vow_yield_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil when the loop has nothing else to do: no event is pending and no handler waits.
 *
 * Use it for work that may wait, done piece by piece with a vow_idle() between the pieces. While anything
 * else is going on, it is put off, for ever if need be. The loop does not sleep meanwhile.
 *
 * @param loop whose idleness it is.
 * @return the promise, the caller's.
 * @par Errors
 * `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_idle_at(vow_loop *loop, const char *site);
#define vow_idle(...) vow_idle_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
