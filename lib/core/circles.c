/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the promises that wait for one another in a circle, so that nothing can settle them. */
#include "core/operations-private.h"

/* The only thing that can settle a promise, if it is another promise that is pending, too; else NULL. A
 * promise that an event may settle as well has a halt(). */
static vow_promise *only_input_of(const vow_promise *promise)
{
    vow_promise *input;

    if (promise->mode < VOW__WAIT_REACTION || promise->mode == VOW__WAIT_FOREIGN || promise->kind->halt)
        return NULL;
    input = (vow_promise *) promise->wait.upstream;
    return input && vow__is_pending(input) ? input : NULL;
}

/* Begins at promises that follow. Every circle has one of them, since all other promises wait for what was
 * made before them. Each promise is passed once, so the time for all of this grows with the number of
 * promises, and no faster. The report comes last, because the program's hook may drop any of them. */
static void report_circle_from(void *block, void *data)
{
    vow_promise *first = block, *last = first;

    if (!vow__is_pending(first) || (first->mode != VOW__WAIT_FOLLOW && first->mode != VOW__WAIT_ADOPT))
        return;
    while (last && !(last->flags & (VOW__ON_WAY | VOW__PASSED))) {
        last->flags |= VOW__ON_WAY;
        last = only_input_of(last);
    }
    if (last && !(last->flags & VOW__ON_WAY))
        last = NULL;
    for (vow_promise *promise = first; promise && (promise->flags & VOW__ON_WAY);
         promise = only_input_of(promise))
        promise->flags = (uint16_t) ((promise->flags & ~VOW__ON_WAY) | VOW__PASSED);
    if (last)
        vow__report_circle(data, last);
}

void vow__report_circles(vow_loop *loop)
{
    vow__pools_each(&loop->pools, report_circle_from, loop);
}
