/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/poll.h
 * @brief A foreign descriptor that is waited for again and again.
 *
 * Use it for the socket of another library, such as a database's. vow_poll_next() waits as vow_readable() and
 * vow_writable() do, but the watcher stays active from one wait to the next. So a wait makes no system call
 * beyond that of the loop itself. The two directions are independent of each other, and any number may wait.
 *
 * The poll alone does not keep ev_run() going; a promise of its next event does. When the descriptor is ready
 * and nobody waits, its watcher is stopped; the next wait starts it again. A poll that is still there when
 * its loop is freed is reported as a leak, and stays safe to free.
 *
 *     struct answer { vow_task task; PGconn *connection; vow_poll *poll; };
 *
 *     VOW_ASYNC(answer, me)
 *     {
 *         VOW_BEGIN(me);
 *         me->poll = vow_poll_new(VOW_LOOP(me), PQsocket(me->connection));
 *         if (!me->poll)
 *             VOW_THROW(me, vow_error_new(errno, "no poll"));
 *         while (PQisBusy(me->connection)) {
 *             VOW_AWAIT(me, vow_poll_next(me->poll, EV_READ));
 *             if (!PQconsumeInput(me->connection))
 *                 VOW_THROW(me, vow_error_new(EIO, "the database is gone"));
 *         }
 *         VOW_FINALLY(me);
 *         vow_poll_free(me->poll);
 *         VOW_END(me);
 *     }
 */
#ifndef VOW_POLL_H
#define VOW_POLL_H

#include <ev.h>

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/* See vow_poll_new(). */
typedef struct vow_poll vow_poll;

/**
 * @brief Makes a poll, to wait for a descriptor.
 * @param loop whose ev_loop watches.
 * @param fd   stays the caller's. Close it only after vow_poll_free(), as libev demands for its watchers.
 * Another descriptor that gets its number needs a poll of its own.
 * @return the poll, to be released with vow_poll_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `EBADF` when the descriptor is not open; `ENOMEM`; `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_poll *vow_poll_new_at(vow_loop *loop, int fd, const char *site);
#define vow_poll_new(...) vow_poll_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled when the descriptor is ready, with what it is ready for.
 *
 * Readiness is a state and no event. Whoever waits again before reading what there is finds the descriptor
 * ready again, and all who wait for a direction are told. It is asked for in the loop's next turn at the
 * earliest. An error, and the end of the peer, make a descriptor ready for both.
 *
 * @param poll   borrowed.
 * @param events libev's `EV_READ`, `EV_WRITE`, or both, for whichever comes first.
 * @return the promise of an int, the caller's: those of `events` that have come.
 * @par Errors
 * `EINVAL` when events are none of these; `EBADF` when the descriptor was closed; `ECANCELED` when the poll
 * is released first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_poll_next_at(vow_poll *poll, int events, const char *site);
#define vow_poll_next(...) vow_poll_next_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a poll. Those who still wait see `ECANCELED`. No watcher is left when this returns.
 * @param poll given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_poll_free(vow_poll *poll);

VOW_END_DECLS

#endif
