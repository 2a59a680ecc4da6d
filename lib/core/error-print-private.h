/* SPDX-License-Identifier: BSD-2-Clause */
/* An error in words: for vow_error_print(), and for reports, which have a buffer and no stream. */
#ifndef VOW_CORE_ERROR_PRINT_PRIVATE_H
#define VOW_CORE_ERROR_PRINT_PRIVATE_H

#include <stdio.h>

#include "core/error-private.h"

typedef struct vow__text {
    FILE *stream; /* or NULL: then it goes to the bytes, and what does not fit is left out */
    char *bytes;
    size_t size, length;
} vow__text;

void vow__text_add(vow__text *text, const char *format, ...) VOW_PRINTF(2, 3);
/* The error, its members and its causes, one to a line, with no newline at the end. */
void vow__text_add_error(vow__text *text, const vow_error *error);

#endif
