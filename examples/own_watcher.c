/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Wraps a watcher of your own, here libev's ev_child: run_command() returns the promise of a command's exit
 * status. Run it: examples/own_watcher
 *
 * Shows: a vow_resolver embedded beside the watcher in the struct that does the work; settling from the
 * watcher's callback; stopping (here: killing the command) when nobody waits any more.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vow.h>

struct command {
    vow_resolver resolver; /* first, so that cancelled() finds the rest */
    struct ev_loop *ev;
    ev_child child;
};

static void exited(struct ev_loop *ev, ev_child *child, int revents)
{
    (void) revents;
    struct command *command = child->data;
    int status = child->rstatus;
    ev_child_stop(ev, child);
    if (WIFEXITED(status))
        vow_resolve(&command->resolver, vow_int(WEXITSTATUS(status)));
    else
        vow_reject(&command->resolver, vow_error_new(EINTR, "ended by signal %d", WTERMSIG(status)));
    free(command); /* a resolver that was used may go */
}

/* Nobody waits any more. libev reaps the child when it is gone. */
static void cancelled(vow_resolver *resolver)
{
    struct command *command = (struct command *) resolver;
    printf("stopping the command\n");
    kill(command->child.pid, SIGKILL);
    ev_child_stop(command->ev, &command->child);
    free(command);
}

static vow_promise *run_command(vow_loop *loop, const char *text)
{
    struct command *command = calloc(1, sizeof *command);
    if (!command)
        return vow_rejected(loop, vow_error_new(ENOMEM, "no memory for a command"));
    vow_promise *promise = vow_promise_new(loop, &command->resolver, cancelled);
    pid_t pid = vow_resolver_is_pending(&command->resolver) ? fork() : -1; /* else nobody could stop it */
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", text, (char *) NULL);
        _exit(127);
    }
    if (pid < 0) {
        vow_reject(&command->resolver, vow_error_new(errno, "cannot start the command: %s", strerror(errno)));
        free(command);
        return promise;
    }
    command->ev = vow_loop_ev(loop);
    ev_child_init(&command->child, exited, pid, 0);
    command->child.data = command;
    ev_child_start(command->ev, &command->child);
    return promise;
}

static void show(vow_promise *promise)
{
    vow_value status = vow_nil();
    vow_error *error = vow_run(promise, &status);
    if (error)
        printf("failed: %s\n",
               vow_error_is(error, &vow_domain_errno, ETIMEDOUT) ? "too slow" : vow_error_message(error));
    else
        printf("exit status %d\n", (int) vow_as_int(&status));
    vow_error_unref(error);
    vow_value_drop(status);
}

int main(void)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT); /* libev watches children on its default loop alone */
    if (!loop)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    show(run_command(loop, "exit 3"));
    show(run_command(loop, "kill -9 $$"));
    show(vow_timeout(run_command(loop, "exec sleep 60"), 0.2));
    vow_loop_free(loop);
    return 0;
}
