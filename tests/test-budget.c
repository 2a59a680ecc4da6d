/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one drain of the job queue, or one event, may do on descriptors before the ev_loop looks at the
 * others: so many operations and so many bytes, counted here in turns of the loop. What is put off is not
 * forgotten, waits for no event, and is checked like everything else.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <vow/datagram.h>

enum { OPERATIONS = 128, BYTES = 262144, MANY = 1000 };

/* ---- Turns of the loop --------------------------------------------------------------------------------- */

static int turns;

static void count_turn(EV_P_ ev_prepare *watcher, int revents)
{
    (void) watcher;
    (void) revents;
    (void) loop;
    turns++;
}

/* Runs a promise and gives how many turns that took. */
static int turns_of(fixture *f, vow_promise *promise, vow_value *value)
{
    ev_prepare watcher;
    vow_error *error;

    ev_prepare_init(&watcher, count_turn);
    ev_prepare_start(f->ev, &watcher);
    ev_unref(f->ev);
    turns = 0;
    error = vow_run(promise, value);
    ev_ref(f->ev);
    ev_prepare_stop(f->ev, &watcher);
    if (error && vow_error_code(error) != EMSGSIZE)
        g_error("not expected: %s", vow_error_message(error));
    vow_error_unref(error);
    return turns;
}

/* ---- Operations
 * -------------------------------------------------------------------------------------------- */

/* Calls `next` again and again, in jobs, until it has been done so often, or its value is nil. */
struct again {
    vow_task task;
    vow_promise *(*next)(struct again *self);
    vow_loop *loop;
    vow_stream *stream;
    vow_buffer *buffer;
    int fd;
    int count;
    int done;
    char byte;
};

VOW_ASYNC(again, me)
{
    VOW_BEGIN(me);
    while (me->done < me->count) {
        VOW_AWAIT(me, me->next(me));
        me->done++;
    }
    VOW_RETURN(me, vow_int(me->done));
    VOW_END(me);
}

static vow_promise *line(struct again *self)
{
    return vow_stream_read_line(self->stream, 100);
}

static vow_promise *byte_of_stream(struct again *self)
{
    return vow_stream_read(self->stream, &self->byte, 1);
}

static vow_promise *nothing_to_stream(struct again *self)
{
    return vow_stream_write(self->stream, NULL, 0);
}

static vow_promise *byte_to_stream(struct again *self)
{
    return vow_stream_write(self->stream, &self->byte, 1);
}

static vow_promise *is_readable(struct again *self)
{
    return vow_stream_readable(self->stream);
}

static vow_value consumed(vow_value *count, void *buffer)
{
    vow_buffer_consume(buffer, (size_t) vow_as_int(count));
    return vow_nil();
}

static vow_promise *line_of_buffer(struct again *self)
{
    return vow_then(vow_read_until(self->loop, self->fd, self->buffer, "\n", 100), consumed, self->buffer);
}

static vow_promise *read_byte(struct again *self)
{
    return vow_read(self->loop, self->fd, &self->byte, 1);
}

static vow_promise *write_byte(struct again *self)
{
    return vow_write(self->loop, self->fd, &self->byte, 1);
}

static vow_promise *read_nothing(struct again *self)
{
    return vow_read(self->loop, self->fd, &self->byte, 0);
}

static vow_promise *receive(struct again *self)
{
    return vow_datagram_receive(self->loop, self->fd, &self->byte, 1, NULL);
}

/* So many of them take a turn of the loop for each budget, and no event that does not come. */
static void takes_turns(fixture *f, vow_promise *task, int count)
{
    vow_value value;

    g_assert_cmpint(turns_of(f, task, &value), >=, count / OPERATIONS - 1);
    g_assert_cmpint(vow_as_int(&value), ==, count);
}

/* A socket in which so many lines are, and the end after them if it is closed. */
static void open_lines(int ends[2], int count)
{
    GString *lines = g_string_new(NULL);

    for (int i = 0; i < count; i++)
        g_string_append(lines, "x\n");
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
    put(ends[1], lines->str);
    g_string_free(lines, TRUE);
}

static vow_stream *open_device(fixture *f, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return vow_stream_new(f->loop, fd);
}

static void lines_that_have_come(fixture *f)
{
    int ends[2];
    open_lines(ends, 3 * MANY / 2);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);

    takes_turns(f, vow_async(f->loop, again, .next = line, .stream = stream, .count = MANY), MANY);
    close(ends[1]);
    takes_turns(f, vow_async(f->loop, again, .next = line, .stream = stream, .count = MANY), MANY); /* nil */
    vow_stream_free(stream);
}

static void lines_in_a_buffer(fixture *f)
{
    int ends[2];
    vow_buffer buffer = {0};
    open_lines(ends, MANY);

    takes_turns(f,
                vow_async(f->loop, again, .next = line_of_buffer, .loop = f->loop, .fd = ends[0],
                          .buffer = &buffer, .count = MANY),
                MANY);
    g_assert_cmpuint(buffer.length, ==, 0);
    vow_buffer_clear(&buffer);
    close_both(ends);
}

static void bytes_of_a_stream(fixture *f)
{
    vow_stream *zero = open_device(f, "/dev/zero", O_RDONLY);
    vow_stream *null = open_device(f, "/dev/null", O_RDWR);

    takes_turns(f, vow_async(f->loop, again, .next = byte_of_stream, .stream = zero, .count = MANY), MANY);
    takes_turns(f, vow_async(f->loop, again, .next = byte_of_stream, .stream = null, .count = MANY), MANY);
    takes_turns(f, vow_async(f->loop, again, .next = byte_to_stream, .stream = null, .count = MANY), MANY);
    takes_turns(f, vow_async(f->loop, again, .next = nothing_to_stream, .stream = null, .count = MANY), MANY);
    vow_stream_free(zero);
    vow_stream_free(null);
}

static void a_stream_with_bytes_is_readable(fixture *f)
{
    int ends[2];
    open_lines(ends, 2);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);

    run_bytes(vow_stream_read_line(stream, 100), "x");
    takes_turns(f, vow_async(f->loop, again, .next = is_readable, .stream = stream, .count = MANY), MANY);
    vow_stream_free(stream);
    close(ends[1]);
}

/* A regular file, which epoll refuses to watch. */
static void a_file(fixture *f)
{
    char path[] = "/tmp/vow-budget-XXXXXX";
    int fd = mkstemp(path);
    g_assert_cmpint(fd, >=, 0);
    unlink(path);

    takes_turns(
        f,
        vow_async(f->loop, again, .next = write_byte, .loop = f->loop, .fd = fd, .byte = '\n', .count = MANY),
        MANY);
    lseek(fd, 0, SEEK_SET);
    takes_turns(f, vow_async(f->loop, again, .next = read_byte, .loop = f->loop, .fd = fd, .count = MANY),
                MANY);
    takes_turns(f, vow_async(f->loop, again, .next = read_nothing, .loop = f->loop, .fd = fd, .count = MANY),
                MANY);
    lseek(fd, 0, SEEK_SET);
    vow_stream *stream = vow_stream_new(f->loop, fd);
    takes_turns(f, vow_async(f->loop, again, .next = line, .stream = stream, .count = MANY), MANY);
    vow_stream_free(stream);
}

static void datagrams(fixture *f)
{
    int ends[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), ==, 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    int count = 0;

    while (count < MANY && send(ends[1], "x", 1, 0) == 1)
        count++;
    g_assert_cmpint(count, >, 0);
    takes_turns(f, vow_async(f->loop, again, .next = receive, .loop = f->loop, .fd = ends[0], .count = count),
                count);
    close_both(ends);
}

/* Many at once: each budget lets its part of them go on, and the others are not forgotten, whoever else no
 * longer waits for a turn. */
static vow_value begin_many(vow_value *value, void *fd)
{
    static char bytes[MANY];
    vow_promise *reads[MANY];
    vow_loop *loop = vow_as_ptr(value);

    for (int i = 0; i < MANY; i++)
        reads[i] = vow_read(loop, *(int *) fd, &bytes[i], 1);
    vow_unref(vow_yield(loop));
    return vow_follow(vow_all(loop, MANY, reads));
}

static void many_at_once(fixture *f)
{
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    vow_value list;
    vow_promise *started = vow_resolved(f->loop, vow_ptr(f->loop));

    g_assert_cmpint(turns_of(f, vow_then(started, begin_many, &fd), &list), >=, MANY / OPERATIONS - 1);
    g_assert_cmpuint(vow_list_length(vow_as_list(&list)), ==, MANY);
    vow_value_drop(list);
    close(fd);
}

/* ---- Bytes --------------------------------------------------------------------------------------------- */

static char *large; /* SIZE bytes */
enum { SIZE = 16 << 20 };

/* A turn may have two budgets, one of a watcher's callback and one of what was put off. */
static void takes_turns_for_bytes(fixture *f, vow_promise *promise)
{
    vow_value value = vow_nil();

    g_assert_cmpint(turns_of(f, promise, &value), >=, SIZE / BYTES / 2);
    vow_value_drop(value);
}

static void a_large_write(fixture *f)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NONBLOCK);

    takes_turns_for_bytes(f, vow_write(f->loop, null, large, SIZE));
    vow_stream *stream = vow_stream_new(f->loop, null);
    takes_turns_for_bytes(f, vow_stream_write(stream, large, SIZE));
    struct iovec parts[100];
    for (size_t i = 0; i < 100; i++)
        parts[i] = (struct iovec){large, SIZE / 100 + 1};
    takes_turns_for_bytes(f, vow_stream_writev(stream, parts, 100));
    vow_stream_free(stream);
}

/* Before the first turn no more than one budget has gone out, however much the descriptor takes. */
static void a_large_write_in_its_first_turn(fixture *f)
{
    char path[] = "/tmp/vow-budget-XXXXXX";
    int fd = mkstemp(path);
    g_assert_cmpint(fd, >=, 0);
    unlink(path);

    vow_promise *p = vow_write(f->loop, fd, large, 4 * BYTES);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), <=, BYTES);
    g_assert_cmpint(run_int(p), ==, 4 * BYTES);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), ==, 4 * BYTES);

    vow_stream *stream = vow_stream_new(f->loop, fd);
    p = vow_stream_write(stream, large, 4 * BYTES);
    g_assert_cmpint(lseek(fd, 0, SEEK_END), <=, 5 * BYTES);
    vow_promise *closed = vow_stream_close(stream);
    g_assert_cmpint(run_int(p), ==, 4 * BYTES);
    run_nil(closed);
}

static void reading_without_end(fixture *f)
{
    vow_stream *zero = open_device(f, "/dev/zero", O_RDONLY);
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    vow_buffer buffer = {0};

    takes_turns_for_bytes(f, vow_stream_read_all(zero, SIZE));
    takes_turns_for_bytes(f, vow_stream_read_until(zero, "x", 2 * SIZE));
    vow_stream_free(zero);
    zero = open_device(f, "/dev/zero", O_RDONLY);
    takes_turns_for_bytes(f, vow_stream_read_exactly(zero, large, SIZE));
    takes_turns_for_bytes(f, vow_read_until(f->loop, fd, &buffer, "x", SIZE));
    g_assert_cmpint(run_int(vow_read(f->loop, fd, large, SIZE)), <=, BYTES);
    g_assert_cmpint(run_int(vow_stream_read(zero, large, SIZE)), <=, BYTES);
    vow_buffer_clear(&buffer);
    vow_stream_free(zero);
    close(fd);
}

/* A copy that never ends, from what is always ready to what is always ready: others have their turn. */
static void a_copy_without_end(fixture *f)
{
    vow_stream *zero = open_device(f, "/dev/zero", O_RDONLY), *null = open_device(f, "/dev/null", O_WRONLY);
    vow_promise *copy = vow_stream_copy(zero, null);

    for (int i = 0; i < 10; i++)
        run_nil(vow_yield(f->loop));
    g_assert_true(vow_is_pending(copy));
    vow_unref(copy);
    vow_stream_free(zero);
    vow_stream_free(null);
}

/* A packet is never cut, however large it is. */
static void a_large_packet(fixture *f)
{
    int ends[2], room = 2 * BYTES;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), ==, 0);
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    socklen_t length = sizeof room;
    g_assert_cmpint(getsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, &length), ==, 0);
    size_t size = (size_t) room > BYTES + 4096 ? BYTES + 1 : 1000; /* what the system allows */

    g_assert_cmpint(run_int(vow_write(f->loop, ends[1], large, size)), ==, (int64_t) size);
    g_assert_cmpint(run_int(vow_read(f->loop, ends[0], large, SIZE)), ==, (int64_t) size);
    close_both(ends);
}

/* ---- Checks -------------------------------------------------------------------------------------------- */

struct spender {
    vow_loop *loop;
    vow_stream *stream;
    vow_promise *(*then)(struct spender *self);
    int fd;
};

/* In a job: more than the budget, and then what is to be looked at. */
static vow_value spend(vow_value *value, void *data)
{
    struct spender *self = data;
    char byte;

    (void) value;
    for (int i = 0; i < 2 * OPERATIONS; i++)
        vow_unref(vow_read(self->loop, STDIN_FILENO, &byte, 0));
    return vow_follow(self->then(self));
}

static vow_promise *spent(struct spender *self)
{
    return vow_then(vow_resolved(self->loop, vow_nil()), spend, self);
}

static char room[16];
static vow_buffer no_buffer;

static vow_promise *bad_read(struct spender *self)
{
    return vow_read(self->loop, self->fd, room, 1);
}

static vow_promise *bad_write(struct spender *self)
{
    return vow_write(self->loop, self->fd, room, 1);
}

static vow_promise *bad_read_until(struct spender *self)
{
    return vow_read_until(self->loop, self->fd, &no_buffer, "x", 10);
}

static vow_promise *bad_readable(struct spender *self)
{
    return vow_readable(self->loop, self->fd);
}

static vow_promise *bad_writable(struct spender *self)
{
    return vow_writable(self->loop, self->fd);
}

static vow_promise *bad_accept(struct spender *self)
{
    return vow_accept(self->loop, self->fd);
}

static vow_promise *bad_send(struct spender *self)
{
    return vow_datagram_send(self->loop, self->fd, room, 1, NULL);
}

static vow_promise *bad_receive(struct spender *self)
{
    return vow_datagram_receive(self->loop, self->fd, room, 1, NULL);
}

static vow_promise *bad_message(struct spender *self)
{
    return vow_message_receive(self->loop, self->fd, room, 1, 0);
}

static vow_promise *bad_message_send(struct spender *self)
{
    return vow_message_send(self->loop, self->fd, room, 1, NULL, 0);
}

static vow_promise *(*const bad[])(struct spender *self) = {
    bad_read,   bad_write, bad_read_until, bad_readable, bad_writable,
    bad_accept, bad_send,  bad_receive,    bad_message,  bad_message_send};

static void a_number_of_nothing(fixture *f)
{
    int closed = dup(STDIN_FILENO);
    close(closed);

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        run_fails(spent(&(struct spender){f->loop, NULL, bad[i], -1}), EBADF, "-1");
        run_fails(spent(&(struct spender){f->loop, NULL, bad[i], closed}), EBADF, "descriptor");
    }
    vow_buffer_clear(&no_buffer);
}

static vow_promise *stream_line(struct spender *self)
{
    return vow_stream_read_line(self->stream, 10);
}

static vow_promise *stream_write(struct spender *self)
{
    return vow_stream_write(self->stream, room, 1);
}

static void a_stream_of_nothing(fixture *f)
{
    int closed = dup(STDIN_FILENO);
    close(closed);

    for (int fd = -1; fd <= closed; fd += closed + 1) {
        vow_stream *stream = vow_stream_new(f->loop, fd);
        run_fails(spent(&(struct spender){f->loop, stream, stream_line, fd}), EBADF, "vow_stream_read_line");
        run_fails(spent(&(struct spender){f->loop, stream, stream_write, fd}), EBADF, "vow_stream_write");
        vow_stream_free(stream);
    }
}

/* Starts one that is put off, and a second one. */
static vow_promise *two_readers(struct spender *self)
{
    vow_promise *first = vow_stream_read_line(self->stream, 10);
    vow_promise *second = vow_stream_read_line(self->stream, 10);

    g_assert_true(vow_is_pending(first));
    g_assert_true(vow_is_rejected(second));
    g_assert_cmpint(vow_error_code(vow_as_error(vow_peek(second))), ==, EALREADY);
    vow_unref(second);
    return first;
}

static vow_promise *dropped_reader(struct spender *self)
{
    vow_unref(vow_stream_read_line(self->stream, 10));
    return vow_stream_read_line(self->stream, 10);
}

static vow_promise *read_and_close(struct spender *self)
{
    vow_promise *first = vow_stream_read_line(self->stream, 10);

    vow_stream_free(self->stream);
    return first;
}

static vow_promise *write_and_free(struct spender *self)
{
    vow_promise *first = vow_stream_write(self->stream, "x", 1);

    vow_stream_free(self->stream);
    return first;
}

static vow_promise *write_and_close(struct spender *self)
{
    vow_detach(vow_stream_write(self->stream, "x", 1));
    return vow_stream_close(self->stream);
}

static vow_promise *cancelled_close(struct spender *self)
{
    vow_promise *write = vow_stream_write(self->stream, "x", 1), *end = vow_stream_close(self->stream);

    vow_cancel(vow_ref(end));
    vow_unref(write);
    return end;
}

static void put_off_and_ended(fixture *f)
{
    static const struct {
        vow_promise *(*then)(struct spender *self);
        int code; /* 0: fulfilled */
        bool frees;
    } ways[] = {{two_readers, 0, false},           {dropped_reader, 0, false},
                {read_and_close, ECANCELED, true}, {write_and_free, ECANCELED, true},
                {write_and_close, 0, true},        {cancelled_close, ECANCELED, true}};

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        int ends[2];
        open_lines(ends, 3);
        vow_stream *stream = vow_stream_new(f->loop, ends[0]);
        vow_error *error = vow_run(spent(&(struct spender){f->loop, stream, ways[i].then, -1}), NULL);
        g_assert_cmpint(error ? vow_error_code(error) : 0, ==, ways[i].code);
        vow_error_unref(error);
        if (!ways[i].frees)
            vow_stream_free(stream);
        close(ends[1]);
        g_assert_false(ev_run(f->ev, 0));
    }
}

static vow_promise *held[3];

static vow_promise *left_pending(struct spender *self)
{
    held[0] = vow_stream_read_line(self->stream, 10);
    held[1] = vow_stream_write(self->stream, "x", 1);
    held[2] = vow_read(self->loop, self->fd, room, 1);
    for (int i = 0; i < 3; i++)
        g_assert_true(vow_is_pending(held[i]));
    return vow_resolved(self->loop, vow_nil());
}

/* The loop is freed before the turn comes in which they would go on. */
static void put_off_in_a_loop_that_is_freed(fixture *f)
{
    int ends[2];
    open_lines(ends, 3);
    vow_stream *stream = vow_stream_new(f->loop, ends[0]);

    run_nil(spent(&(struct spender){f->loop, stream, left_pending, ends[1]}));
    for (int i = 0; i < 3; i++)
        vow_unref(held[i]);
    vow_stream_free(stream);
    close(ends[1]);
    g_assert_false(ev_run(f->ev, EVRUN_NOWAIT));

    open_lines(ends, 3);
    stream = vow_stream_new(f->loop, ends[0]);
    run_nil(spent(&(struct spender){f->loop, stream, left_pending, ends[1]}));
    f->expect_live = 4;
    free_loop(f);
    for (int i = 0; i < 3; i++) {
        expect_report(f, "never released");
        vow_unref(held[i]);
    }
    expect_report(f, "never released");
    vow_stream_free(stream);
    close(ends[1]);
}

/* ---- Connections --------------------------------------------------------------------------------------- */

/* A Unix-domain listener in which as many wait as there may. */
static int open_storm(int clients[], int count)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address.sun_family;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *) &address, length), ==, 0);
    length = sizeof address;
    g_assert_cmpint(getsockname(fd, (struct sockaddr *) &address, &length), ==, 0);
    g_assert_cmpint(listen(fd, count), ==, 0);
    for (int i = 0; i < count; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(connect(clients[i], (struct sockaddr *) &address, length), ==, 0);
    }
    return fd;
}

static vow_promise *next_connection(struct again *self)
{
    return vow_accept(self->loop, self->fd);
}

static void a_storm_of_connections(fixture *f)
{
    enum { COUNT = 3 * OPERATIONS };
    static int clients[COUNT];
    int fd = open_storm(clients, COUNT);

    takes_turns(f,
                vow_async(f->loop, again, .next = next_connection, .loop = f->loop, .fd = fd, .count = COUNT),
                COUNT);
    for (int i = 0; i < COUNT; i++)
        close(clients[i]);
    close(fd);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    large = g_malloc0(SIZE + BYTES);
    test_add("/budget/operations/many-at-once", many_at_once);
    test_add("/budget/operations/lines", lines_that_have_come);
    test_add("/budget/operations/lines-in-a-buffer", lines_in_a_buffer);
    test_add("/budget/operations/bytes-of-a-stream", bytes_of_a_stream);
    test_add("/budget/operations/readable", a_stream_with_bytes_is_readable);
    test_add("/budget/operations/file", a_file);
    test_add("/budget/operations/datagrams", datagrams);
    test_add("/budget/operations/accept", a_storm_of_connections);
    test_add("/budget/bytes/write", a_large_write);
    test_add("/budget/bytes/first-turn", a_large_write_in_its_first_turn);
    test_add("/budget/bytes/read", reading_without_end);
    test_add("/budget/bytes/copy", a_copy_without_end);
    test_add("/budget/bytes/packet", a_large_packet);
    test_add("/budget/spent/number-of-nothing", a_number_of_nothing);
    test_add("/budget/spent/stream-of-nothing", a_stream_of_nothing);
    test_add("/budget/spent/ended", put_off_and_ended);
    test_add("/budget/spent/loop-freed", put_off_in_a_loop_that_is_freed);
    result = g_test_run();
    g_free(large);
    return result;
}
