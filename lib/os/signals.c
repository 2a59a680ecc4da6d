/* SPDX-License-Identifier: BSD-2-Clause */
/* See signals-private.h. */
#include "os/system-private.h"

#include "os/signals-private.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

int vow__last_signal(void)
{
#if defined SIGRTMAX
    return SIGRTMAX;
#else
    return NSIG - 1;
#endif
}

static bool is_pending(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

#ifdef HAVE_SIGTIMEDWAIT
static void take_pending(const sigset_t *signals)
{
    const struct timespec at_once = {0, 0};

    while (sigtimedwait(signals, NULL, &at_once) < 0 && errno == EINTR) {
    }
}
#else
/* A write raises SIGPIPE for its own thread, so no other thread can take the signal. If it is pending,
 * sigwait() does not wait. An ignored signal is never pending. */
static void take_pending(const sigset_t *signals)
{
    int ignored;

    if (is_pending())
        sigwait(signals, &ignored);
}
#endif

static sigset_t pipe_only(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void vow__sigpipe_hold(vow__sigpipe *self)
{
    const sigset_t set = pipe_only();

    self->was_pending = is_pending();
    pthread_sigmask(SIG_BLOCK, &set, &self->before);
}

void vow__sigpipe_release(const vow__sigpipe *self, bool is_raised)
{
    const sigset_t set = pipe_only();
    int code = errno;

    if (is_raised && !self->was_pending)
        take_pending(&set);
    pthread_sigmask(SIG_SETMASK, &self->before, NULL);
    errno = code;
}
