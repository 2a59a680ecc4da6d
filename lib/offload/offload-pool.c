/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program says to the pool of threads as a whole, and not to one job: its limits and its end. */
#include "offload/offload-private.h"

#include <errno.h>
#include <stdio.h>

#include "base/misuse-private.h"
#include "loop/inbox-private.h"

bool vow_offload_is_cancelled(void)
{
    const vow__job *job = vow__workers_current();

    return job && atomic_load_explicit(&job->is_cancelled, memory_order_relaxed);
}

void vow_offload_set_limits(unsigned threads, size_t queued)
{
    vow__inbox_set_up();
    vow__workers_set_limits(threads, queued);
}

/* The places where jobs were offloaded that do not end; those that do not fit are only counted. */
typedef struct stragglers {
    size_t length;
    char bytes[512];
} stragglers;

static void add_straggler(const char *site, void *data)
{
    stragglers *self = data;
    size_t room = sizeof self->bytes - self->length;
    int length =
        snprintf(self->bytes + self->length, room, "%s%s", self->length ? ", " : "", vow__site_text(site));

    if (length > 0 && (size_t) length < room)
        self->length += (size_t) length;
    else
        self->bytes[self->length] = '\0';
}

vow_error *vow_offload_shutdown_at(double seconds, const char *site)
{
    stragglers names = {0, ""};
    vow__deadline deadline = vow__deadline_in(seconds);
    size_t count;

    if (vow__workers_current())
        vow__misuse("vow_offload_shutdown", vow__workers_current()->site, "it was called inside a job");
    vow__inbox_set_up();
    count = vow__workers_shut_down(&deadline, add_straggler, &names);
    if (!count)
        return NULL;
    return vow_error_new_at(site, ETIMEDOUT, "%zu job%s still run%s after %g seconds, offloaded at %s", count,
                            count == 1 ? "" : "s", count == 1 ? "s" : "", seconds, names.bytes);
}
