/* SPDX-License-Identifier: BSD-2-Clause */
/* Ties a resolver to a promise that waits for nothing else. */
#ifndef VOW_CORE_RESOLVER_PRIVATE_H
#define VOW_CORE_RESOLVER_PRIVATE_H

#include "core/promise-private.h"

static inline void vow__resolver_bind(vow_resolver *resolver, vow_promise *promise, vow_cancel_fn on_cancel)
{
    promise->mode = VOW__WAIT_RESOLVER; /* first, to be one store with what a new promise begins with */
    promise->wait.upstream = (uintptr_t) resolver;
    resolver->promise = promise;
    resolver->on_cancel = on_cancel;
}

#endif
