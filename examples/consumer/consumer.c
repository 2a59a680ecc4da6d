/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that has its own ev_loop and ev_run(), and uses libvow in it. Prints what it did and which
 * library it ran with, and fails if that is another version than the one it was compiled for.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <stdio.h>
#include <string.h>

#include <ev.h>
#include <vow.h>

struct greet {
    vow_task task;
    const char *name;
};

VOW_ASYNC(greet, me)
{
    VOW_BEGIN(me);
    printf("Hello, %s\n", me->name);
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.01));
    printf("Goodbye, %s\n", me->name);
    VOW_RETURN(me, vow_int(1));
    VOW_END(me);
}

static vow_value count(vow_value *value, void *data)
{
    *(size_t *) data = vow_list_length(vow_as_list(value));
    return vow_nil();
}

int main(void)
{
    struct ev_loop *ev = EV_DEFAULT;
    vow_loop *loop = vow_loop_new(ev);
    size_t greeted = 0;

    if (!loop)
        return 1;
    vow_detach(vow_then(
        vow_all_of(loop, vow_async(loop, greet, .name = "Alice"), vow_async(loop, greet, .name = "Bob")),
        count, &greeted));
    ev_run(ev, 0);
    vow_loop_free(loop);
    printf("greeted %d with libvow %s\n", (int) greeted, vow_version());
    return greeted == 2 && strcmp(vow_version(), VOW_VERSION) == 0 ? 0 : 1;
}
