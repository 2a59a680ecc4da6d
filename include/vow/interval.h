/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/interval.h
 * @brief Ticks: something to do again and again, at a steady pace.
 *
 * The ticks of an interval stand at fixed moments. So they do not drift, however long the work at each tick
 * takes. Ticks that nobody waited for in time are not made up for one by one: the next wait ends at once and
 * says how many were missed.
 *
 *     struct stopwatch { vow_task task; vow_interval *second; int64_t seconds; };
 *
 *     VOW_ASYNC(stopwatch, me)
 *     {
 *         VOW_BEGIN(me);
 *         me->second = vow_interval_new(VOW_LOOP(me), 1.0);
 *         if (!me->second)
 *             VOW_THROW(me, vow_error_new(errno, "no interval"));
 *         for (;;) {
 *             VOW_AWAIT(me, vow_interval_next(me->second));
 *             me->seconds += 1 + vow_as_int(VOW_RESULT(me));
 *             printf("%d s\n", (int) me->seconds);
 *         }
 *         VOW_FINALLY(me);
 *         vow_interval_free(me->second);
 *         VOW_END(me);
 *     }
 */
#ifndef VOW_INTERVAL_H
#define VOW_INTERVAL_H

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/* See vow_interval_new(). */
typedef struct vow_interval vow_interval;

/**
 * @brief Makes an interval that ticks every so many seconds from now on. The first tick is one such time from
 * now.
 *
 * It counts by a clock that nobody sets. While nobody waits, it has no timer and does not keep ev_run()
 * going. An interval that is still there when its loop is freed is reported as a leak.
 *
 * @param loop    whose ev_loop keeps the time.
 * @param seconds between two ticks; 1e-9 at least, and finite.
 * @return the interval, to be released with vow_interval_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno is `EINVAL` when `seconds` is not finite or is below 1e-9; `ENOMEM`; `ECANCELED` while the loop is
 * being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_interval *vow_interval_new_at(vow_loop *loop, double seconds, const char *site);
#define vow_interval_new(...) vow_interval_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Makes an interval that ticks by the wall clock: whenever the time is a multiple of so many seconds,
 * plus an offset.
 *
 * With 0 and 3600 it ticks at every full hour of UTC, even when the clock is set meanwhile. Hours that are
 * skipped by setting the clock count as missed.
 *
 * @param loop    whose ev_loop keeps the time.
 * @param offset  seconds since the epoch of any one tick; finite.
 * @param seconds between two ticks; 1e-9 at least, and finite.
 * @return the interval, to be released with vow_interval_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno as for vow_interval_new().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_interval *vow_interval_by_clock_at(vow_loop *loop, double offset, double seconds,
                                                             const char *site);
#define vow_interval_by_clock(...) vow_interval_by_clock_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled at the next tick, with the number of ticks that were missed since the last one: 0 if none
 * was.
 *
 * If a tick has passed since, it is fulfilled at once. Each tick goes to one of those who wait, in the order
 * in which they came. If a promise is dropped and nobody has looked at its ticks, they go to the next one,
 * and count as missed there.
 *
 * @param interval borrowed.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `ECANCELED` when the interval is released first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_interval_next_at(vow_interval *interval, const char *site);
#define vow_interval_next(...) vow_interval_next_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends an interval. Those who still wait see `ECANCELED`.
 * @param interval given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_interval_free(vow_interval *interval);

VOW_END_DECLS

#endif
