/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all reads of a stream have in common. A read takes from what has come, and reads more as long as that
 * is not enough. When there is no more, it is the stream's reader and waits. Bytes leave the stream only when
 * a read is settled, or when a copy has written them. So dropping a read loses nothing.
 */
#include <errno.h>

#include "stream/stream-private.h"

static const vow__read_kind *reading_kind_of(const vow__reading *self)
{
    return (const vow__read_kind *) (const void *) self->promise.kind;
}

static vow__ev_loop *reading_loop_of(const vow__reading *self)
{
    return vow__ev_loop_of(vow__loop_of(&self->promise));
}

void *vow__reading_new(vow_stream *stream, size_t size, const vow__read_kind *kind, const char *site)
{
    vow_loop *loop = vow__loop_of(&stream->promise);
    vow__reading *self = vow__promise_new_quickly(loop, size, &kind->kind, site);

    if (VOW_UNLIKELY(!self))
        self = vow__promise_new_slowly(loop, size, &kind->kind, site);
    if (self)
        self->stream = stream;
    return self;
}

/* ---- Attempts ------------------------------------------------------------------------------------------ */

/* A read has failed. Gives its outcome, and breaks the stream's input, unless the error is one that
 * passes. */
static VOW__RARE vow_value reading_fail(const vow__reading *self, int code)
{
    vow_stream *stream = self->stream;
    vow_value thrown = vow__stream_throw(stream, reading_kind_of(self)->function, code, self->promise.site);

    if (!vow__is_transient(code))
        stream->in_error = vow_error_ref(thrown.u.pointer);
    return thrown;
}

static VOW__RARE vow_value reading_refuse(const vow__reading *self)
{
    return vow_throw(vow__stream_broken(self->stream, reading_kind_of(self)->function, self->stream->in_error,
                                        self->promise.site));
}

/* One read, and what it came to: DONE, MORE or WAIT. */
static inline enum vow__progress reading_fill(vow__reading *self, vow_value *result)
{
    ssize_t count;

    if (self->stream->in_error) {
        *result = reading_refuse(self);
        return VOW__DONE;
    }
    if (self->stream->is_drained)
        return VOW__WAIT;
    count = reading_kind_of(self)->fill(self);
    if (count > 0 && reading_kind_of(self)->is_direct) {
        *result = vow_int(count);
        return VOW__DONE;
    }
    if (count > 0)
        return VOW__MORE;
    if (count < 0 && vow__is_again(errno))
        return VOW__WAIT;
    *result = count < 0 ? reading_fail(self, errno) : reading_kind_of(self)->end(self);
    return VOW__DONE;
}

/* DONE, WAIT, BUSY or OVER. Taking what has come already costs as much budget as reading it now. */
static inline enum vow__progress reading_attempt(vow__reading *self, vow_value *result)
{
    vow__ev_loop *loop = reading_loop_of(self);

    while (VOW__LIKELY(vow__budget_is_left(loop))) {
        enum vow__progress progress = reading_kind_of(self)->take(self, result);

        if (progress == VOW__MORE)
            progress = reading_fill(self, result);
        if (progress != VOW__WAIT)
            vow__budget_take(loop);
        if (progress != VOW__MORE)
            return progress;
    }
    return VOW__OVER;
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

static void reading_leave(vow__reading *self)
{
    vow_stream *stream = self->stream;

    self->stream = NULL;
    stream->reader = NULL;
    vow__unwant(stream, &stream->in);
    vow__not_put_off(&self->promise);
    vow__in_trim(stream);
}

void vow__reading_finish(vow__reading *self, vow_value result)
{
    self->stream->last_waiter = self->promise.u.reactions.next;
    reading_leave(self);
    vow__resolve(&self->promise, result);
}

/* The read waits for a turn of the loop, and not for its descriptor. */
static void put_off(vow__reading *self)
{
    vow__in_trim(self->stream);
    vow__unwant(self->stream, &self->stream->in);
    vow__put_off(&self->promise);
}

void vow__reading_go_on(vow__reading *self)
{
    vow_stream *stream = self->stream;
    vow_value result;

    switch (reading_attempt(self, &result)) {
    case VOW__DONE:
        vow__reading_finish(self, result);
        break;
    case VOW__WAIT:
        vow__in_trim(stream);
        vow__want(stream, &stream->in);
        break;
    case VOW__OVER:
        put_off(self);
        break;
    default:
        vow__unwant(stream, &stream->in);
    }
}

void vow__reading_run(vow_promise *promise, vow__reaction *wait)
{
    (void) wait;
    vow__reading_go_on((vow__reading *) promise);
}

/*
 * Fetches what a read leads to from memory while the system call reads. With a thousand connections all of it
 * has left the cache since the last time, and would be waited for piece by piece. In W9 of bench/ a request
 * takes 730 ns of user time with this and 860 without; the floor is 470. It is a macro, since compilers drop
 * calls of functions that do nothing else.
 */
#define PREFETCH_OUTCOME(stream)                             \
    do {                                                     \
        VOW__PREFETCH((stream)->reader);                     \
        VOW__PREFETCH((char *) (stream)->reader + 64);       \
        VOW__PREFETCH((char *) (stream) + 128);              \
        VOW__PREFETCH((stream)->last_waiter);                \
        VOW__PREFETCH((char *) (stream)->last_waiter + 64);  \
        VOW__PREFETCH((char *) (stream)->last_waiter + 128); \
    } while (0)

void vow__stream_readable_cb(EV_P_ ev_io *io, int revents)
{
    vow_stream *stream = VOW__CONTAINER_OF(io, vow_stream, in);
    vow__ev_loop *self = vow__ev_loop_of(vow__loop_of(&stream->promise));
    bool is_first;

    vow__ignore(EV_A_ revents);
    stream->is_drained = false;
    if (!vow__is_wanted(io)) {
        vow__stop_unwanted(stream, io);
        return;
    }
    PREFETCH_OUTCOME(stream);
    vow__budget_renew(self);
    is_first = vow__loop_enter(self);
    vow__reading_go_on(stream->reader);
    vow__loop_leave(self, is_first);
}

static VOW__RARE vow_promise *refuse_second(vow__reading *self)
{
    const char *other = self->stream->reader->promise.site;

    vow__reject(&self->promise,
                vow_error_new_at(self->promise.site, EALREADY,
                                 "%s: descriptor %d: the read made at %s is still pending",
                                 reading_kind_of(self)->function, self->stream->fd, vow__site_text(other)));
    return &self->promise;
}

vow_promise *vow__reading_wait(vow__reading *self)
{
    self->stream->reader = self;
    vow__in_trim(self->stream);
    vow__want(self->stream, &self->stream->in);
    return &self->promise;
}

vow_promise *vow__reading_begin(vow__reading *self)
{
    vow_value result;

    if (self->stream->reader)
        return refuse_second(self);
    (void) vow__budget_admits(reading_loop_of(self));
    switch (reading_attempt(self, &result)) {
    case VOW__DONE:
        vow__in_trim(self->stream);
        vow__resolve(&self->promise, result);
        return &self->promise;
    case VOW__WAIT:
        return vow__reading_wait(self);
    case VOW__OVER:
        self->stream->reader = self;
        put_off(self);
        return &self->promise;
    default:
        self->stream->reader = self;
        return &self->promise;
    }
}

void vow__reading_stop(vow_promise *promise)
{
    if (((vow__reading *) promise)->stream)
        reading_leave((vow__reading *) promise);
}

void vow__reading_end(vow__reading *self)
{
    const vow__read_kind *kind = reading_kind_of(self);
    vow_error *error = vow__stream_ended(self->stream, kind->function, self->promise.site);

    if (kind->leave)
        kind->leave(self);
    vow__reading_finish(self, vow_throw(error));
}
