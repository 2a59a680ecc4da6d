/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for whom, in words. */
#ifndef VOW_CORE_WAITS_PRIVATE_H
#define VOW_CORE_WAITS_PRIVATE_H

#include "core/error-print-private.h"
#include "core/promise-private.h"

/*
 * "the then made at a.c:3, which waits for the promise made at a.c:2": the near end and the far end of the
 * line that begins with a promise. Where the line comes back to itself, each promise is named once, and the
 * text says how many of them are in the circle.
 */
void vow__waits_describe(vow__text *text, const vow_promise *promise);

#endif
