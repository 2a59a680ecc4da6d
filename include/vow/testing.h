/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/testing.h
 * @brief Time in a test's own hands.
 *
 * This header belongs to a library of its own, libvow-testing: link it with `pkg-config --libs vow-testing`.
 * It works with the libvow that it was built with, and with no other version. <vow.h> does not include this
 * header.
 *
 * A test that waits for an hour of time-outs should take milliseconds, and give the same result each time. So
 * a test makes the clock of its loop virtual. Such a clock stands still while anything can run. When nothing
 * can, it jumps to the next time that a promise waits for.
 *
 *     #include <vow.h>
 *     #include <vow/testing.h>
 *
 *     static void test_an_hour(vow_loop *loop)
 *     {
 *         vow_clock_virtual(loop);
 *         vow_error *error = vow_run(vow_sleep(loop, 3600), NULL); // returns at once
 *
 *         assert(!error && vow_now(loop) == 3600);
 *     }
 *
 * The virtual clock is that of sleeps, deadlines, intervals and of all other delays of libvow, and vow_now()
 * tells it. There are two times that it does not change: the program's own ev_timer and ev_periodic watchers
 * go by libev's clock, and vow_loop_free() waits in real time for threads that do not end.
 *
 * The loop's wall clock becomes virtual as well: vow_sleep_until() and vow_interval_by_clock() go by it. It
 * starts with the real time of the day, and moves as far as vow_now() does. ev_time() and time(2) do not know
 * of it.
 */
#ifndef VOW_TESTING_H
#define VOW_TESTING_H

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/**
 * @brief Makes the clock of a loop virtual, for good.
 *
 * vow_now() begins with 0. What has been set already keeps the time that it has left. Calling this once more
 * changes nothing.
 *
 * The clock moves when the ev_loop has looked for events and found none, and no handler, job or vow_yield() is
 * left to run. It moves exactly to the first time that is set on it. What has run out then ends in its usual
 * order.
 *
 * The clock stands still while anything else may come: a descriptor, a signal or a process that somebody waits
 * for, a job on the pool, or any watcher of the program's that keeps ev_run() from returning, such as an
 * ev_timer. The ev_loop waits for that in real time. A server that waits for clients waits for ever in this
 * way. For such a test, call vow_clock_ignore_events() or vow_clock_advance().
 *
 * Loops on one ev_loop whose clocks are virtual share one time: vow_now() of a second loop begins with what it
 * is for the first.
 *
 * @param loop whose clock it is.
 * @return 0, or an errno value: `ENOMEM`, or `ECANCELED` when the loop is being freed. The clock is a real
 * one then.
 * @since 0.1
 */
VOW_API int vow_clock_virtual_at(vow_loop *loop, const char *site);
#define vow_clock_virtual(...) vow_clock_virtual_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Says whether a virtual clock may move although events may still come from outside.
 *
 * Events that are there already come first all the same: the clock never moves before the ev_loop has looked
 * for events and found none. Nor does it move while an ev_idle watcher of the program's is active whose
 * priority is above the lowest.
 *
 * @param loop   whose clock is virtual; loops that share its time follow.
 * @param ignore true: the clock moves whenever nothing can run. false, as at first: it waits for what may
 * come.
 * @since 0.1
 */
VOW_API void vow_clock_ignore_events_at(vow_loop *loop, bool ignore, const char *site);
#define vow_clock_ignore_events(...) vow_clock_ignore_events_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Moves a virtual clock by hand.
 *
 * Outside of handlers, it drives the ev_loop: it lets everything run that can, moves the clock to the next
 * time that is set, and so on, until so many seconds have passed and nothing can run any more. It does not
 * wait for events that have not come yet. So it does not return while anything can run without end, as a task
 * that yields in a loop.
 *
 * Inside a handler the clock moves, and nothing else happens: that is a handler that takes so long. What has
 * run out by then ends later, after all events that the ev_loop finds when it looks for them next.
 *
 * @param loop    whose clock is virtual.
 * @param seconds by how much: 0 or more, and finite.
 * @since 0.1
 */
VOW_API void vow_clock_advance_at(vow_loop *loop, double seconds, const char *site);
#define vow_clock_advance(...) vow_clock_advance_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
