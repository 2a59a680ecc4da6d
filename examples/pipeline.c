/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Three stages, each a task: the first gives numbers; the second finds the smallest factor of each, on a
 * thread; the third prints. Between them are queues that hold four values: nobody runs far ahead.
 * Shows: vow_queue_new() and its kin; how the end of the values goes from stage to stage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <vow.h>

enum { FIRST = 1000000007, LAST = FIRST + 9, BETWEEN = 4 };

struct give_numbers {
    vow_task task;
    vow_queue *out;
    int64_t number;
};

VOW_ASYNC(give_numbers, me)
{
    VOW_BEGIN(me);
    for (me->number = FIRST; me->number <= LAST; me->number++)
        VOW_AWAIT(me, vow_queue_put(me->out, vow_int(me->number)));
    VOW_FINALLY(me);
    vow_queue_close(me->out);
    VOW_END(me);
}

/* This runs on a thread. */
static vow_value smallest_factor(void *data)
{
    const int64_t *number = data;
    for (int64_t i = 2; i * i <= *number; i++)
        if (*number % i == 0)
            return vow_int(i);
    return vow_int(*number);
}

struct factorise {
    vow_task task;
    vow_queue *in, *out;
    int64_t number;
};

VOW_ASYNC(factorise, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_AWAIT(me, vow_queue_take(me->in));
        if (vow_is_nil(VOW_RESULT(me)))
            break;
        me->number = vow_as_int(VOW_RESULT(me));
        VOW_AWAIT(me, vow_offload(VOW_LOOP(me), smallest_factor, &me->number));
        char line[80];
        snprintf(line, sizeof line, "%" PRId64 ": %" PRId64, me->number, vow_as_int(VOW_RESULT(me)));
        VOW_AWAIT(me, vow_queue_put(me->out, vow_strdup(line)));
    }
    VOW_FINALLY(me);
    vow_queue_close(me->out);
    VOW_END(me);
}

struct print_lines {
    vow_task task;
    vow_queue *in;
};

VOW_ASYNC(print_lines, me)
{
    VOW_BEGIN(me);
    for (;;) {
        VOW_AWAIT(me, vow_queue_take(me->in));
        if (vow_is_nil(VOW_RESULT(me)))
            break;
        puts(vow_as_str(VOW_RESULT(me)));
    }
    VOW_END(me);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_queue *numbers = loop ? vow_queue_new(loop, BETWEEN) : NULL;
    vow_queue *lines = numbers ? vow_queue_new(loop, BETWEEN) : NULL;
    if (!lines)
        return 1;
    vow_promise *all = vow_all_of(loop, vow_async(loop, give_numbers, .out = numbers),
                                  vow_async(loop, factorise, .in = numbers, .out = lines),
                                  vow_async(loop, print_lines, .in = lines));
    vow_error *error = vow_run(all, NULL);
    if (error)
        fprintf(stderr, "pipeline: %s\n", vow_error_message(error));
    bool is_done = !error;
    vow_error_unref(error);
    vow_queue_free(numbers);
    vow_queue_free(lines);
    vow_loop_free(loop);
    return is_done ? 0 : 1;
}
