/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The snippets of the public headers, compiled and run. A snippet that cannot stand alone gets here what it
 * needs: a task around it, a struct for `me`, a loop. Each is included by the name that tools/snippets.pl
 * gives it. tests/snippets.sh says which are missing here; the compiler complains about the line of the
 * header.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- testing.h ---- */

#include "snippets/testing.h"

/* ---- The other headers ---- */

#define CHECK(condition) ((condition) ? (void) 0 : fail(#condition))

static const char *running;

static void fail(const char *what)
{
    fprintf(stderr, "%s: not so: %s\n", running, what);
    exit(1);
}

static void complain(const vow_report *report, void *data)
{
    (void) data;
    fail(report->text);
}

/* Runs a promise to its end: 0, or the code of its error. */
static int outcome(vow_promise *promise)
{
    vow_error *error = vow_run(promise, NULL);
    int code = error ? vow_error_code(error) : 0;

    vow_error_unref(error);
    return code;
}

/* ---- combinators.h ---- */

#include "snippets/vow_select"

static void select_console(vow_loop *loop)
{
    int ends[2];

    CHECK(pipe(ends) == 0);
    vow_stream *input = vow_stream_new(loop, ends[0]);
    vow_signals *signals = vow_signals_of(loop, SIGUSR1);

    CHECK(input && signals && raise(SIGUSR1) == 0);
    CHECK(write(ends[1], "one\ntwo\n", 8) == 8 && close(ends[1]) == 0);
    CHECK(outcome(vow_async(loop, console, .input = input, .signals = signals)) == 0);
}

/* ---- interval.h ---- */

#include "snippets/interval.h"

static void interval(vow_loop *loop)
{
    CHECK(outcome(vow_timeout(vow_async(loop, stopwatch), 5)) == ETIMEDOUT);
}

/* ---- poll.h, and as much of libpq as it needs ---- */

typedef struct PGconn {
    int fd, missing;
} PGconn;

static int PQsocket(const PGconn *connection)
{
    return connection->fd;
}

static int PQisBusy(const PGconn *connection)
{
    return connection->missing > 0;
}

static int PQconsumeInput(PGconn *connection)
{
    char byte;

    connection->missing--;
    return read(connection->fd, &byte, 1) == 1;
}

#include "snippets/poll.h"

static void polled(vow_loop *loop)
{
    int ends[2];
    PGconn connection = {.missing = 3};

    CHECK(pipe(ends) == 0 && write(ends[1], "yes", 3) == 3);
    connection.fd = ends[0];
    CHECK(outcome(vow_async(loop, answer, .connection = &connection)) == 0 && connection.missing == 0);
    close(ends[0]);
    close(ends[1]);
}

/* ---- process.h ---- */

struct started {
    vow_task task;
    vow_process *process;
};

VOW_ASYNC(started, me)
{
    static char *const argv[] = {"true", NULL};

    VOW_BEGIN(me);
#include "snippets/vow_process_start"
    CHECK(vow_as_int(VOW_RESULT(me)) == 0);
    VOW_FINALLY(me);
    vow_process_free(me->process);
    VOW_END(me);
}

static void process_start(vow_loop *loop)
{
    CHECK(outcome(vow_async(loop, started)) == 0);
}

static void process_wait(vow_loop *loop)
{
    vow_process_options options = {.program = "true"};
    vow_value value;
    vow_error *error = vow_run(vow_process_start(loop, &options), &value);
    vow_process *process = error ? NULL : vow_take_process(&value);

    CHECK(process);
#include "snippets/vow_process_wait"
    CHECK(outcome(done) == 0);
}

struct dated {
    vow_task task;
};

VOW_ASYNC(dated, me)
{
    VOW_BEGIN(me);
#include "snippets/vow_process_run"
    VOW_END(me);
}

static void process_run(vow_loop *loop)
{
    CHECK(outcome(vow_async(loop, dated)) == 0);
}

/* ---- queue.h ---- */

#include "snippets/queue.h"

static void queue(vow_loop *loop)
{
    vow_queue *numbers = vow_queue_new(loop, 2);
    vow_promise *sum = vow_async(loop, adding, .queue = numbers);
    vow_value value;

    vow_error *error = vow_run(vow_all_of(loop, sum, vow_async(loop, counting, .queue = numbers)), &value);
    CHECK(!error && vow_as_int(vow_list_at(vow_as_list(&value), 0)) == 55);
    vow_value_drop(value);
    vow_queue_free(numbers);
}

/* ---- socket.h ---- */

/* The port may be taken, and is not everybody's. */
static void listen_with(vow_loop *loop)
{
#include "snippets/vow_listen_with"
    (void) outcome(listener);
}

static void peer_timeout(vow_loop *loop)
{
    vow_value connected = vow_fd(socket(AF_INET, SOCK_STREAM, 0));

    (void) loop;
#include "snippets/vow_socket_set_peer_timeout"
    close(fd);
}

/* ---- stream.h ---- */

#include "snippets/stream.h"

static void stream(vow_loop *loop)
{
    char answer[16] = "";
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(write(ends[0], "who?\nme\n", 8) == 8 && shutdown(ends[0], SHUT_WR) == 0);
    CHECK(outcome(vow_async(loop, parrot, .fd = ends[1])) == 0);
    CHECK(read(ends[0], answer, sizeof answer) == 8 && strcmp(answer, "who?\nme\n") == 0);
    close(ends[0]);
}

/* ---- sync.h ---- */

#include "snippets/sync.h"

static void downloads(vow_loop *loop)
{
    vow_semaphore *slots = vow_semaphore_new(loop, 2);
    vow_value permit;

    CHECK(slots);
    CHECK(outcome(vow_all_of(loop, vow_async(loop, download, .slots = slots),
                             vow_async(loop, download, .slots = slots),
                             vow_async(loop, download, .slots = slots))) == 0);
    CHECK(outcome(vow_timeout(vow_async(loop, download, .slots = slots), 0)) == ETIMEDOUT);
    CHECK(vow_semaphore_available(slots) == 2);
    CHECK(vow_semaphore_try_acquire(slots, &permit));
    vow_semaphore_free(slots);
    vow_value_drop(permit);
}

#include "snippets/vow_condition_new"

static void condition(vow_loop *loop)
{
    struct stock stock = {0, vow_condition_new(loop)};
    vow_promise *both;

    CHECK(stock.changed);
    both = vow_all_of(loop, vow_async(loop, buyer, .stock = &stock), vow_async(loop, buyer, .stock = &stock));
    stock.items = 2;
    vow_condition_notify_all(stock.changed);
    CHECK(outcome(both) == 0 && stock.items == 0);
    vow_condition_free(stock.changed);
}

/* ---- task.h ---- */

#include "snippets/task.h"

static void task(vow_loop *loop)
{
#include "snippets/task.h-2"
    CHECK(outcome(done) == 0);
}

/* ---- All of them ---- */

#define CASE(function)      \
    {                       \
#function, function \
    }

static const struct {
    const char *name;
    void (*run)(vow_loop *loop);
} cases[] = {
    CASE(condition),      CASE(downloads),   CASE(interval),      CASE(listen_with),  CASE(peer_timeout),
    CASE(polled),         CASE(process_run), CASE(process_start), CASE(process_wait), CASE(queue),
    CASE(select_console), CASE(stream),      CASE(task),          CASE(test_an_hour),
};

int main(void)
{
    alarm(60);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vow_loop *loop = vow_loop_new(EV_DEFAULT);

        running = cases[i].name;
        CHECK(loop);
        vow_loop_set_report(loop, complain, NULL);
        CHECK(vow_clock_virtual(loop) == 0); /* no snippet takes long */
        cases[i].run(loop);
        vow_loop_free(loop);
    }
    return 0;
}
