/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program says to the pool of threads as a whole, and not to one job: its limits and its end. */
#include "offload/offload-private.h"

#include <errno.h>

#include "base/misuse-private.h"
#include "base/text-private.h"
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

#define STRAGGLERS_SIZE 512

/* Adds the place where a job that does not end was offloaded. A place that does not fit is left out. */
static void add_straggler(const char *site, void *data)
{
    vow__text *text = data;
    size_t length = text->length;

    vow__text_add(text, "%s%s", length ? ", " : "", vow__site_text(site));
    if (text->length < text->size - 1)
        return;
    text->length = length;
    text->bytes[length] = '\0';
}

vow_error *vow_offload_shutdown_at(double seconds, const char *site)
{
    char names[STRAGGLERS_SIZE] = "";
    vow__text text = {NULL, names, sizeof names, 0};
    vow__deadline deadline = vow__deadline_in(seconds);
    size_t count;

    if (vow__workers_current())
        vow__misuse("vow_offload_shutdown", vow__workers_current()->site, "it was called inside a job");
    vow__inbox_set_up();
    count = vow__workers_shut_down(&deadline, add_straggler, &text);
    if (!count)
        return NULL;
    return vow_error_new_at(site, ETIMEDOUT, "%zu job%s still run%s after %g seconds, offloaded at %s", count,
                            count == 1 ? "" : "s", count == 1 ? "s" : "", seconds, names);
}
