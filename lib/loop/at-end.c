/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns what a program wants to be called when its loop has ended. It is a stack, and each entry is taken off
 * before it is called, so that one may add another.
 */
#include <errno.h>

#include <vow/loop.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "loop/loop-private.h"

struct vow__at_end {
    struct vow__at_end *next;
    vow_at_end_fn fn;
    void *data;
};

int vow_loop_at_end_at(vow_loop *loop, vow_at_end_fn fn, void *data, const char *site)
{
    vow__ev_loop *host = vow__ev_loop_of(loop);
    struct vow__at_end *self;

    vow__check_loop(loop, "vow_loop_at_end", site);
    if (!fn)
        vow__misuse_null("vow_loop_at_end", "function", site);
    if (loop->is_closed && !loop->busy)
        return ECANCELED;
    self = vow__allocate(sizeof *self);
    if (!self)
        return ENOMEM;
    *self = (struct vow__at_end){host->at_end, fn, data};
    host->at_end = self;
    return 0;
}

void vow__at_end_run(vow__ev_loop *loop)
{
    struct vow__at_end *first;

    while ((first = loop->at_end)) {
        vow_at_end_fn fn = first->fn;
        void *data = first->data;

        loop->at_end = first->next;
        vow__release(first, sizeof *first);
        fn(data);
    }
}
