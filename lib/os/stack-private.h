/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a thread's stack. */
#ifndef VOW_OS_STACK_PRIVATE_H
#define VOW_OS_STACK_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether both addresses are on the stack that this thread began with, and so can be compared. False where
 * the system does not say. */
bool vow__are_on_first_stack(uintptr_t one, uintptr_t other);

#endif
