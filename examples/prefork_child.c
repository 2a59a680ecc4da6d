/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A child of prefork: a server on a listener that it shares with its brothers and sisters.
 * Shows: how a child takes over the loop that its parent has made.
 */
#define _POSIX_C_SOURCE 200809L
#include "prefork.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const double grace_seconds = 2; /* after a signal: for clients that are being served */

static vow_value ignore(const vow_error *error, void *data)
{
    (void) error, (void) data; /* a client that is lost is no failure */
    return vow_nil();
}

static vow_promise *serve_client(vow_loop *loop, vow_value *connection, void *answer)
{
    return vow_catch(vow_write(loop, vow_as_fd(connection), answer, strlen(answer)), ignore, NULL);
}

static vow_error *serve(vow_loop *loop, vow_signals *end, vow_value listener)
{
    char answer[32];
    snprintf(answer, sizeof answer, "process %d\n", (int) getpid());
    vow_server server;
    vow_promise *served = vow_serve(loop, &server, listener, serve_client, answer);
    vow_error *error = vow_run(vow_race_of(loop, vow_ref(served), vow_signals_next(end)), NULL);
    if (error) {
        vow_unref(served);
        return error;
    }
    vow_server_stop(&server, grace_seconds);
    return vow_run(served, NULL);
}

int prefork_child(vow_loop *loop, vow_signals *end, vow_value listener, pid_t parent)
{
    vow_loop_fork(loop);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* should the parent be killed */
    if (getppid() != parent) {        /* it was killed before that call */
        vow_value_drop(listener);
        return 1;
    }
    vow_error *error = serve(loop, end, listener);
    if (!error)
        return 0;
    fprintf(stderr, "prefork: process %d: %s\n", (int) getpid(), vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
