/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a stream. The stream owns its descriptor from the start and closes it at the end. When it ends,
 * whatever is pending on it is settled first, so that no operation ever looks at a stream that is gone.
 */
#define _XOPEN_SOURCE 700 /* S_IFMT */
#include "stream/stream-private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "base/misuse-private.h"

#define DEFAULT_HIGH_WATER ((size_t) 1 << 20)

/* The stream is freed, or its loop is. Settles what is pending, and runs nothing. */
static void stream_stop(vow_promise *promise)
{
    vow_stream *self = (vow_stream *) promise;

    self->is_closing = false;
    self->is_ended = true;
    if (self->reader)
        vow__reading_end(self->reader);
    vow__writes_reject(self, NULL);
    vow__stream_shut(self);
}

static void stream_dispose(vow_promise *promise)
{
    vow_stream *self = (vow_stream *) promise;

    vow__items_leave(self);
    vow__returned_clear(self);
    vow__in_clear(self);
    vow_error_unref(self->in_error);
    vow_error_unref(self->out_error);
}

static const vow__kind stream_kind = {
    .name = "stream", .run = vow__stream_run, .halt = stream_stop, .dispose = stream_dispose};

static void drop_stream(void *stream)
{
    vow_stream_free(stream);
}

const vow_type vow_type_stream = {"stream", drop_stream};

/* In a program that was started without a standard stream, a descriptor of libev's may have its number. Such
 * a descriptor has no file type. */
static bool is_somebody_elses(int fd)
{
    struct stat status;

    return fd >= 0 && fd <= STDERR_FILENO && fstat(fd, &status) == 0 && !(status.st_mode & S_IFMT);
}

static void stream_init(vow_stream *self, int fd)
{
    memset((char *) self + sizeof self->promise, 0, sizeof *self - sizeof self->promise);
    self->fd = fd;
    self->high_water = DEFAULT_HIGH_WATER;
    vow__list_init(&self->writes);
    vow__list_init(&self->returned);
    vow__list_init(&self->handed);
    self->last_waiter = &self->writes;
    ev_io_init(&self->in, vow__stream_readable_cb, fd, EV_READ);
    ev_io_init(&self->out, vow__stream_writable_cb, fd, EV_WRITE);
    if (vow__fd_has_packets(fd))
        self->in_error = self->out_error = &vow__error_packets;
}

vow_stream *vow_stream_new_at(vow_loop *loop, int fd, const char *site)
{
    vow_stream *self;

    vow__check_loop(loop, "vow_stream_new", site);
    if (is_somebody_elses(fd)) {
        errno = EINVAL;
        return NULL;
    }
    self = vow__promise_new(loop, sizeof *self, &stream_kind, site);
    if (self) {
        stream_init(self, fd);
        return self;
    }
    if (fd >= 0)
        vow__fd_close(fd);
    errno = loop->is_closed ? ECANCELED : ENOMEM;
    return NULL;
}

void vow__misuse_stream(const vow_stream *stream, const char *function, const char *site)
{
    const vow_promise *promise = (const vow_promise *) stream;

    if (vow__is_gone(promise))
        vow__misuse_handle(promise, "stream", function, site);
    vow__misuse_at(function, promise->site, site, "the stream was given to vow_stream_close() before");
}

void vow_stream_free(vow_stream *stream)
{
    if (!stream)
        return;
    vow__check_stream(stream, "vow_stream_free", NULL);
    vow_cancel(&stream->promise); /* a copy to it may hold a reference */
}

vow_promise *vow_stream_close_at(vow_stream *stream, const char *site)
{
    vow__check_stream(stream, "vow_stream_close", site);
    if (vow__is_pending(&stream->promise)) {
        stream->is_closing = true;
        if (stream->reader)
            vow__reading_end(stream->reader);
        vow__stream_close_if_done(stream, NULL);
    }
    return &stream->promise;
}

int vow_stream_fd_at(const vow_stream *stream, const char *site)
{
    vow__check_stream(stream, "vow_stream_fd", site);
    return stream->fd;
}

size_t vow_stream_buffered_at(const vow_stream *stream, const char *site)
{
    vow__check_stream(stream, "vow_stream_buffered", site);
    return vow__in_length(stream);
}

size_t vow_stream_queued_at(const vow_stream *stream, const char *site)
{
    vow__check_stream(stream, "vow_stream_queued", site);
    return stream->queued;
}

void vow_stream_set_high_water_at(vow_stream *stream, size_t bytes, const char *site)
{
    vow__check_stream(stream, "vow_stream_set_high_water", site);
    stream->high_water = bytes;
}
