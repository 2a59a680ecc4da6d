/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/combinators.h
 * @brief Several promises as one: all, all_settled, any, race.
 *
 * Each function takes its promises over, also when it fails, and only reads the array. Each has an _of form
 * that takes the promises as arguments. All inputs belong to `loop`.
 *
 * Once the outcome is known, the inputs that are still pending are dropped, so they stop at once unless
 * somebody else holds them; an input that has rejected already counts as looked at. The new promise is
 * settled when all that it dropped has finished its clean-up, also one that awaits: so what inputs share with
 * their parent may be freed in the parent's `VOW_FINALLY`. What somebody else still holds is neither
 * cancelled nor waited for. An error that such a clean-up ends with is reported as unhandled, and does not
 * take the outcome's place. Who drops or cancels the new promise meanwhile lets the clean-up finish; an error
 * that was its outcome is then reported.
 */
#ifndef VOW_COMBINATORS_H
#define VOW_COMBINATORS_H

#include <vow/common.h>
#include <vow/promise.h>

#ifdef __cplusplus
#include <initializer_list>
#endif

/* The arguments of an _of form as an array. Its first element, NULL, lets the list be empty. */
#ifdef __cplusplus
VOW_NODISCARD inline vow_promise *vow__combine_of(vow_promise *(*combine)(vow_loop *, size_t,
                                                                          vow_promise *const *, const char *),
                                                  vow_loop *loop, std::initializer_list<vow_promise *> list,
                                                  const char *site)
{
    return combine(loop, list.size() - 1, list.begin() + 1, site);
}
#define VOW__COMBINE_ARRAY(combine, loop, ...) \
    vow__combine_of(combine, (loop), {nullptr, __VA_ARGS__}, VOW_HERE)
#else
#define VOW__COUNT_OF(...) (sizeof((vow_promise *[]){NULL, __VA_ARGS__}) / sizeof(vow_promise *) - 1)
#define VOW__ARRAY_OF(...) ((vow_promise *[]){NULL, __VA_ARGS__} + 1)
#define VOW__COMBINE_ARRAY(combine, loop, ...) \
    combine((loop), VOW__COUNT_OF(__VA_ARGS__), VOW__ARRAY_OF(__VA_ARGS__), VOW_HERE)
#endif
#define VOW__COMBINE_OF(combine, ...) VOW__COMBINE_ARRAY(combine, __VA_ARGS__, )

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
 * The first input's to reject; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.1 Promise.all.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_all_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                              const char *site);
#define vow_all(...) vow_all_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_all() of its arguments: `vow_all_of(loop, a, b, c)`. @since 0.1 */
#define vow_all_of(...) VOW__COMBINE_OF(vow_all_at, __VA_ARGS__)

/**
 * @brief Waits for all to settle: fulfilled with the list of their outcomes, in the inputs' order. Never
 * rejects for an input's sake.
 *
 * A fulfilled input's place holds its value, a rejected one's an error value (vow_is_error()). With no input
 * it is fulfilled at once with an empty list.
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
#define vow_all_settled_of(...) VOW__COMBINE_OF(vow_all_settled_at, __VA_ARGS__)

/**
 * @brief Waits for the first to be fulfilled: fulfilled with its value; rejected when every input rejected.
 *
 * The rejection is an error of `vow_domain_vow` with the code VOW_EAGGREGATE; vow_error_list() gives the
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
#define vow_any_of(...) VOW__COMBINE_OF(vow_any_at, __VA_ARGS__)

/**
 * @brief Waits for the first to settle, and settles the same way. With no input it stays pending.
 * @param loop     where handlers will run.
 * @param n        how many promises.
 * @param promises each given away; the array stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * The first input's to settle, if it rejects; `ENOMEM`.
 * @par Standard
 * ECMAScript 2024, 27.2.4.5 Promise.race.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_race_at(vow_loop *loop, size_t n, vow_promise *const *promises,
                                               const char *site);
#define vow_race(...) vow_race_at(__VA_ARGS__, VOW_HERE)

/** @brief vow_race() of its arguments. @since 0.1 */
#define vow_race_of(...) VOW__COMBINE_OF(vow_race_at, __VA_ARGS__)

VOW_END_DECLS

#endif
