/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A task that uses every await macro, for tests/compile.sh: compiled as strict ISO C11 with warnings as
 * errors, by each compiler at each level of optimisation, and run. TWO_AWAITS and NESTED_SWITCH add what must
 * not compile.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <vow.h>

struct work {
    vow_task task;
    int64_t sum;
    int round;
    char *log;
};

struct bare {
    vow_task task;
};

VOW_DECLARE(bare);

static void note(struct work *me, const char *word)
{
    strcat(me->log, word);
}

static vow_promise *answer(vow_loop *loop, int64_t n)
{
    return vow_resolved(loop, vow_int(n));
}

VOW_ASYNC(work, me)
{
    vow_loop *loop = VOW_LOOP(me);

    VOW_BEGIN(me);
    for (me->round = 1; me->round <= 3; me->round++) {
        VOW_AWAIT(me, answer(loop, me->round));
        me->sum += vow_as_int(VOW_RESULT(me));
    }
    VOW_TRY_AWAIT(me, vow_rejected(loop, vow_error_new(EPROTO, "on purpose")));
    if (!VOW_ERROR(me) || vow_error_code(VOW_ERROR(me)) != EPROTO)
        VOW_THROW(me, vow_error_new(EINVAL, "VOW_TRY_AWAIT() lost the error"));
    VOW_TRY_AWAIT(me, vow_async(loop, bare));
    if (VOW_ERROR(me))
        VOW_RETURN(me, vow_throw(vow_error_ref(VOW_ERROR(me))));
    note(me, "body ");
#ifdef TWO_AWAITS
    /* On one line: that is what is tested. */
    /* clang-format off */
    VOW_AWAIT(me, answer(loop, 1)); VOW_AWAIT(me, answer(loop, 2));
    /* clang-format on */
#endif
#ifdef NESTED_SWITCH
    switch (me->round) {
    case 4:
        VOW_AWAIT(me, answer(loop, 1));
        break;
    default:
        break;
    }
#endif
    VOW_RETURN(me, vow_int(me->sum));
    VOW_FINALLY(me);
    VOW_AWAIT(me, vow_yield(loop));
    note(me, "finally");
    VOW_END(me);
}

VOW_ASYNC(bare, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0));
    VOW_END(me);
}

int main(void)
{
    char log[32] = "";
    vow_value value;
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_error *error = vow_run(vow_async(loop, work, .log = log), &value);

    if (error) {
        printf("rejected: %s\n", vow_error_message(error));
        vow_error_unref(error);
        return 1;
    }
    printf("sum %d, log \"%s\", alive %d\n", (int) vow_as_int(&value), log, (int) vow_loop_live(loop));
    bool good = vow_as_int(&value) == 6 && !strcmp(log, "body finally") && vow_loop_live(loop) == 0;
    vow_loop_free(loop);
    return good ? 0 : 1;
}
