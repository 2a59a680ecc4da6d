/* SPDX-License-Identifier: BSD-2-Clause */
/* Which numbers signals have, and writes that do not raise SIGPIPE where the call itself cannot be told
 * so. */
#ifndef VOW_OS_SIGNALS_PRIVATE_H
#define VOW_OS_SIGNALS_PRIVATE_H

#include <signal.h>
#include <stdbool.h>

/* No system has signals from this number on; most end earlier. */
#define VOW__SIGNALS 129

/* The highest number that this system has. */
int vow__last_signal(void);

typedef struct vow__sigpipe {
    sigset_t before;
    bool was_pending;
} vow__sigpipe;

/* Blocks SIGPIPE in this thread. */
void vow__sigpipe_hold(vow__sigpipe *self);
/* Restores the mask. `is_raised`: the write has failed with EPIPE. Then the signal that it raised, and no
 * other, is taken back. Leaves errno alone. */
void vow__sigpipe_release(const vow__sigpipe *self, bool is_raised);

#endif
