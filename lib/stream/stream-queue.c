/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The queue of writes of a stream. The system takes as much of it in one call as it can. A write that was
 * begun and not ended, by an error or because it was dropped, leaves the peer with half a message. Nothing
 * may follow that, so all other writes are rejected, and so are those to come.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "stream/stream-private.h"

/* How many parts go into one call. */
#define GATHERED 64

vow_error vow__error_shut_down = {
    .domain = &vow_domain_errno, .refs = 1, .code = EPIPE, .message = "it was shut down"};

static vow__ev_loop *queue_loop_of(const vow_stream *stream)
{
    return vow__ev_loop_of(vow__loop_of(&stream->promise));
}

/* Lets the queue go on when the descriptor takes more. If it would do so now, the queue goes on after a turn
 * of the loop. */
static void wait(vow_stream *stream)
{
    if (stream->is_full) {
        vow__want(stream, &stream->out);
    } else {
        vow__unwant(stream, &stream->out);
        vow__put_off(&stream->promise);
    }
}

void vow__writing_enqueue(vow__writing *self)
{
    vow_stream *stream = self->stream;
    bool is_first = vow__list_is_empty(&stream->writes);

    vow__list_append(&stream->writes, &self->link);
    stream->queued += self->size - self->written + VOW__WRITING_COST;
    if (is_first)
        wait(stream);
}

void vow__writing_dequeue(vow_stream *stream, vow__writing *self)
{
    vow__list_unlink(&self->link);
    self->stream = NULL;
    stream->queued -= self->size - self->written + VOW__WRITING_COST;
    if (vow__list_is_empty(&stream->writes)) {
        vow__unwant(stream, &stream->out);
        vow__not_put_off(&stream->promise);
    }
}

void vow__writes_reject(vow_stream *stream, const vow_error *error)
{
    while (!vow__list_is_empty(&stream->writes)) {
        vow__writing *self = vow__first_write(stream);
        const char *function = vow__writing_function(self), *site = self->promise.site;

        vow__writing_dequeue(stream, self);
        vow__resolve(&self->promise, vow_throw(error ? vow__stream_broken(stream, function, error, site)
                                                     : vow__stream_ended(stream, function, site)));
    }
}

void vow__stream_break_off(vow_stream *stream, vow_error *error)
{
    vow_error_unref(stream->out_error);
    stream->out_error = error;
    vow__writes_reject(stream, error);
    vow__stream_close_if_done(stream, error);
}

/* `count` bytes of what is left of a write were written. */
static void move_on(vow__writing *self, size_t count)
{
    self->written += count;
    while (self->index < self->count && count >= self->parts[self->index].iov_len)
        count -= self->parts[self->index++].iov_len;
    if (count) {
        struct iovec *part = &self->parts[self->index];

        part->iov_base = (char *) part->iov_base + count;
        part->iov_len -= count;
    }
}

/* What goes into one call. */
typedef struct batch {
    size_t size;
    int count;
    struct iovec parts[GATHERED];
} batch;

static bool has_room(const batch *self)
{
    return self->count < GATHERED && self->size < VOW__IO_PIECE;
}

/* Adds what is left of a write, as far as there is room. */
static void gather(batch *self, const vow__writing *writing)
{
    for (unsigned i = writing->index; i < writing->count && has_room(self); i++) {
        struct iovec *part = &self->parts[self->count++];

        *part = writing->parts[i];
        if (part->iov_len > VOW__IO_PIECE - self->size)
            part->iov_len = VOW__IO_PIECE - self->size;
        self->size += part->iov_len;
    }
}

/* One call. Remembers whether a second one would find no room. */
static ssize_t queue_write_parts(vow_stream *stream, const struct iovec *parts, int count, size_t size)
{
    ssize_t written = vow__fd_write_as(stream->fd, &stream->nature, parts, count);

    stream->is_full = written < 0 ? vow__is_again(errno) : (size_t) written < size;
    if (written > 0)
        vow__budget_take_bytes(queue_loop_of(stream), (size_t) written);
    return written;
}

static vow_value failure(const vow_stream *stream, const vow__writing *self, int code)
{
    return vow__stream_throw(stream, vow__writing_function(self), code, self->promise.site);
}

/* The first attempt at a write has failed. False if it would only have blocked. */
static VOW__RARE bool fail_at_once(vow__writing *self, int code)
{
    vow_value thrown;

    if (vow__is_again(code))
        return false;
    thrown = failure(self->stream, self, code);
    if (!vow__is_transient(code))
        self->stream->out_error = vow_error_ref(thrown.u.pointer);
    vow__resolve(&self->promise, thrown);
    return true;
}

/* One call for as much of a write as fits into one. */
static ssize_t write_one(const vow__writing *self)
{
    batch all;

    all.size = 0;
    all.count = 0;
    gather(&all, self);
    return queue_write_parts(self->stream, all.parts, all.count, all.size);
}

bool vow__writing_at_once(vow__writing *self)
{
    bool is_small = self->count <= GATHERED && self->size <= VOW__IO_PIECE;
    ssize_t written = VOW__LIKELY(is_small)
                          ? queue_write_parts(self->stream, self->parts, (int) self->count, self->size)
                          : write_one(self);

    if (VOW__LIKELY(written >= 0 && (size_t) written == self->size)) {
        self->written = self->size;
        vow__fulfil(&self->promise, vow_int(written));
        return true;
    }
    if (written < 0)
        return fail_at_once(self, errno);
    move_on(self, (size_t) written);
    return false;
}

/* The first write of the queue has failed. */
static void fail_first(vow_stream *stream, int code)
{
    vow__writing *self = vow__first_write(stream);
    bool is_whole = !self->written && vow__is_transient(code);
    vow_value thrown = failure(stream, self, code);
    vow_error *error = is_whole ? NULL : vow_error_ref(thrown.u.pointer);

    vow__writing_dequeue(stream, self);
    vow__resolve(&self->promise, thrown);
    if (error)
        vow__stream_break_off(stream, error);
}

/* `count` bytes of the queue were written: fulfils the writes that are complete now. */
static void distribute(vow_stream *stream, size_t count)
{
    while (count) {
        vow__writing *self = vow__first_write(stream);
        size_t left = self->size - self->written;
        size_t mine = count < left ? count : left;

        stream->queued -= mine;
        move_on(self, mine);
        if (mine < left)
            return;
        count -= mine;
        vow__writing_dequeue(stream, self);
        vow__budget_take(queue_loop_of(stream));
        vow__fulfil(&self->promise, vow_int((int64_t) self->size));
    }
}

/* One call for as much of the queue as fits into one. */
static void queue_write_more(vow_stream *stream)
{
    batch all;
    ssize_t written;

    all.size = 0;
    all.count = 0;
    for (vow__link *link = stream->writes.next; link != &stream->writes && has_room(&all); link = link->next)
        gather(&all, VOW__CONTAINER_OF(link, vow__writing, link));
    written = queue_write_parts(stream, all.parts, all.count, all.size);
    if (written > 0)
        distribute(stream, (size_t) written);
    else if (written < 0 && !stream->is_full)
        fail_first(stream, errno);
}

/* A pipe cannot be closed by half, as a socket can: its writing end is closed whole. */
static int shut_down(vow_stream *stream)
{
    if (!shutdown(stream->fd, SHUT_WR))
        return 0;
    if (errno != ENOTSOCK || (fcntl(stream->fd, F_GETFL) & O_ACCMODE) != O_WRONLY)
        return errno;
    vow__stream_shut(stream);
    return 0;
}

void vow__writing_end_output(vow_stream *stream, vow__writing *self)
{
    int code = shut_down(stream);
    vow_value result = code ? failure(stream, self, code) : vow_nil();

    stream->is_ending = false;
    if (!code)
        stream->out_error = &vow__error_shut_down;
    vow__resolve(&self->promise, result);
}

/* Settles those at the front of the queue that have nothing to write. */
static void settle_empty(vow_stream *stream)
{
    while (!vow__list_is_empty(&stream->writes) && !vow__first_write(stream)->size) {
        vow__writing *self = vow__first_write(stream);

        vow__writing_dequeue(stream, self);
        if (self->promise.stage == VOW__WRITING_SHUTDOWN)
            vow__writing_end_output(stream, self);
        else
            vow__fulfil(&self->promise, vow_int(0));
    }
}

/* Writes as much of the queue as the system takes, within the budget. */
static void write_on(vow_stream *stream)
{
    vow__ev_loop *loop = queue_loop_of(stream);

    settle_empty(stream);
    while (!vow__list_is_empty(&stream->writes) && !stream->is_full && vow__budget_is_left(loop)) {
        queue_write_more(stream);
        settle_empty(stream);
    }
    if (!vow__list_is_empty(&stream->writes))
        wait(stream);
    vow__stream_close_if_done(stream, NULL);
}

void vow__stream_run(vow_promise *promise, vow__reaction *wait)
{
    (void) wait;
    write_on((vow_stream *) promise);
}

void vow__stream_writable_cb(EV_P_ ev_io *io, int revents)
{
    vow_stream *stream = VOW__CONTAINER_OF(io, vow_stream, out);

    vow__ignore(EV_A_ revents);
    stream->is_full = false;
    if (!vow__is_wanted(io)) {
        vow__stop_unwanted(stream, io);
        return;
    }
    vow__budget_renew(queue_loop_of(stream));
    write_on(stream);
}
