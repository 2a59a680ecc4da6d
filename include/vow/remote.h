/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/remote.h
 * @brief Promises that another thread settles.
 *
 * A remote is what a thread that is not the loop's holds of a promise: vow_remote_new() makes both, on the
 * loop's thread, and the remote is then used once, on any thread: vow_remote_resolve(), vow_remote_reject()
 * or vow_remote_abandon(). None of these waits for the loop or needs memory. What one thread settles settles
 * in that order. The allocator that vow_allocator_set() put in place is called on those threads as well and
 * must be safe for that, as the C library's is.
 *
 * A remote outlives its loop: it has to be used once all the same, and is released then.
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
 * While the promise is pending, vow_run() and an ev_run() of the application's go on. When it is dropped or
 * cancelled it is so at once; the remote learns of it by vow_remote_is_wanted(), and what it is settled with
 * is released: on the loop's thread, or on the thread that settles if the loop was freed before.
 *
 * A child made by fork(2) has no thread that would settle what was pending: drop it there, or free the loop.
 *
 * @param loop   where the promise lives.
 * @param remote where to put the handle, for whoever is to settle the promise; NULL is put there when the
 * promise is rejected at once, and all functions of remotes take it for one that is not wanted any more.
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
 * give stands alone: it may be sent whoever has its promise still. An error may be referred to on both
 * threads.
 *
 * @param remote given away.
 * @param value  given away. vow_throw() and vow_throwf() reject. What belongs to a loop is misuse and aborts,
 * also in a list: vow_follow(), a stream, a process, a list that was not taken out of its promise. Of a type
 * of your own nobody but you can tell.
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
 * @brief Gives a remote up: its promise is rejected with `ECANCELED`.
 * @param remote given away.
 * @par Thread
 * May be called on any thread.
 * @since 0.1
 */
VOW_API void vow_remote_abandon_at(vow_remote *remote, const char *site);
#define vow_remote_abandon(...) vow_remote_abandon_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether the promise of a remote is still waited for, so that a long computation can end early.
 *
 * The answer may be out of date when it is there; once it is false it stays false. A remote that is not
 * wanted has to be used all the same: vow_remote_abandon() it.
 *
 * @param remote borrowed.
 * @return false when its promise was dropped or cancelled, or its loop was freed; also for NULL.
 * @par Thread
 * That of whoever holds the remote.
 * @since 0.1
 */
VOW_API bool vow_remote_is_wanted(const vow_remote *remote);

VOW_END_DECLS

#endif
