/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of queues share. The values in them are owned(), so that each test ends with the question
 * whether all have gone.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TESTS_QUEUES_H
#define VOW_TESTS_QUEUES_H

#include "streams.h"

static inline vow_queue *queue_of(fixture *f, size_t capacity)
{
    vow_queue *queue = vow_queue_new(f->loop, capacity);

    g_assert_nonnull(queue);
    return queue;
}

/* Each is in at once. */
static inline void fill(fixture *f, vow_queue *queue, const char *names)
{
    for (; *names; names++) {
        char name[2] = {*names, 0};
        vow_promise *put = vow_queue_put(queue, owned(f, tag_new(f, g_intern_string(name))->name));

        g_assert_true(vow_is_fulfilled(put));
        vow_unref(put);
    }
}

/* What the next take gives at once, in words. The value is released. */
static inline void expect_next(vow_queue *queue, const char *shown)
{
    vow_promise *take = vow_queue_take(queue);

    assert_peek(take, shown);
    vow_unref(take);
}

static inline void expect_end(fixture *f, vow_queue *queue, const char *log)
{
    vow_queue_free(queue);
    assert_log(f, log);
}

#endif
