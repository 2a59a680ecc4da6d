/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/queue.h
 * @brief Queues: values on their way from those who make them to those who use them.
 *
 * A queue holds a limited number of values. Whoever puts one in waits while the queue is full, and whoever
 * takes one out waits while it is empty. So a fast producer is held up, and does not fill the memory.
 *
 *     struct counting { vow_task task; vow_queue *queue; int number; };
 *
 *     VOW_ASYNC(counting, me)
 *     {
 *         VOW_BEGIN(me);
 *         for (me->number = 1; me->number <= 10; me->number++)
 *             VOW_AWAIT(me, vow_queue_put(me->queue, vow_int(me->number)));
 *         VOW_FINALLY(me);
 *         vow_queue_close(me->queue);
 *         VOW_END(me);
 *     }
 *
 *     struct adding { vow_task task; vow_queue *queue; int64_t sum; };
 *
 *     VOW_ASYNC(adding, me)
 *     {
 *         VOW_BEGIN(me);
 *         for (;;) {
 *             VOW_AWAIT(me, vow_queue_take(me->queue));
 *             if (vow_is_nil(VOW_RESULT(me)))
 *                 VOW_RETURN(me, vow_int(me->sum));
 *             me->sum += vow_as_int(VOW_RESULT(me));
 *         }
 *         VOW_END(me);
 *     }
 *
 * A value is handed out once, and in the order in which the values came. Those who put, and those who take,
 * are served in the order of their calls. If a vow_queue_take() is dropped before anybody has looked at its
 * value, the value goes back to the front. If a vow_queue_put() is dropped while it waits, its value is
 * released and never gets in. So no deadline and no vow_race() loses a value, or has one handed out twice.
 *
 * A queue belongs to one loop, and so may hold what belongs to that loop, such as streams. It does not keep
 * ev_run() going, whoever waits. vow_remote_new() is the way from another thread.
 */
#ifndef VOW_QUEUE_H
#define VOW_QUEUE_H

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/* See vow_queue_new(). */
typedef struct vow_queue vow_queue;

/** @brief The capacity of a queue in which no vow_queue_put() ever waits. */
#define VOW_UNBOUNDED ((size_t) -1)

/**
 * @brief Makes a queue.
 *
 * Memory for values is taken as they come, not for the whole capacity, and is given back as they go. A queue
 * that is still there when its loop is freed is reported as a leak. What is in it is released then.
 *
 * @param loop     of those who put and take.
 * @param capacity how many values it holds before vow_queue_put() waits. With 0 it holds none: a put waits
 * until a take has come for its value. `VOW_UNBOUNDED` for no limit.
 * @return the queue, to be released with vow_queue_free(). NULL, with errno set, when it cannot be made.
 * @par Errors
 * errno is `ENOMEM`, or `ECANCELED` while the loop is being freed.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_queue *vow_queue_new_at(vow_loop *loop, size_t capacity, const char *site);
#define vow_queue_new(...) vow_queue_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Puts a value into a queue. Fulfilled with nil once it is in.
 *
 * If somebody waits for a value, it goes to the first of them at once. If the queue is full, or others wait
 * to put theirs in, the promise waits for its turn. If it is dropped or cancelled meanwhile, the value is
 * released and never gets in.
 *
 * A vow_throw() is a value, too: whoever takes it sees a rejection. A vow_follow() has the one who takes it
 * wait for that promise.
 *
 * @param queue borrowed.
 * @param value given away, in every case. Not nil, which marks the end.
 * @return the promise of nil, the caller's.
 * @par Errors
 * `EINVAL` for nil; `EPIPE` when the queue is closed, before or while the promise waits; `ECANCELED` when the
 * queue is released first; `ENOMEM`. The value is released in each of these cases.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_queue_put_at(vow_queue *queue, vow_value value, const char *site);
#define vow_queue_put(...) vow_queue_put_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Takes the oldest value out of a queue. Fulfilled with it; with nil when the queue is closed and
 * empty.
 *
 * If the queue is empty, the promise waits for its turn. The value is the caller's once somebody has looked
 * at it. If the promise is dropped before, the value goes back to its place, and the next one who waits, or
 * comes, gets it. This holds for the error of a vow_throw(), too. A queue may hold more than its capacity
 * after that.
 *
 * @param queue borrowed.
 * @return the promise of a value, the caller's.
 * @par Errors
 * What was put in with vow_throw(); `ECANCELED` when the queue is released first; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_queue_take_at(vow_queue *queue, const char *site);
#define vow_queue_take(...) vow_queue_take_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Puts a value into a queue if that need not wait.
 *
 * @param queue borrowed.
 * @param value given away, in every case.
 * @return whether it is in. False when the queue is full or closed, when the value is nil, or when there is
 * no memory: the value is released then, which may run its drop function.
 * @since 0.1
 */
VOW_API bool vow_queue_try_put_at(vow_queue *queue, vow_value value, const char *site);
#define vow_queue_try_put(...) vow_queue_try_put_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Takes the oldest value out of a queue if there is one.
 *
 * Does not pass those who wait: while anybody waits to take, there is no value.
 *
 * @param queue borrowed.
 * @param value set to the value, which is the caller's; to nil if there is none. What was put in with
 * vow_throw() comes as an error, to be read with vow_as_error().
 * @return whether there is one.
 * @since 0.1
 */
VOW_API bool vow_queue_try_take_at(vow_queue *queue, vow_value *value, const char *site);
#define vow_queue_try_take(...) vow_queue_try_take_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many values are in a queue. Those of puts that wait are not in it yet.
 * @param queue borrowed.
 * @return their number. It may be above the capacity when values came back: see vow_queue_take().
 * @since 0.1
 */
VOW_API size_t vow_queue_length_at(const vow_queue *queue, const char *site);
#define vow_queue_length(...) vow_queue_length_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Closes a queue: nothing gets in any more.
 *
 * What is in it can still be taken. After that each vow_queue_take() is fulfilled with nil, and so is now
 * each one that waits. Those who wait to put a value in see `EPIPE`, and their values are released, which may
 * run drop functions. Closing it again does nothing.
 *
 * @param queue borrowed.
 * @since 0.1
 */
VOW_API void vow_queue_close_at(vow_queue *queue, const char *site);
#define vow_queue_close(...) vow_queue_close_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a queue, and releases what is in it, which may run drop functions. Those who still wait see
 * `ECANCELED`.
 *
 * A value that a vow_queue_take() was fulfilled with stays with its promise.
 *
 * @param queue given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_queue_free(vow_queue *queue);

VOW_END_DECLS

#endif
