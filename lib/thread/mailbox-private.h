/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue into which any number of threads put parcels, and which one thread empties. It takes no lock and no
 * memory: a parcel is a member of what it carries. What one thread posts arrives in the order in which it was
 * posted.
 *
 * It is a stack that is always taken as a whole, and reversed by the thread that took it. So no parcel is
 * ever compared with one that came back to the same address meanwhile.
 */
#ifndef VOW_THREAD_MAILBOX_PRIVATE_H
#define VOW_THREAD_MAILBOX_PRIVATE_H

#include <stdatomic.h>

typedef struct vow__parcel vow__parcel;

typedef struct vow__parcel_kind {
    /* On the thread that empties the mailbox. The parcel is gone after it. */
    void (*deliver)(vow__parcel *parcel);
    /* On whichever thread finds that the mailbox is closed. The parcel is gone after it. */
    void (*discard)(vow__parcel *parcel);
} vow__parcel_kind;

struct vow__parcel {
    const vow__parcel_kind *kind;
    vow__parcel *next; /* the one that was posted before; after vow__mailbox_take(), the one after */
};

typedef struct vow__mailbox {
    _Atomic(vow__parcel *) last; /* or the mark that it is closed */
} vow__mailbox;

enum vow__posted {
    VOW__POSTED,       /* others are there that were not taken yet */
    VOW__POSTED_FIRST, /* the mailbox was empty: whoever empties it is to be told */
    VOW__NOT_POSTED    /* it is closed */
};

void vow__mailbox_init(vow__mailbox *mailbox);
/* The parcel may be gone after this, unless the result is VOW__NOT_POSTED. */
enum vow__posted vow__mailbox_post(vow__mailbox *mailbox, vow__parcel *parcel);
/* All that are there, linked by `next` in the order in which they were posted; NULL for none. */
vow__parcel *vow__mailbox_take(vow__mailbox *mailbox);
/* The same, for the last time: nothing can be posted any more. */
vow__parcel *vow__mailbox_close(vow__mailbox *mailbox);

#endif
