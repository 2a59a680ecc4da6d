/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Tries again what failed, waiting twice as long each time, and gives up after a number of attempts.
 * Run it: examples/retry
 *
 * Shows: a loop around an await that may fail (VOW_TRY_AWAIT and VOW_ERROR), and an error that names its
 * cause.
 */
#include <errno.h>
#include <stdio.h>
#include <vow.h>

typedef vow_promise *(*attempt_fn)(vow_loop *loop, void *data);

struct retry {
    vow_task task;
    attempt_fn attempt;
    void *data;
    int limit;    /* attempts */
    double delay; /* seconds before the next one */
    int made;     /* attempts so far */
};

VOW_ASYNC(retry, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_TRY_AWAIT(me, me->attempt(VOW_LOOP(me), me->data));
        if (!VOW_ERROR(me))
            VOW_RETURN(me, vow_take(VOW_RESULT(me)));
        printf("attempt %d: %s\n", ++me->made, vow_error_message(VOW_ERROR(me)));
        if (me->made == me->limit)
            break;
        printf("again in %.0f ms\n", me->delay * 1000);
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), me->delay));
        me->delay *= 2;
    }
    VOW_THROW(me,
              vow_error_wrap(vow_error_ref(VOW_ERROR(me)), EAGAIN, "gave up after %d attempts", me->made));
    VOW_END(me);
}

/* What is tried: a service that is busy for the first few calls. */
static vow_value answer(vow_value *slept, void *data)
{
    (void) slept;
    int *busy = data;
    return (*busy)-- > 0 ? vow_throwf(EBUSY, "the service is busy") : vow_int(42);
}

static vow_promise *ask(vow_loop *loop, void *data)
{
    return vow_then(vow_sleep(loop, 0.02), answer, data);
}

static void show(vow_promise *promise)
{
    vow_value value = vow_nil();
    vow_error *error = vow_run(promise, &value);
    const vow_error *cause = error ? vow_error_cause(error) : NULL;
    if (cause)
        printf("%s: %s\n", vow_error_message(error), vow_error_message(cause));
    else if (error)
        printf("%s\n", vow_error_message(error));
    else
        printf("the answer is %d\n", (int) vow_as_int(&value));
    vow_error_unref(error);
    vow_value_drop(value);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int twice = 2, always = 1000;
    show(vow_async(loop, retry, .attempt = ask, .data = &twice, .limit = 5, .delay = 0.05));
    show(vow_async(loop, retry, .attempt = ask, .data = &always, .limit = 3, .delay = 0.05));
    vow_loop_free(loop);
    return 0;
}
