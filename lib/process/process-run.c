/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of a process, and vow_process_run(), which is made of them and of combinators. Each stream is tied
 * to the promise that uses it, and the process to the promise of its end. So whatever ends early ends all.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <vow/combinators.h>
#include <vow/stream.h>

#include "base/allocator-private.h"
#include "core/scheduler-private.h"
#include "process/process-private.h"

static vow_stream *take_stream(vow_process *process, int stream, const char *function, const char *site)
{
    int fd = vow__process_take_fd(process, stream, function, site);

    if (fd >= 0)
        return vow_stream_new_at(vow__loop_of(&process->promise), fd, site);
    errno = EBADF;
    return NULL;
}

vow_stream *vow_process_stdin_at(vow_process *process, const char *site)
{
    return take_stream(process, STDIN_FILENO, "vow_process_stdin", site);
}

vow_stream *vow_process_stdout_at(vow_process *process, const char *site)
{
    return take_stream(process, STDOUT_FILENO, "vow_process_stdout", site);
}

vow_stream *vow_process_stderr_at(vow_process *process, const char *site)
{
    return take_stream(process, STDERR_FILENO, "vow_process_stderr", site);
}

/* ---- What it prints ------------------------------------------------------------------------------------ */

typedef struct output {
    vow_stream *stream;
    const char *name;
    const char *site;
    size_t limit;
    char program[VOW__PROCESS_NAME]; /* the process may be gone before its children have closed the pipe */
} output;

static void drop_output(void *pointer)
{
    output *self = pointer;

    vow_stream_free(self->stream);
    vow__release(self, sizeof *self);
}

static vow_value too_much(const vow_error *error, void *data)
{
    const output *self = data;

    if (!vow_error_is(error, &vow_domain_errno, EMSGSIZE))
        return vow_throw(vow_error_ref(error));
    return vow_throwf_at(self->site, EMSGSIZE, "vow_process_run: %s: its %s is longer than %zu bytes",
                         self->program, self->name, self->limit);
}

static output *output_new(const vow_process *process, vow_stream *stream, const char *name, size_t limit,
                          const char *site)
{
    output *self = vow__allocate(sizeof *self);

    if (!self)
        return NULL;
    *self = (output){.stream = stream, .name = name, .site = site, .limit = limit};
    memcpy(self->program, process->name, sizeof self->program);
    return self;
}

/* What a process writes, as bytes; nil if it does not write to a pipe. */
static vow_promise *run_collect(vow_process *process, int which, size_t limit, const char *site)
{
    vow_loop *loop = vow__loop_of(&process->promise);
    const char *name = which == STDOUT_FILENO ? "standard output" : "standard error";
    bool is_pipe = process->pipes[which] >= 0;
    vow_stream *stream = take_stream(process, which, "vow_process_run", site);
    output *self = stream ? output_new(process, stream, name, limit, site) : NULL;
    vow_promise *bytes;

    if (!stream && !is_pipe)
        return vow_resolved_at(loop, vow_nil(), site);
    if (!self) {
        vow_stream_free(stream);
        return vow__refusal(loop);
    }
    bytes = vow_catch_at(vow_stream_read_all_at(stream, limit, site), too_much, self, site);
    return vow_attach_at(bytes, self, drop_output, site);
}

/* ---- From start to end --------------------------------------------------------------------------------- */

/* A process need not read all of its input, so EPIPE is no error. */
static vow_value is_enough(const vow_error *error, void *data)
{
    (void) data;
    return vow_error_is(error, &vow_domain_errno, EPIPE) ? vow_nil() : vow_throw(vow_error_ref(error));
}

static vow_promise *feed(vow_process *process, const void *input, size_t size, const char *site)
{
    vow_loop *loop = vow__loop_of(&process->promise);
    bool is_pipe = process->pipes[STDIN_FILENO] >= 0;
    vow_stream *stream = take_stream(process, STDIN_FILENO, "vow_process_stdin", site);
    vow_promise *written, *closed;

    if (!stream)
        return is_pipe ? vow__refusal(loop) : vow_resolved_at(loop, vow_nil(), site);
    written = vow_catch_at(vow_stream_write_at(stream, input, size, site), is_enough, NULL, site);
    closed = vow_catch_at(vow_stream_close(stream), is_enough, NULL, site);
    /* Dropped in this order: the stream ends first, so that a write that breaks off then is not reported. */
    return vow_all_at(loop, 2, (vow_promise *[]){closed, written}, site);
}

static vow_value run_first(vow_value *list, void *data)
{
    (void) data;
    return vow_take(vow_list_at(vow_as_list(list), 0));
}

vow_promise *vow_process_run_at(vow_loop *loop, const vow_process_options *options, const void *input,
                                size_t size, size_t limit, const char *site)
{
    vow_promise *results[3], *fed, *ended;
    vow_process *process;
    vow_value started;

    vow__check_loop(loop, "vow_process_run", site);
    if (!options)
        vow__misuse_null("vow_process_run", "options", site);
    vow__check_bytes(input, size, "vow_process_run", site);
    started = vow__process_start(loop, options, site);
    if (started.type != &vow_type_process)
        return vow_resolved_at(loop, started, site);
    process = started.u.pointer;
    results[0] = vow_process_wait_at(process, site);
    results[1] = run_collect(process, STDOUT_FILENO, limit, site);
    results[2] = run_collect(process, STDERR_FILENO, limit, site);
    fed = feed(process, input, size, site);
    vow_process_free(process);
    ended = vow_all_at(loop, 3, results, site);
    return vow_then_at(vow_all_at(loop, 2, (vow_promise *[]){ended, fed}, site), run_first, NULL, site);
}
