/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what the library says about a program's promises: text made here and handed to the loop's hook. */
#include <stdio.h>

#include "base/misuse-private.h"
#include "core/error-print-private.h"
#include "core/operations-private.h"
#include "core/waits-private.h"

#define REPORT_SIZE 4096

/* The report ends in a newline even when it was cut short. */
static void text_end(vow__text *text)
{
    if (text->length == text->size - 1)
        text->length--;
    text->bytes[text->length] = '\n';
    text->bytes[text->length + 1] = '\0';
}

static void send(vow_loop *loop, enum vow_report_kind kind, const vow_promise *promise,
                 const vow_error *error, vow__text *text)
{
    vow_report report = {kind, text->bytes, vow__name_of(promise), promise->site, error};

    text_end(text);
    if (loop->report)
        loop->report(&report, loop->report_data);
    else
        fputs(text->bytes, stderr);
}

void vow__report_unhandled(vow_loop *loop, const vow_promise *promise, const vow_error *error)
{
    char bytes[REPORT_SIZE];
    vow__text text = {NULL, bytes, sizeof bytes, 0};

    vow__text_add(&text, "libvow: unhandled rejection of the promise made at %s (%s): ",
                  vow__site_text(promise->site), vow__name_of(promise));
    vow__text_add_error(&text, error);
    send(loop, VOW_REPORT_UNHANDLED, promise, error, &text);
}

void vow__report_leak(vow_loop *loop, const vow_promise *promise)
{
    static const char *const states[] = {"pending", "fulfilled", "rejected"};
    char bytes[REPORT_SIZE];
    vow__text text = {NULL, bytes, sizeof bytes, 0};

    vow__text_add(&text, "libvow: the promise made at %s (%s) was never released: %u reference%s left, %s",
                  vow__site_text(promise->site), vow__name_of(promise), (unsigned) promise->refs,
                  promise->refs == 1 ? "" : "s", states[vow__state_of(promise)]);
    send(loop, VOW_REPORT_LEAK, promise, vow__is_rejected(promise) ? vow__error_of(promise) : NULL, &text);
}

void vow__report_circle(vow_loop *loop, const vow_promise *promise)
{
    char bytes[REPORT_SIZE];
    vow__text text = {NULL, bytes, sizeof bytes, 0};

    vow__text_add(&text, "libvow: nothing could ever settle ");
    vow__waits_describe(&text, promise);
    send(loop, VOW_REPORT_CIRCLE, promise, NULL, &text);
}

void vow__report_straggler(vow_loop *loop, const vow_promise *promise)
{
    char bytes[REPORT_SIZE];
    vow__text text = {NULL, bytes, sizeof bytes, 0};

    vow__text_add(
        &text,
        "libvow: what was begun at %s (%s) still runs, %g seconds after its loop was to be freed: what it "
        "uses is not released",
        vow__site_text(promise->site), vow__name_of(promise), loop->patience);
    send(loop, VOW_REPORT_STRAGGLER, promise, NULL, &text);
}

void vow_loop_set_report_at(vow_loop *loop, vow_report_fn report, void *data, const char *site)
{
    if (!loop)
        vow__misuse_null("vow_loop_set_report", "loop", site);
    loop->report = report;
    loop->report_data = data;
}
