/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes room in a vow_buffer for those who read into it. */
#ifndef VOW_IO_BUFFER_PRIVATE_H
#define VOW_IO_BUFFER_PRIVATE_H

#include <vow/io.h>

/* Makes room for at least one more byte, but not for more than `limit` bytes in all. The buffer holds fewer
 * than that. False when there is no memory. */
bool vow__buffer_make_room(vow_buffer *buffer, size_t limit);

#endif
