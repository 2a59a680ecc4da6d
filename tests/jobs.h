/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of offloading share: jobs that the test holds at a gate, and so in the state that it wants.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_JOBS_H
#define VOW_TEST_JOBS_H

#include "gate.h"
#include "support.h"

#include <math.h>
#include <stdatomic.h>

/* A job that waits at a gate. */
struct held {
    struct gate gate, left; /* before and after it looks; the second is open */
    vow_value result;
    atomic_bool saw_cancel; /* when it went on */
};

#define HELD(value)                                             \
    {                                                           \
        .gate = GATE_CLOSED, .left = GATE_OPEN, .result = value \
    }

/* The job. */
static inline vow_value hold(void *data)
{
    struct held *held = data;

    gate_pass(&held->gate);
    held->saw_cancel = vow_offload_is_cancelled();
    gate_pass(&held->left);
    return held->result;
}

/* Offloads it; it runs by now. */
#define running(f, held) running_at((f), (held), VOW_HERE)
static inline vow_promise *running_at(fixture *f, struct held *held, const char *site)
{
    vow_promise *promise = vow_offload_at(f->loop, hold, held, site);

    gate_await(&held->gate, 1);
    return promise;
}

/* Lets it go on; when this returns its result is on the way to the loop. */
static inline void let_finish(struct held *held)
{
    gate_open(&held->gate);
    gate_await(&held->left, 1);
    g_assert_null(vow_offload_shutdown(INFINITY));
}

/* The limits that are there at first. */
static inline void usual_limits(void)
{
    vow_offload_set_limits(0, 65536);
}

/* For vow_attach(): notes a tag's name. */
static inline void note_name(void *tag)
{
    saw_end(tag);
}

/* Skips a test whose forked child needs threads of its own where it cannot start any; whether that is so. */
static inline bool no_thread_after_fork(void)
{
    if (threads_after_fork())
        return false;
    g_test_skip("no thread starts in a forked child of a process with threads here (an emulator?)");
    return true;
}

#endif
