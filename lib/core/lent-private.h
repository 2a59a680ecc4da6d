/* SPDX-License-Identifier: BSD-2-Clause */
/* Notices, in debug builds, a handler that gives away what it was only lent. */
#ifndef VOW_CORE_LENT_PRIVATE_H
#define VOW_CORE_LENT_PRIVATE_H

#include "core/promise-private.h"

#ifdef VOW_DEBUG
/* `given` is what a handler of `promise` returned, which was called with `lent`. Ends the program if both are
 * the same content: it would be released twice. */
void vow__check_given(const vow_value *lent, vow_value given, const vow_promise *promise,
                      const char *function);
#else
#define vow__check_given(lent, given, promise, function) ((void) 0)
#endif

#endif
