/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_process_start(): from its options to a child that runs, or to an error that says what failed. Whatever
 * is opened on the way is closed again, except for our ends of the pipes.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/allocator-private.h"
#include "core/scheduler-private.h"
#include "process/process-private.h"
#include "os/signals-private.h"
#include "os/spawn-private.h"

#define DEFAULT_GRACE 5.

typedef struct launch {
    const vow_process_options *options;
    vow_process *process;
    vow__process_streams streams;
    vow__spawn spawn;
    char *alone[2];   /* the arguments, when the options have none */
    const char *what; /* what failed, for the message */
    const char *site;
} launch;

static const char *const stream_names[] = {"standard input", "standard output", "standard error"};

static int prepare_streams(launch *self)
{
    int which = 0, code = vow__process_streams_open(&self->streams, self->options, &which);

    self->what = stream_names[which];
    memcpy(self->spawn.stdio, self->streams.fds, sizeof self->spawn.stdio);
    return code;
}

/* 0 or an errno value. */
static int prepare(launch *self)
{
    const vow_process_options *options = self->options;
    const char *program = options->program     ? options->program
                          : options->arguments ? options->arguments[0]
                                               : NULL;

    self->what = "the options";
    if (program)
        snprintf(self->process->name, sizeof self->process->name, "%s", program);
    if (!program || isnan(options->grace) || (options->arguments && !options->arguments[0]) ||
        options->end_signal < 0 || options->end_signal > vow__last_signal())
        return EINVAL;
    self->process->grace_time = options->grace > 0 || options->grace < 0 ? options->grace : DEFAULT_GRACE;
    self->process->end_signal = options->end_signal ? options->end_signal : SIGTERM;
    self->alone[0] = (char *) program;
    self->spawn.arguments = options->arguments ? options->arguments : self->alone;
    self->spawn.environment = options->environment ? options->environment : vow__spawn_environment();
    self->spawn.directory = options->directory;
    self->spawn.own_group = options->own_group;
    return prepare_streams(self);
}

static const char *what_failed(enum vow__spawn_step step)
{
    switch (step) {
    case VOW__SPAWN_FORK:
        return "making a process";
    case VOW__SPAWN_GROUP:
        return "its process group";
    case VOW__SPAWN_STDIO:
        return "its standard streams";
    case VOW__SPAWN_DIRECTORY:
        return "changing to its directory";
    default:
        return "executing it";
    }
}

static int spawn(launch *self, const char *program)
{
    vow__spawn_failure failure;
    size_t size;
    char *candidates = vow__spawn_candidates(program, self->spawn.environment, &size);
    bool runs;

    if (!candidates)
        return ENOMEM;
    self->spawn.candidates = candidates;
    runs = vow__spawn_process(&self->spawn, &self->process->child, &failure);
    vow__release(candidates, size);
    if (!runs) {
        self->what = what_failed(failure.step);
        return failure.code;
    }
    vow__process_begin(self->process);
    return 0;
}

/* Nothing runs yet, so freeing the process ends no child. */
static vow_error *launch_give_up(const launch *self, int code)
{
    vow_error *error = vow_error_new_at(self->site, code, "vow_process_start: %s: %s: %s",
                                        self->process->name, self->what, strerror(code));

    vow_process_free(self->process);
    return error;
}

static vow_value launch_start(launch *self)
{
    const vow_process_options *options = self->options;
    int code;

    snprintf(self->process->name, sizeof self->process->name, "no program");
    code = prepare(self);
    if (!code)
        code = spawn(self, options->program ? options->program : options->arguments[0]);
    vow__process_streams_close(&self->streams);
    if (code == ENOMEM)
        self->what = "no memory";
    return code ? vow_throw(launch_give_up(self, code)) : vow_own(self->process, &vow_type_process);
}

vow_value vow__process_start(vow_loop *loop, const vow_process_options *options, const char *site)
{
    launch self = {.options = options, .streams = {.opened = {-1, -1, -1}}, .site = site};

    self.process = self.streams.process = vow__process_new(loop, site);
    return self.process ? launch_start(&self)
                        : vow_throw(loop->is_closed ? &vow__error_cancelled : &vow__error_no_memory);
}

static const vow__kind start_kind = {.name = "process_start"};

/* The promise is made first: once a process runs, there must be what it takes to settle the promise. It is
 * settled before this returns. */
vow_promise *vow_process_start_at(vow_loop *loop, const vow_process_options *options, const char *site)
{
    vow_promise *promise;

    vow__check_loop(loop, "vow_process_start", site);
    if (!options)
        vow__misuse_null("vow_process_start", "options", site);
    promise = vow__promise_new(loop, sizeof *promise, &start_kind, site);
    if (!promise)
        return vow__refusal(loop);
    vow__resolve(promise, vow__process_start(loop, options, site));
    return promise;
}
