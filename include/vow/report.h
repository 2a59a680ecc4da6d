/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/report.h
 * @brief What the library has to say: unhandled rejections, leaks, stragglers and circles.
 *
 * By default each report is one paragraph on stderr. The library prints nothing else, except one line before
 * it aborts on misuse.
 */
#ifndef VOW_REPORT_H
#define VOW_REPORT_H

#include <vow/common.h>
#include <vow/error.h>

VOW_BEGIN_DECLS

/** @brief What a report is about. */
enum vow_report_kind {
    VOW_REPORT_UNHANDLED, /**< a rejected promise was freed and nobody had looked at its error */
    VOW_REPORT_LEAK,      /**< a promise was still held when its loop was freed */
    VOW_REPORT_STRAGGLER, /**< a job on a thread, a process or a clean-up did not end in time when its loop
                             was freed */
    VOW_REPORT_CIRCLE /**< promises waited for one another when their loop was freed, which settled none */
};

/** @brief Something the library has to say; valid during the call of a vow_report_fn. */
typedef struct vow_report {
    enum vow_report_kind kind;
    const char *text;       /**< the whole report as one paragraph, ending in a newline */
    const char *kind_of;    /**< the kind of promise: "then", "sleep", "task greet" … */
    const char *made_at;    /**< where it was made, or NULL in builds without sites */
    const vow_error *error; /**< what it rejected with, or NULL */
} vow_report;

/**
 * @brief Called with each report of a loop, when the promise concerned, or the loop, is freed. May use the
 * loop.
 */
typedef void (*vow_report_fn)(const vow_report *report, void *data);

/**
 * @brief Says who gets a loop's reports of unhandled rejections, leaks, stragglers and circles.
 * @param loop   changed.
 * @param report called with each; NULL brings back the default, which prints the text on stderr.
 * @param data   handed to report.
 * @since 0.1
 */
VOW_API void vow_loop_set_report_at(vow_loop *loop, vow_report_fn report, void *data, const char *site);
#define vow_loop_set_report(...) vow_loop_set_report_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
