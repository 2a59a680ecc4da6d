/* SPDX-License-Identifier: BSD-2-Clause */
/* See stack-private.h. */
#ifdef __linux__
#define _GNU_SOURCE /* pthread_getattr_np() */
#include <pthread.h>
#include <stddef.h>
#endif
#include "os/stack-private.h"

#ifdef __linux__
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
