/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kind stream_copy: a reader that writes what has come, from where it lies in the stream's buffer, and
 * reads on when that is done. Bytes leave the buffer when they are written. So a copy that is dropped loses
 * none, however far the write has got.
 *
 * It holds a reference to the stream it writes to. That keeps the stream's memory, but not its descriptor.
 */
#include "stream/stream-private.h"

typedef struct copying {
    vow__reading reading;
    vow_stream *to;
    vow__writing *write; /* the write of what has come, and a reference to it; NULL while it reads */
    uint64_t at;         /* where in the stream what it writes begins */
    uint64_t count;      /* bytes that were written */
} copying;

/* The write is settled or given up. Takes what it has written out of the buffer, and lets go of it. */
static void end_write(copying *self)
{
    vow__writing *write = self->write;
    size_t written = write->written;

    self->write = NULL;
    vow_unref(&write->promise);
    vow__in_consume_at(self->reading.stream, self->at, written);
    self->count += written;
}

static enum vow__progress copy_take(vow__reading *reading, vow_value *result)
{
    copying *self = (copying *) reading;
    vow__run run = vow__in_first_run(reading->stream);

    if (!run.length)
        return VOW__MORE;
    self->at = run.at;
    self->write = vow__write_chunk(self->to, run.data, run.length, reading->promise.site);
    if (!self->write) {
        *result = vow_throw(&vow__error_no_memory);
        return VOW__DONE;
    }
    vow__wait(&reading->promise, vow_ref(&self->write->promise), VOW__WAIT_REACTION);
    return VOW__BUSY;
}

/* The write is settled. Or there is none, and the copy goes on after it was put off. */
static void copy_run(vow_promise *promise, vow__reaction *wait)
{
    copying *self = (copying *) promise;
    vow_promise *write = vow__take_upstream(wait);
    vow_error *error = NULL;

    if (!write) {
        vow__reading_run(promise, wait);
        return;
    }
    if (vow__is_rejected(write)) {
        write->flags |= VOW__SEEN;
        error = vow_error_ref(vow__error_of(write));
    }
    vow__unref(write);
    end_write(self);
    if (error)
        vow__reading_finish(&self->reading, vow_throw(error));
    else
        vow__reading_go_on(&self->reading);
}

static ssize_t copy_fill(vow__reading *reading)
{
    return vow__in_fill(reading->stream, VOW__STREAM_AHEAD);
}

static vow_value copy_end(vow__reading *reading)
{
    return vow_int((int64_t) ((copying *) reading)->count);
}

/* The stream that the copy reads from ends: it does not wait for the write any more. */
static void copy_leave(vow__reading *reading)
{
    copying *self = (copying *) reading;
    vow_promise *promise = &reading->promise;

    if (!self->write)
        return;
    if (!(promise->flags & VOW__DOOMED)) { /* else the reaper has its link, and lets go of the write */
        vow__list_unlink(&promise->wait.link);
        promise->mode = VOW__WAIT_NONE;
        vow__unref(vow__take_upstream(&promise->wait));
    }
    end_write(self);
}

static void copy_stop(vow_promise *promise)
{
    copying *self = (copying *) promise;

    if (self->write)
        end_write(self);
    vow__reading_stop(promise);
}

static void copy_dispose(vow_promise *promise)
{
    vow__let_go(&((copying *) promise)->to->promise);
}

static const vow__read_kind copy_kind = {
    {.name = "stream_copy", .run = copy_run, .halt = copy_stop, .dispose = copy_dispose},
    "vow_stream_copy",
    copy_take,
    copy_fill,
    copy_end,
    copy_leave,
    false};

vow_promise *vow_stream_copy_at(vow_stream *from, vow_stream *to, const char *site)
{
    copying *self;

    vow__check_stream(from, "vow_stream_copy", site);
    vow__check_stream(to, "vow_stream_copy", site);
    vow__check_same_loop(&from->promise, &to->promise, "vow_stream_copy");
    self = vow__reading_new(from, sizeof *self, &copy_kind, site);
    if (!self)
        return vow__refusal(vow__loop_of(&from->promise));
    self->to = to;
    to->promise.refs++;
    self->write = NULL;
    self->count = 0;
    return vow__reading_begin(&self->reading);
}
