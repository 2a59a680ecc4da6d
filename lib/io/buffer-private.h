/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes room in a vow_buffer for those who read into it. */
#ifndef VOW_IO_BUFFER_PRIVATE_H
#define VOW_IO_BUFFER_PRIVATE_H

#include <vow/io.h>

/* Room for at least one more byte behind those there are, which are fewer than `limit`, but not for more
 * bytes than that; false when there is no memory. */
bool vow__buffer_make_room(vow_buffer *buffer, size_t limit);

#endif
