/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As test-nulls.c, for loops, tasks, time, streams, descriptors, addresses, files, processes and threads. If
 * a system call would be given NULL, as for a path, that is a rejection where the header says so.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "nulls.h"

#include <vow/testing.h>

#include <sys/uio.h>

#include <vow/address.h>

static bool ignored;
static const void *got;

/* It is told by the promise. */
static void run(vow_promise *promise)
{
    vow_error_unref(vow_run(promise, NULL));
}

static void at_end(void *data)
{
    (void) data;
}

static void test_loop(fixture *f)
{
    MISUSE_HERE(vow_loop_new, got = vow_loop_new(null));
    MISUSE_HERE(vow_loop_fork, vow_loop_fork(null));
    MISUSE_HERE(vow_loop_ev, vow_loop_ev(null));
    MISUSE_HERE(vow_loop_live, vow_loop_live(null));
    MISUSE_HERE(vow_loop_set_report, vow_loop_set_report(null, NULL, NULL));
    MISUSE_HERE(vow_loop_set_data, vow_loop_set_data(null, NULL));
    MISUSE_HERE(vow_loop_data, vow_loop_data(null));
    MISUSE_HERE(vow_loop_at_end, vow_loop_at_end(null, at_end, NULL));
    MISUSE_HERE(vow_loop_at_end, vow_loop_at_end(f->loop, NULL, NULL));
    MISUSE_HERE(vow_never, run(vow_never(null)));
    MISUSE_HERE(vow_now, vow_now(null));
    MISUSE_HERE(vow_clock_virtual, vow_clock_virtual(null));
    MISUSE_HERE(vow_clock_advance, vow_clock_advance(null, 0));
    MISUSE_HERE(vow_clock_ignore_events, vow_clock_ignore_events(null, true));
    MISUSE_HERE(vow_sleep, run(vow_sleep(null, 0)));
    MISUSE_HERE(vow_sleep_until, run(vow_sleep_until(null, 0)));
    MISUSE_HERE(vow_yield, run(vow_yield(null)));
    MISUSE_HERE(vow_idle, run(vow_idle(null)));
    MISUSE_HERE(vow_interval_new, got = vow_interval_new(null, 1));
    MISUSE_HERE(vow_interval_by_clock, got = vow_interval_by_clock(null, 0, 1));
    MISUSE_HERE(vow_interval_next, run(vow_interval_next(null)));
    NOTHING(vow_interval_free, vow_interval_free(null));
    NOTHING(vow_loop_free, vow_loop_free(null));
    NOTHING(vow_loop_set_report, vow_loop_set_report(f->loop, NULL, NULL));
    NOTHING(vow_allocator_set, vow_allocator_set(null));
}

struct nobody {
    vow_task task;
};

VOW_ASYNC(nobody, me)
{
    VOW_BEGIN(me);
    VOW_END(me);
}

static void test_tasks(fixture *f)
{
    struct nobody frame = {{0, 0, NULL}};

    MISUSE_HERE(vow_async, run(vow_async_at(f->loop, null, &frame, VOW_HERE)));
    MISUSE_HERE(vow_async, run(vow_async_at(f->loop, &vow__task_nobody, null, VOW_HERE)));
    MISUSE_HERE(vow_async, run(vow_async_at(null, &vow__task_nobody, &frame, VOW_HERE)));
}

static void test_descriptors(fixture *f)
{
    vow_buffer buffer = {0};
    char byte;

    MISUSE_HERE(vow_poll_new, got = vow_poll_new(null, 0));
    MISUSE_HERE(vow_poll_next, run(vow_poll_next(null, 1)));
    NOTHING(vow_poll_free, vow_poll_free(null));
    MISUSE_HERE(vow_readable, run(vow_readable(null, 0)));
    MISUSE_HERE(vow_writable, run(vow_writable(null, 0)));
    MISUSE_HERE(vow_read, run(vow_read(null, 0, &byte, 1)));
    MISUSE_HERE(vow_read, run(vow_read(f->loop, 0, null, 1)));
    MISUSE_HERE(vow_write, run(vow_write(null, 0, "x", 1)));
    MISUSE_HERE(vow_write, run(vow_write(f->loop, 0, null, 1)));
    MISUSE_HERE(vow_read_until, run(vow_read_until(null, 0, &buffer, "\n", 1)));
    MISUSE_HERE(vow_read_until, run(vow_read_until(f->loop, 0, null, "\n", 1)));
    MISUSE_HERE(vow_buffer_consume, vow_buffer_consume(null, 0));
    MISUSE_HERE(vow_buffer_clear, vow_buffer_clear(null));
    NOTHING(vow_read_until, run(vow_read_until(f->loop, 0, &buffer, null, 1)));
    NOTHING(vow_read, vow_unref(vow_read(f->loop, -1, null, 0)));
}

static vow_stream *stream_on(fixture *f, int fd)
{
    return vow_stream_new(f->loop, fd);
}

static void test_streams(fixture *f)
{
    int ends[2];
    char byte;

    g_assert_cmpint(pipe(ends), ==, 0);
    MISUSE_HERE(vow_stream_new, got = vow_stream_new(null, 0));
    MISUSE_HERE(vow_stream_close, run(vow_stream_close(null)));
    MISUSE_HERE(vow_stream_fd, vow_stream_fd(null));
    MISUSE_HERE(vow_stream_buffered, vow_stream_buffered(null));
    MISUSE_HERE(vow_stream_queued, vow_stream_queued(null));
    MISUSE_HERE(vow_stream_set_high_water, vow_stream_set_high_water(null, 1));
    MISUSE_HERE(vow_stream_readable, run(vow_stream_readable(null)));
    MISUSE_HERE(vow_stream_read, run(vow_stream_read(null, &byte, 1)));
    MISUSE_HERE(vow_stream_read, run(vow_stream_read(stream_on(f, ends[0]), null, 1)));
    MISUSE_HERE(vow_stream_read_exactly, run(vow_stream_read_exactly(null, &byte, 1)));
    MISUSE_HERE(vow_stream_read_exactly, run(vow_stream_read_exactly(stream_on(f, ends[0]), null, 1)));
    MISUSE_HERE(vow_stream_read_until, run(vow_stream_read_until(null, "\n", 1)));
    MISUSE_HERE(vow_stream_read_line, run(vow_stream_read_line(null, 1)));
    MISUSE_HERE(vow_stream_read_all, run(vow_stream_read_all(null, 1)));
    MISUSE_HERE(vow_stream_write, run(vow_stream_write(null, "x", 1)));
    MISUSE_HERE(vow_stream_write, run(vow_stream_write(vow_stream_new(f->loop, ends[1]), null, 1)));
    MISUSE_HERE(vow_stream_writev, run(vow_stream_writev(null, NULL, 0)));
    MISUSE_HERE(vow_stream_writev, run(vow_stream_writev(vow_stream_new(f->loop, ends[1]), null, 1)));
    MISUSE_HERE(vow_stream_shutdown, run(vow_stream_shutdown(null)));
    MISUSE_HERE(vow_stream_copy, run(vow_stream_copy(null, vow_stream_new(f->loop, ends[1]))));
    MISUSE_HERE(vow_stream_copy, run(vow_stream_copy(vow_stream_new(f->loop, ends[0]), null)));
    NOTHING(vow_stream_read_until, run(vow_stream_read_until(vow_stream_new(f->loop, ends[0]), null, 1)));
    NOTHING(vow_stream_free, vow_stream_free(null));
    close(ends[0]);
    close(ends[1]);
}

static void test_addresses(fixture *f)
{
    vow_address address = {0};
    char text[VOW_ADDRESS_TEXT_SIZE];

    (void) f;
    MISUSE_HERE(vow_address_parse, ignored = vow_address_parse(null, "x"));
    MISUSE_HERE(vow_address_format, vow_address_format(null, text, sizeof text));
    MISUSE_HERE(vow_address_format, vow_address_format(&address, null, 1));
    MISUSE_HERE(vow_address_family, vow_address_family(null));
    MISUSE_HERE(vow_address_port, vow_address_port(null));
    MISUSE_HERE(vow_address_equal, ignored = vow_address_equal(null, &address));
    MISUSE_HERE(vow_address_equal, ignored = vow_address_equal(&address, null));
    MISUSE_HERE(vow_address_sockaddr, vow_address_sockaddr(null));
    MISUSE_HERE(vow_address_set, ignored = vow_address_set(null, NULL, 0));
    MISUSE_HERE(vow_address_set, ignored = vow_address_set(&address, null, 1));
    MISUSE_HERE(vow_address_value, vow_value_drop(vow_address_value(null)));
    MISUSE_HERE(vow_is_address, ignored = vow_is_address(null));
    MISUSE_HERE(vow_as_address, vow_as_address(null));
    MISUSE_HERE(vow_socket_address, ignored = vow_socket_address(0, null));
    MISUSE_HERE(vow_socket_peer, ignored = vow_socket_peer(0, null));
    MISUSE_HERE(vow_socket_credentials, ignored = vow_socket_credentials(0, null));
    NOTHING(vow_address_parse, ignored = vow_address_parse(&address, null));
    NOTHING(vow_address_set, ignored = vow_address_set(&address, null, 0));
}

static void test_sockets(fixture *f)
{
    MISUSE_HERE(vow_connect, run(vow_connect(null, "::1", "1")));
    MISUSE_HERE(vow_connect_unix, run(vow_connect_unix(null, "/x")));
    MISUSE_HERE(vow_listen, run(vow_listen(null, "::1", "0", 1)));
    MISUSE_HERE(vow_listen_unix, run(vow_listen_unix(null, "/x", 1)));
    MISUSE_HERE(vow_listen_with, run(vow_listen_with(f->loop, null)));
    MISUSE_HERE(vow_accept, run(vow_accept(null, 0)));
    MISUSE_HERE(vow_lookup, run(vow_lookup(null, "::1", "1")));
    NOTHING(vow_lookup, run(vow_lookup(f->loop, null, null)));
    NOTHING(vow_connect, run(vow_connect(f->loop, null, null)));
    NOTHING(vow_connect_unix, run(vow_connect_unix(f->loop, null)));
    NOTHING(vow_listen, run(vow_listen(f->loop, null, null, 1)));
    NOTHING(vow_listen_unix, run(vow_listen_unix(f->loop, null, 1)));
}

static void test_servers(fixture *f)
{
    vow_server server;

    MISUSE_HERE(vow_serve, run(vow_serve(f->loop, null, vow_fd(dup(0)), (vow_serve_fn) NULL, NULL)));
    MISUSE_HERE(vow_serve, run(vow_serve(f->loop, &server, vow_fd(dup(0)), (vow_serve_fn) NULL, NULL)));
    MISUSE_HERE(vow_server_stop, vow_server_stop(null, 0));
    MISUSE_HERE(vow_server_limit, vow_server_limit(null, 1));
    MISUSE_HERE(vow_server_connections, vow_server_connections(null));
}

static void test_datagrams(fixture *f)
{
    char byte;

    MISUSE_HERE(vow_datagram_bind, run(vow_datagram_bind(null, "::1", "0")));
    MISUSE_HERE(vow_datagram_bind_unix, run(vow_datagram_bind_unix(null, "/x")));
    MISUSE_HERE(vow_datagram_connect, run(vow_datagram_connect(null, "::1", "1")));
    MISUSE_HERE(vow_datagram_connect_unix, run(vow_datagram_connect_unix(null, "/x")));
    MISUSE_HERE(vow_datagram_send, run(vow_datagram_send(null, 0, "x", 1, NULL)));
    MISUSE_HERE(vow_datagram_send, run(vow_datagram_send(f->loop, 0, null, 1, NULL)));
    MISUSE_HERE(vow_datagram_receive, run(vow_datagram_receive(null, 0, &byte, 1, NULL)));
    MISUSE_HERE(vow_datagram_receive, run(vow_datagram_receive(f->loop, 0, null, 1, NULL)));
    MISUSE_HERE(vow_message_send, run(vow_message_send(null, 0, "x", 1, NULL, 0)));
    MISUSE_HERE(vow_message_send, run(vow_message_send(f->loop, 0, null, 1, NULL, 0)));
    MISUSE_HERE(vow_message_send, run(vow_message_send(f->loop, 0, "x", 1, null, 1)));
    MISUSE_HERE(vow_message_receive, run(vow_message_receive(null, 0, &byte, 1, 0)));
    MISUSE_HERE(vow_message_receive, run(vow_message_receive(f->loop, 0, null, 1, 0)));
    MISUSE_HERE(vow_message_take_fd, vow_message_take_fd(null, 0));
    MISUSE_HERE(vow_as_message, vow_as_message(null));
    NOTHING(vow_datagram_bind, run(vow_datagram_bind(f->loop, null, null)));
    NOTHING(vow_datagram_bind_unix, run(vow_datagram_bind_unix(f->loop, null)));
    NOTHING(vow_datagram_connect, run(vow_datagram_connect(f->loop, null, null)));
    NOTHING(vow_datagram_connect_unix, run(vow_datagram_connect_unix(f->loop, null)));
}

static void test_files(fixture *f)
{
    char byte;

    MISUSE_HERE(vow_file_read, run(vow_file_read(null, "/x", 1)));
    MISUSE_HERE(vow_file_write, run(vow_file_write(null, "/x", "x", 1)));
    MISUSE_HERE(vow_file_write, run(vow_file_write(f->loop, "/x", null, 1)));
    MISUSE_HERE(vow_file_open, run(vow_file_open(null, "/x", 0, 0)));
    MISUSE_HERE(vow_file_pread, run(vow_file_pread(null, 0, &byte, 1, 0)));
    MISUSE_HERE(vow_file_pread, run(vow_file_pread(f->loop, 0, null, 1, 0)));
    MISUSE_HERE(vow_file_pwrite, run(vow_file_pwrite(null, 0, "x", 1, 0)));
    MISUSE_HERE(vow_file_pwrite, run(vow_file_pwrite(f->loop, 0, null, 1, 0)));
    MISUSE_HERE(vow_file_sync, run(vow_file_sync(null, 0)));
    MISUSE_HERE(vow_changed, run(vow_changed(null, "/")));
    MISUSE_HERE(vow_watch_new, got = vow_watch_new(null, "/", 1));
    MISUSE_HERE(vow_watch_next, run(vow_watch_next(null)));
    MISUSE_HERE(vow_watch_stat, vow_watch_stat(null));
    NOTHING(vow_file_read, run(vow_file_read(f->loop, null, 1)));
    NOTHING(vow_file_write, run(vow_file_write(f->loop, null, "x", 1)));
    NOTHING(vow_file_open, run(vow_file_open(f->loop, null, 0, 0)));
    NOTHING(vow_changed, run(vow_changed(f->loop, null)));
    NOTHING(vow_watch_new, vow_watch_free(vow_watch_new(f->loop, null, 1)));
    NOTHING(vow_watch_free, vow_watch_free(null));
}

static void test_processes(fixture *f)
{
    vow_process_options options = {.program = "/bin/true"};

    MISUSE_HERE(vow_process_start, run(vow_process_start(null, &options)));
    MISUSE_HERE(vow_process_start, run(vow_process_start(f->loop, null)));
    MISUSE_HERE(vow_process_run, run(vow_process_run(null, &options, NULL, 0, 1)));
    MISUSE_HERE(vow_process_run, run(vow_process_run(f->loop, null, NULL, 0, 1)));
    MISUSE_HERE(vow_process_run, run(vow_process_run(f->loop, &options, null, 1, 1)));
    MISUSE_HERE(vow_take_process, got = vow_take_process(null));
    MISUSE_HERE(vow_process_wait, run(vow_process_wait(null)));
    MISUSE_HERE(vow_process_end, vow_process_end(null));
    MISUSE_HERE(vow_process_kill, vow_process_kill(null, 0));
    MISUSE_HERE(vow_process_pid, vow_process_pid(null));
    MISUSE_HERE(vow_process_take_fd, vow_process_take_fd(null, 0));
    MISUSE_HERE(vow_process_stdin, got = vow_process_stdin(null));
    MISUSE_HERE(vow_process_stdout, got = vow_process_stdout(null));
    MISUSE_HERE(vow_process_stderr, got = vow_process_stderr(null));
    NOTHING(vow_process_free, vow_process_free(null));
}

static void test_signals(fixture *f)
{
    MISUSE_HERE(vow_signal, run(vow_signal(null, 1)));
    MISUSE_HERE(vow_signals_new, got = vow_signals_new(null, 0, NULL));
    MISUSE_HERE(vow_signals_new, got = vow_signals_new(f->loop, 1, null));
    MISUSE_HERE(vow_signals_next, run(vow_signals_next(null)));
    NOTHING(vow_signals_free, vow_signals_free(null));
}

static void test_sync(fixture *f)
{
    vow_semaphore *semaphore = vow_semaphore_new(f->loop, 1);
    vow_mutex *mutex = vow_mutex_new(f->loop);

    MISUSE_HERE(vow_semaphore_new, got = vow_semaphore_new(null, 1));
    MISUSE_HERE(vow_semaphore_acquire, run(vow_semaphore_acquire(null)));
    MISUSE_HERE(vow_semaphore_acquire_many, run(vow_semaphore_acquire_many(null, 1)));
    MISUSE_HERE(vow_semaphore_try_acquire, ignored = vow_semaphore_try_acquire(null, NULL));
    MISUSE_HERE(vow_semaphore_try_acquire, ignored = vow_semaphore_try_acquire(semaphore, null));
    MISUSE_HERE(vow_semaphore_available, vow_semaphore_available(null));
    MISUSE_HERE(vow_mutex_new, got = vow_mutex_new(null));
    MISUSE_HERE(vow_mutex_lock, run(vow_mutex_lock(null)));
    MISUSE_HERE(vow_mutex_try_lock, ignored = vow_mutex_try_lock(null, NULL));
    MISUSE_HERE(vow_mutex_try_lock, ignored = vow_mutex_try_lock(mutex, null));
    MISUSE_HERE(vow_rwlock_new, got = vow_rwlock_new(null));
    MISUSE_HERE(vow_rwlock_read, run(vow_rwlock_read(null)));
    MISUSE_HERE(vow_rwlock_write, run(vow_rwlock_write(null)));
    MISUSE_HERE(vow_event_new, got = vow_event_new(null));
    MISUSE_HERE(vow_event_wait, run(vow_event_wait(null)));
    MISUSE_HERE(vow_event_set, vow_event_set(null));
    MISUSE_HERE(vow_event_clear, vow_event_clear(null));
    MISUSE_HERE(vow_event_is_set, ignored = vow_event_is_set(null));
    MISUSE_HERE(vow_condition_new, got = vow_condition_new(null));
    MISUSE_HERE(vow_condition_wait, run(vow_condition_wait(null)));
    MISUSE_HERE(vow_condition_notify, vow_condition_notify(null, 1));
    MISUSE_HERE(vow_condition_notify_all, vow_condition_notify_all(null));
    MISUSE_HERE(vow_latch_new, got = vow_latch_new(null, 1));
    MISUSE_HERE(vow_latch_wait, run(vow_latch_wait(null)));
    MISUSE_HERE(vow_latch_count_down, vow_latch_count_down(null, 1));
    MISUSE_HERE(vow_barrier_new, got = vow_barrier_new(null, 1));
    MISUSE_HERE(vow_barrier_wait, run(vow_barrier_wait(null)));
    NOTHING(vow_semaphore_free, vow_semaphore_free(null));
    NOTHING(vow_mutex_free, vow_mutex_free(null));
    NOTHING(vow_rwlock_free, vow_rwlock_free(null));
    NOTHING(vow_event_free, vow_event_free(null));
    NOTHING(vow_condition_free, vow_condition_free(null));
    NOTHING(vow_latch_free, vow_latch_free(null));
    NOTHING(vow_barrier_free, vow_barrier_free(null));
    vow_semaphore_free(semaphore);
    vow_mutex_free(mutex);
}

static vow_value nothing(void *data)
{
    (void) data;
    return vow_nil();
}

static void test_threads(fixture *f)
{
    vow_remote *remote;

    MISUSE_HERE(vow_offload, run(vow_offload(null, nothing, NULL)));
    MISUSE_HERE(vow_offload, run(vow_offload(f->loop, NULL, NULL)));
    MISUSE_HERE(vow_loop_set_patience, vow_loop_set_patience(null, 1));
    MISUSE_HERE(vow_remote_new, run(vow_remote_new(null, &remote)));
    MISUSE_HERE(vow_remote_new, run(vow_remote_new(f->loop, null)));
    MISUSE_HERE(vow_remote_reject, vow_remote_reject(null, null));
    NOTHING(vow_remote_resolve, vow_remote_resolve(null, vow_nil()));
    NOTHING(vow_remote_reject, vow_remote_reject(null, vow_error_new(1, "x")));
    NOTHING(vow_remote_abandon, vow_remote_abandon(null));
    NOTHING(vow_remote_is_wanted, ignored = vow_remote_is_wanted(null));
}

static void test_queues(fixture *f)
{
    vow_queue *queue = vow_queue_new(f->loop, 1);

    MISUSE_HERE(vow_queue_new, got = vow_queue_new(null, 1));
    MISUSE_HERE(vow_queue_put, run(vow_queue_put(null, vow_int(1))));
    MISUSE_HERE(vow_queue_take, run(vow_queue_take(null)));
    MISUSE_HERE(vow_queue_try_put, ignored = vow_queue_try_put(null, vow_int(1)));
    MISUSE_HERE(vow_queue_try_take, ignored = vow_queue_try_take(queue, null));
    MISUSE_HERE(vow_queue_length, got = (void *) vow_queue_length(null));
    MISUSE_HERE(vow_queue_close, vow_queue_close(null));
    NOTHING(vow_queue_free, vow_queue_free(null));
    vow_queue_free(queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/nulls/loop", test_loop);
    test_add("/nulls/tasks", test_tasks);
    test_add("/nulls/queues", test_queues);
    test_add("/nulls/descriptors", test_descriptors);
    test_add("/nulls/streams", test_streams);
    test_add("/nulls/addresses", test_addresses);
    test_add("/nulls/sockets", test_sockets);
    test_add("/nulls/servers", test_servers);
    test_add("/nulls/datagrams", test_datagrams);
    test_add("/nulls/files", test_files);
    test_add("/nulls/processes", test_processes);
    test_add("/nulls/signals", test_signals);
    test_add("/nulls/sync", test_sync);
    test_add("/nulls/threads", test_threads);
    return g_test_run();
}
