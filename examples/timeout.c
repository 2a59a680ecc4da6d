/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Work that is cut short: by a deadline, by somebody who cancels it, and because nobody waits for it any
 * more. Run it: examples/timeout
 *
 * Shows: vow_timeout(), vow_cancel(), vow_unref(), and VOW_FINALLY, which runs in all three cases, before
 * anything else goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <vow.h>

struct work {
    vow_task task;
    const char *name;
    int step;
};

VOW_ASYNC(work, me)
{
    VOW_BEGIN(me);
    printf("%s: begins\n", me->name);
    for (me->step = 0; me->step < 1000; me->step++) {
        VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), 0.05));
    }
    printf("%s: done\n", me->name); /* never, in this program */
    VOW_FINALLY(me);
    printf("%s: cleans up\n", me->name);
    VOW_END(me);
}

static void show(const char *name, vow_error *error)
{
    const char *what = "no error";
    if (error)
        what = vow_error_is(error, &vow_domain_errno, ETIMEDOUT)   ? "it took too long"
               : vow_error_is(error, &vow_domain_errno, ECANCELED) ? "it was cancelled"
                                                                   : vow_error_message(error);
    printf("%s: %s\n", name, what);
    vow_error_unref(error);
}

static vow_value cancel(vow_value *slept, void *data)
{
    (void) slept;
    vow_cancel(vow_ref(data)); /* everyone who waits sees ECANCELED */
    return vow_nil();
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;

    vow_promise *late = vow_async(loop, work, .name = "late");
    show("late", vow_run(vow_timeout(late, 0.2), NULL));

    vow_promise *watched = vow_async(loop, work, .name = "watched");
    vow_promise *soon = vow_then(vow_sleep(loop, 0.2), cancel, watched);
    show("watched", vow_run(vow_race_of(loop, vow_ref(watched), soon), NULL)); /* nor wait if soon fails */
    vow_unref(watched);

    vow_promise *forgotten = vow_async(loop, work, .name = "forgotten");
    vow_unref(forgotten); /* it was the only reference */
    printf("forgotten: nobody is told\n");

    vow_loop_free(loop);
    return 0;
}
