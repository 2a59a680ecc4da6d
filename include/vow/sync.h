/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/sync.h
 * @brief Who may go on: semaphores, locks, events, conditions, latches and barriers.
 *
 * The tasks of a loop take turns, so nothing happens between two awaits. These objects are for what must hold
 * across awaits: so many downloads at a time, one writer of a file, all workers at the same step.
 *
 * **A permit and a lock are values, and whoever holds one has it.** There is no function that gives one back:
 * vow_value_drop() does, and so does the end of the promise or list that the value is in, and the next await
 * of the task that got it. A task that ends, whichever way, gives back what its last await gave; what it has
 * taken, it drops in its VOW_FINALLY() section. If a promise that was fulfilled with a permit or a lock is
 * dropped before anybody has looked, that goes to the next in line.
 *
 *     struct download { vow_task task; vow_semaphore *slots; vow_value slot; };
 *
 *     VOW_ASYNC(download, me)
 *     {
 *         VOW_BEGIN(me);
 *         VOW_AWAIT(me, vow_semaphore_acquire(me->slots));
 *         me->slot = vow_take(VOW_RESULT(me));
 *         VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.1));
 *         VOW_FINALLY(me);
 *         vow_value_drop(vow_take(&me->slot));
 *         VOW_END(me);
 *     }
 *
 * Those who wait are served in the order in which they came; none is passed over. One who waits takes no more
 * memory than its promise. To serve one, or to drop one, takes the same short time however many wait.
 *
 * When an object is freed, those who wait see `ECANCELED`. Permits and locks that are still out stay valid.
 * They may be released after the object and its loop are gone. While the object is there, they are to be
 * released on the thread of its loop. An object that is still there when its loop is freed is reported as a
 * leak.
 */
#ifndef VOW_SYNC_H
#define VOW_SYNC_H

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

VOW_API const vow_type vow_type_permit; /**< @brief The type of what vow_semaphore_acquire() gives. */
VOW_API const vow_type vow_type_lock;   /**< @brief The type of what a mutex or a read-write lock gives. */

/* ---- Semaphore ----------------------------------------------------------------------------------------- */

/* See vow_semaphore_new(). */
typedef struct vow_semaphore vow_semaphore;

/**
 * @brief Makes a semaphore: so many may go on at a time.
 * @param loop    whose promises wait for it.
 * @param permits how many there are; 1 at least.
 * @return the semaphore, to be released with vow_semaphore_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno is `EINVAL` when there are no permits, or more than half of what a size_t holds; `ENOMEM`;
 * `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_semaphore *vow_semaphore_new_at(vow_loop *loop, size_t permits, const char *site);
#define vow_semaphore_new(...) vow_semaphore_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with a permit as soon as one is free and everybody who came before has had a turn.
 * @param semaphore borrowed.
 * @return the promise of a value of type `vow_type_permit`, the caller's. Dropping the value gives the permit
 * back.
 * @par Errors
 * `ECANCELED` when the semaphore is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_semaphore_acquire_at(vow_semaphore *semaphore, const char *site);
#define vow_semaphore_acquire(...) vow_semaphore_acquire_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with one value for several permits, as soon as so many are free at the same time.
 *
 * Who waits for many is not passed by those who came later and want less.
 *
 * @param semaphore borrowed.
 * @param n         how many: from 1 to as many as the semaphore has in all.
 * @return the promise of a value of type `vow_type_permit`, the caller's. Dropping the value gives all of
 * them back.
 * @par Errors
 * `EINVAL` when `n` is 0 or more than the semaphore has; `ECANCELED` when it is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_semaphore_acquire_many_at(vow_semaphore *semaphore, size_t n,
                                                                 const char *site);
#define vow_semaphore_acquire_many(...) vow_semaphore_acquire_many_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Takes a permit if one is free and nobody waits.
 * @param semaphore borrowed.
 * @param permit    where the permit goes, the caller's from then on; else nil. What was there is overwritten.
 * @return whether there was one.
 * @since 0.1
 */
VOW_API VOW_NODISCARD bool vow_semaphore_try_acquire_at(vow_semaphore *semaphore, vow_value *permit,
                                                        const char *site);
#define vow_semaphore_try_acquire(...) vow_semaphore_try_acquire_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many permits are free. Somebody may wait all the same, for more than that.
 * @param semaphore borrowed.
 * @return the number.
 * @since 0.1
 */
VOW_API size_t vow_semaphore_available_at(const vow_semaphore *semaphore, const char *site);
#define vow_semaphore_available(...) vow_semaphore_available_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a semaphore. Those who wait see `ECANCELED`; permits that are out stay valid.
 * @param semaphore given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_semaphore_free(vow_semaphore *semaphore);

/* ---- Mutex --------------------------------------------------------------------------------------------- */

/* See vow_mutex_new(). */
typedef struct vow_mutex vow_mutex;

/**
 * @brief Makes a mutex: one may go on at a time.
 * @param loop whose promises wait for it.
 * @return the mutex, to be released with vow_mutex_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_mutex *vow_mutex_new_at(vow_loop *loop, const char *site);
#define vow_mutex_new(...) vow_mutex_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with the lock, as soon as it is this promise's turn.
 *
 * A task that asks for the lock that it has would wait for itself. Debug builds of libvow end the program
 * then. There a lock counts as held by the task that asked for it, wherever the value has gone since.
 *
 * @param mutex borrowed.
 * @return the promise of a value of type `vow_type_lock`, the caller's. Dropping the value unlocks the mutex.
 * @par Errors
 * `ECANCELED` when the mutex is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_mutex_lock_at(vow_mutex *mutex, const char *site);
#define vow_mutex_lock(...) vow_mutex_lock_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Takes the lock if nobody has it.
 * @param mutex borrowed.
 * @param lock  where the lock goes, the caller's from then on; else nil. What was there is overwritten.
 * @return whether it could be taken.
 * @since 0.1
 */
VOW_API VOW_NODISCARD bool vow_mutex_try_lock_at(vow_mutex *mutex, vow_value *lock, const char *site);
#define vow_mutex_try_lock(...) vow_mutex_try_lock_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a mutex. Those who wait see `ECANCELED`; a lock that is out stays valid.
 * @param mutex given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_mutex_free(vow_mutex *mutex);

/* ---- Read-write lock ----------------------------------------------------------------------------------- */

/* See vow_rwlock_new(). */
typedef struct vow_rwlock vow_rwlock;

/**
 * @brief Makes a lock that many may have to read, or one to write.
 * @param loop whose promises wait for it.
 * @return the lock, to be released with vow_rwlock_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_rwlock *vow_rwlock_new_at(vow_loop *loop, const char *site);
#define vow_rwlock_new(...) vow_rwlock_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with a lock to read, which others may have at the same time.
 *
 * Readers do not pass a writer who came before them and waits still. So a task that has one lock to read and
 * asks for another may wait for a writer who waits for the first.
 *
 * @param rwlock borrowed.
 * @return the promise of a value of type `vow_type_lock`, the caller's. Dropping the value gives the lock
 * back.
 * @par Errors
 * `ECANCELED` when the lock is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_rwlock_read_at(vow_rwlock *rwlock, const char *site);
#define vow_rwlock_read(...) vow_rwlock_read_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with the lock to write, which nobody else has at the same time, nor one to read.
 * @param rwlock borrowed.
 * @return the promise of a value of type `vow_type_lock`, the caller's. Dropping the value gives the lock
 * back.
 * @par Errors
 * `ECANCELED` when the lock is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_rwlock_write_at(vow_rwlock *rwlock, const char *site);
#define vow_rwlock_write(...) vow_rwlock_write_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a read-write lock. Those who wait see `ECANCELED`; locks that are out stay valid.
 * @param rwlock given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_rwlock_free(vow_rwlock *rwlock);

/* ---- Event --------------------------------------------------------------------------------------------- */

/* See vow_event_new(). */
typedef struct vow_event vow_event;

/**
 * @brief Makes an event: something that is so or is not yet, for any number who wait until it is.
 * @param loop whose promises wait for it.
 * @return the event, which is not set, to be released with vow_event_free(). NULL, with errno set, when it
 * cannot be made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_event *vow_event_new_at(vow_loop *loop, const char *site);
#define vow_event_new(...) vow_event_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil once the event is set; at once if it is.
 * @param event borrowed.
 * @return the promise, the caller's.
 * @par Errors
 * `ECANCELED` when the event is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_event_wait_at(vow_event *event, const char *site);
#define vow_event_wait(...) vow_event_wait_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Sets an event: all who wait go on, also if it is cleared right after.
 * @param event borrowed.
 * @since 0.1
 */
VOW_API void vow_event_set_at(vow_event *event, const char *site);
#define vow_event_set(...) vow_event_set_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Clears an event: who waits from now on waits until it is set again.
 * @param event borrowed.
 * @since 0.1
 */
VOW_API void vow_event_clear_at(vow_event *event, const char *site);
#define vow_event_clear(...) vow_event_clear_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Whether an event is set.
 * @param event borrowed.
 * @return true if so.
 * @since 0.1
 */
VOW_API bool vow_event_is_set_at(const vow_event *event, const char *site);
#define vow_event_is_set(...) vow_event_is_set_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends an event. Those who wait see `ECANCELED`.
 * @param event given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_event_free(vow_event *event);

/* ---- Condition ----------------------------------------------------------------------------------------- */

/* See vow_condition_new(). */
typedef struct vow_condition vow_condition;

/**
 * @brief Makes a condition: a place to wait until somebody says that something has changed.
 *
 * A notice is not kept for those who come later. So look at what you wait for before you wait, and again
 * after it, in a loop. Nothing changes between looking and waiting, since no await is in between.
 *
 *     struct stock { int items; vow_condition *changed; };
 *     struct buyer { vow_task task; struct stock *stock; };
 *
 *     VOW_ASYNC(buyer, me)
 *     {
 *         VOW_BEGIN(me);
 *         while (!me->stock->items)
 *             VOW_AWAIT(me, vow_condition_wait(me->stock->changed));
 *         me->stock->items--;
 *         VOW_END(me);
 *     }
 *
 * @param loop whose promises wait for it.
 * @return the condition, to be released with vow_condition_free(). NULL, with errno set, when it cannot be
 * made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_condition *vow_condition_new_at(vow_loop *loop, const char *site);
#define vow_condition_new(...) vow_condition_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil by the next notice that is this promise's.
 *
 * If the promise is dropped after that, before anybody has looked, the notice goes to the next who waits.
 *
 * @param condition borrowed.
 * @return the promise, the caller's.
 * @par Errors
 * `ECANCELED` when the condition is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_condition_wait_at(vow_condition *condition, const char *site);
#define vow_condition_wait(...) vow_condition_wait_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Tells those who have waited longest.
 * @param condition borrowed.
 * @param n         how many; if fewer wait, all of them.
 * @since 0.1
 */
VOW_API void vow_condition_notify_at(vow_condition *condition, size_t n, const char *site);
#define vow_condition_notify(...) vow_condition_notify_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Tells all who wait.
 * @param condition borrowed.
 * @since 0.1
 */
VOW_API void vow_condition_notify_all_at(vow_condition *condition, const char *site);
#define vow_condition_notify_all(...) vow_condition_notify_all_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a condition. Those who wait see `ECANCELED`.
 * @param condition given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_condition_free(vow_condition *condition);

/* ---- Latch --------------------------------------------------------------------------------------------- */

/* See vow_latch_new(). */
typedef struct vow_latch vow_latch;

/**
 * @brief Makes a latch: all wait until so many things are done.
 * @param loop  whose promises wait for it.
 * @param count how many things; with 0 nobody has to wait.
 * @return the latch, to be released with vow_latch_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_latch *vow_latch_new_at(vow_loop *loop, size_t count, const char *site);
#define vow_latch_new(...) vow_latch_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil once the count is zero; at once if it is.
 * @param latch borrowed.
 * @return the promise, the caller's.
 * @par Errors
 * `ECANCELED` when the latch is freed first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_latch_wait_at(vow_latch *latch, const char *site);
#define vow_latch_wait(...) vow_latch_wait_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Says that some of the things are done. The count stays at zero once it is there.
 * @param latch borrowed.
 * @param n     how many; more than are left counts as all of them.
 * @since 0.1
 */
VOW_API void vow_latch_count_down_at(vow_latch *latch, size_t n, const char *site);
#define vow_latch_count_down(...) vow_latch_count_down_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a latch. Those who wait see `ECANCELED`.
 * @param latch given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_latch_free(vow_latch *latch);

/* ---- Barrier ------------------------------------------------------------------------------------------- */

/* See vow_barrier_new(). */
typedef struct vow_barrier vow_barrier;

/**
 * @brief Makes a barrier: those who come wait until there are enough, and then go on together. After that it
 * begins anew.
 * @param loop    whose promises wait for it.
 * @param parties how many it takes; 1 at least.
 * @return the barrier, to be released with vow_barrier_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `EINVAL` when there are no parties, or more than half of what a size_t holds; `ENOMEM`;
 * `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_barrier *vow_barrier_new_at(vow_loop *loop, size_t parties, const char *site);
#define vow_barrier_new(...) vow_barrier_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Arrives: fulfilled with the number of this arrival, from 0, once all parties are there.
 *
 * If the promise is dropped before that, it has not arrived, and the numbers of those behind it are lower by
 * one.
 *
 * @param barrier borrowed.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `ECANCELED` when the barrier is freed first; `ENOMEM`: it has not arrived then.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_barrier_wait_at(vow_barrier *barrier, const char *site);
#define vow_barrier_wait(...) vow_barrier_wait_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a barrier. Those who wait see `ECANCELED`.
 * @param barrier given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_barrier_free(vow_barrier *barrier);

VOW_END_DECLS

#endif
