/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of bytes for those who fill them in themselves and so need no second copy. */
#ifndef VOW_CORE_BYTES_PRIVATE_H
#define VOW_CORE_BYTES_PRIVATE_H

#include <vow/value.h>

typedef struct vow__bytes {
    vow_bytes bytes; /* what a value of vow_type_bytes points to */
    size_t capacity; /* room at `data`, the zero byte behind the end not counted */
    char data[];
} vow__bytes;

/* Room for `capacity` bytes, not initialised, and a length of 0; NULL when there is no memory. */
vow__bytes *vow__bytes_new(size_t capacity);
/* Says how many bytes there are now, at most as many as there is room for. Puts the zero byte behind them. */
void vow__bytes_set_length(vow__bytes *bytes, size_t length);
/* Moves the bytes to where there is room for `capacity`, which is no less than their length. NULL when there
 * is no memory: then they stay where they are. */
vow__bytes *vow__bytes_resize(vow__bytes *bytes, size_t capacity);
/* For bytes that did not become a value. NULL does nothing. */
void vow__bytes_free(vow__bytes *bytes);
/* The value that owns them. */
vow_value vow__bytes_value(vow__bytes *bytes);

#endif
