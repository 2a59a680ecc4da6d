/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Greets three people at once. Three tasks wait a second each, and the program takes one second, not three.
 * Run it: examples/greet
 *
 * Shows: a task, an await, several promises as one, and a loop that runs until a promise is settled.
 */
#include <stdio.h>
#include <vow.h>

struct greet {
    vow_task task;
    const char *name; /* what lives across an await lives here */
};

VOW_ASYNC(greet, me)
{
    VOW_BEGIN(me);
    printf("Hello, %s\n", me->name);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 1.0));
    printf("Goodbye, %s\n", me->name);
    VOW_END(me);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;

    vow_promise *all =
        vow_all_of(loop, vow_async(loop, greet, .name = "Alice"), vow_async(loop, greet, .name = "Bob"),
                   vow_async(loop, greet, .name = "Carol"));

    vow_error *error = vow_run(all, NULL);
    if (error)
        fprintf(stderr, "greet: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}
