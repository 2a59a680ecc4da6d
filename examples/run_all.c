/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs commands, several at once, each with a deadline: a small parallel make, or timeout(1) for many.
 *
 *     run_all [-j AT_ONCE] [-t SECONDS] COMMAND...
 *
 * Each command is a line for sh(1). What it prints is shown in one piece when it has ended, together with how
 * it ended and how long it took. A command that is late gets SIGTERM, and its children do, too, and SIGKILL
 * two seconds later. On the first SIGINT or SIGTERM no further command is started, and those that run are
 * ended in the same way; the program waits until they are gone. On a second signal it does not wait. The exit
 * code is 0 if every command's was.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vow.h>

#define OUTPUT_MAX (1 << 20)
#define GRACE 2.0

/* What the workers share. */
struct jobs {
    char **next; /* the command to run next; NULL at the end */
    double deadline;
    int failed;
};

struct worker {
    vow_task task;
    struct jobs *jobs;
    const char *command;
    double start;
};

static double seconds_since(vow_loop *loop, double start)
{
    ev_now_update(vow_loop_ev(loop));
    return ev_now(vow_loop_ev(loop)) - start;
}

/* A command in a process group of its own, so that what it has started ends with it. */
static vow_promise *run_command(vow_loop *loop, const char *command, double deadline)
{
    char *arguments[] = {(char *) "sh", (char *) "-c", (char *) command, NULL};
    vow_process_options options = {.arguments = arguments,
                                   .in.kind = VOW_STDIO_NULL,
                                   .out.kind = VOW_STDIO_PIPE,
                                   .err.kind = VOW_STDIO_STDOUT,
                                   .grace = GRACE,
                                   .own_group = true};

    return vow_timeout(vow_process_run(loop, &options, NULL, 0, OUTPUT_MAX), deadline);
}

/* The result is a list of the command's code, its output and nil. */
static bool show_result(const vow_list *result, const char *command, double seconds)
{
    int code = (int) vow_as_int(vow_list_at(result, 0));
    const vow_bytes *output = vow_as_bytes(vow_list_at(result, 1));

    fwrite(output->data, 1, output->length, stdout);
    if (code < 0)
        printf("[%s: signal %d after %.1f s]\n", command, -code, seconds);
    else
        printf("[%s: exit code %d after %.1f s]\n", command, code, seconds);
    fflush(stdout);
    return code == 0;
}

/* Takes one command after the other until there is none. */
VOW_ASYNC(worker, me)
{
    VOW_BEGIN(me);
    while (*me->jobs->next) {
        me->command = *me->jobs->next++;
        me->start = ev_now(vow_loop_ev(VOW_LOOP(me)));
        VOW_TRY_AWAIT(me, run_command(VOW_LOOP(me), me->command, me->jobs->deadline));
        if (VOW_ERROR(me)) {
            printf("[%s: %s]\n", me->command, vow_error_message(VOW_ERROR(me)));
            fflush(stdout);
            me->jobs->failed++;
        } else if (!show_result(vow_as_list(VOW_RESULT(me)), me->command,
                                seconds_since(VOW_LOOP(me), me->start))) {
            me->jobs->failed++;
        }
    }
    VOW_END(me);
}

static vow_promise *run_all(vow_loop *loop, struct jobs *jobs, int at_once)
{
    vow_promise *all = vow_async(loop, worker, .jobs = jobs);

    while (--at_once > 0)
        all = vow_all_of(loop, all, vow_async(loop, worker, .jobs = jobs));
    return all;
}

/* Everything is dropped: what runs is ended, and keeps ev_run() going until it is gone; or until the next
 * signal. */
static int stop(vow_loop *loop, vow_signals *signals, int signum)
{
    fprintf(stderr, "run_all: signal %d: ending what runs\n", signum);
    vow_signals_free(signals);
    ev_run(vow_loop_ev(loop), 0);
    return 128 + signum;
}

/* Until all is done or a signal comes. */
static int supervise(vow_loop *loop, struct jobs *jobs, int at_once)
{
    vow_signals *signals = vow_signals_of(loop, SIGINT, SIGTERM);
    vow_value first;
    vow_error *error;

    if (!signals) {
        perror("run_all");
        return 1;
    }
    error = vow_run(vow_race_of(loop, run_all(loop, jobs, at_once), vow_signals_next(signals)), &first);
    if (error) {
        fprintf(stderr, "run_all: %s\n", vow_error_message(error));
        vow_error_unref(error);
        jobs->failed++;
    }
    if (vow_is_int(&first))
        return stop(loop, signals, (int) vow_as_int(&first));
    vow_signals_free(signals);
    vow_value_drop(first);
    return jobs->failed ? 1 : 0;
}

static int usage(void)
{
    fputs("usage: run_all [-j AT_ONCE] [-t SECONDS] COMMAND...\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct jobs jobs = {.deadline = 3600};
    int at_once = 4, status;
    char **next = argv + (argc > 0);
    vow_loop *loop;

    for (; *next && **next == '-'; next += 2) {
        if (strcmp(*next, "-j") == 0 && next[1] && atoi(next[1]) > 0)
            at_once = atoi(next[1]);
        else if (strcmp(*next, "-t") == 0 && next[1] && atof(next[1]) > 0)
            jobs.deadline = atof(next[1]);
        else
            return usage();
    }
    if (!*next)
        return usage();
    jobs.next = next;
    loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    status = supervise(loop, &jobs, at_once);
    ev_run(vow_loop_ev(loop), 0); /* what was late has its grace time */
    vow_loop_free(loop);
    return status;
}
