/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the manual promises, seen from outside: those who wait for something of a loop may release
 * whatever belongs to that loop, in handlers and in clean-up; and a handler of another loop on the same
 * ev_loop may free a loop with everything under way.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "place.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAR = 1000 }; /* seconds that no test waits */

static vow_value job(void *data)
{
    (void) data;
    return vow_strdup("done");
}

static void open_pair(int ends[2])
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), ==, 0);
}

/* ---- Released by those who wait ------------------------------------------------------------------------ */

/* Something that others wait for, and how it is released. */
struct thing {
    void *object;
    void (*release)(void *object);
};

static vow_value release_then(vow_value *value, void *data)
{
    struct thing *thing = data;

    (void) value;
    thing->release(thing->object);
    thing->object = NULL;
    return vow_nil();
}

static vow_value release_finally(void *data)
{
    return release_then(NULL, data);
}

static void release_stream(void *object)
{
    vow_stream_free(object);
}

static void release_signals(void *object)
{
    vow_signals_free(object);
}

static void release_interval(void *object)
{
    vow_interval_free(object);
}

static void release_process(void *object)
{
    vow_process_free(object);
}

static void assert_cancelled(vow_promise *promise)
{
    assert_peek(promise, "!ECANCELED");
    vow_unref(promise);
}

static void stream_in_its_handlers(fixture *f)
{
    int ends[2];
    char *much = stream_bytes(1 << 20);

    open_pair(ends);
    struct thing thing = {vow_stream_new(f->loop, ends[0]), release_stream};
    vow_promise *first = vow_then(vow_stream_write(thing.object, "x", 1), release_then, &thing);
    vow_promise *under_way = vow_stream_write(thing.object, much, 1 << 20);
    vow_promise *queued = vow_stream_write(thing.object, much, 1);
    vow_promise *reading = vow_stream_read_all(thing.object, 100);
    run_nil(first);
    g_assert_null(thing.object);
    assert_cancelled(under_way);
    assert_cancelled(queued);
    assert_cancelled(reading);
    close(ends[1]);
    open_pair(ends);
    thing.object = vow_stream_new(f->loop, ends[0]);
    vow_detach(vow_finally(vow_stream_read_line(thing.object, 100), release_finally, &thing));
    f->expect_live = 3;
    free_loop(f);
    g_assert_null(thing.object);
    close(ends[1]);
    g_free(much);
}

static void signals_in_their_handlers(fixture *f)
{
    struct thing thing = {vow_signals_of(f->loop, SIGUSR1, SIGUSR2), release_signals};
    vow_promise *first = vow_then(vow_signals_next(thing.object), release_then, &thing);
    vow_promise *second = vow_signals_next(thing.object);

    raise(SIGUSR1);
    raise(SIGUSR2);
    run_nil(first);
    if (!vow_is_fulfilled(second))
        assert_peek(second, "!ECANCELED");
    vow_unref(second);
    thing.object = vow_signals_of(f->loop, SIGUSR1);
    second = vow_signals_next(thing.object);
    vow_unref(vow_finally(vow_signals_next(thing.object), release_finally, &thing));
    assert_cancelled(second);
}

static void interval_in_its_handlers(fixture *f)
{
    make_virtual(f);
    struct thing thing = {vow_interval_new(f->loop, 60), release_interval};
    vow_promise *first = vow_then(vow_interval_next(thing.object), release_then, &thing);
    vow_promise *second = vow_interval_next(thing.object);

    run_nil(first);
    if (!vow_is_fulfilled(second))
        assert_peek(second, "!ECANCELED");
    vow_unref(second);
    thing.object = vow_interval_new(f->loop, FAR);
    second = vow_interval_next(thing.object);
    vow_unref(vow_finally(vow_interval_next(thing.object), release_finally, &thing));
    assert_cancelled(second);
}

static void process_in_its_handlers(fixture *f)
{
    struct thing thing = {start(f, SH("exit 3")), release_process};
    vow_promise *second = vow_process_wait(thing.object);

    run_nil(vow_then(vow_process_wait(thing.object), release_then, &thing));
    g_assert_cmpint(run_int(second), ==, 3);
    thing.object = start(f, SH("exec sleep 1000"));
    vow_unref(vow_finally(vow_process_wait(thing.object), release_finally, &thing));
    all_ended(f);
}

/* ---- Begun while the loop is being freed --------------------------------------------------------------- */

static vow_promise *no_connection(vow_loop *loop, vow_value *connection, void *data)
{
    (void) connection;
    (void) data;
    return vow_sleep(loop, FAR);
}

static void refused(vow_promise *promise)
{
    assert_cancelled(promise);
}

/* None begins, and what was given away is released. */
static vow_value begin_all(void *data)
{
    fixture *f = data;
    vow_process_options options = {.program = "true"};
    vow_remote *remote = (vow_remote *) data;
    vow_server server;
    char text[8];

    refused(vow_remote_new(f->loop, &remote));
    g_assert_null(remote);
    refused(vow_offload(f->loop, job, NULL));
    refused(vow_file_read(f->loop, "/", 1));
    refused(vow_lookup(f->loop, "localhost", "1"));
    refused(vow_connect(f->loop, "127.0.0.1", "1"));
    refused(vow_listen(f->loop, "127.0.0.1", "0", 1));
    refused(vow_datagram_bind(f->loop, "127.0.0.1", "0"));
    refused(vow_serve(f->loop, &server, vow_fd(dup(STDERR_FILENO)), no_connection, NULL));
    vow_server_stop(&server, 0);
    refused(vow_process_start(f->loop, &options));
    refused(vow_process_run(f->loop, &options, NULL, 0, 0));
    refused(vow_signal(f->loop, SIGUSR1));
    refused(vow_changed(f->loop, "/"));
    refused(vow_idle(f->loop));
    refused(vow_read(f->loop, STDERR_FILENO, text, sizeof text));
    g_assert_null(vow_signals_of(f->loop, SIGUSR1));
    g_assert_null(vow_interval_new(f->loop, 1));
    g_assert_null(vow_watch_new(f->loop, "/", 0));
    note(f, "refused");
    return vow_nil();
}

static void nothing_begins_while_a_loop_is_freed(fixture *f)
{
    vow_detach(vow_finally(vow_sleep(f->loop, FAR), begin_all, f));
    f->expect_live = 2;
    free_loop(f);
    assert_log(f, "refused");
    assert_no_children();
}

/* ---- Clean-up that awaits ------------------------------------------------------------------------------ */

struct tidy {
    vow_task task;
    fixture *f;
    vow_process *process;
    vow_stream *stream;
};

VOW_ASYNC(tidy, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_process_start(VOW_LOOP(me),
                                    &(vow_process_options){.program = "cat", .in = {VOW_STDIO_PIPE, 0}}));
    me->process = vow_take_process(VOW_RESULT(me));
    me->stream = vow_process_stdin(me->process);
    note(me->f, "runs");
    VOW_AWAIT(me, vow_sleep(VOW_LOOP(me), FAR));
    VOW_FINALLY(me);
    VOW_TRY_AWAIT(me, vow_stream_close(me->stream));
    VOW_TRY_AWAIT(me, vow_offload(VOW_LOOP(me), job, NULL));
    note(me->f, VOW_ERROR(me) ? "no-job" : "job");
    VOW_TRY_AWAIT(me, vow_process_wait(me->process));
    note(me->f, VOW_ERROR(me) ? "killed" : "ended");
    vow_process_free(me->process);
    VOW_END(me);
}

static vow_promise *begin_tidy(fixture *f)
{
    vow_promise *task = vow_async(f->loop, tidy, .f = f);

    turn(f);
    assert_log(f, "runs");
    return task;
}

static void clean_up_awaits_them(fixture *f)
{
    vow_unref(begin_tidy(f));
    all_ended(f);
    assert_log(f, "job ended");
    vow_promise *task = begin_tidy(f), *kept = vow_ref(task);
    vow_cancel(task);
    run_fails(kept, ECANCELED, "");
    assert_log(f, "job ended");
    run_fails(vow_timeout(begin_tidy(f), 0), ETIMEDOUT, "");
    all_ended(f);
    assert_log(f, "job ended");
    vow_detach(begin_tidy(f));
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    assert_log(f, "no-job killed");
    assert_no_children();
    g_assert_null(vow_offload_shutdown(INFINITY));
}

/* ---- Two loops on one ev_loop -------------------------------------------------------------------------- */

static void release_loop(void *object)
{
    vow_loop_free(object);
}

/* What has happened to the first one and is not delivered yet never is. */
static void a_loop_is_freed_by_another(fixture *f)
{
    vow_loop *other = vow_loop_new(f->ev);
    struct thing thing = {other, release_loop};
    int ends[2], mine[2];
    char text[8];
    vow_remote *remote;

    open_pair(ends);
    open_pair(mine);
    collect_reports(f, other);
    vow_promise *freed = vow_then(vow_readable(f->loop, mine[0]), release_then, &thing);
    vow_stream *stream = vow_stream_new(other, dup(ends[0]));
    vow_signals *signals = vow_signals_of(other, SIGUSR1);
    vow_detach(vow_stream_read(stream, text, sizeof text));
    vow_detach(vow_read(other, ends[0], text, sizeof text));
    vow_detach(vow_signals_next(signals));
    vow_detach(vow_offload(other, job, NULL));
    vow_detach(vow_remote_new(other, &remote));
    vow_detach(vow_sleep(other, 0));
    vow_detach(vow_idle(other));
    vow_detach(vow_process_run(other, &(vow_process_options){.program = "true"}, NULL, 0, 0));
    put(mine[1], "x");
    put(ends[1], "x");
    raise(SIGUSR1);
    vow_remote_resolve(remote, vow_strdup("too late"));
    run_nil(freed);
    g_assert_null(thing.object);
    expect_report(f, "(stream) was never released");
    expect_report(f, "(signals) was never released");
    vow_stream_free(stream);
    vow_signals_free(signals);
    close_both(ends);
    close_both(mine);
    assert_no_children();
    g_assert_null(vow_offload_shutdown(INFINITY));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/black-box/reentrant/stream", stream_in_its_handlers);
    test_add("/black-box/reentrant/signals", signals_in_their_handlers);
    test_add("/black-box/reentrant/interval", interval_in_its_handlers);
    test_add("/black-box/reentrant/process", process_in_its_handlers);
    test_add("/black-box/reentrant/nothing-begins", nothing_begins_while_a_loop_is_freed);
    test_add("/black-box/reentrant/clean-up-awaits", clean_up_awaits_them);
    test_add("/black-box/reentrant/freed-by-another", a_loop_is_freed_by_another);
    return g_test_run();
}
