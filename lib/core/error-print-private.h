/* SPDX-License-Identifier: BSD-2-Clause */
/* An error in words: for vow_error_print(), and for reports, which have a buffer and no stream. */
#ifndef VOW_CORE_ERROR_PRINT_PRIVATE_H
#define VOW_CORE_ERROR_PRINT_PRIVATE_H

#include "base/text-private.h"
#include "core/error-private.h"

/* The error, its members and its causes, one to a line, with no newline at the end. */
void vow__text_add_error(vow__text *text, const vow_error *error);

#endif
