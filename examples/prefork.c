/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A server made of several processes that share a listener: prefork [port] tells everybody who connects which
 * process served them. This file is the parent; prefork_child.c has what each child does.
 *
 * Shows: a loop that is used on both sides of fork(2), and an orderly end: the parent ends all processes on
 * SIGINT and SIGTERM, and when one of them has ended by itself.
 */
#define _POSIX_C_SOURCE 200809L
#include "prefork.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES = 4 };
static ev_child children[PROCESSES];
static bool has_failed; /* one of them, or fork(2) */
static vow_resolver one_ended;

static void child_ended(struct ev_loop *ev, ev_child *child, int revents)
{
    (void) revents;
    ev_child_stop(ev, child);
    int status = child->rstatus; /* a signal to end is not caught any more when it is about to end */
    if (status != 0 && status != SIGTERM && status != SIGINT) {
        fprintf(stderr, "prefork: process %d has failed\n", child->pid);
        has_failed = true;
    }
    vow_resolve(&one_ended, vow_nil()); /* a second time this does nothing */
}

/* True in each child. */
static bool fork_all(void)
{
    for (int i = 0; i < PROCESSES && !has_failed; i++) {
        pid_t pid = fork();
        if (pid == 0)
            return true;
        has_failed = pid < 0;
        ev_child_init(&children[i], child_ended, pid, 0);
    }
    if (has_failed)
        perror("prefork: fork");
    return false;
}

/* Waits for a signal, or for a child that ends by itself. Then ends all children. */
static vow_error *supervise(vow_loop *loop, vow_signals *end)
{
    vow_promise *one = vow_promise_new(loop, &one_ended, NULL);
    for (int i = 0; i < PROCESSES; i++)
        if (children[i].pid > 0) /* it was forked */
            ev_child_start(vow_loop_ev(loop), &children[i]);
    if (has_failed) /* there are too few of them */
        vow_resolve(&one_ended, vow_nil());
    vow_error *error = vow_run(vow_race_of(loop, one, vow_signals_next(end)), NULL);
    for (int i = 0; i < PROCESSES; i++)
        if (ev_is_active(&children[i]))
            kill(children[i].pid, SIGTERM);
    ev_run(vow_loop_ev(loop), 0); /* the watchers keep it going */
    return error;
}

static int run(vow_loop *loop, vow_signals *end, const char *port)
{
    vow_value listener;
    vow_error *error = vow_run(vow_listen(loop, "127.0.0.1", port, 0), &listener);
    if (!error) {
        pid_t parent = getpid();
        if (fork_all())
            return prefork_child(loop, end, listener, parent);
        printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(&listener)));
        fflush(stdout);
        vow_value_drop(listener); /* the children have it */
        error = supervise(loop, end);
    }
    if (error)
        fprintf(stderr, "prefork: %s\n", vow_error_message(error));
    int status = error || has_failed ? 1 : 0;
    vow_error_unref(error);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc > 1 && *argv[1] == '-')) {
        fputs("usage: prefork [port]\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_signals *end = loop ? vow_signals_of(loop, SIGINT, SIGTERM) : NULL;
    if (!end)
        perror("prefork");
    int status = end ? run(loop, end, argc > 1 ? argv[1] : "0") : 1;
    vow_signals_free(end);
    vow_loop_free(loop);
    return status;
}
