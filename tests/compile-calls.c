/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls as a program may write them, for tests/compile.sh: the _of forms, in C and in C++, and, in C,
 * arguments that are compound literals. A macro with named parameters would take their commas for its own.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vow.h>

static int calls;

static vow_promise *number(vow_loop *loop)
{
    calls++;
    return vow_resolved(loop, vow_int(calls));
}

static void expect(int line, bool is_true)
{
    if (!is_true) {
        fprintf(stderr, "%s:%d is not as it should be\n", __FILE__, line);
        exit(1);
    }
}
#define EXPECT(condition) expect(__LINE__, (condition))

static size_t length_of(vow_promise *promise)
{
    vow_value value;
    size_t length;

    EXPECT(!vow_run(promise, &value));
    length = vow_list_length(vow_as_list(&value));
    vow_value_drop(value);
    return length;
}

/* Each argument is evaluated once, and the list may be empty. */
static void of_forms(vow_loop *loop)
{
    vow_promise *promises[3] = {number(loop), number(loop), number(loop)};
    vow_value value;
    vow_error *error;
    vow_signals *signals;
    int i = 0;

    EXPECT(length_of(vow_all_of(loop, promises[i++])) == 1 && i == 1);
    EXPECT(length_of(vow_all_settled_of(loop, promises[1], promises[2])) == 2);
    EXPECT(length_of(vow_all_of(loop)) == 0 && length_of(vow_all_settled_of(loop)) == 0);
    EXPECT(length_of(vow_all_of(loop, number(loop), number(loop), number(loop))) == 3 && calls == 6);
    EXPECT(!vow_run(vow_any_of(loop, number(loop), number(loop)), &value) && vow_as_int(&value) == 7);
    EXPECT(!vow_run(vow_race_of(loop, number(loop), number(loop)), &value) && vow_as_int(&value) == 9);
    error = vow_run(vow_any_of(loop), NULL);
    EXPECT(error && vow_error_code(error) == VOW_EAGGREGATE);
    vow_error_unref(error);
    vow_unref(vow_race_of(loop));
    promises[0] = vow_race_of(loop);
    promises[1] = vow_shield(number(loop));
    EXPECT(!vow_run(vow_select_of(loop, promises[0], promises[1]), &value) && vow_as_int(&value) == 1);
    vow_unref(promises[0]);
    vow_forget(promises[1]);
    vow_unref(vow_select_of(loop));
    signals = vow_signals_of(loop, SIGUSR1, SIGUSR2);
    EXPECT(signals);
    vow_signals_free(signals);
}

#ifndef __cplusplus
static void on_cancel(vow_resolver *resolver)
{
    (void) resolver;
}

static vow_value told(vow_value *value, void *data)
{
    *(int64_t *) data = vow_as_int(value);
    return vow_nil();
}

struct pair {
    int64_t first, second;
};

/* The commas in braces are the literal's. */
static void literals(vow_loop *loop)
{
    struct pair pair = {0, 0};
    vow_signals *signals = vow_signals_new(loop, 2, (int[]){SIGUSR1, SIGUSR2});
    vow_promise *promise;

    EXPECT(signals);
    vow_signals_free(signals);
    EXPECT(length_of(vow_all(loop, 2, (vow_promise *[]){number(loop), number(loop)})) == 2);
    EXPECT(length_of(vow_all_settled(loop, 2, (vow_promise *[]){number(loop), number(loop)})) == 2);
    EXPECT(!vow_run(vow_any(loop, 2, (vow_promise *[]){number(loop), number(loop)}), NULL));
    EXPECT(!vow_run(vow_race(loop, 2, (vow_promise *[]){number(loop), number(loop)}), NULL));
    promise = vow_promise_new(loop, (vow_resolver[2]){{NULL, NULL}, {NULL, NULL}}, on_cancel);
    vow_unref(promise);
    EXPECT(!vow_run(vow_then(number(loop), told, &(*(struct pair *[]){&pair, NULL})->second), NULL));
    EXPECT(pair.second == calls);
    EXPECT(!vow_run(vow_resolved(loop, (vow_value){NULL, {0}}), (vow_value[]){{NULL, {1}}, {NULL, {2}}}));
}

static void write_parts(vow_loop *loop)
{
    vow_value line;
    int ends[2];

    EXPECT(pipe(ends) == 0);
    vow_stream *in = vow_stream_new(loop, ends[0]);
    vow_stream *out = vow_stream_new(loop, ends[1]);

    EXPECT(in && out);
    EXPECT(!vow_run(vow_stream_writev(out, (struct iovec[]){{"one ", 4}, {"line\n", 5}}, 2), NULL));
    EXPECT(!vow_run(vow_stream_read_line(in, 100), &line));
    EXPECT(strncmp(vow_as_bytes(&line)->data, "one line", 8) == 0);
    vow_value_drop(line);
    vow_stream_free(in);
    vow_stream_free(out);
}
#endif

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);

    of_forms(loop);
#ifndef __cplusplus
    literals(loop);
    write_parts(loop);
#endif
    EXPECT(vow_loop_live(loop) == 0);
    vow_loop_free(loop);
    return 0;
}
