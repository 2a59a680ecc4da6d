/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of what else libev watches: signals, ticks, idleness; and of processes.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "processes.h"
#include "scenario.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* ---- Signals ------------------------------------------------------------------------------------------- */

static vow_promise *make_signal(struct world *w)
{
    vow_promise *promise = ended(w, vow_signal(w->loop, SIGUSR1));
    vow_signals *guard = vow_signals_of(w->loop, SIGUSR1); /* so that it kills nobody without memory */

    if (!guard) {
        vow_unref(promise);
        return vow_rejected(w->loop, vow_error_new(errno, "no subscription"));
    }
    raise(SIGUSR1);
    vow_signals_free(guard);
    return promise;
}

static void end_subscription(void *signals)
{
    vow_signals_free(signals);
}

static vow_promise *make_signals(struct world *w)
{
    vow_signals *signals = vow_signals_of(w->loop, SIGUSR1, SIGUSR2);

    if (!signals)
        return vow_rejected(w->loop, vow_error_new(errno, "no subscription"));
    raise(SIGUSR1);
    vow_promise *promise = ended(w, vow_signals_next(signals));
    return vow_attach(promise, signals, end_subscription);
}

/* ---- Time ---------------------------------------------------------------------------------------------- */

static void end_interval(void *interval)
{
    vow_interval_free(interval);
}

static vow_promise *make_interval(struct world *w)
{
    vow_interval *interval = vow_interval_new(w->loop, 0.001);

    if (!interval)
        return vow_rejected(w->loop, vow_error_new(errno, "no interval"));
    return vow_attach(vow_then(vow_interval_next(interval), copy_text, w), interval, end_interval);
}

static vow_promise *make_idle(struct world *w)
{
    return ended(w, vow_idle(w->loop));
}

/* ---- Processes ----------------------------------------------------------------------------------------- */

static vow_value wait_for(vow_value *value, void *world)
{
    struct mark mark = enter(world);
    vow_process *process = vow_take_process(value);
    vow_promise *done = vow_process_wait(process);

    vow_process_free(process);
    return made(mark, vow_follow(done));
}

static vow_promise *make_process(struct world *w)
{
    vow_process_options options = {SH("exit 3"), .in = {VOW_STDIO_NULL, 0}, .out = {VOW_STDIO_PIPE, 0}};

    return ended(w, vow_then(vow_process_start(w->loop, &options), wait_for, w));
}

static vow_value to_text(vow_value *value, void *world)
{
    struct mark mark = enter(world);
    const vow_bytes *output = vow_as_bytes(vow_list_at(vow_as_list(value), 1));

    return made(mark, vow_strdup(output->data));
}

static vow_promise *make_run(struct world *w)
{
    vow_process_options options = {
        .program = "cat", .in = {VOW_STDIO_PIPE, 0}, .out = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0}};

    return ended(w, vow_then(vow_process_run(w->loop, &options, "through", 7, 100), to_text, w));
}

static vow_promise *make_output(struct world *w)
{
    vow_process_options options = {SH("echo -n through"), .in = {VOW_STDIO_NULL, 0},
                                   .out = {VOW_STDIO_PIPE, 0}};

    return ended(w, vow_then(vow_process_run(w->loop, &options, NULL, 0, 100), to_text, w));
}

static vow_promise *make_no_program(struct world *w)
{
    vow_process_options options = {
        .program = "/nowhere/program", .in = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0}};

    return ended(w, vow_process_start(w->loop, &options));
}

const struct scenario event_scenarios[] = {
    {"signal", make_signal, "10", NULL, 0, 0},       {"signals", make_signals, "10", NULL, 0, 0},
    {"interval", make_interval, "text", NULL, 0, 0}, {"idle", make_idle, "nil", NULL, 0, 0},
    {"run", make_run, "through", NULL, 4, 0},        {NULL, NULL, NULL, NULL, 0, 0},
};

const struct scenario process_scenarios[] = {
    {"process", make_process, "3", NULL, 0, 0},
    {"output", make_output, "through", NULL, 4, 0},
    {"no-program", make_no_program, "!2", NULL, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};
