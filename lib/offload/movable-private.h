/* SPDX-License-Identifier: BSD-2-Clause */
/* The door from other threads into a loop: what belongs to a loop is refused there. */
#ifndef VOW_OFFLOAD_MOVABLE_PRIVATE_H
#define VOW_OFFLOAD_MOVABLE_PRIVATE_H

#include <vow/value.h>

/* Ends the program if a value that is to go to another thread belongs to a loop, or a part of it does. The
 * caller owns it. `site`: where the promise was made that is to get it. */
void vow__check_movable(vow_value value, const char *function, const char *site);

#endif
