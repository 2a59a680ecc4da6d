/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds stream_write, which stream_writev is, too, and stream_shutdown, a write of nothing: how they are
 * taken, refused and dropped. A write that finds nothing before it is tried at once.
 */
#include <errno.h>

#include "stream/stream-private.h"

/* How many parts one write may have. */
#define PARTS_MAX 1024

/* Stands in for the error when there is no memory for that. */
static vow_error error_torn = {
    .domain = &vow_domain_errno, .refs = 1, .code = EPIPE, .message = "a write ended in the middle"};

static void writing_stop(vow_promise *promise)
{
    vow__writing *self = (vow__writing *) promise;
    vow_stream *stream = self->stream;

    if (!stream)
        return;
    vow__writing_dequeue(self->stream, self);
    if (self->promise.stage == VOW__WRITING_SHUTDOWN)
        stream->is_ending = false;
    if (self->written && promise->stage == VOW__WRITING_MESSAGE)
        vow__stream_break_off(stream,
                              vow__error_new_or(&error_torn, promise->site, EPIPE,
                                                "a write of %zu bytes was dropped after %zu, made at %s",
                                                self->size, self->written, vow__site_text(promise->site)));
    else
        vow__stream_close_if_done(stream, NULL);
}

static const vow__kind write_kind = {.name = "stream_write", .halt = writing_stop};
static const vow__kind shutdown_kind = {.name = "stream_shutdown", .halt = writing_stop};

static inline vow__writing *writing_new(vow_stream *stream, const vow__kind *kind, int stage,
                                        const struct iovec *parts, size_t count, const char *site)
{
    vow_loop *loop = vow__loop_of(&stream->promise);
    size_t size = sizeof(vow__writing) + count * sizeof parts[0];
    vow__writing *self = vow__promise_new_quickly(loop, size, kind, site);

    if (VOW_UNLIKELY(!self))
        self = vow__promise_new_slowly(loop, size, kind, site);
    if (!self)
        return NULL;
    self->promise.stage = (uint8_t) stage;
    self->stream = stream;
    self->size = 0;
    self->written = 0;
    self->count = 0;
    self->index = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].iov_len)
            self->parts[self->count++] = parts[i];
        self->size += parts[i].iov_len;
    }
    return self;
}

/* Whether a write would raise the queue above its high-water mark. The write that is under way does not
 * count. */
static bool is_above_mark(const vow__writing *self)
{
    const vow_stream *stream = self->stream;
    const vow__writing *first;
    size_t behind;

    if (self->promise.stage != VOW__WRITING_MESSAGE || vow__list_is_empty(&stream->writes))
        return false;
    first = vow__first_write(stream);
    behind = stream->queued - (first->size - first->written + VOW__WRITING_COST);
    return behind > stream->high_water || self->size > stream->high_water - behind ||
           VOW__WRITING_COST > stream->high_water - behind - self->size;
}

/* Why a write cannot be taken, or NULL. */
static VOW__RARE vow_error *write_refusal(const vow__writing *self)
{
    const vow_stream *stream = self->stream;
    const char *function = vow__writing_function(self), *site = self->promise.site;

    if (stream->is_closing || stream->is_ended)
        return vow__stream_ended(stream, function, site);
    if (stream->out_error)
        return vow__stream_broken(stream, function, stream->out_error, site);
    if (stream->is_ending)
        return vow__stream_broken(stream, function, &vow__error_shut_down, site);
    if (!is_above_mark(self))
        return NULL;
    return vow_error_new_at(
        site, ENOBUFS, "%s: descriptor %d: %zu bytes wait already, and %zu more are above the mark of %zu",
        function, stream->fd, stream->queued, self->size, stream->high_water);
}

/* Tries a write at once, if nothing is before it. True when it is settled. */
static bool try_at_once(vow__writing *self)
{
    vow_stream *stream = self->stream;
    vow__ev_loop *loop = vow__ev_loop_of(vow__loop_of(&stream->promise));

    if (!vow__list_is_empty(&stream->writes) || !vow__budget_admits(loop))
        return false;
    vow__budget_take(loop);
    if (self->promise.stage == VOW__WRITING_SHUTDOWN) {
        vow__writing_end_output(stream, self);
    } else if (!self->size) {
        vow__fulfil(&self->promise, vow_int(0));
    } else {
        if (stream->is_full && stream->fd >= 0)
            return false;
        return vow__writing_at_once(self);
    }
    return true;
}

/* Whether nothing speaks against another write. That is the usual case. */
static bool is_welcome(const vow_stream *stream)
{
    return !stream->out_error && !stream->is_ending && !stream->is_ended && !stream->is_closing &&
           vow__list_is_empty(&stream->writes);
}

static vow_promise *write_begin(vow__writing *self)
{
    vow_error *error = VOW__LIKELY(is_welcome(self->stream)) ? NULL : write_refusal(self);

    if (error) {
        vow__reject(&self->promise, error);
    } else if (!try_at_once(self)) {
        self->stream->is_ending = self->promise.stage == VOW__WRITING_SHUTDOWN;
        vow__writing_enqueue(self);
    }
    return &self->promise;
}

vow_promise *vow_stream_write_at(vow_stream *stream, const void *data, size_t size, const char *site)
{
    const struct iovec part = {(void *) data, size};
    vow__writing *self;

    vow__check_stream(stream, "vow_stream_write", site);
    vow__check_bytes(data, size, "vow_stream_write", site);
    self = writing_new(stream, &write_kind, VOW__WRITING_MESSAGE, &part, 1, site);
    return self ? write_begin(self) : vow__refusal(vow__loop_of(&stream->promise));
}

vow__writing *vow__write_chunk(vow_stream *stream, const void *data, size_t size, const char *site)
{
    const struct iovec part = {(void *) data, size};
    vow__writing *self = writing_new(stream, &write_kind, VOW__WRITING_COPY, &part, 1, site);

    if (self)
        (void) write_begin(self);
    return self;
}

/* Why these parts cannot be written, or NULL. Parts that overlap may have more bytes in all than can be
 * counted. */
static vow_error *bad_parts(const vow_stream *stream, const struct iovec *parts, size_t count,
                            const char *site)
{
    size_t size = 0, i = 0;

    if (count > PARTS_MAX)
        return vow_error_new_at(site, EINVAL, "vow_stream_writev: descriptor %d: %zu parts, more than %d",
                                stream->fd, count, PARTS_MAX);
    while (i < count && parts[i].iov_len <= PTRDIFF_MAX - size)
        size += parts[i++].iov_len;
    for (size_t j = 0; j < i; j++)
        vow__check_bytes(parts[j].iov_base, parts[j].iov_len, "vow_stream_writev", site);
    return i == count ? NULL
                      : vow_error_new_at(site, EINVAL,
                                         "vow_stream_writev: descriptor %d: more bytes than can be counted",
                                         stream->fd);
}

vow_promise *vow_stream_writev_at(vow_stream *stream, const struct iovec *parts, size_t count,
                                  const char *site)
{
    vow__writing *self;
    vow_error *error;

    vow__check_stream(stream, "vow_stream_writev", site);
    vow__check_bytes(parts, count * sizeof *parts, "vow_stream_writev", site);
    error = bad_parts(stream, parts, count, site);
    if (error)
        return vow_rejected_at(vow__loop_of(&stream->promise), error, site);
    self = writing_new(stream, &write_kind, VOW__WRITING_MESSAGE, parts, count, site);
    return self ? write_begin(self) : vow__refusal(vow__loop_of(&stream->promise));
}

vow_promise *vow_stream_shutdown_at(vow_stream *stream, const char *site)
{
    vow__writing *self;

    vow__check_stream(stream, "vow_stream_shutdown", site);
    self = writing_new(stream, &shutdown_kind, VOW__WRITING_SHUTDOWN, NULL, 0, site);
    return self ? write_begin(self) : vow__refusal(vow__loop_of(&stream->promise));
}
