/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns what the library says about a program's promises, as text made here and handed to the loop's hook. */
#include <stdarg.h>
#include <stdio.h>

#include "base/misuse-private.h"
#include "core/operations-private.h"

#define REPORT_SIZE 1024

typedef struct report_text {
    size_t length;
    char bytes[REPORT_SIZE];
} report_text;

static VOW_PRINTF(2, 3) void text_add(report_text *text, const char *format, ...)
{
    size_t room = sizeof text->bytes - text->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t) length < room ? (size_t) length : room - 1;
}

static const char *site_or_unknown(const char *site)
{
    return site ? site : "an unknown place";
}

/* The report ends in a newline also when it was cut short. */
static void text_end(report_text *text)
{
    if (text->length == sizeof text->bytes - 1)
        text->length--;
    text->bytes[text->length] = '\n';
    text->bytes[text->length + 1] = '\0';
}

static void send(vow_loop *loop, enum vow_report_kind kind, const vow_promise *promise, report_text *text)
{
    vow_report report = {kind, text->bytes, vow__name_of(promise), promise->site,
                         vow__is_rejected(promise) ? vow__error_of(promise) : NULL};

    text_end(text);
    if (loop->report)
        loop->report(&report, loop->report_data);
    else
        fputs(text->bytes, stderr);
}

static void add_error(report_text *text, const vow_error *error)
{
    const char *meaning = error->domain->describe ? error->domain->describe(error->code) : NULL;

    text_add(text, "%s (%s %d%s%s)", error->message, error->domain->name, error->code, meaning ? ": " : "",
             meaning ? meaning : "");
    for (size_t i = 0; vow_error_site(error, i); i++)
        text_add(text, "%s%s", i ? ", " : "; the error passed ", vow_error_site(error, i));
}

void vow__report_unhandled(vow_loop *loop, const vow_promise *promise)
{
    report_text text = {0, ""};

    text_add(&text,
             "libvow: unhandled rejection of the promise made at %s (%s): ", site_or_unknown(promise->site),
             vow__name_of(promise));
    add_error(&text, vow__error_of(promise));
    send(loop, VOW_REPORT_UNHANDLED, promise, &text);
}

void vow__report_leak(vow_loop *loop, const vow_promise *promise)
{
    static const char *const states[] = {"pending", "fulfilled", "rejected"};
    report_text text = {0, ""};

    text_add(&text, "libvow: the promise made at %s (%s) was never released: %u reference%s left, %s",
             site_or_unknown(promise->site), vow__name_of(promise), (unsigned) promise->refs,
             promise->refs == 1 ? "" : "s", states[vow__state_of(promise)]);
    send(loop, VOW_REPORT_LEAK, promise, &text);
}

void vow__report_straggler(vow_loop *loop, const vow_promise *promise, double seconds)
{
    report_text text = {0, ""};

    text_add(
        &text,
        "libvow: what was begun at %s (%s) still runs, %g seconds after its loop was to be freed: what it "
        "uses is not released",
        site_or_unknown(promise->site), vow__name_of(promise), seconds);
    send(loop, VOW_REPORT_STRAGGLER, promise, &text);
}

void vow_loop_set_report(vow_loop *loop, vow_report_fn report, void *data)
{
    if (!loop)
        vow__misuse("vow_loop_set_report", NULL, "the loop is NULL");
    loop->report = report;
    loop->report_data = data;
}
