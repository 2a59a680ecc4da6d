/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks that count how often their sections run, for tests/lto.sh and tools/deep/compilers.sh: compiled with
 * other flags than the library, and optimised together with it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <stdio.h>
#include <stdlib.h>

#include <vow.h>

enum { MIXED_ROUNDS = 200 };

struct mixed_short {
    vow_task task;
    int *entered, *left;
};

VOW_ASYNC(mixed_short, me)
{
    VOW_BEGIN(me);
    ++*me->entered;
    VOW_FINALLY(me);
    ++*me->left;
    VOW_END(me);
}

/* It counts in its own frame, and would go on for ever. */
struct mixed_counter {
    vow_task task;
    int entered;
};

VOW_ASYNC(mixed_counter, me)
{
    VOW_BEGIN(me);
    if (++me->entered > 1)
        abort();
    VOW_END(me);
}

struct mixed_long {
    vow_task task;
    int *entered, *left;
    int64_t sum;
};

VOW_ASYNC(mixed_long, me)
{
    VOW_BEGIN(me);
    ++*me->entered;
    VOW_TRY_AWAIT(me, vow_rejected(VOW_LOOP(me), vow_error_new(VOW_EOF, "on purpose")));
    if (!VOW_ERROR(me))
        abort();
    VOW_AWAIT(me, vow_resolved(VOW_LOOP(me), vow_int(20)));
    me->sum = vow_as_int(VOW_RESULT(me));
    VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
    VOW_RETURN(me, vow_int(me->sum + 1));
    VOW_FINALLY(me);
    ++*me->left;
    VOW_END(me);
}

static int64_t mixed_run(vow_promise *promise)
{
    vow_value value;

    if (vow_run(promise, &value))
        abort();
    return vow_is_nil(&value) ? 0 : vow_as_int(&value);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    int entered = 0, left = 0;
    int64_t sum = 0;

    for (int i = 0; i < MIXED_ROUNDS; i++) {
        sum += mixed_run(vow_async(loop, mixed_short, .entered = &entered, .left = &left));
        sum += mixed_run(vow_async(loop, mixed_counter, .entered = 0));
        sum += mixed_run(vow_async(loop, mixed_long, .entered = &entered, .left = &left));
    }
    vow_loop_free(loop);
    printf("entered %d, left %d, sum %d\n", entered, left, (int) sum);
    return entered == 2 * MIXED_ROUNDS && left == 2 * MIXED_ROUNDS && sum == 21 * MIXED_ROUNDS ? 0 : 1;
}
