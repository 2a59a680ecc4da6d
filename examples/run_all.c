/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Runs lines for sh(1), several at once, each with a deadline: run_all [-j AT_ONCE] [-t SECONDS] COMMAND...
 *
 * Shows: workers that share one list of work, and processes that end in order. One that is late gets SIGTERM,
 * and SIGKILL five seconds later. So do all of them on SIGINT and SIGTERM.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <vow.h>

static char **next_command; /* the first that no worker has taken; NULL is the end */
static double deadline = 3600;
static int not_done; /* commands that have not ended with 0, or not yet */

/* A command in a process group of its own, so that what it has started ends with it. */
static vow_promise *run_command(vow_loop *loop, char *command)
{
    char *arguments[] = {(char *) "sh", (char *) "-c", command, NULL};
    vow_process_options options = {.arguments = arguments, .own_group = true};
    options.in.kind = VOW_STDIO_NULL;
    options.out.kind = VOW_STDIO_PIPE;
    options.err.kind = VOW_STDIO_STDOUT;
    return vow_timeout(vow_process_run(loop, &options, NULL, 0, 1 << 20), deadline);
}

/* The result is a list of the command's code, its output and nil. */
static void show(const char *command, const vow_list *result, double seconds)
{
    int code = (int) vow_as_int(vow_list_at(result, 0));
    const vow_bytes *output = vow_as_bytes(vow_list_at(result, 1));
    fwrite(output->data, 1, output->length, stdout);
    printf("[%s: %s %d after %.1f s]\n", command, code < 0 ? "signal" : "exit code", abs(code), seconds);
    if (code == 0)
        not_done--;
}

struct worker {
    vow_task task;
    char *command;
    double start;
};

/* Takes one command after the other until there is none. */
VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    while (*next_command) {
        me->command = *next_command++;
        me->start = ev_time();
        VOW_TRY_AWAIT(me, run_command(VOW_LOOP(me), me->command));
        if (VOW_ERROR(me))
            printf("[%s: %s]\n", me->command, vow_error_message(VOW_ERROR(me)));
        else
            show(me->command, vow_as_list(VOW_RESULT(me)), ev_time() - me->start);
        fflush(stdout);
    }
    VOW_END(me);
}

int main(int argc, char **argv)
{
    int option, at_once = 4;
    while ((option = getopt(argc, argv, "j:t:")) != -1)
        if (option == 'j')
            at_once = atoi(optarg);
        else
            deadline = option == 't' ? atof(optarg) : 0;
    next_command = argv + optind;
    not_done = argc - optind;
    if (!*next_command || at_once <= 0 || deadline <= 0) {
        fputs("usage: run_all [-j AT_ONCE] [-t SECONDS] COMMAND...\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_promise *done = vow_async(loop, worker);
    while (--at_once > 0)
        done = vow_all_of(loop, done, vow_async(loop, worker));
    vow_promise *signalled = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    vow_value value; /* a list, or the number of a signal */
    vow_error *error = vow_run(vow_race_of(loop, done, signalled), &value);
    if (error)
        fprintf(stderr, "run_all: %s\n", vow_error_message(error));
    int signum = vow_is_int(&value) ? (int) vow_as_int(&value) : 0;
    if (signum)
        fprintf(stderr, "run_all: signal %d: ending what runs\n", signum);
    vow_error_unref(error);
    vow_value_drop(value);
    ev_run(vow_loop_ev(loop), 0); /* what was told to end has its grace time */
    vow_loop_free(loop);
    return signum ? 128 + signum : not_done ? 1 : 0;
}
