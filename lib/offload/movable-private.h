/* SPDX-License-Identifier: BSD-2-Clause */
/* The door from other threads into a loop: what belongs to a loop is refused there. */
#ifndef VOW_OFFLOAD_MOVABLE_PRIVATE_H
#define VOW_OFFLOAD_MOVABLE_PRIVATE_H

#include <vow/value.h>

/* Ends the program if a value that is to go to another thread, or a part of it, belongs to a loop. The caller
 * owns the value. `site`: where the promise that is to get it was made. */
void vow__check_movable(vow_value value, const char *function, const char *site);

#endif
