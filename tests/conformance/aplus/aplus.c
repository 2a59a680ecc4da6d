/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the loop, from the add-on being loaded to it being closed. The job queue is drained by the ev_loop,
 * and that is run from a setImmediate() of Node's, so that no JavaScript is on the stack below a handler.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "aplus.h"

#include <stdio.h>

aplus_state aplus;

static napi_ref set_immediate;
static napi_ref drain_function;
static bool is_scheduled;
static bool is_draining;
static size_t leaks;
static size_t unhandled;

/* The library feeds a watcher of its own when it has jobs to run; while it runs them, it feeds none. */
void aplus_schedule(void)
{
    napi_value drain;

    if (!aplus.loop || is_scheduled || !ev_pending_count(vow_loop_ev(aplus.loop)))
        return;
    is_scheduled = true;
    drain = aplus_deref(drain_function);
    aplus_ok(napi_call_function(aplus.env, aplus_undefined(), aplus_deref(set_immediate), 1, &drain, NULL));
}

static napi_value drain(napi_env env, napi_callback_info info)
{
    (void) env, (void) info;
    is_scheduled = false;
    if (!aplus.loop)
        return NULL;
    is_draining = true;
    ev_run(vow_loop_ev(aplus.loop), EVRUN_NOWAIT);
    is_draining = false;
    return NULL;
}

static void report(const vow_report *report, void *data)
{
    (void) data;
    if (report->kind == VOW_REPORT_UNHANDLED) {
        unhandled++;
        return;
    }
    leaks++;
    fputs(report->text, stderr);
}

static void set_count(napi_value object, const char *name, size_t count)
{
    napi_value number;

    aplus_ok(napi_create_double(aplus.env, (double) count, &number));
    aplus_ok(napi_set_named_property(aplus.env, object, name, number));
}

static napi_value counts(void)
{
    napi_value object;

    aplus_ok(napi_create_object(aplus.env, &object));
    set_count(object, "carried", aplus.carried);
    set_count(object, "held", aplus.held);
    set_count(object, "leaks", leaks);
    set_count(object, "unhandled", unhandled);
    return object;
}

/* Ends the loop; what it gives says what the library still held and what it had to report. */
static napi_value close_loop(napi_env env, napi_callback_info info)
{
    vow_loop *loop = aplus.loop;
    struct ev_loop *ev;

    (void) info;
    if (!loop || is_draining) {
        napi_throw_error(env, NULL, "close() inside a handler, or for a second time");
        return NULL;
    }
    ev = vow_loop_ev(loop);
    aplus.loop = NULL;
    aplus_promise_close();
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    aplus_carry_close();
    return counts();
}

/* Not the default ev_loop, which would take SIGCHLD over from Node. */
static vow_loop *make_loop(void)
{
    struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
    vow_loop *loop = ev ? vow_loop_new(ev) : NULL;

    aplus_ok(loop ? napi_ok : napi_generic_failure);
    vow_loop_set_report(loop, report, NULL);
    return loop;
}

NAPI_MODULE_INIT()
{
    napi_value global, function;

    if (aplus.env) {
        napi_throw_error(env, NULL, "the add-on is for one thread");
        return NULL;
    }
    aplus.env = env;
    aplus.loop = make_loop();
    aplus_ok(napi_get_global(env, &global));
    aplus_ok(napi_get_named_property(env, global, "setImmediate", &function));
    set_immediate = aplus_ref(function);
    drain_function = aplus_ref(aplus_function("drain", drain));
    aplus_carry_init();
    aplus_promise_init(exports);
    aplus_export(exports, "close", close_loop);
    return exports;
}
