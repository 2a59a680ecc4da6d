/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vow_process_start(): from its options to a child that runs, or to an error that says what failed. Whatever
 * it opens on the way is closed again, but for our ends of the pipes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/allocator-private.h"
#include "core/scheduler-private.h"
#include "loop/io-private.h"
#include "loop/process-private.h"
#include "loop/spawn-private.h"

#define DEFAULT_GRACE 5.

typedef struct launch {
    const vow_process_options *options;
    vow_process *process;
    vow__spawn spawn;
    int opened[3];    /* descriptors of the child's that are closed here afterwards; -1 for none */
    char *alone[2];   /* the arguments, when there are none */
    const char *what; /* what failed, for the message */
    const char *site;
} launch;

static const char *const stream_names[] = {"standard input", "standard output", "standard error"};

/* ---- The three streams --------------------------------------------------------------------------------- */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int open_null(launch *self, int i)
{
    self->opened[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
    self->spawn.stdio[i] = self->opened[i];
    return self->opened[i] < 0 ? errno : 0;
}

/* The two ends are two open files, so that only ours gets O_NONBLOCK. */
static int open_pipe(launch *self, int i)
{
    int ours = i == STDIN_FILENO ? 1 : 0;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    self->process->pipes[i] = ends[ours];
    self->opened[i] = self->spawn.stdio[i] = ends[!ours];
    return vow__fd_set_nonblocking(ends[ours]);
}

static int prepare_stream(launch *self, int i, vow_stdio stream)
{
    switch (stream.kind) {
    case VOW_STDIO_INHERIT:
        self->spawn.stdio[i] = is_open(i) ? i : -1;
        return 0;
    case VOW_STDIO_NULL:
        return open_null(self, i);
    case VOW_STDIO_PIPE:
        return open_pipe(self, i);
    case VOW_STDIO_FD:
        self->spawn.stdio[i] = stream.fd;
        return is_open(stream.fd) ? 0 : EBADF;
    case VOW_STDIO_STDOUT:
        self->spawn.stdio[i] = self->spawn.stdio[STDOUT_FILENO];
        return i == STDERR_FILENO ? 0 : EINVAL;
    default:
        return EINVAL;
    }
}

static int prepare_streams(launch *self)
{
    const vow_stdio streams[] = {self->options->in, self->options->out, self->options->err};
    int code = 0;

    for (int i = 0; i < 3 && !code; i++) {
        self->what = stream_names[i];
        code = prepare_stream(self, i, streams[i]);
    }
    return code;
}

static void close_opened(const launch *self)
{
    for (int i = 0; i < 3; i++)
        if (self->opened[i] >= 0)
            close(self->opened[i]);
}

void vow__process_close_pipes(vow_process *self)
{
    for (int i = 0; i < 3; i++) {
        int fd = self->pipes[i];

        self->pipes[i] = -1;
        if (fd >= 0)
            close(fd);
    }
}

/* ---- The program --------------------------------------------------------------------------------------- */

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
        options->end_signal < 0 || options->end_signal > SIGRTMAX)
        return EINVAL;
    self->process->grace_time = options->grace > 0 || options->grace < 0 ? options->grace : DEFAULT_GRACE;
    self->process->end_signal = options->end_signal ? options->end_signal : SIGTERM;
    self->alone[0] = (char *) program;
    self->spawn.arguments = options->arguments ? options->arguments : self->alone;
    self->spawn.environment = options->environment ? options->environment : environ;
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

/* Nothing runs, so that this ends nothing. */
static vow_error *give_up(const launch *self, int code)
{
    vow_error *error = vow_error_new_at(self->site, code, "vow_process_start: %s: %s: %s",
                                        self->process->name, self->what, strerror(code));

    vow_process_free(self->process);
    return error;
}

static vow_value start(launch *self)
{
    const vow_process_options *options = self->options;
    int code;

    snprintf(self->process->name, sizeof self->process->name, "no program");
    code = prepare(self);
    if (!code)
        code = spawn(self, options->program ? options->program : options->arguments[0]);
    close_opened(self);
    if (code == ENOMEM)
        self->what = "no memory";
    return code ? vow_throw(give_up(self, code)) : vow_own(self->process, &vow_type_process);
}

vow_value vow__process_start(vow_loop *loop, const vow_process_options *options, const char *site)
{
    launch self = {.options = options, .opened = {-1, -1, -1}, .site = site};

    self.process = vow__process_new(loop, site);
    return self.process ? start(&self)
                        : vow_throw(loop->is_closed ? &vow__error_cancelled : &vow__error_no_memory);
}

static const vow__kind start_kind = {.name = "process_start"};

/* What settles it is known before this returns; what that takes is there before the process is. */
vow_promise *vow_process_start_at(vow_loop *loop, const vow_process_options *options, const char *site)
{
    vow_promise *promise;

    vow__check_loop(loop, "vow_process_start", site);
    if (!options)
        vow__misuse_null("vow_process_start", "options", site);
    promise = vow__promise_new(loop, sizeof *promise, &start_kind, site);
    if (!promise)
        return vow__emergency(loop);
    vow__resolve(promise, vow__process_start(loop, options, site));
    return promise;
}
