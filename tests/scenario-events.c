/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of what else libev watches: signals, ticks, idleness, paths; and of processes.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "processes.h"
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

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

static vow_promise *make_clock(struct world *w)
{
    vow_interval *interval = vow_interval_by_clock(w->loop, 0, 0.001);

    if (!interval)
        return vow_rejected(w->loop, vow_error_new(errno, "no interval"));
    return vow_attach(vow_then(vow_interval_next(interval), copy_text, w), interval, end_interval);
}

/* A descriptor that is watched, and readable because nobody can write to it any more. */
struct polled {
    vow_poll *poll;
    int fd;
};

static void end_poll(void *data)
{
    struct polled *self = data;

    vow_poll_free(self->poll);
    close(self->fd);
    g_free(self);
}

static vow_promise *make_poll(struct world *w)
{
    struct polled *self;
    vow_poll *poll;
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    close(ends[1]);
    poll = vow_poll_new(w->loop, ends[0]);
    if (!poll) {
        int code = errno;

        close(ends[0]);
        return vow_rejected(w->loop, vow_error_new(code, "no poll"));
    }
    self = g_new(struct polled, 1);
    *self = (struct polled){poll, ends[0]};
    return vow_attach(vow_poll_next(poll, EV_READ), self, end_poll);
}

static vow_promise *make_idle(struct world *w)
{
    return ended(w, vow_idle(w->loop));
}

/* ---- Paths --------------------------------------------------------------------------------------------- */

/* The path comes to be there. */
static void touch(const struct world *w)
{
    int fd = open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
}

static void end_watch(void *watch)
{
    vow_watch_free(watch);
}

static vow_promise *make_watch(struct world *w)
{
    vow_watch *watch = vow_watch_new(w->loop, w->path, 0.1);

    if (!watch)
        return vow_rejected(w->loop, vow_error_new(errno, "no watch"));
    vow_promise *promise = ended(w, vow_watch_next(watch));
    touch(w);
    return vow_attach(promise, watch, end_watch);
}

static vow_promise *make_changed(struct world *w)
{
    vow_promise *promise = ended(w, vow_changed(w->loop, w->path));

    touch(w);
    return promise;
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

/* Told to end, by its handle, and waited for. */
static vow_value end_it(vow_value *value, void *world)
{
    struct mark mark = enter(world);
    vow_process *process = vow_take_process(value);
    vow_promise *done = vow_process_wait(process);

    vow_process_end(process);
    vow_process_free(process);
    return made(mark, vow_follow(done));
}

static vow_promise *make_ended(struct world *w)
{
    vow_process_options options = {SH("exec sleep 100"), .in = {VOW_STDIO_NULL, 0}};

    return ended(w, vow_then(vow_process_start(w->loop, &options), end_it, w));
}

/* By its streams: what goes in comes out. */
struct conversation {
    vow_task task;
    struct world *w;
    struct mark mark;
    struct once *once;
    vow_process *process;
    vow_stream *in, *out, *err;
    char text[4];
};

static vow_promise *outside(struct mark mark, vow_promise *promise)
{
    leave(mark);
    return promise;
}

#define AWAIT(me, promise) VOW_AWAIT(me, outside((me)->mark, (promise)))

static vow_promise *start_cat(vow_loop *loop)
{
    vow_process_options options = {
        .program = "cat", .in = {VOW_STDIO_PIPE, 0}, .out = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0}};

    return vow_process_start(loop, &options);
}

static bool take_streams(struct conversation *me)
{
    me->in = vow_process_stdin(me->process);
    me->out = vow_process_stdout(me->process);
    me->err = vow_process_stderr(me->process);
    return me->in && me->out && me->err;
}

static vow_promise *close_input(struct conversation *me)
{
    vow_stream *in = me->in;

    me->in = NULL;
    return vow_stream_close(in);
}

VOW_ASYNC(conversation, me)
{
    me->mark = enter(me->w);
    VOW_BEGIN(me);
    me->once = owe(me->w);
    AWAIT(me, start_cat(VOW_LOOP(me)));
    me->process = vow_take_process(VOW_RESULT(me));
    if (!take_streams(me))
        VOW_THROW(me, vow_error_new(ENOMEM, "no stream"));
    AWAIT(me, vow_stream_write(me->in, "text", 4));
    AWAIT(me, vow_stream_read_exactly(me->out, me->text, 4));
    AWAIT(me, close_input(me));
    AWAIT(me, vow_stream_read_all(me->err, 10));
    AWAIT(me, vow_process_wait(me->process));
    VOW_RETURN(me, vow_int(vow_as_int(VOW_RESULT(me))));
    VOW_FINALLY(me);
    vow_stream_free(me->in);
    vow_stream_free(me->out);
    vow_stream_free(me->err);
    vow_process_free(me->process);
    count_release(me->once);
    leave(me->mark);
    VOW_END(me);
}

static vow_promise *make_conversation(struct world *w)
{
    return vow_async(w->loop, conversation, .w = w);
}

static vow_promise *make_no_program(struct world *w)
{
    vow_process_options options = {
        .program = "/nowhere/program", .in = {VOW_STDIO_PIPE, 0}, .err = {VOW_STDIO_PIPE, 0}};

    return ended(w, vow_process_start(w->loop, &options));
}

const struct scenario event_scenarios[] = {
    {"signal", make_signal, "10", NULL, 0, 0},
    {"signals", make_signals, "10", NULL, 0, 0},
    {"interval", make_interval, "text", NULL, 0, 0},
    {"idle", make_idle, "nil", NULL, 0, 0},
    {"clock", make_clock, "text", NULL, 0, 0},
    {"watch", make_watch, "true", NULL, 0, 0},
    {"changed", make_changed, "true", NULL, 0, 0},
    {"poll", make_poll, "1", NULL, 0, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

const struct scenario feed_scenarios[] = {
    {"run", make_run, "through", NULL, 4, 0},
    {NULL, NULL, NULL, NULL, 0, 0},
};

const struct scenario process_scenarios[] = {
    {"process", make_process, "3", NULL, 0, 0},           {"output", make_output, "through", NULL, 4, 0},
    {"no-program", make_no_program, "!2", NULL, 0, 0},    {"ended", make_ended, "-15", NULL, 0, 0},
    {"conversation", make_conversation, "0", NULL, 2, 0}, {NULL, NULL, NULL, NULL, 0, 0},
};
