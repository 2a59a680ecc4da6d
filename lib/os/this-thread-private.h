/* SPDX-License-Identifier: BSD-2-Clause */
/* What POSIX does not say of threads, or says and not every system does. */
#ifndef VOW_OS_THIS_THREAD_PRIVATE_H
#define VOW_OS_THIS_THREAD_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/deadline-private.h"

/* Whether both addresses are on the stack that this thread began with, and so can be compared. False where
 * the system does not say. */
bool vow__are_on_first_stack(uintptr_t one, uintptr_t other);
/* Names this thread, in up to 15 characters, for top(1) and debuggers. */
void vow__name_this_thread(const char *name);

/* Makes a condition that is waited for with a deadline. It does not matter what was there before. */
void vow__condition_init(pthread_cond_t *condition);
/* As pthread_cond_wait(), but only up to a deadline. False if that has come. */
bool vow__condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const vow__deadline *deadline);

#endif
