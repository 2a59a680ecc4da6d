/* SPDX-License-Identifier: BSD-2-Clause */
/* How the library ends a program that can only be wrong: one line, then abort(). */
#ifndef VOW_BASE_MISUSE_PRIVATE_H
#define VOW_BASE_MISUSE_PRIVATE_H

#include <vow/common.h>

#include "base/compiler-private.h"

/* `function` is the public function that was called, `made_at` where the promise concerned was made, or
 * NULL. */
VOW__SHARED VOW_NORETURN void vow__misuse(const char *function, const char *made_at, const char *format, ...)
    VOW_PRINTF(3, 4);
/* The same, where it is known that the call was at `called_at`. That may be NULL, too. */
VOW__SHARED VOW_NORETURN void vow__misuse_at(const char *function, const char *made_at, const char *called_at,
                                             const char *format, ...) VOW_PRINTF(4, 5);
/* The same for an argument that must not be NULL, the `what`. `site` is where the call was, or NULL. */
VOW__SHARED VOW_NORETURN void vow__misuse_null(const char *function, const char *what, const char *site);
VOW_NORETURN void vow__misuse_bytes(const char *function, size_t size, const char *site);

/* `data` may be NULL if `size` is 0. */
static inline void vow__check_bytes(const void *data, size_t size, const char *function, const char *site)
{
    if (VOW_UNLIKELY(!data && size))
        vow__misuse_bytes(function, size, site);
}

/* How messages name a place. */
static inline const char *vow__site_text(const char *site)
{
    return site ? site : "an unknown place";
}

static inline void vow__check_pointer(const void *pointer, const char *what, const char *function,
                                      const char *site)
{
    if (VOW_UNLIKELY(!pointer))
        vow__misuse_null(function, what, site);
}

#endif
