/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/loop.h
 * @brief Promises on an ev_loop that the application owns.
 *
 * A `vow_loop` holds the job queue and the memory of its promises. It drains the queue right after the libev
 * callback that filled it, before any other pending watcher. The application keeps its ev_loop, its watchers
 * and its ev_run(). A program may have as many loops as it likes. A loop and everything made on it is used by
 * one thread.
 */
#ifndef VOW_LOOP_H
#define VOW_LOOP_H

#include <ev.h>

#include <vow/common.h>
#include <vow/error.h>
#include <vow/promise.h>
#include <vow/report.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/**
 * @brief Makes a loop on an ev_loop.
 *
 * Nothing runs and no watcher is active until a promise needs it. So an ev_run() returns as it would without
 * libvow.
 *
 * @param ev stays the caller's and must outlive the vow_loop. Several vow_loops may share one.
 * @return the loop, to be released with vow_loop_free(); NULL, with errno set to `ENOMEM`, when out of
 * memory.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_loop *vow_loop_new_at(struct ev_loop *ev, const char *site);
#define vow_loop_new(...) vow_loop_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Cancels what is pending, reports what was never released, and frees the loop.
 *
 * on_cancel(), vow_finally() handlers and VOW_FINALLY sections run inside this call, to their end, however
 * often they await. What is settled can be awaited as ever. What is pending and will not be settled by an
 * event any more rejects with `ECANCELED`. So does whatever is new: a vow_sleep(), a vow_yield() or a task
 * that such a section begins. Handlers that waited for a result do not run. Jobs that run on other threads
 * are waited for. All that takes no longer than vow_loop_set_patience() says.
 *
 * Promises that wait for one another in a circle, and for nothing else, are reported first
 * (`VOW_REPORT_CIRCLE`).
 *
 * Then the functions of vow_loop_at_end() are called. A promise that somebody still holds, or that is still
 * pending, is reported as a leak. It stays safe to look at and to vow_unref(). Calling this inside a handler
 * of this loop, or inside anything else that the library calls for it, is misuse and aborts.
 *
 * @param loop given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_loop_free(vow_loop *loop);

/**
 * @brief Sets how long vow_loop_free() waits for what does not end. The default is 10 seconds.
 *
 * Jobs and processes that run have so long in all. Clean-up that goes on and on by itself has as long; time
 * spent waiting for jobs and processes is not taken from it. Whatever is left then is named, each by a report
 * of its own (`VOW_REPORT_STRAGGLER`).
 *
 * A job or a process is left alone. What it may use is not released: clean-up that waits for it does not run,
 * and the memory of its promise stays. A process was killed before, and has a second at least; one that is
 * left may be another user's, which cannot be killed.
 *
 * A task that awaits for ever in VOW_FINALLY is ended where it stands. Its body is not entered any more, so
 * that what the body would have released is not, and its promise rejects with `ECANCELED`. Clean-up that
 * waited for the task goes on. The time is looked at only after a thousand awaits.
 *
 * @param loop    changed.
 * @param seconds 0 and less mean not at all, INFINITY for ever.
 * @since 0.1
 */
VOW_API void vow_loop_set_patience_at(vow_loop *loop, double seconds, const char *site);
#define vow_loop_set_patience(...) vow_loop_set_patience_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Makes a loop ready for the child after fork(2). Call it in the child for each loop that it goes on
 * to use, before it uses it.
 *
 * It calls ev_loop_fork(), which libev wants then, and lets go of what belongs to the parent. Waiting for the
 * parent's processes rejects with `ECHILD`, without touching them, and waiting for its jobs (vow_offload())
 * with `ECANCELED`. Everything else of the loop is there twice from now on: timers run in both, and a
 * descriptor that both wait for is one file, of which one or the other gets the bytes. The parent notices
 * nothing and has nothing to call.
 *
 * A child that only ends, or executes another program, needs no call. One that does not want the loop any
 * more calls this and then vow_loop_free(), which runs the clean-up of what is pending.
 *
 * @param loop changed.
 * @since 0.1
 */
VOW_API void vow_loop_fork_at(vow_loop *loop, const char *site);
#define vow_loop_fork(...) vow_loop_fork_at(__VA_ARGS__, VOW_HERE)

/** @brief What is to be called at the end of a loop. @param data what vow_loop_at_end() was given. @since 0.1
 */
typedef void (*vow_at_end_fn)(void *data);

/**
 * @brief Has vow_loop_free() call a function when all clean-up is done.
 *
 * It is for what belongs to a loop and has to go with it, but only after what is pending has cleaned up: for
 * example the handle that an adapter keeps for another library. The functions that were given last are called
 * first. Each may release promises, and what it releases is not reported as a leak. What is asked of the loop
 * there is rejected with `ECANCELED`, and vow_run() is misuse and aborts.
 *
 * @param loop which loop.
 * @param fn   called once, inside vow_loop_free(). There is no way to take it back: data should be able to
 * tell that nothing is left to do.
 * @param data handed to fn; must live until then.
 * @return 0, or an errno value: then fn is not called.
 * @par Errors
 * `ENOMEM`; `ECANCELED` when the loop was freed.
 * @since 0.1
 */
VOW_API int vow_loop_at_end_at(vow_loop *loop, vow_at_end_fn fn, void *data, const char *site);
#define vow_loop_at_end(...) vow_loop_at_end_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Keeps a pointer of the program's with a loop.
 * @param loop changed.
 * @param data what vow_loop_data() returns from now on; stays the caller's.
 * @since 0.1
 */
VOW_API void vow_loop_set_data_at(vow_loop *loop, void *data, const char *site);
#define vow_loop_set_data(...) vow_loop_set_data_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief The pointer that a loop keeps for the program.
 * @param loop borrowed.
 * @return what vow_loop_set_data() was given last; NULL before.
 * @since 0.1
 */
VOW_API void *vow_loop_data_at(const vow_loop *loop, const char *site);
#define vow_loop_data(...) vow_loop_data_at(__VA_ARGS__, VOW_HERE)

/** @brief The ev_loop that a loop was made on. @param loop borrowed. @return stays its owner's. @since 0.1
 */
VOW_API struct ev_loop *vow_loop_ev_at(const vow_loop *loop, const char *site);
#define vow_loop_ev(...) vow_loop_ev_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many promises and tasks of a loop are alive, including settled ones that are still held.
 * @param loop borrowed.
 * @return the count; for tests and for watching a program.
 * @since 0.1
 */
VOW_API size_t vow_loop_live_at(const vow_loop *loop, const char *site);
#define vow_loop_live(...) vow_loop_live_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Runs a loop until a promise is settled.
 *
 * It drives ev_run() on the loop's ev_loop, so that the application's own watchers run, too. Their callbacks
 * may call vow_run() again, on this loop or another one, or ev_run(). Each of these ends in its turn, the
 * innermost first, and none of them ends another.
 *
 * Call it outside handlers, and before vow_loop_free(): otherwise it is misuse and aborts. All functions of
 * the program that the library calls for this loop count as handlers: on_cancel(), what vow_try() calls, the
 * body of a task, whatever releases a value, a report. These may not call ev_run() on its ev_loop either;
 * that is noticed when an event of this loop comes. They may run another loop, even one on the same ev_loop;
 * until they return, no handler of this one runs.
 *
 * Neither a callback of the application's nor a handler may leave vow_run() by longjmp(3) or a C++ exception:
 * nothing of it would be undone. If the next vow_run() or vow_loop_free() can tell, it is misuse and aborts.
 *
 * @param promise given away.
 * @param value   where to move the value to, then the caller's to vow_value_drop(); nil if it rejected. NULL
 * releases it.
 * @return NULL if it was fulfilled, otherwise the error, the caller's to vow_error_unref().
 * @par Errors
 * The promise's own; `EDEADLK` when the ev_loop has no active watcher left that could settle it, naming what
 * the promise waits for; `EINTR` when a callback called ev_break() first; `ENOMEM`, inside another vow_run()
 * of the same loop. After these three the promise has been dropped. After `EDEADLK` the clean-up that this
 * set going is over, too, unless nothing is left that could end it.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_run_at(vow_promise *promise, vow_value *value, const char *site);
#define vow_run(...) vow_run_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
