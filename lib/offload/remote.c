/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind remote, and the handle that settles it from another thread. The handle is a parcel for the loop's
 * inbox: it belongs to the other thread until that posts it, and then to the inbox. The pointers between
 * promise and handle are for the loop's thread alone.
 */
#include <errno.h>

#include <vow/remote.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "loop/inbox-private.h"
#include "offload/movable-private.h"

typedef struct remote_promise {
    vow_promise promise;
    vow_remote *remote;
} remote_promise;

struct vow_remote {
    vow__parcel parcel;
    vow__inbox *inbox;
    remote_promise *promise; /* NULL once it is not wanted */
    vow_value value;         /* set when the handle is posted */
    const char *site;        /* of the promise, for messages */
    atomic_bool is_wanted;
};

/* ---- On the loop's thread ------------------------------------------------------------------------------ */

static void remote_discard(vow__parcel *parcel)
{
    vow_remote *self = VOW__CONTAINER_OF(parcel, vow_remote, parcel);
    vow_value value = self->value;

    vow__release(self, sizeof *self);
    vow_value_drop(value);
}

static void remote_deliver(vow__parcel *parcel)
{
    vow_remote *self = VOW__CONTAINER_OF(parcel, vow_remote, parcel);
    remote_promise *promise = self->promise;
    vow_value value = self->value;

    vow__inbox_received(self->inbox, promise != NULL);
    vow__release(self, sizeof *self);
    if (promise)
        vow__resolve(&promise->promise, value);
    else
        vow_value_drop(value);
}

static const vow__parcel_kind remote_parcel_kind = {remote_deliver, remote_discard};

static void remote_stop(vow_promise *promise)
{
    vow_remote *remote = ((remote_promise *) promise)->remote;

    remote->promise = NULL;
    atomic_store_explicit(&remote->is_wanted, false, memory_order_relaxed);
    vow__inbox_ignore(remote->inbox);
}

static const vow__kind remote_kind = {.name = "remote", .halt = remote_stop};

/* Makes the handle of a promise. NULL when that fails: then *error is the caller's. */
static vow_remote *make_handle(remote_promise *promise, vow_error **error)
{
    vow__inbox *inbox = vow__inbox_of(vow__ev_loop_of(vow__loop_of(&promise->promise)), error);
    vow_remote *self = inbox ? vow__allocate(sizeof *self) : NULL;

    if (!self) {
        if (inbox)
            *error = &vow__error_no_memory;
        return NULL;
    }
    self->parcel.kind = &remote_parcel_kind;
    self->inbox = inbox;
    self->promise = promise;
    self->site = promise->promise.site;
    atomic_init(&self->is_wanted, true);
    vow__inbox_expect(inbox);
    return self;
}

vow_promise *vow_remote_new_at(vow_loop *loop, vow_remote **remote, const char *site)
{
    remote_promise *self;
    vow_error *error;

    vow__check_loop(loop, "vow_remote_new", site);
    if (!remote)
        vow__misuse_null("vow_remote_new", "place for the remote", site);
    *remote = NULL;
    self = vow__promise_new(loop, sizeof *self, &remote_kind, site);
    if (!self)
        return vow__refusal(loop);
    self->remote = *remote = make_handle(self, &error);
    if (!self->remote)
        vow__reject(&self->promise, error);
    return &self->promise;
}

/* ---- On any thread ------------------------------------------------------------------------------------- */

static const char *site_of(const vow_remote *remote)
{
    return remote ? remote->site : NULL;
}

static void remote_settle(vow_remote *remote, vow_value value)
{
    if (!remote) {
        vow_value_drop(value);
        return;
    }
    remote->value = value;
    vow__inbox_post(remote->inbox, &remote->parcel);
}

void vow_remote_resolve(vow_remote *remote, vow_value value)
{
    vow__check_movable(value, "vow_remote_resolve", site_of(remote));
    remote_settle(remote, value);
}

void vow_remote_reject_at(vow_remote *remote, vow_error *error, const char *site)
{
    if (!error)
        vow__misuse_at("vow_remote_reject", site_of(remote), site, "the error is NULL");
    vow__error_pass(error, site);
    remote_settle(remote, vow_throw(error));
}

void vow_remote_abandon_at(vow_remote *remote, const char *site)
{
    if (!remote)
        return;
    remote_settle(remote,
                  vow_throw(vow__error_new_or(&vow__error_cancelled, site, ECANCELED,
                                              "abandoned by its remote at %s", vow__site_text(site))));
}

bool vow_remote_is_wanted(const vow_remote *remote)
{
    return remote && atomic_load_explicit(&remote->is_wanted, memory_order_relaxed);
}
