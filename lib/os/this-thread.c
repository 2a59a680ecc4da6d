/* SPDX-License-Identifier: BSD-2-Clause */
/* See this-thread-private.h. */
#include "os/system-private.h"

#include "os/this-thread-private.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>
#if VOW__LINUX
#include <sys/prctl.h>
#endif
#ifdef HAVE_PTHREAD_SET_NAME_NP /* FreeBSD, OpenBSD */
#include <pthread_np.h>
#endif

#if VOW__LINUX
bool vow__are_on_first_stack(uintptr_t one, uintptr_t other)
{
    pthread_attr_t attributes;
    void *base = NULL;
    size_t size = 0;

    if (pthread_getattr_np(pthread_self(), &attributes))
        return false;
    pthread_attr_getstack(&attributes, &base, &size);
    pthread_attr_destroy(&attributes);
    return one - (uintptr_t) base < size && other - (uintptr_t) base < size;
}
#else
bool vow__are_on_first_stack(uintptr_t one, uintptr_t other)
{
    (void) one;
    (void) other;
    return false;
}
#endif

void vow__name_this_thread(const char *name)
{
#if VOW__LINUX
    prctl(PR_SET_NAME, name);
#elif defined HAVE_PTHREAD_SET_NAME_NP
    pthread_set_name_np(pthread_self(), name);
#elif defined __APPLE__
    pthread_setname_np(name);
#else
    (void) name;
#endif
}

#ifdef HAVE_PTHREAD_CONDATTR_SETCLOCK
void vow__condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct timespec end_of(const vow__deadline *deadline)
{
    return deadline->when;
}
#else
void vow__condition_init(pthread_cond_t *condition)
{
    pthread_cond_init(condition, NULL);
}

/* Here conditions go by the clock that can be set. So takes what is left by the monotonic clock, and counts
 * it from now. */
static struct timespec end_of(const vow__deadline *deadline)
{
    const int left = vow__deadline_left(deadline);
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += left / 1000;
    end.tv_nsec += left % 1000 * 1000000L;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    return end;
}
#endif

bool vow__condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, const vow__deadline *deadline)
{
    struct timespec end;

    if (deadline->is_never)
        return !pthread_cond_wait(condition, lock);
    end = end_of(deadline);
    return pthread_cond_timedwait(condition, lock, &end) != ETIMEDOUT;
}
