/* SPDX-License-Identifier: BSD-2-Clause */
/* A moment of the monotonic clock until which somebody blocks. */
#ifndef VOW_BASE_DEADLINE_PRIVATE_H
#define VOW_BASE_DEADLINE_PRIVATE_H

#include <stdbool.h>
#include <time.h>

typedef struct vow__deadline {
    bool is_never;
    struct timespec when;
} vow__deadline;

/* This many seconds from now. More than 30 years is for ever. */
vow__deadline vow__deadline_in(double seconds);
/* How many milliseconds are left, rounded up, as poll(2) takes them: -1 if the deadline never comes. */
int vow__deadline_left(const vow__deadline *deadline);

#endif
