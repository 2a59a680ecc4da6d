/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the answer to who waits for whom: the line of promises of which each waits for the next. If a promise
 * has several inputs, the line goes on with the first that is pending. It may come back to itself; to find
 * that takes no memory.
 */
#include "core/waits-private.h"

#include "core/operations-private.h"

/* How many promises are named besides the last one. */
#define NAMED_MAX 9

/* A line of promises in numbers. */
typedef struct extent {
    size_t length; /* how many different ones */
    size_t circle; /* how many of these, the last ones, are in a circle; 0: the line has an end */
} extent;

/* The first pending promise that a promise waits for, or NULL. */
static const vow_promise *next_of(const vow_promise *promise)
{
    const vow_promise *input = NULL;

    if (promise->mode >= VOW__WAIT_REACTION && promise->mode != VOW__WAIT_FOREIGN)
        input = (const vow_promise *) promise->wait.upstream;
    else if (promise->kind->input)
        input = promise->kind->input(promise);
    return input && vow__is_pending(input) ? input : NULL;
}

static const vow_promise *nth_of(const vow_promise *promise, size_t n)
{
    while (n-- > 0)
        promise = next_of(promise);
    return promise;
}

/* How many promises stand before the circle. Two walk from the start, one as far ahead as the circle is long:
 * they meet where the circle begins. */
static size_t count_before(const vow_promise *first, size_t circle)
{
    const vow_promise *ahead = nth_of(first, circle);
    size_t count = 0;

    for (; first != ahead; count++) {
        first = next_of(first);
        ahead = next_of(ahead);
    }
    return count;
}

/* Brent's way: each time the walk has gone as far from `mark` as the limit, `mark` is moved up and the limit
 * is doubled. The walk meets `mark` again once that is in the circle and the limit is no shorter than the
 * circle. */
static extent measure(const vow_promise *first)
{
    const vow_promise *mark = first, *promise = first;
    size_t length = 0, way = 0, limit = 1;

    do {
        promise = next_of(promise);
        length++;
        way++;
        if (promise == mark)
            return (extent){count_before(first, way) + way, way};
        if (way == limit) {
            mark = promise;
            limit *= 2;
            way = 0;
        }
    } while (promise);
    return (extent){length, 0};
}

static void waits_add(vow__text *text, const char *before, const vow_promise *promise)
{
    vow__text_add(text, "%sthe %s made at %s", before, vow__name_of(promise), vow__site_text(promise->site));
}

void vow__waits_describe(vow__text *text, const vow_promise *promise)
{
    extent line = measure(promise);
    size_t named = line.length <= NAMED_MAX ? line.length : NAMED_MAX;
    const vow_promise *last = nth_of(promise, line.length - 1);

    for (size_t i = 0; i < named; i++, promise = next_of(promise))
        waits_add(text, i ? ", which waits for " : "", promise);
    if (named < line.length)
        waits_add(text, ", and so on to ", last);
    if (line.circle == line.length)
        vow__text_add(text, ", in a circle of %zu", line.circle);
    else if (line.circle)
        vow__text_add(text, ", in a circle of the last %zu", line.circle);
}
