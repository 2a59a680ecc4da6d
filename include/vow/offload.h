/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/offload.h
 * @brief Functions that block or compute, on a thread of their own.
 *
 * The threads are a pool that all loops of the process share. No thread is started before a job needs it; an
 * idle one stays until vow_offload_shutdown(). They block all signals. So does a program that a job starts by
 * itself, by posix_spawn(3), system(3) or popen(3), unless the job says otherwise
 * (posix_spawnattr_setsigmask(3) with an empty set); what vow_process_start() starts has none blocked. If
 * vow_allocator_set() set an allocator, it is called on them, too, and must be safe for that, as the C
 * library's is.
 *
 * A child made by fork(2) has none of its parent's threads and begins with an empty pool, which it may use.
 * The parent's jobs run in the parent only: in the child, vow_loop_fork() rejects their promises with
 * `ECANCELED`.
 */
#ifndef VOW_OFFLOAD_H
#define VOW_OFFLOAD_H

#include <vow/common.h>
#include <vow/error.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/**
 * @brief A job: runs on a thread of the pool, and may block.
 *
 * Nothing of a loop may be used there: no promise, no resolver. Values and errors may be made. What it
 * returns moves to the loop's thread: a value, or vow_throw() or vow_throwf(). Returning what belongs to a
 * loop is misuse and aborts, as for vow_remote_resolve().
 */
typedef vow_value (*vow_offload_fn)(void *data);

/**
 * @brief Runs a function on a thread of the pool, and settles on the loop's thread with what the function
 * returns.
 *
 * Jobs begin in the order in which they were offloaded, from whichever loop. Those of files are among them,
 * and so are lookups of names. But lookups take no more than half of the threads (rounded up) at once, so
 * that a name server that does not answer holds up nobody else. Lookups that wait for other lookups are
 * overtaken.
 *
 * If the promise is dropped or cancelled, a job that has not begun never begins, and `data` is the caller's
 * at once. A job that runs cannot be stopped: vow_offload_is_cancelled() tells it, and its promise is in its
 * clean-up until it has returned. So what vow_attach() and vow_finally() do after it happens when nothing
 * uses `data` any more, even if nobody waits for the promise. Those who hold a promise that was cancelled see
 * `ECANCELED` then. What the job returns is released on the loop's thread. vow_run() and an ev_run() of the
 * application's go on while a job runs or is queued.
 *
 * vow_loop_free() cancels all jobs and waits for those that run: see vow_loop_set_patience().
 *
 * @param loop where the promise lives.
 * @param fn   called once, or never.
 * @param data handed to fn; stays the caller's, and in use until the promise is settled, or dropped before
 * the job began. To have it released then: `vow_attach(vow_offload(loop, fn, data), data, free)`.
 * @return the promise, the caller's.
 * @par Errors
 * Those that fn throws; `EAGAIN` when the queue is full, naming its limit, and when no thread could be
 * started and there is none; `ECANCELED` when the pool is shut down before the job begins; `EMFILE` and
 * `ENFILE` when there is no descriptor to wake the loop by (for its first job); `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_offload_at(vow_loop *loop, vow_offload_fn fn, void *data,
                                                  const char *site);
#define vow_offload(...) vow_offload_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether the result of the job that calls this is not wanted any more, so that it should return soon.
 *
 * This is so when its promise was dropped or cancelled, its loop is being freed, or the pool is being shut
 * down. It costs next to nothing.
 *
 * @return true if so; false outside a job.
 * @par Thread
 * That of the job.
 * @since 0.1
 */
VOW_API bool vow_offload_is_cancelled(void);

/**
 * @brief Sets how many threads the pool may have, and how many jobs may wait for one.
 *
 * By default there may be as many threads as there are processors and 4 more, but no more than 32, and 65536
 * jobs may wait. New limits hold from now on: threads above the limit end when their job is done; no job that
 * was accepted is refused.
 *
 * Half of the threads, rounded up, may look up names at once. If there is only one thread, a lookup that
 * hangs holds everything up.
 *
 * @param threads how many; 0 brings the default back.
 * @param queued  how many, including lookups; 0 means that a job is refused unless a thread is free for it.
 * SIZE_MAX means without limit.
 * @par Thread
 * May be called on any thread.
 * @since 0.1
 */
VOW_API void vow_offload_set_limits(unsigned threads, size_t queued);

/**
 * @brief Ends the pool: for the end of a program, or before a fork(2) or a dlclose(3).
 *
 * Jobs that have not begun never begin: their promises are rejected with `ECANCELED`. Jobs that run are told
 * by vow_offload_is_cancelled() and waited for; their promises are settled as ever. When all have returned,
 * their threads have ended, too. vow_offload() may be called again afterwards, and starts threads anew;
 * meanwhile it rejects.
 *
 * Calling this inside a job is misuse and aborts.
 *
 * @param seconds how long to wait at most; 0 and less mean not at all, INFINITY for ever.
 * @return NULL if no thread of the pool is left. Otherwise an error, the caller's, of `ETIMEDOUT`, whose
 * message counts the jobs that still run and says where they were offloaded; `ENOMEM` when there is no memory
 * for it. Such a job goes on, and its thread ends with it.
 * @par Thread
 * May be called on any thread but those of the pool.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_error *vow_offload_shutdown_at(double seconds, const char *site);
#define vow_offload_shutdown(...) vow_offload_shutdown_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
