/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the order of memory between the threads that post and the one that takes: see mailbox-private.h. */
#include "thread/mailbox-private.h"

#include <stddef.h>

/* The address that stands for "closed"; nothing is ever read there. */
static vow__parcel mailbox_closed;

void vow__mailbox_init(vow__mailbox *mailbox)
{
    atomic_init(&mailbox->last, NULL);
}

/*
 * Releases what this thread wrote to the parcel. A later post is a read-modify-write, and so continues the
 * release sequence of this one: whoever acquires the last parcel has acquired them all. In the other
 * direction, whoever finds the mailbox closed acquires what the thread that closed it did to the parcel
 * before: it may have marked the parcel as not wanted any more.
 */
enum vow__posted vow__mailbox_post(vow__mailbox *mailbox, vow__parcel *parcel)
{
    vow__parcel *last = atomic_load_explicit(&mailbox->last, memory_order_acquire);

    do {
        if (last == &mailbox_closed)
            return VOW__NOT_POSTED;
        parcel->next = last;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->last, &last, parcel, memory_order_release,
                                                    memory_order_acquire));
    return last ? VOW__POSTED : VOW__POSTED_FIRST;
}

static vow__parcel *reversed(vow__parcel *last)
{
    vow__parcel *first = NULL;

    while (last) {
        vow__parcel *before = last->next;

        last->next = first;
        first = last;
        last = before;
    }
    return first;
}

vow__parcel *vow__mailbox_take(vow__mailbox *mailbox)
{
    return reversed(atomic_exchange_explicit(&mailbox->last, NULL, memory_order_acquire));
}

vow__parcel *vow__mailbox_close(vow__mailbox *mailbox)
{
    return reversed(atomic_exchange_explicit(&mailbox->last, &mailbox_closed, memory_order_acq_rel));
}
