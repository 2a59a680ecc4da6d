/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams of processes, and programs that are run from start to end.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _POSIX_C_SOURCE 200809L

#include "misuse.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define IN .in = {VOW_STDIO_PIPE, 0}
#define OUT .out = {VOW_STDIO_PIPE, 0}
#define ERR .err = {VOW_STDIO_PIPE, 0}

/* Runs it; the outcome in words: "[code,out,err]", with what came as text. */
#define run(f, input, limit, ...) run_with((f), &(vow_process_options){__VA_ARGS__}, (input), (limit))
static char *run_with(fixture *f, const vow_process_options *options, const char *input, size_t limit)
{
    vow_value value;
    vow_error *error =
        vow_run(vow_process_run(f->loop, options, input, input ? strlen(input) : 0, limit), &value);
    GString *text = g_string_new("[");

    if (error) {
        g_string_printf(text, "!%s", code_name(error));
        vow_error_unref(error);
        return g_string_free(text, FALSE);
    }
    for (size_t i = 0; i < vow_list_length(vow_as_list(&value)); i++) {
        const vow_value *part = vow_list_at(vow_as_list(&value), i);
        if (vow_is_int(part))
            g_string_append_printf(text, "%d", (int) vow_as_int(part));
        else
            g_string_append_printf(text, ",%s", vow_is_nil(part) ? "nil" : vow_as_bytes(part)->data);
    }
    vow_value_drop(value);
    return g_string_free(g_string_append_c(text, ']'), FALSE);
}

#define assert_run(f, expected, ...)            \
    do {                                        \
        char *text_ = run((f), __VA_ARGS__);    \
        g_assert_cmpstr(text_, ==, (expected)); \
        g_free(text_);                          \
        all_ended(f);                           \
    } while (0)

static void collects(fixture *f)
{
    assert_run(f, "[0,out\n,err\n]", NULL, 100, SH("echo out; echo err >&2"), OUT, ERR);
    assert_run(f, "[3,,nil]", NULL, 100, SH("exit 3"), OUT);
    assert_run(f, "[-9,before\n,nil]", NULL, 100, SH("echo before; kill -KILL $$"), OUT);
    assert_run(f, "[0,nil,nil]", NULL, 0, SH("exit 0"));
    assert_run(f, "[0,one\ntwo\n,nil]", NULL, 100, SH("echo one; echo two >&2"), OUT,
               .err = {VOW_STDIO_STDOUT, 0});
}

/* Options as a literal in the call, whose commas the macro must not mind. */
static void a_literal(fixture *f)
{
    vow_promise *end =
        vow_process_run(f->loop, &(vow_process_options){.program = "false", .own_group = true}, NULL, 0, 0);
    vow_value value;

    g_assert_null(vow_run(end, &value));
    assert_value(&value, "[1,nil,nil]");
    vow_value_drop(value);
    all_ended(f);
}

static void feeds(fixture *f)
{
    assert_run(f, "[0,hello,nil]", "hello", 100, SH("cat"), IN, OUT);
    assert_run(f, "[0,,nil]", "", 100, SH("cat"), IN, OUT);
    assert_run(f, "[0,nil,nil]", NULL, 100, SH("cat"), IN);
}

static void feeds_and_collects_much(fixture *f)
{
    const size_t size = 500000;
    char *input = stream_bytes(size + 1);

    input[size] = '\0';
    char *expected = g_strconcat("[0,", input, ",nil]", NULL);
    assert_run(f, expected, input, size, SH("cat"), IN, OUT);
    assert_run(f, "[0,enough\n,nil]", input, 100, SH("echo enough"), IN, OUT);
    assert_run(f, "!90", input, size - 1, SH("cat"), IN, OUT);
    g_free(expected);
    g_free(input);
}

static void limited(fixture *f)
{
    assert_run(f, "!90", NULL, 1000, SH("while :; do echo and so on; done"), OUT);
    assert_run(f, "!90", NULL, 1000, SH("while :; do echo and so on >&2; done"), OUT, ERR, .own_group = true);
    assert_run(f, "[0,123,nil]", NULL, 3, SH("printf 123"), OUT);
    assert_run(f, "!90", NULL, 2, SH("printf 123"), OUT);
}

/* Whose output, and which. */
static void limited_by_name(fixture *f)
{
    vow_process_options options = {SH("echo long; echo longer >&2"), OUT, .err = {VOW_STDIO_NULL, 0}};

    run_fails(vow_process_run(f->loop, &options, NULL, 0, 4), EMSGSIZE,
              "vow_process_run: sh: its standard output is longer than 4 bytes");
    all_ended(f);
    options.err.kind = VOW_STDIO_PIPE;
    run_fails(vow_process_run(f->loop, &options, NULL, 0, 5), EMSGSIZE,
              "vow_process_run: sh: its standard error is longer than 5 bytes");
    all_ended(f);
}

static void cannot_be_started(fixture *f)
{
    assert_run(f, "!2", "input", 10, .program = "/nowhere/program", IN, OUT, ERR);
    run_fails(vow_process_run(f->loop, &(vow_process_options){0}, NULL, 0, 0), EINVAL, "vow_process_start");
}

static void dropped(fixture *f)
{
    vow_process_options options = {SH("exec sleep 100"), IN, OUT, ERR};
    char *input = stream_bytes(200000);

    vow_unref(vow_process_run(f->loop, &options, input, 200000, 100));
    all_ended(f);
    vow_promise *p = vow_process_run(f->loop, &options, input, 200000, 100);
    turn(f);
    vow_unref(p);
    all_ended(f);
    run_too_late(f, vow_process_run(f->loop, &options, input, 200000, 100));
    all_ended(f);
    g_free(input);
}

/* Who cancels it is told when it is gone. */
static void cancelled(fixture *f)
{
    vow_process_options options = {SH("exec sleep 100"), OUT};
    vow_promise *p = vow_process_run(f->loop, &options, NULL, 0, 100);

    vow_cancel(vow_ref(p));
    assert_peek(p, "pending");
    run_fails(p, ECANCELED, "");
    assert_no_children();
    all_ended(f);
}

static void loop_freed(fixture *f)
{
    vow_process_options options = {SH("trap '' TERM; exec sleep 100"), IN, OUT};

    vow_detach(vow_process_run(f->loop, &options, NULL, 0, 100));
    turn(f);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_no_children();
}

static void no_memory(fixture *f)
{
    vow_process_options options = {SH("cat"), IN, OUT, ERR};
    bool has_failed = true;

    for (size_t n = 1; has_failed; n++) {
        guint descriptors = count_descriptors();
        memory_fail(f, n, false);
        vow_promise *p = vow_process_run(f->loop, &options, "hello", 5, 100);
        vow_value value;
        vow_error *error = vow_run(p, &value);
        has_failed = f->memory.failed > 0;
        memory_fail(f, 0, false);
        g_assert_true(error ? has_failed && vow_error_code(error) == ENOMEM : vow_is_list(&value));
        vow_error_unref(error);
        vow_value_drop(value);
        all_ended(f);
        g_assert_cmpuint(count_descriptors(), ==, descriptors);
    }
}

/* ---- Streams ------------------------------------------------------------------------------------------- */

static vow_value run_value(vow_promise *promise)
{
    vow_value value;

    g_assert_null(vow_run(promise, &value));
    return value;
}

static void assert_line(vow_stream *stream, const char *expected)
{
    vow_value line = run_value(vow_stream_read_line(stream, 100));

    g_assert_cmpstr(vow_as_bytes(&line)->data, ==, expected);
    vow_value_drop(line);
}

static void conversation(fixture *f)
{
    vow_process *process =
        start(f, SH("while read line; do echo \"<$line>\"; done; echo end >&2"), IN, OUT, ERR);
    vow_stream *in = vow_process_stdin(process), *out = vow_process_stdout(process);
    vow_stream *err = vow_process_stderr(process);

    g_assert_true(in && out && err);
    g_assert_null(vow_process_stdin(process));
    g_assert_null(vow_process_stdout(process));
    g_assert_cmpint(run_int(vow_stream_write(in, "one\n", 4)), ==, 4);
    assert_line(out, "<one>");
    g_assert_cmpint(run_int(vow_stream_write(in, "two\n", 4)), ==, 4);
    assert_line(out, "<two>");
    run_nil(vow_stream_close(in));
    assert_line(err, "end");
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_stream_free(out);
    vow_stream_free(err);
    vow_process_free(process);
    all_ended(f);
    process = start(f, SH("exit 0"));
    g_assert_null(vow_process_stdin(process));
    g_assert_null(vow_process_stdout(process));
    g_assert_null(vow_process_stderr(process));
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_process_free(process);
    all_ended(f);
}

/* One process into another, as a shell does it, through us. */
static void pipeline(fixture *f)
{
    vow_process *first = start(f, SH("i=0; while [ $i -lt 300 ]; do i=$((i + 1)); echo $i; done"), OUT);
    vow_process *second = start(f, SH("wc -l | tr -d ' '"), IN, OUT);
    vow_stream *from = vow_process_stdout(first), *to = vow_process_stdin(second);
    vow_stream *result = vow_process_stdout(second);

    g_assert_cmpint(run_int(vow_stream_copy(from, to)), ==, 9 * 2 + 90 * 3 + 201 * 4);
    run_nil(vow_stream_close(to));
    assert_line(result, "300");
    vow_stream_free(from);
    vow_stream_free(result);
    g_assert_cmpint(run_int(vow_process_wait(first)) + run_int(vow_process_wait(second)), ==, 0);
    vow_process_free(first);
    vow_process_free(second);
    all_ended(f);
}

MISUSE(null_options, vow_unref(vow_process_run(f->loop, NULL, NULL, 0, 0)), "vow_process_run",
       "the options is NULL", false)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/process-run/literal", a_literal);
    test_add("/process-run/collects", collects);
    test_add("/process-run/feeds", feeds);
    test_add("/process-run/much", feeds_and_collects_much);
    test_add("/process-run/limited", limited);
    test_add("/process-run/limited-by-name", limited_by_name);
    test_add("/process-run/cannot-be-started", cannot_be_started);
    test_add("/process-run/dropped", dropped);
    test_add("/process-run/cancelled", cancelled);
    test_add("/process-run/loop-freed", loop_freed);
    test_add("/process-run/no-memory", no_memory);
    test_add("/process-run/streams/conversation", conversation);
    test_add("/process-run/streams/pipeline", pipeline);
    test_add("/process-run/misuse/null-options", test_null_options);
    return g_test_run();
}
