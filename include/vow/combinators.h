/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/combinators.h
 * @brief Several promises as one: all, all_settled, any, race, select. And who is concerned with one: shield,
 * forget.
 *
 * vow_all(), vow_all_settled(), vow_any() and vow_race() take over their promises, even when they fail.
 * vow_select() keeps a reference of its own to each while it waits. Each of them only reads the array, and
 * has an _of form that takes the promises as arguments. All inputs belong to `loop`.
 *
 * Once the outcome is known, the inputs that are still pending are dropped. So they stop at once, unless
 * somebody else holds them. The errors of inputs that have rejected count as looked at. The new promise
 * settles when all that it dropped has finished its clean-up, even when that awaits. So the parent's
 * `VOW_FINALLY` may free what the inputs share with it. What somebody else still holds is neither cancelled
 * nor waited for. If such a clean-up ends with an error, that is reported as unhandled, and does not replace
 * the outcome. If the new promise is dropped or cancelled meanwhile, the clean-up still finishes; an error
 * that was its outcome is then reported.
 */
#ifndef VOW_COMBINATORS_H
#define VOW_COMBINATORS_H

#include <vow/common.h>
#include <vow/promise.h>

#ifdef __cplusplus
#include <initializer_list>
#endif

/*
 * The arguments of an _of form as an array of `type`. Its first element is NULL, so that the list may be
 * empty.
 */
#ifdef __cplusplus
template <typename type>
VOW_NODISCARD inline vow_promise *vow__combine_of(vow_promise *(*combine)(vow_loop *, size_t, const type *,
                                                                          const char *),
                                                  vow_loop *loop, const std::initializer_list<type> &list,
                                                  const char *site)
{
    return combine(loop, list.size() - 1, list.begin() + 1, site);
}
#define VOW__COMBINE_ARRAY(type, combine, loop, ...) \
    vow__combine_of<type>(combine, (loop), {nullptr, __VA_ARGS__}, VOW_HERE)
#else
#define VOW__COUNT_OF(type, ...) (sizeof((type[]){NULL, __VA_ARGS__}) / sizeof(type) - 1)
#define VOW__ARRAY_OF(type, ...) ((type[]){NULL, __VA_ARGS__} + 1)
#define VOW__COMBINE_ARRAY(type, combine, loop, ...) \
    combine((loop), VOW__COUNT_OF(type, __VA_ARGS__), VOW__ARRAY_OF(type, __VA_ARGS__), VOW_HERE)
#endif
#define VOW__COMBINE_OF(type, combine, ...) VOW__COMBINE_ARRAY(type, combine, __VA_ARGS__, )

VOW_BEGIN_DECLS

/**
 * @brief Waits for all: fulfilled with the list of their values, in the inputs' order; rejected with the
 * first error.
 *
 * With no input it is fulfilled at once with an empty list.
 *
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each given away; the array stays the caller's.
 * @return the promise of a list, the caller's.
 * @par Errors
 * The error of the first input to reject; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.1 Promise.all.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_all_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                              const char *site);
#define vow_all(...) vow_all_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_all() of its arguments: `vow_all_of(loop, a, b, c)`. @since 0.1 */
#define vow_all_of(...) VOW__COMBINE_OF(vow_promise *, vow_all_at, __VA_ARGS__)

/**
 * @brief Waits for all to settle: fulfilled with the list of their outcomes, in the inputs' order. No input's
 * error makes it reject.
 *
 * In the list, a fulfilled input has its value, and a rejected one an error value (vow_is_error()). With no
 * input it is fulfilled at once with an empty list.
 *
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each given away; the array stays the caller's.
 * @return the promise of a list, the caller's.
 * @par Errors
 * `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.2 Promise.allSettled.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_all_settled_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                                      const char *site);
#define vow_all_settled(...) vow_all_settled_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_all_settled() of its arguments. @since 0.1 */
#define vow_all_settled_of(...) VOW__COMBINE_OF(vow_promise *, vow_all_settled_at, __VA_ARGS__)

/**
 * @brief Waits for the first to be fulfilled: fulfilled with its value; rejected when every input has
 * rejected.
 *
 * The rejection is an error of `vow_domain_vow` with the code VOW_EAGGREGATE. vow_error_list() gives the
 * inputs' errors, in the inputs' order. With no input it is rejected at once, with an empty list.
 *
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each given away; the array stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * `VOW_EAGGREGATE`; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.3 Promise.any.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_any_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                              const char *site);
#define vow_any(...) vow_any_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_any() of its arguments. @since 0.1 */
#define vow_any_of(...) VOW__COMBINE_OF(vow_promise *, vow_any_at, __VA_ARGS__)

/**
 * @brief Waits for the first to settle, and settles the same way. With no input it stays pending.
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each given away; the array stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * The error of the first input to settle, if it rejects; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.5 Promise.race.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_race_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                               const char *site);
#define vow_race(...) vow_race_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_race() of its arguments. @since 0.1 */
#define vow_race_of(...) VOW__COMBINE_OF(vow_promise *, vow_race_at, __VA_ARGS__)

/**
 * @brief Waits until one of several promises is settled, and says which: fulfilled with its index. The inputs
 * stay the caller's, who asks the one that came and waits for the others again.
 *
 * The index is that of the first input that is settled, either way; if several are, the lowest. Nothing is
 * taken out of that input. This does not count as looking at its error or its item: a signal or a line that
 * comes while nobody looks goes back when its promise is dropped, as ever. An input that is rejected and then
 * freed without a look is reported. The other inputs are not dropped. So the same promises may be waited for
 * any number of times. A vow_select() that is over or was dropped leaves no trace at them.
 *
 * While it waits, it keeps a reference to each input. The caller may give up theirs meanwhile. Then the input
 * goes when this promise is settled or dropped; if it is still pending, it is cancelled. What is cancelled
 * here finishes its clean-up first; what somebody else holds is not waited for. Cancelling the new promise
 * cancels no input that somebody else holds. With no input it stays pending, as vow_race() does.
 *
 * A console that follows a signal and its input, line by line, and loses neither:
 *
 *     struct console { vow_task task; vow_stream *input; vow_signals *signals; vow_promise *line, *signum; };
 *
 *     static vow_promise *give(vow_promise **held)
 *     {
 *         vow_promise *promise = *held;
 *
 *         *held = NULL;
 *         return promise;
 *     }
 *
 *     VOW_ASYNC(console, me)
 *     {
 *         VOW_BEGIN(me);
 *         for (;;) {
 *             if (!me->line)
 *                 me->line = vow_stream_read_line(me->input, 512);
 *             if (!me->signum)
 *                 me->signum = vow_signals_next(me->signals);
 *             VOW_AWAIT(me, vow_select_of(VOW_LOOP(me), me->line, me->signum));
 *             if (vow_as_int(VOW_RESULT(me)) == 0) {
 *                 VOW_AWAIT(me, give(&me->line));
 *                 if (vow_is_nil(VOW_RESULT(me)))
 *                     break;
 *                 printf("line %s\n", vow_as_bytes(VOW_RESULT(me))->data);
 *             } else {
 *                 VOW_AWAIT(me, give(&me->signum));
 *                 printf("signal %d\n", (int) vow_as_int(VOW_RESULT(me)));
 *             }
 *         }
 *         VOW_FINALLY(me);
 *         vow_unref(me->line);
 *         vow_unref(me->signum);
 *         vow_stream_free(me->input);
 *         vow_signals_free(me->signals);
 *         VOW_END(me);
 *     }
 *
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each borrowed, and referred to while this waits; the array stays the caller's. The same
 * promise may stand there more than once.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `ENOMEM`; then no input is referred to.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_select_at(vow_loop *loop, size_t n, const vow_promise *const *promises,
                                                 const char *site);
#define vow_select(...) vow_select_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_select() of its arguments: `vow_select_of(loop, a, b, c)`. @since 0.1 */
#define vow_select_of(...) VOW__COMBINE_OF(const vow_promise *, vow_select_at, __VA_ARGS__)

/**
 * @brief Shields a promise: the new one has the same outcome, but dropping or cancelling it does not cancel
 * the one behind it.
 *
 * From here on the loop keeps that one until it is settled, as vow_detach() does: it runs on when nobody
 * waits any more. If it then rejects and nobody has looked at the error, that is reported as unhandled. It
 * ends sooner if somebody cancels it by another reference, and when its loop is freed.
 *
 * @param promise given away. Out of memory it runs on, too.
 * @return the new promise, the caller's.
 * @par Errors
 * Those of the promise; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_shield_at(vow_promise *promise, const char *site);
#define vow_shield(...) vow_shield_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief vow_detach() for a promise whose error nobody cares about: it is not reported, whatever it is.
 *
 * This holds for a promise that is settled already, too. Whoever waits for it elsewhere still sees the error.
 * A value is released, and an item that nobody has looked at goes back, as ever.
 *
 * @param promise given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_forget_at(vow_promise *promise, const char *site);
#define vow_forget(...) vow_forget_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
