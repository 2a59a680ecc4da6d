/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A server made of several processes that share a listener: prefork [port] tells everybody who connects which
 * process served them.
 *
 * Shows: a loop that is used on both sides of fork(2), and an orderly end: the parent ends all processes on
 * SIGINT and SIGTERM, and when one of them has ended by itself.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vow.h>

enum { PROCESSES = 4 };

/* ---- The child ----------------------------------------------------------------------------------------- */

static char answer[32];

static vow_value ignore(const vow_error *error, void *data)
{
    (void) error, (void) data; /* a client that is lost is no failure */
    return vow_nil();
}

static vow_promise *serve_client(vow_loop *loop, vow_value *connection, void *data)
{
    return vow_catch(vow_write(loop, vow_as_fd(connection), answer, strlen(answer)), ignore, data);
}

struct child {
    vow_task task;
    int listener;
    vow_signals *end;
    vow_server server;
    vow_promise *served;
};

VOW_ASYNC(child, me)
{
    VOW_BEGIN(me);
    me->served = vow_serve(VOW_LOOP(me), &me->server, vow_fd(me->listener), serve_client, NULL);
    VOW_AWAIT(me, vow_race_of(VOW_LOOP(me), vow_ref(me->served), vow_signals_next(me->end)));
    vow_server_stop(&me->server, 2.0);
    VOW_AWAIT(me, vow_ref(me->served));
    VOW_FINALLY(me);
    vow_unref(me->served);
    VOW_END(me);
}

static int finish(vow_error *error)
{
    if (error)
        fprintf(stderr, "prefork: process %d: %s\n", (int) getpid(), vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    return status;
}

static int run_child(vow_loop *loop, vow_signals *end, int listener, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* should the parent be killed */
    if (getppid() != parent)
        return 1;
    vow_loop_fork(loop);
    snprintf(answer, sizeof answer, "process %d\n", (int) getpid());
    return finish(vow_run(vow_async(loop, child, .listener = listener, .end = end), NULL));
}

/* ---- The parent ---------------------------------------------------------------------------------------- */

struct children {
    ev_child watchers[PROCESSES];
    int count;
    int failed;
    vow_resolver one_ended;
};

static void child_ended(struct ev_loop *ev, ev_child *watcher, int revents)
{
    (void) revents;
    struct children *children = watcher->data;
    ev_child_stop(ev, watcher);
    int status = watcher->rstatus; /* a signal to end is not caught any more when it is about to end */
    if (status != 0 && status != SIGTERM && status != SIGINT) {
        fprintf(stderr, "prefork: process %d has failed\n", watcher->pid);
        children->failed++;
    }
    vow_resolve(&children->one_ended, vow_nil()); /* a second time this does nothing */
}

/* True in a child. */
static bool fork_all(struct children *children)
{
    while (children->count < PROCESSES) {
        pid_t pid = fork();
        if (pid == 0)
            return true;
        if (pid < 0) {
            perror("prefork: fork");
            children->failed++;
            return false;
        }
        ev_child_init(&children->watchers[children->count], child_ended, pid, 0);
        children->watchers[children->count++].data = children;
    }
    return false;
}

static void end_all(struct ev_loop *ev, struct children *children)
{
    for (int i = 0; i < children->count; i++)
        if (ev_is_active(&children->watchers[i]))
            kill(children->watchers[i].pid, SIGTERM);
    ev_run(ev, 0); /* the watchers keep it going until the last child has ended */
}

static int run_parent(vow_loop *loop, vow_signals *end, struct children *children)
{
    for (int i = 0; i < children->count; i++)
        ev_child_start(vow_loop_ev(loop), &children->watchers[i]);
    vow_promise *one = vow_promise_new(loop, &children->one_ended, NULL);
    if (children->failed)
        vow_resolve(&children->one_ended, vow_nil());
    int status = finish(vow_run(vow_race_of(loop, one, vow_signals_next(end)), NULL));
    end_all(vow_loop_ev(loop), children);
    return status || children->failed ? 1 : 0;
}

static int run(vow_loop *loop, vow_signals *end, const char *port)
{
    vow_value listener;
    vow_error *error = vow_run(vow_listen(loop, "127.0.0.1", port, 0), &listener);
    if (error)
        return finish(error);
    struct children children = {.count = 0};
    pid_t parent = getpid();
    if (fork_all(&children))
        return run_child(loop, end, vow_take_fd(&listener), parent);
    printf("listening on 127.0.0.1:%d\n", vow_socket_port(vow_as_fd(&listener)));
    vow_value_drop(listener);
    return run_parent(loop, end, &children);
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc > 1 && *argv[1] == '-')) {
        fputs("usage: prefork [port]\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* who waits for the port may read it from a pipe */
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_signals *end = loop ? vow_signals_of(loop, SIGINT, SIGTERM) : NULL;
    int status = 1;
    if (end)
        status = run(loop, end, argc > 1 ? argv[1] : "0");
    else
        perror("prefork");
    vow_signals_free(end);
    vow_loop_free(loop);
    return status;
}
