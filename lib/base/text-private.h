/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that is put together piece by piece: in a buffer of a fixed size, or on a stream. */
#ifndef VOW_BASE_TEXT_PRIVATE_H
#define VOW_BASE_TEXT_PRIVATE_H

#include <stdio.h>

#include <vow/common.h>

typedef struct vow__text {
    FILE *stream; /* or NULL: then the text goes to `bytes`, and what does not fit is left out */
    char *bytes;
    size_t size, length;
} vow__text;

void vow__text_add(vow__text *text, const char *format, ...) VOW_PRINTF(2, 3);

#endif
