/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Puts a program between its own standard input and output, counts what comes out, and ends as the program
 * did: filter PROGRAM [ARGUMENT...]
 *
 * Shows: a process with pipes, two streams copied at the same time, and the order in which all of that ends.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <vow.h>

/* One direction: from our input to the program's, or from its output to ours. The program sees the end of its
 * input when that stream is freed. */
struct copy {
    vow_task task;
    vow_process *process;
    bool is_output;
    vow_stream *from, *to;
};

VOW_ASYNC(copy, me)
{
    VOW_BEGIN(me);
    me->from = me->is_output ? vow_process_stdout(me->process) : vow_stream_new(VOW_LOOP(me), STDIN_FILENO);
    me->to = me->is_output ? vow_stream_new(VOW_LOOP(me), STDOUT_FILENO) : vow_process_stdin(me->process);
    if (!me->from || !me->to)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    VOW_TRY_AWAIT(me, vow_stream_copy(me->from, me->to));
    if (!me->is_output && vow_error_is(VOW_ERROR(me), &vow_domain_errno, EPIPE))
        VOW_RETURN(me, vow_nil()); /* the program need not read all of its input */
    if (VOW_ERROR(me))
        VOW_THROW(me, vow_error_ref(VOW_ERROR(me)));
    VOW_RETURN(me, vow_take(VOW_RESULT(me)));
    VOW_FINALLY(me);
    vow_stream_free(me->from);
    vow_stream_free(me->to);
    VOW_END(me);
}

struct filter {
    vow_task task;
    char **arguments;
    vow_process *process;
    vow_promise *ended;
};

/* A list of the program's code and the count. */
VOW_ASYNC(filter, me)
{
    VOW_BEGIN(me);
    vow_process_options options = {
        .arguments = me->arguments, .in.kind = VOW_STDIO_PIPE, .out.kind = VOW_STDIO_PIPE};
    VOW_AWAIT(me, vow_process_start(VOW_LOOP(me), &options));
    me->process = vow_take_process(VOW_RESULT(me));
    vow_promise *output = vow_async(VOW_LOOP(me), copy, .process = me->process, .is_output = true);
    me->ended = vow_all_of(VOW_LOOP(me), vow_process_wait(me->process), output);
    vow_promise *input = vow_async(VOW_LOOP(me), copy, .process = me->process);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), input, vow_ref(me->ended))); /* our input may have no end */
    VOW_RETURN(me, vow_follow(vow_ref(me->ended)));
    VOW_FINALLY(me);
    vow_unref(me->ended);
    vow_process_free(me->process);
    VOW_END(me);
}

/* As a shell has it: the exit code, or 128 and the number of the signal. */
static int show(const char *program, const vow_list *result)
{
    int code = (int) vow_as_int(vow_list_at(result, 0));
    long long count = vow_as_int(vow_list_at(result, 1));
    fprintf(stderr, "filter: %s: %lld bytes, %s %d\n", program, count, code < 0 ? "signal" : "exit code",
            code < 0 ? -code : code);
    return code < 0 ? 128 - code : code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: filter PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_value result;
    vow_error *error = vow_run(vow_async(loop, filter, .arguments = argv + 1), &result);
    if (error)
        fprintf(stderr, "filter: %s\n", vow_error_message(error));
    int status = error ? 1 : show(argv[1], vow_as_list(&result));
    vow_error_unref(error);
    vow_value_drop(result);
    ev_run(vow_loop_ev(loop), 0); /* a program that was told to end has its grace time */
    vow_loop_free(loop);
    return status;
}
