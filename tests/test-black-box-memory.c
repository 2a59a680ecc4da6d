/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the manual promises about memory, seen from outside: what was begun ends as it should when there
 * is no memory any more, and what is begun and dropped many times leaves none behind.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "gate.h"
#include "processes.h"
#include "streams.h"
#include "support.h"

#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 20000, FAR = 1000 };

static void open_pair(int ends[2])
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), ==, 0);
}

static void assert_settles(fixture *f, vow_promise *promise, const char *expected)
{
    while (vow_is_pending(promise))
        ev_run(f->ev, EVRUN_ONCE);
    assert_peek(promise, expected);
    vow_unref(promise);
}

/* ---- No memory from when it is under way --------------------------------------------------------------- */

static vow_value job(void *data)
{
    gate_pass(data);
    return vow_int(7);
}

static void threads_settle(fixture *f)
{
    struct gate gate = GATE_CLOSED;
    vow_remote *remote;
    vow_promise *offloaded = vow_offload(f->loop, job, &gate);
    vow_promise *awaited = vow_remote_new(f->loop, &remote);

    gate_await(&gate, 1);
    memory_fail(f, 1, true);
    gate_open(&gate);
    assert_settles(f, offloaded, "7");
    vow_remote_resolve(remote, vow_int(3));
    assert_settles(f, awaited, "3");
    memory_fail(f, 0, false);
    g_assert_null(vow_offload_shutdown(INFINITY));
}

static void events_settle_in(fixture *f, double seconds)
{
    vow_process *process = start(f, SH("exec sleep 1000"));
    vow_signals *signals = vow_signals_of(f->loop, SIGHUP);
    vow_interval *interval = vow_interval_new(f->loop, seconds);
    vow_promise *ended = vow_process_wait(process), *signalled = vow_signals_next(signals);
    vow_promise *tick = vow_interval_next(interval), *late = vow_timeout(vow_sleep(f->loop, FAR), seconds);

    memory_fail(f, 1, true);
    vow_process_end(process);
    raise(SIGHUP);
    assert_settles(f, ended, "-15");
    assert_settles(f, signalled, "1");
    while (vow_is_pending(tick))
        ev_run(f->ev, EVRUN_ONCE);
    g_assert_true(vow_is_fulfilled(tick));
    vow_unref(tick);
    assert_settles(f, late, "!ETIMEDOUT");
    memory_fail(f, 0, false);
    vow_process_free(process);
    vow_signals_free(signals);
    vow_interval_free(interval);
    all_ended(f);
}

/* On a clock of either kind. */
static void events_settle(fixture *f)
{
    events_settle_in(f, 0.001);
    make_virtual(f);
    events_settle_in(f, 60);
}

/* Closing needs none from the start. Reading what needs a buffer rejects, and goes on later. */
static void streams_settle(fixture *f)
{
    const size_t size = 1 << 20;
    int in[2], out[2];
    char text[4] = "", *much = stream_bytes(size);

    open_pair(in);
    open_pair(out);
    vow_stream *reader = vow_stream_new(f->loop, in[0]), *writer = vow_stream_new(f->loop, out[0]);
    vow_promise *reading = vow_stream_read(reader, text, 3), *writing = vow_stream_write(writer, much, size);
    memory_fail(f, 1, true);
    vow_promise *closing = vow_stream_close(writer);
    put(in[1], "abc");
    assert_settles(f, reading, "3");
    while (vow_is_pending(closing)) {
        while (read(out[1], much, size) > 0)
            continue;
        turn(f);
    }
    assert_settles(f, writing, "1048576");
    assert_settles(f, closing, "nil");
    memory_fail(f, 0, false);
    reading = vow_stream_read_line(reader, 100);
    memory_fail(f, 1, true);
    put(in[1], "line\n");
    assert_settles(f, reading, "!ENOMEM");
    memory_fail(f, 0, false);
    run_bytes(vow_stream_read_line(reader, 100), "line");
    vow_stream_free(reader);
    close(in[1]);
    close(out[1]);
    g_free(much);
}

/* ---- Many ---------------------------------------------------------------------------------------------- */

/* How many vacant slabs and regions a loop may keep: more, if more jobs were waiting at once than before. */
enum { KEPT = 28 };

static void begin_and_drop(fixture *f, int fd, struct gate *gate)
{
    vow_remote *remote;
    char byte;

    vow_unref(vow_timeout(vow_sleep(f->loop, FAR), FAR));
    vow_unref(vow_offload(f->loop, job, gate));
    vow_unref(vow_remote_new(f->loop, &remote));
    vow_remote_resolve(remote, vow_strdup("nobody waits"));
    vow_stream *stream = vow_stream_new(f->loop, dup(fd));
    vow_promise *reading = vow_stream_read(stream, &byte, 1);
    vow_stream_free(stream);
    vow_unref(reading);
}

static void begun_and_dropped(fixture *f)
{
    struct gate gate = GATE_OPEN; /* in use until the jobs have returned */
    int ends[2], before = 0;

    open_pair(ends);
    vow_offload_set_limits(1, SIZE_MAX);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            begin_and_drop(f, ends[0], &gate);
        g_assert_null(vow_offload_shutdown(INFINITY));
        while (vow_loop_live(f->loop) > 0)
            turn(f);
        if (round)
            g_assert_cmpint(g_atomic_int_get(&f->memory.blocks), <=, before + KEPT);
        before = g_atomic_int_get(&f->memory.blocks);
    }
    vow_offload_set_limits(0, 65536);
    close_both(ends);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/black-box/memory/threads", threads_settle);
    test_add("/black-box/memory/events", events_settle);
    test_add("/black-box/memory/streams", streams_settle);
    test_add("/black-box/memory/many", begun_and_dropped);
    return g_test_run();
}
