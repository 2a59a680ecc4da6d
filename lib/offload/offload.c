/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind offload, and the job behind it. The job is memory of its own, since it may outlive its promise's
 * loop. Each points at the other while both are there; only the loop's thread looks.
 *
 * If a promise is given up while its job runs, it is in its clean-up until the job is back. A self-contained
 * job is the exception: it and its promise part, and neither ev_run() nor vow_loop_free() waits for it.
 */
#include "offload/offload-private.h"

#include <errno.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "loop/inbox-private.h"
#include "offload/movable-private.h"

typedef struct offload offload;

typedef struct work {
    vow__job job;       /* first */
    vow__parcel parcel; /* posted when the job is over */
    vow__inbox *inbox;
    offload *promise; /* NULL once the two have parted */
    vow__errand errand;
    void *data;
    vow_value result; /* set when the job is over */
} work;

struct offload {
    vow_promise promise;
    const char *name;
    work *work; /* NULL once the job is back, or if it never began */
};

enum stage { WANTED, GIVEN_UP };

/* ---- The job, on other threads ------------------------------------------------------------------------- */

static void work_run(vow__job *job)
{
    work *self = (work *) job;

    self->result = self->errand.fn(self->data);
    vow__check_movable(self->result, self->errand.name, job->site);
}

static void work_done(vow__job *job)
{
    work *self = (work *) job;

    vow__inbox_post(self->inbox, &self->parcel);
}

static void work_refuse(vow__job *job)
{
    work *self = (work *) job;

    self->result = vow_throw(vow__error_new_or(
        &vow__error_cancelled, job->site, ECANCELED,
        "%s: the pool of threads was shut down before the job had begun", self->errand.name));
    work_done(job);
}

static void drop_data(const vow__errand *errand, void *data)
{
    if (errand->drop)
        errand->drop(data);
}

static void work_free(work *self)
{
    drop_data(&self->errand, self->data);
    vow__release(self, sizeof *self);
}

static void work_discard(vow__parcel *parcel)
{
    work *self = VOW__CONTAINER_OF(parcel, work, parcel);

    vow_value_drop(self->result);
    work_free(self);
}

static const vow__job_kind job_kind = {work_run, work_done, work_refuse};

/* ---- The promise --------------------------------------------------------------------------------------- */

static void offload_settle(offload *self, vow_value result)
{
    vow_promise *promise = &self->promise;

    self->work = NULL;
    if (promise->stage == GIVEN_UP) {
        promise->flags &= (uint16_t) ~VOW__SHIELDED;
        vow__reject(promise, &vow__error_cancelled);
        vow_value_drop(result);
    } else {
        vow__resolve(promise, result);
    }
}

static void work_deliver(vow__parcel *parcel)
{
    work *self = VOW__CONTAINER_OF(parcel, work, parcel);
    offload *promise = self->promise;
    vow_value result = self->result;

    vow__inbox_received(self->inbox, promise != NULL);
    work_free(self);
    if (promise)
        offload_settle(promise, result);
    else
        vow_value_drop(result);
}

static const vow__parcel_kind offload_parcel_kind = {work_deliver, work_discard};

/* The job will not come back: what belongs to it goes. */
static void forget_work(offload *self)
{
    work *forgotten = self->work;

    self->work = NULL;
    vow__inbox_take_back(forgotten->inbox);
    work_free(forgotten);
}

/* The job will come back, but nobody waits for it. */
static void part(offload *self)
{
    vow__inbox *inbox = self->work->inbox;

    self->work->promise = NULL;
    self->work = NULL;
    vow__inbox_ignore(inbox);
}

static void offload_stop(vow_promise *promise)
{
    offload *self = (offload *) promise;

    if (!self->work)
        return;
    if (vow__workers_withdraw(&self->work->job))
        forget_work(self);
    else if (self->work->errand.is_self_contained)
        part(self);
}

static bool offload_unwind(vow_promise *promise)
{
    promise->stage = GIVEN_UP;
    return ((offload *) promise)->work != NULL;
}

static void offload_lost(vow_promise *promise)
{
    offload *self = (offload *) promise;

    if (!self->work || !vow__workers_is_lost(&self->work->job))
        return;
    forget_work(self);
    if (promise->stage == GIVEN_UP) {
        promise->flags &= (uint16_t) ~VOW__SHIELDED;
        vow__reject(promise, &vow__error_cancelled);
    } else {
        vow__reject(promise, vow__error_new_or(&vow__error_cancelled, promise->site, ECANCELED,
                                               "%s: the job is the parent process's", self->name));
    }
}

/* What reports call the promise: the name of its function without "vow_". */
static const char *offload_describe(const vow_promise *promise)
{
    return ((const offload *) promise)->name + sizeof "vow_" - 1;
}

static const vow__kind offload_kind = {
    .name = "offload",
    .halt = offload_stop,
    .unwind = offload_unwind,
    .lost = offload_lost,
    .describe = offload_describe,
};

/* Why a job was not accepted. */
static vow_error *offload_refusal(enum vow__submitted result, const offload *self)
{
    const char *site = self->promise.site;

    switch (result) {
    case VOW__QUEUE_FULL:
        return vow_error_new_at(site, EAGAIN, "%s: the queue of jobs is full: %zu may wait for a thread",
                                self->name, vow__workers_queue_limit());
    case VOW__NO_THREAD:
        return vow_error_new_at(site, EAGAIN, "%s: the system gives no thread, and there is none",
                                self->name);
    default:
        return vow_error_new_at(site, ECANCELED, "%s: the pool of threads is being shut down", self->name);
    }
}

static work *work_new(offload *promise, vow__inbox *inbox, const vow__errand *errand, void *data)
{
    work *self = vow__allocate(sizeof *self);

    if (!self)
        return NULL;
    *self = (work){
        .job = {.kind = &job_kind,
                .lane = errand->lane,
                .is_self_contained = errand->is_self_contained,
                .owner = inbox,
                .site = promise->promise.site},
        .parcel = {.kind = &offload_parcel_kind},
        .inbox = inbox,
        .promise = promise,
        .errand = *errand,
        .data = data,
    };
    return self;
}

/* Submits the job. NULL, or the error: then the data is still the caller's. The inbox expects the parcel
 * before that, since the job may be over at once. */
static vow_error *offload_begin(offload *self, const vow__errand *errand, void *data)
{
    vow_error *error = NULL;
    vow__inbox *inbox = vow__inbox_of(vow__ev_loop_of(vow__loop_of(&self->promise)), &error);
    enum vow__submitted result;

    if (!inbox)
        return error;
    self->work = work_new(self, inbox, errand, data);
    if (!self->work)
        return &vow__error_no_memory;
    vow__inbox_expect(inbox);
    result = vow__workers_submit(&self->work->job);
    if (result == VOW__SUBMITTED)
        return NULL;
    vow__inbox_take_back(inbox);
    vow__release(self->work, sizeof *self->work);
    self->work = NULL;
    return offload_refusal(result, self);
}

vow_promise *vow__offload(vow_loop *loop, const vow__errand *errand, void *data, const char *site)
{
    offload *self = vow__promise_new(loop, sizeof *self, &offload_kind, site);
    vow_error *error;

    if (!self) {
        drop_data(errand, data);
        return vow__refusal(loop);
    }
    self->name = errand->name;
    self->work = NULL;
    error = offload_begin(self, errand, data);
    if (error) {
        drop_data(errand, data);
        vow__reject(&self->promise, error);
    }
    return &self->promise;
}

vow_promise *vow_offload_at(vow_loop *loop, vow_offload_fn fn, void *data, const char *site)
{
    vow__check_loop(loop, "vow_offload", site);
    if (!fn)
        vow__misuse_null("vow_offload", "function", site);
    return vow__offload(loop, &(vow__errand){.name = "vow_offload", .fn = fn}, data, site);
}
