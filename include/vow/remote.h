/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/remote.h
 * @brief Promises that another thread settles.
 *
 * A remote is the handle by which another thread than the loop's settles a promise. vow_remote_new() makes
 * both, on the loop's thread. The remote is then used once, on any thread, by vow_remote_resolve(),
 * vow_remote_reject() or vow_remote_abandon(). None of these waits for the loop or needs memory. Promises
 * settled by one thread settle in the order of the calls. If vow_allocator_set() set an allocator, it is
 * called on those threads, too, and must be safe for that, as the C library's is.
 *
 * A remote outlives its loop. It still has to be used once, and is released then.
 */
#ifndef VOW_REMOTE_H
#define VOW_REMOTE_H

#include <vow/common.h>
#include <vow/error.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/* What settles a promise from another thread. See vow_remote_new(). */
typedef struct vow_remote vow_remote;

/**
 * @brief Makes a promise that any thread may settle, once.
 *
 * While the promise is pending, vow_run() and an ev_run() of the application's go on. If it is dropped or
 * cancelled, that takes effect at once. vow_remote_is_wanted() tells the holder of the remote. What the
 * remote is settled with is then released: on the loop's thread, or on the thread that settles if the loop
 * was freed before.
 *
 * A child made by fork(2) has no thread that would settle what was pending: drop it there, or free the loop.
 *
 * @param loop   where the promise lives.
 * @param remote where to put the handle, for whoever is to settle the promise. NULL is put there if the
 * promise is rejected at once; all functions of remotes take NULL for a remote that is no longer wanted.
 * @return the promise, the caller's.
 * @par Errors
 * What it is rejected with; `ECANCELED` when the remote is abandoned; `EMFILE` and `ENFILE` when there is no
 * descriptor to wake the loop by (for its first remote or job); `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_remote_new_at(vow_loop *loop, vow_remote **remote, const char *site);
#define vow_remote_new(...) vow_remote_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Settles the promise of a remote with a value, on the loop's thread.
 *
 * The value moves to that thread, so nothing of it may be used here any more. What vow_take() and vow_run()
 * give stands alone: it may be sent even when somebody still has its promise. An error may be referred to on
 * both threads.
 *
 * @param remote given away.
 * @param value  given away. vow_throw() and vow_throwf() reject. What belongs to a loop is misuse and aborts,
 * even in a list: vow_follow(), a stream, a process, a list that was not taken out of its promise. For a type
 * of your own, only you can tell.
 * @par Thread
 * May be called on any thread.
 * @since 0.1
 */
VOW_API void vow_remote_resolve(vow_remote *remote, vow_value value);

/**
 * @brief Rejects the promise of a remote, on the loop's thread.
 * @param remote given away.
 * @param error  given away; others may have references to it, on any thread.
 * @par Thread
 * May be called on any thread.
 * @since 0.1
 */
VOW_API void vow_remote_reject_at(vow_remote *remote, vow_error *error, const char *site);
#define vow_remote_reject(...) vow_remote_reject_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Gives a remote up: its promise rejects with `ECANCELED`.
 * @param remote given away.
 * @par Thread
 * May be called on any thread.
 * @since 0.1
 */
VOW_API void vow_remote_abandon_at(vow_remote *remote, const char *site);
#define vow_remote_abandon(...) vow_remote_abandon_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether the promise of a remote is still waited for. If it is not, a long computation can end early.
 *
 * True may be out of date by the time you read it. Once this is false, it stays false. A remote that is no
 * longer wanted still has to be used: vow_remote_abandon() it.
 *
 * @param remote borrowed.
 * @return false if its promise was dropped or cancelled, or its loop was freed; also for NULL.
 * @par Thread
 * That of whoever holds the remote.
 * @since 0.1
 */
VOW_API bool vow_remote_is_wanted(const vow_remote *remote);

VOW_END_DECLS

#endif
