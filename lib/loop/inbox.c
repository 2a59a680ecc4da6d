/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the watcher by which other threads wake a loop, and its inbox: see inbox-private.h.
 *
 * ev_async_send() is the only function of libev that is called on other threads. It must not be called once
 * the loop was freed, since the ev_loop may be destroyed then. So a thread that wakes holds `waking` for
 * reading while it looks at `inbox->ev` and sends; vow__inbox_close() takes it for writing to say that there
 * is no ev_loop any more. It is one lock for all loops, so that a child of fork(2) can make it anew. Few
 * threads take it: of all that is posted before the loop looks, only the first wakes.
 */
#define _POSIX_C_SOURCE 200809L
#include "loop/inbox-private.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/allocator-private.h"
#include "os/fd-private.h"

static pthread_rwlock_t waking = PTHREAD_RWLOCK_INITIALIZER;

/* ---- Setting up, and fork ------------------------------------------------------------------------------ */

/*
 * A thread that held the lock is not in the child, so the child makes the lock anew. Whatever such a thread
 * was about to do is made good. The child can go on only with ev_loops of the thread that forked, so none of
 * them was being closed. A wake that was half sent is sent again by vow__inbox_forked(), and ev_loop_fork()
 * has libev look for what its own half missed. So fork(2) waits for nobody here.
 */
static void inbox_after_fork_in_child(void)
{
    waking = (pthread_rwlock_t) PTHREAD_RWLOCK_INITIALIZER;
}

static void inbox_set_up(void)
{
    pthread_atfork(NULL, NULL, inbox_after_fork_in_child);
    vow__workers_set_up();
}

void vow__inbox_set_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, inbox_set_up);
}

/* ---- What is expected ---------------------------------------------------------------------------------- */

/* Makes the watcher agree with the counts. */
static void inbox_adjust(vow__inbox *self)
{
    if (self->is_unheeded)
        ev_ref(self->ev);
    self->is_unheeded = self->expected && !self->wanted;
    if (self->expected)
        ev_async_start(self->ev, &self->async);
    else
        ev_async_stop(self->ev, &self->async);
    if (self->is_unheeded)
        ev_unref(self->ev);
}

void vow__inbox_expect(vow__inbox *self)
{
    atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
    self->expected++;
    if (!self->wanted++)
        inbox_adjust(self);
}

void vow__inbox_ignore(vow__inbox *self)
{
    if (!--self->wanted)
        inbox_adjust(self);
}

void vow__inbox_received(vow__inbox *self, bool was_wanted)
{
    self->wanted -= was_wanted;
    if (!--self->expected || (was_wanted && !self->wanted))
        inbox_adjust(self);
}

static void unref(vow__inbox *self)
{
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1)
        vow__release(self, sizeof *self);
}

void vow__inbox_take_back(vow__inbox *self)
{
    vow__inbox_received(self, true);
    unref(self);
}

/* ---- What comes ---------------------------------------------------------------------------------------- */

/* Delivering may release values, and so run the program's code. That code cannot free the loop meanwhile. */
static void deliver(vow__ev_loop *loop)
{
    vow__parcel *parcel = vow__mailbox_take(&loop->inbox->mailbox);

    vow__enter_program(&loop->core);
    while (parcel) {
        vow__parcel *next = parcel->next;

        parcel->kind->deliver(parcel);
        parcel = next;
    }
    vow__leave_program(&loop->core);
}

static void inbox_arrived_cb(EV_P_ ev_async *watcher, int revents)
{
    vow__ev_loop *self = watcher->data;

    vow__ignore(EV_A_ revents);
    if (vow__is_occupied(&self->core))
        vow__run_check_inside(self);
    deliver(self);
}

static void inbox_wake(vow__inbox *self)
{
    pthread_rwlock_rdlock(&waking);
    if (self->ev)
        ev_async_send(self->ev, &self->async);
    pthread_rwlock_unlock(&waking);
}

/* Once the parcel is posted, it and the loop may be gone. The reference keeps the inbox. */
void vow__inbox_post(vow__inbox *self, vow__parcel *parcel)
{
    switch (vow__mailbox_post(&self->mailbox, parcel)) {
    case VOW__POSTED_FIRST:
        inbox_wake(self);
        break;
    case VOW__NOT_POSTED:
        parcel->kind->discard(parcel);
        break;
    case VOW__POSTED:
        break;
    }
    unref(self);
}

/* ---- From the first to the last ------------------------------------------------------------------------ */

static vow_error *no_descriptors(int code)
{
    return vow_error_new_at(NULL, code, "no descriptor to wake the loop by from other threads: %s",
                            strerror(code));
}

/* The watcher is started and stopped once, so that libev makes what it needs for it now. */
static void inbox_init(vow__inbox *self, vow__ev_loop *loop)
{
    memset(self, 0, sizeof *self);
    vow__mailbox_init(&self->mailbox);
    atomic_init(&self->refs, 1);
    self->ev = loop->ev;
    ev_async_init(&self->async, inbox_arrived_cb);
    self->async.data = loop;
    ev_async_start(self->ev, &self->async);
    ev_async_stop(self->ev, &self->async);
}

vow__inbox *vow__inbox_of(vow__ev_loop *loop, vow_error **error)
{
    vow__inbox *self;
    int code;

    if (loop->inbox)
        return loop->inbox;
    vow__inbox_set_up();
    code = vow__fd_find_room();
    self = code ? NULL : vow__allocate(sizeof *self);
    if (!self) {
        *error = code ? no_descriptors(code) : &vow__error_no_memory;
        return NULL;
    }
    inbox_init(self, loop);
    loop->inbox = self;
    return self;
}

static void lose_one(void *block, void *data)
{
    vow_promise *promise = block;

    (void) data;
    if (promise->kind->lost && vow__is_pending(promise))
        promise->kind->lost(promise);
}

/* Rejects the promises whose jobs stayed in the parent, and wakes the loop: a thread of the parent may have
 * posted something and not woken it yet. */
void vow__inbox_forked(vow__ev_loop *loop)
{
    if (!loop->inbox)
        return;
    vow__pools_each(&loop->core.pools, lose_one, NULL);
    if (loop->inbox->expected)
        ev_async_send(loop->ev, &loop->inbox->async);
}

/* Reports a promise that a thread still works for, though its loop is being freed. */
static void report_one(void *block, void *data)
{
    vow_promise *promise = block;

    if (promise->kind->lost && vow__is_pending(promise))
        vow__report_straggler(data, promise);
}

/* Everything was cancelled before this, so only jobs that run are still wanted. */
bool vow__inbox_finish(vow__ev_loop *loop)
{
    vow__inbox *self = loop->inbox;
    bool is_over;

    if (!self || !self->wanted)
        return true;
    is_over = vow__workers_wait(self, vow__loop_deadline(loop));
    deliver(loop);
    if (!self->is_reported)
        vow__loop_waited(loop);
    if (!is_over && !self->is_reported)
        vow__pools_each(&loop->core.pools, report_one, &loop->core);
    self->is_reported = self->is_reported || !is_over;
    return is_over;
}

static void discard(vow__parcel *parcel)
{
    while (parcel) {
        vow__parcel *next = parcel->next;

        parcel->kind->discard(parcel);
        parcel = next;
    }
}

void vow__inbox_close(vow__ev_loop *loop)
{
    vow__inbox *self = loop->inbox;

    if (!self)
        return;
    loop->inbox = NULL;
    if (self->is_unheeded)
        ev_ref(self->ev);
    ev_async_stop(self->ev, &self->async);
    pthread_rwlock_wrlock(&waking);
    self->ev = NULL;
    pthread_rwlock_unlock(&waking);
    discard(vow__mailbox_close(&self->mailbox));
    unref(self);
}
