/* SPDX-License-Identifier: BSD-2-Clause */
/* See deadline-private.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/deadline-private.h"

#include <limits.h>

#define NEVER 1e9 /* seconds: more than 30 years */

vow__deadline vow__deadline_in(double seconds)
{
    vow__deadline deadline = {.is_never = seconds >= NEVER};
    long nanoseconds;

    clock_gettime(CLOCK_MONOTONIC, &deadline.when);
    if (deadline.is_never || !(seconds > 0))
        return deadline;
    deadline.when.tv_sec += (time_t) seconds;
    nanoseconds = deadline.when.tv_nsec + (long) ((seconds - (double) (time_t) seconds) * 1e9);
    deadline.when.tv_sec += nanoseconds / 1000000000;
    deadline.when.tv_nsec = nanoseconds % 1000000000;
    return deadline;
}

int vow__deadline_left(const vow__deadline *deadline)
{
    struct timespec now;
    double left;

    if (deadline->is_never)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    left = (double) (deadline->when.tv_sec - now.tv_sec) * 1e3 +
           (double) (deadline->when.tv_nsec - now.tv_nsec) / 1e6;
    if (left <= 0)
        return 0;
    return left < INT_MAX - 1 ? (int) left + 1 : INT_MAX;
}
