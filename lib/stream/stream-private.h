/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of a stream. A stream is itself a promise, of its own end: pending while the stream lives, given
 * to the program by vow_stream_close(). So when the loop is freed, it finds the stream, ends it, and keeps
 * its memory for whoever still holds it.
 *
 * A direction has one watcher, which stays active from one operation to the next, because a start costs a
 * system call. While nobody waits for it, the ev_loop does not count it, and it is stopped when it fires.
 */
#ifndef VOW_STREAM_STREAM_PRIVATE_H
#define VOW_STREAM_STREAM_PRIVATE_H

#include <vow/stream.h>

#include "core/bytes-private.h"
#include "io/io-private.h"
#include "os/fd-private.h"

/* How much is read ahead, and the size of the buffers that streams pass to one another. */
#define VOW__STREAM_AHEAD ((size_t) 65536)

typedef struct vow__reading vow__reading;
typedef struct vow__writing vow__writing;

/* What each read and write looks at stands together. With 1,000 connections, most of what an echo costs
 * besides its system calls is fetching this from memory. */
struct vow_stream {
    vow_promise promise;  /* of the stream's end */
    ev_io in;             /* its `data` is NULL when nobody waits: then the ev_loop does not count it */
    vow__reading *reader; /* the read that is pending, or NULL */
    int fd;               /* -1 once it is closed */
    vow__fd_nature nature;
    bool is_drained : 1;    /* a read would find nothing: the watcher has to fire first */
    bool is_full : 1;       /* a write would find no room: the watcher has to fire first */
    bool is_ending : 1;     /* a shutdown is pending or done */
    bool is_closing : 1;    /* given away to vow_stream_close() */
    bool is_ended : 1;      /* closed or freed; its memory may be there still */
    vow__bytes *bytes;      /* what has come, or NULL when there is nothing */
    size_t returned_length; /* of what came back, and is to be read before `bytes` */
    vow_error *in_error;    /* what broke this direction, or NULL */
    vow_error *out_error;
    vow__link *last_waiter; /* what waited for the last read, only for PREFETCH_OUTCOME(): it may be gone */
    vow__link writes;       /* vow__writing.link of those that are pending, in order */
    size_t start;           /* where in `bytes` what was not read yet begins */
    size_t queued;          /* of the writes: bytes not written yet, and VOW__WRITING_COST for each */
    size_t high_water;
    ev_io out;          /* as `in` */
    vow__link returned; /* the pieces that came back, in the order of the stream: stream-returned.c */
    vow__link handed;   /* vow__item.link of those that may come back */
    uint64_t position;  /* where in the stream `start` is; what is read straight into lent buffers left out */
};

enum vow__progress {
    VOW__DONE, /* there is a result */
    VOW__MORE, /* more has to be read */
    VOW__WAIT, /* that would block: the watcher has to fire first */
    VOW__OVER, /* the budget is spent: to be put off */
    VOW__BUSY  /* it does not want more now */
};

/* A kind of read: how it takes from the buffer, and how it fills it. */
typedef struct vow__read_kind {
    vow__kind kind;
    const char *function;                                              /* as messages call it */
    enum vow__progress (*take)(vow__reading *self, vow_value *result); /* DONE, MORE or BUSY */
    /* As recv(2). Reads into the stream's buffer, or, if `is_direct` is set, wherever it likes. */
    ssize_t (*fill)(vow__reading *self);
    /* The result when the stream has ended. */
    vow_value (*end)(vow__reading *self);
    /* The read is settled from outside: gives up what else it waits for. NULL when that is nothing. */
    void (*leave)(vow__reading *self);
    bool is_direct; /* what fill() reads is the result, and its count the value */
} vow__read_kind;

struct vow__reading {
    vow_promise promise; /* of a vow__read_kind */
    vow_stream *stream;  /* NULL once it is not the stream's reader any more */
};

/* A read whose bytes come back to the stream if nobody looks at its value. */
typedef struct vow__item {
    vow__reading reading;
    vow__link link;      /* in from->handed */
    vow_stream *from;    /* once it has bytes of the stream; NULL when that is gone */
    vow__bytes *copy;    /* of what went into a lent buffer; NULL if the bytes are the value */
    const char *skipped; /* what stood behind the bytes, and was skipped */
    uint64_t at;
} vow__item;

/* ---- Life: stream.c ------------------------------------------------------------------------------------ */

/* Ends the program: the stream is NULL or was given away. */
VOW_NORETURN void vow__misuse_stream(const vow_stream *stream, const char *function, const char *site);

static inline void vow__check_stream(const vow_stream *stream, const char *function, const char *site)
{
    if (VOW_UNLIKELY(vow__is_gone((const vow_promise *) stream) || stream->is_closing))
        vow__misuse_stream(stream, function, site);
    vow__check_thread(vow__loop_of(&stream->promise), function, site);
}

/* ---- Watchers, errors and the end: stream-ends.c --------------------------------------------------------
 */

static inline bool vow__is_wanted(const ev_io *watcher)
{
    return watcher->data;
}

/* Somebody waits for a direction. */
static inline void vow__want(vow_stream *stream, ev_io *watcher)
{
    struct ev_loop *ev = vow__ev(&stream->promise);

    if (vow__is_wanted(watcher))
        return;
    watcher->data = stream;
    if (vow__io_is_up(watcher))
        ev_ref(ev);
    else
        ev_io_start(ev, watcher);
}

/* Nobody waits for it any more. */
static inline void vow__unwant(vow_stream *stream, ev_io *watcher)
{
    if (vow__is_wanted(watcher) && vow__io_is_up(watcher))
        ev_unref(vow__ev(&stream->promise));
    watcher->data = NULL;
}

/* The watcher has fired, but nobody waits: it is stopped. */
void vow__stop_unwanted(vow_stream *stream, ev_io *watcher);
/* Stops both watchers and closes the descriptor. */
void vow__stream_shut(vow_stream *stream);
/* Ends a stream that is being closed, if no write is pending any more: with `error`, which is only looked at,
 * or with nil if that is NULL. */
void vow__stream_close_if_done(vow_stream *stream, const vow_error *error);
/* A throw of an errno value whose message names the function and the descriptor. */
vow_value vow__stream_throw(const vow_stream *stream, const char *function, int code, const char *site);
/* The error of an operation that is refused because its direction is broken. */
vow_error *vow__stream_broken(const vow_stream *stream, const char *function, const vow_error *cause,
                              const char *site);
/* The error of an operation that is pending when the stream ends. It is quiet: nobody has to look at it. */
vow_error *vow__stream_ended(const vow_stream *stream, const char *function, const char *site);
/* Whether an error leaves the stream as it was. */
bool vow__is_transient(int code);

/* ---- What has come: stream-buffer.c -------------------------------------------------------------------- */

/* How many bytes are in the buffer. */
static inline size_t vow__main_length(const vow_stream *stream)
{
    return stream->bytes ? stream->bytes->bytes.length - stream->start : 0;
}

/* How many can be read, with those that came back. */
static inline size_t vow__in_length(const vow_stream *stream)
{
    return vow__main_length(stream) + stream->returned_length;
}

/* Reads once into the buffer, which grows where it must, but not for more than `most` bytes. As recv(2). */
ssize_t vow__in_fill(vow_stream *stream, size_t most);
/* Removes bytes from the front. */
void vow__in_consume(vow_stream *stream, size_t count);
/* Removes bytes from the front of the run that begins at `at`. Others may have come back before that run. */
void vow__in_consume_at(vow_stream *stream, uint64_t at, size_t count);
/* Moves bytes from the front into a value, and skips some more. Without memory it moves nothing, and gives a
 * throw. */
vow_value vow__in_take(vow_stream *stream, size_t count, size_t skipped);
/* Nothing is being read: gives back memory that is not needed. */
void vow__in_shrink(vow_stream *stream);
static inline void vow__in_trim(vow_stream *stream)
{
    if (stream->bytes)
        vow__in_shrink(stream);
}
/* Releases the buffer, whatever is in it. */
void vow__in_clear(vow_stream *stream);
/* Where a delimiter begins in what can be read, at `from` or later and before `end`; `end` if nowhere. */
size_t vow__in_find(const vow_stream *stream, size_t from, size_t end, const char *delimiter, size_t length);

/* ---- What comes back: stream-returned.c ---------------------------------------------------------------- */

/* Bytes that can be read, and lie behind one another in memory. The last run may have none. */
typedef struct vow__run {
    const vow__link *link;
    const char *data;
    size_t length;
    uint64_t at; /* where in the stream */
} vow__run;

vow__run vow__in_first_run(const vow_stream *stream);
vow__run vow__in_next_run(const vow_stream *stream, vow__run run);
/* Copies bytes that can be read, from the one with index `from` on. */
void vow__in_copy(const vow_stream *stream, size_t from, char *to, size_t count);

/* So many bytes behind those of a value may be skipped. */
#define VOW__SKIPPED_MAX 2
/* How much more than its bytes the block of a value has to hold, so that it can come back. */
#define VOW__RETURNED_ROOM ((size_t) 72)

/* Puts the block of a value back to where it was taken, with what was skipped behind it. */
void vow__returned_add(vow_stream *stream, vow__bytes *block, const char *skipped, uint64_t at);
/* Removes bytes from the front of all pieces; returns how many. */
size_t vow__returned_consume(vow_stream *stream, size_t count);
/* The same, from the piece that begins at `at` alone; false if there is none. */
bool vow__returned_consume_at(vow_stream *stream, uint64_t at, size_t count);
void vow__returned_clear(vow_stream *stream);

/* ---- Reading: stream-read.c ---------------------------------------------------------------------------- */

/* vow__kind.run of all reads, or called by it: goes on with a read that was put off. */
void vow__reading_run(vow_promise *promise, vow__reaction *wait);
/* A new read, of `size` bytes that begin with a vow__reading; NULL when there is no memory. */
void *vow__reading_new(vow_stream *stream, size_t size, const vow__read_kind *kind, const char *site);
/* Attempts a read, and waits if that would block. Returns the promise. */
vow_promise *vow__reading_begin(vow__reading *self);
/* Only waits. Returns the promise. */
vow_promise *vow__reading_wait(vow__reading *self);
/* Goes on with a pending read. */
void vow__reading_go_on(vow__reading *self);
/* Settles a pending read with a throw or a value. */
void vow__reading_finish(vow__reading *self, vow_value result);
/* Settles a pending read, since its stream ends. */
void vow__reading_end(vow__reading *self);
/* vow__kind.halt of all reads, or called by it. */
void vow__reading_stop(vow_promise *promise);
/* Reads into a buffer; remembers whether a second call would find nothing. */
static inline ssize_t vow__stream_recv(vow_stream *stream, void *buffer, size_t size)
{
    ssize_t count;

    if (size > VOW__IO_PIECE)
        size = VOW__IO_PIECE;
    count = vow__fd_read_as(stream->fd, &stream->nature, buffer, size);
    if (count > 0)
        vow__budget_take_bytes(vow__ev_loop_of(vow__loop_of(&stream->promise)), (size_t) count);
    stream->is_drained = count < 0 ? vow__is_again(errno) : count > 0 && (size_t) count < size;
    return count;
}
/* The watcher's callback. */
void vow__stream_readable_cb(EV_P_ ev_io *io, int revents);

/* ---- Reading what may come back: stream-item.c ----------------------------------------------------------
 */

/* As vow__reading_new(), of a vow__item. */
void *vow__item_new(vow_stream *stream, size_t size, const vow__read_kind *kind, const char *site);
/* Takes bytes from the front, and skips the bytes of `skipped` behind them. The value; or a throw, and then
 * nothing is taken. */
vow_value vow__item_take(vow__item *self, size_t count, const char *skipped);
/* vow__kind.put_back and vow__kind.dispose of an item. */
bool vow__item_put_back(vow_promise *promise, vow_value value);
void vow__item_dispose(vow_promise *promise);
/* The stream goes: nothing comes back to it. */
void vow__items_leave(vow_stream *stream);

/* ---- Writing: stream-queue.c and stream-write.c -------------------------------------------------------- */

struct vow__writing {
    vow_promise promise;
    vow_stream *stream; /* NULL once it is not in the queue any more */
    vow__link link;     /* in stream->writes */
    size_t size;        /* of all parts */
    size_t written;
    unsigned count; /* of parts */
    unsigned index; /* the first part not written whole; its beginning is moved past what was written */
    struct iovec parts[];
};

/* What a write in the queue counts for, besides its bytes. */
#define VOW__WRITING_COST ((size_t) 128)

/* The values of promise.stage. What a copy writes is no message, so dropping it in the middle breaks nothing.
 * A copy writes one piece at a time, so the high-water mark does not count for it. */
enum { VOW__WRITING_MESSAGE, VOW__WRITING_COPY, VOW__WRITING_SHUTDOWN };

static inline const char *vow__writing_function(const vow__writing *self)
{
    return self->promise.stage == VOW__WRITING_SHUTDOWN ? "vow_stream_shutdown" : "vow_stream_write";
}

/* The first of a queue that is not empty. */
static inline vow__writing *vow__first_write(const vow_stream *stream)
{
    return VOW__CONTAINER_OF(stream->writes.next, vow__writing, link);
}

/* The error of a stream on a socket of packets. Static. */
extern vow_error vow__error_packets;
/* The error of a direction that was shut down. Static. */
extern vow_error vow__error_shut_down;

void vow__writing_enqueue(vow__writing *self);
void vow__writing_dequeue(vow_stream *stream, vow__writing *self);
/* vow__kind.run of a stream: its writes go on after they were put off. */
void vow__stream_run(vow_promise *promise, vow__reaction *wait);
/* One attempt at a write that has nothing before it in the queue. True when it is settled. */
bool vow__writing_at_once(vow__writing *self);
/* Carries out a shutdown that is not in the queue any more. */
void vow__writing_end_output(vow_stream *stream, vow__writing *self);
/* Rejects all pending writes because of `error`, which is only looked at; or, if that is NULL, because the
 * stream ends. */
void vow__writes_reject(vow_stream *stream, const vow_error *error);
/* Nothing may be written any more, because of an error, which is given. */
void vow__stream_break_off(vow_stream *stream, vow_error *error);
/* The watcher's callback. */
void vow__stream_writable_cb(EV_P_ ev_io *io, int revents);

/* A write for a copy; NULL when there is no memory. */
vow__writing *vow__write_chunk(vow_stream *stream, const void *data, size_t size, const char *site);

#endif
