/* SPDX-License-Identifier: BSD-2-Clause */
/* How the library ends a program that can only be wrong: one line, then abort(). */
#ifndef VOW_BASE_MISUSE_PRIVATE_H
#define VOW_BASE_MISUSE_PRIVATE_H

#include <vow/common.h>

/* `function` is the public one that was called; `site` where the promise concerned was made, or NULL. */
VOW_NORETURN void vow__misuse(const char *function, const char *site, const char *format, ...)
    VOW_PRINTF(3, 4);

#endif
