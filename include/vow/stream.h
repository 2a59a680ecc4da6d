/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/stream.h
 * @brief Streams: a descriptor with a buffer for what has come and a queue of what is to go.
 *
 * A stream owns its descriptor: a TCP or Unix-domain socket, a pipe, a terminal. It belongs to the caller who
 * made it. The functions below only use it, except for vow_stream_close() and vow_stream_free(), to which it
 * is given away. The two directions are independent of each other. Buffers are lent until the promise is
 * settled or dropped.
 *
 * Reading: there is one reader at a time. A read while another one is pending rejects with `EALREADY`, and
 * names where that one was made. Dropping a read loses no byte: what had arrived stays in the stream for the
 * next one. A line, and what vow_stream_read_until(), vow_stream_read_exactly() and vow_stream_read_all()
 * give, even comes back when the promise was fulfilled and is dropped before anybody has looked at its value,
 * as the loser of a vow_race() is: the next read gets it first. What vow_stream_read() has put into a lent
 * buffer cannot come back. If that matters, keep the promise and wait for it with vow_select(), which drops
 * nothing, or wait with vow_stream_readable().
 *
 * Writing: any number of writes may be pending. They go out in the order of the calls, one after the other
 * and never mixed. A read that the system failed breaks its direction of the stream. So does a write that the
 * system failed, or that was dropped in the middle. From then on that direction rejects with `EPIPE`, and
 * vow_error_cause() says what broke it.
 *
 * The end of a pseudo-terminal, which the system calls `EIO`, is the end of a stream.
 *
 * A stream tries its descriptor before it waits for it, never blocks, and never raises SIGPIPE. What it does
 * in one turn of the loop is limited (see vow/io.h); lines that have come already count, too. It shares the
 * open file with whoever else has it, and leaves its flags alone (see there). So several streams may stand on
 * one open file, even in other processes; what a child inherits blocks, if it did so before; and a terminal
 * is as it was when the program ends, however it ends. A stream of a terminal or a FIFO may take a second
 * descriptor.
 *
 * While nobody waits for it, a stream does not keep an ev_run() from returning. An idle stream holds no
 * buffer. A stream that is still there when its loop is freed is closed then, and reported as a leak; it
 * still has to be released.
 *
 *     struct parrot { vow_task task; int fd; vow_stream *stream; vow_value line; };
 *
 *     VOW_ASYNC(parrot, me)
 *     {
 *         VOW_BEGIN(me);
 *         me->stream = vow_stream_new(VOW_LOOP(me), me->fd);
 *         if (!me->stream)
 *             VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
 *         for (;;) {
 *             VOW_AWAIT(me, vow_timeout(vow_stream_read_line(me->stream, 512), 60));
 *             if (vow_is_nil(VOW_RESULT(me)))
 *                 break;
 *             me->line = vow_take(VOW_RESULT(me));
 *             VOW_AWAIT(me, vow_stream_write(me->stream, vow_as_bytes(&me->line)->data,
 *                                            vow_as_bytes(&me->line)->length));
 *             VOW_AWAIT(me, vow_stream_write(me->stream, "\n", 1));
 *             vow_value_drop(vow_take(&me->line));
 *         }
 *         VOW_FINALLY(me);
 *         vow_stream_free(me->stream);
 *         vow_value_drop(vow_take(&me->line));
 *         VOW_END(me);
 *     }
 */
#ifndef VOW_STREAM_H
#define VOW_STREAM_H

#include <sys/uio.h>

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

typedef struct vow_stream vow_stream;

VOW_API const vow_type
    vow_type_stream; /**< @brief For a stream as a value: `vow_own(stream, &vow_type_stream)`. */

/**
 * @brief Makes a stream of a descriptor.
 *
 * @param loop whose ev_loop watches.
 * @param fd   given away, even when this fails for lack of memory: then it is closed. If it is not open,
 * reads and writes of the stream reject with `EBADF`. If it is a socket of packets, such as one of
 * SOCK_SEQPACKET or SOCK_DGRAM, they reject with `EPROTOTYPE`, since a stream would not keep its packets
 * apart; use vow_read(), vow_write() and vow_message_send() for those.
 * @return the stream, to be released with vow_stream_free() or vow_stream_close(). NULL, with errno set, when
 * it cannot be made.
 * @par Errors
 * errno is `ENOMEM`; `ECANCELED` while the loop is being freed; `EINVAL` when the descriptor is 0, 1 or 2 and
 * no standard stream: in a program that was started without one, libev's own descriptors stand there. It is
 * left alone then.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_stream *vow_stream_new_at(vow_loop *loop, int fd, const char *site);
#define vow_stream_new(...) vow_stream_new_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends a stream at once and closes its descriptor.
 *
 * Pending reads and writes reject with `ECANCELED`. If nobody looks at one of these rejections, it is not
 * reported. What was not written yet never is. Lent buffers are their owners' again when this returns.
 *
 * @param stream given away; NULL does nothing.
 * @since 0.1
 */
VOW_API void vow_stream_free(vow_stream *stream);

/**
 * @brief Writes what is pending, then closes the descriptor: fulfilled with nil when that is done.
 *
 * A pending read rejects with `ECANCELED`. The promise is the stream now: dropping it ends the stream at
 * once, as vow_stream_free() does. So a vow_timeout() around it bounds how long a peer may take. Closing
 * needs no memory and always takes effect. Closing a TCP connection with bytes unread resets it; to avoid
 * that, call vow_stream_shutdown() and read to the end first.
 *
 * @param stream given away.
 * @return the promise, the caller's.
 * @par Errors
 * Those of a pending write that fails. The descriptor is closed all the same.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_close_at(vow_stream *stream, const char *site);
#define vow_stream_close(...) vow_stream_close_at(__VA_ARGS__, VOW_HERE)

/** @brief The descriptor of a stream, for setsockopt(2) and the like. @param stream borrowed. @return stays
 * the stream's. @since 0.1 */
VOW_API int vow_stream_fd_at(const vow_stream *stream, const char *site);
#define vow_stream_fd(...) vow_stream_fd_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many bytes have arrived in a stream's buffer and were not read yet.
 * @param stream borrowed.
 * @return the count; reads that ask for no more than that need not wait.
 * @since 0.1
 */
VOW_API size_t vow_stream_buffered_at(const vow_stream *stream, const char *site);
#define vow_stream_buffered(...) vow_stream_buffered_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How much is to be written: the bytes of all pending writes, and 128 for each.
 * @param stream borrowed.
 * @return the count.
 * @since 0.1
 */
VOW_API size_t vow_stream_queued_at(const vow_stream *stream, const char *site);
#define vow_stream_queued(...) vow_stream_queued_at(__VA_ARGS__, VOW_HERE)

/* ---- Reading ------------------------------------------------------------------------------------------- */

/**
 * @brief Waits until there is something to read: fulfilled with nil when bytes have come, or the end, or an
 * error. Takes nothing.
 *
 * Use it for a connection that is idle most of the time: you need no buffer before there is something to put
 * in.
 *
 * @param stream used.
 * @return the promise, the caller's.
 * @par Errors
 * `EALREADY` when another read is pending; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_readable_at(vow_stream *stream, const char *site);
#define vow_stream_readable(...) vow_stream_readable_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads what there is: fulfilled with the count of bytes, 0 at the end of the stream.
 * @param stream used.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes at most; 0 is fulfilled with 0.
 * @return the promise of an int, the caller's.
 * @par Errors
 * read(2)'s, such as `ECONNRESET`; `EPIPE` when an earlier read has failed; `EALREADY` when another read is
 * pending; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_read_at(vow_stream *stream, void *buffer, size_t size,
                                                      const char *site);
#define vow_stream_read(...) vow_stream_read_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads exactly so many bytes: fulfilled with their count.
 *
 * The buffer is filled when all of them are there. Until then they are in the stream, whose memory grows as
 * they arrive.
 *
 * @param stream used.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `VOW_EOF` when the stream ends first: the message says how many had come, and they can still be read;
 * otherwise as for vow_stream_read().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_read_exactly_at(vow_stream *stream, void *buffer, size_t size,
                                                              const char *site);
#define vow_stream_read_exactly(...) vow_stream_read_exactly_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads up to a delimiter: fulfilled with the bytes, including the delimiter.
 * @param stream    used.
 * @param delimiter copied; a string of 1 to 16 bytes.
 * @param limit     how many bytes at most, including the delimiter.
 * @return the promise of bytes (vow_as_bytes()), the caller's.
 * @par Errors
 * `EMSGSIZE` when the limit is reached first; `VOW_EOF` when the stream ends first. In both cases what had
 * come can still be read. `EINVAL` for a bad delimiter; otherwise as for vow_stream_read().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_read_until_at(vow_stream *stream, const char *delimiter,
                                                            size_t limit, const char *site);
#define vow_stream_read_until(...) vow_stream_read_until_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a line: fulfilled with its bytes, without the LF or CR LF that ends it; with nil at the end of
 * the stream.
 *
 * The last line need not be ended. It must still be shorter than the limit, as if it were. Bytes have a zero
 * behind them, so a line without zeros is a string, too.
 *
 * @param stream used.
 * @param limit  how many bytes at most, including the line's end.
 * @return the promise of bytes (vow_as_bytes()) or nil, the caller's.
 * @par Errors
 * `EMSGSIZE` when the limit is reached first: what had come can still be read; otherwise as for
 * vow_stream_read().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_read_line_at(vow_stream *stream, size_t limit,
                                                           const char *site);
#define vow_stream_read_line(...) vow_stream_read_line_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads to the end of the stream: fulfilled with all bytes, which may be none.
 * @param stream used.
 * @param limit  how many bytes at most.
 * @return the promise of bytes (vow_as_bytes()), the caller's.
 * @par Errors
 * `EMSGSIZE` when there are more: those that had come can still be read; otherwise as for vow_stream_read().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_read_all_at(vow_stream *stream, size_t limit, const char *site);
#define vow_stream_read_all(...) vow_stream_read_all_at(__VA_ARGS__, VOW_HERE)

/* ---- Writing ------------------------------------------------------------------------------------------- */

/**
 * @brief Writes all of a buffer, after what is pending already: fulfilled with its size when the system has
 * taken it.
 *
 * The promise is the backpressure: await it before the next write, and no more than one buffer is under way.
 * Nothing is copied. Dropping a write that has not begun takes it out of the queue. Dropping one that has
 * begun leaves the stream broken in the middle.
 *
 * @param stream used.
 * @param data   lent until the promise is settled or dropped.
 * @param size   how many bytes; with 0 it is fulfilled when all before it are.
 * @return the promise of an int, the caller's.
 * @par Errors
 * write(2)'s, such as `EPIPE` and `ECONNRESET`; `EPIPE` when the stream is broken in this direction or was
 * shut down; `ENOBUFS` when more would wait than vow_stream_set_high_water() allows (nothing is broken: write
 * again when others are done); `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_write_at(vow_stream *stream, const void *data, size_t size,
                                                       const char *site);
#define vow_stream_write(...) vow_stream_write_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Writes several buffers as one, without copying them together; otherwise as vow_stream_write().
 * @param stream used.
 * @param parts  copied; the bytes that they point to are lent until the promise is settled or dropped.
 * @param count  how many parts, at most 1024.
 * @return the promise of an int, the count of all bytes; the caller's.
 * @par Errors
 * `EINVAL` for too many parts, and for more bytes than can be counted; otherwise as for vow_stream_write().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_writev_at(vow_stream *stream, const struct iovec *parts,
                                                        size_t count, const char *site);
#define vow_stream_writev(...) vow_stream_writev_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Limits how much may wait to be written.
 *
 * One write of any size may be under way. Another one would wait behind it. If everything that waits (counted
 * as by vow_stream_queued()) would then be above the mark, that one rejects with `ENOBUFS`. So a program that
 * does not await its writes has no more memory lent to a stream than the mark and one write.
 *
 * @param stream changed.
 * @param bytes  the mark; 1 MiB unless this says otherwise. `SIZE_MAX` lets everything wait.
 * @since 0.1
 */
VOW_API void vow_stream_set_high_water_at(vow_stream *stream, size_t bytes, const char *site);
#define vow_stream_set_high_water(...) vow_stream_set_high_water_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Ends the writing direction once all pending writes are done: fulfilled with nil when the peer can
 * see the end. Reading goes on.
 *
 * A socket is shut down; the writing end of a pipe is closed. Writes after this call reject with `EPIPE`. If
 * the promise is dropped before its turn, the direction stays open.
 *
 * @param stream used.
 * @return the promise, the caller's.
 * @par Errors
 * shutdown(2)'s, such as `ENOTCONN`; `ENOTSOCK` for what has no half to close, such as a terminal; `EPIPE`
 * when the stream is broken in this direction or was shut down before; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_shutdown_at(vow_stream *stream, const char *site);
#define vow_stream_shutdown(...) vow_stream_shutdown_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Copies from one stream to another until the first ends: fulfilled with the count of bytes.
 *
 * It reads only when what it read before has been written, so it holds at most 64 KiB. It is the reader of
 * `from` until it is settled or dropped. Dropping it loses no byte and breaks nothing: what was not written
 * yet stays in `from`, and another copy goes on from there. It does not pass on the end: see
 * vow_stream_shutdown().
 *
 * @param from used; when it ends, the promise rejects with `ECANCELED`.
 * @param to   used; when it ends, the promise rejects with `ECANCELED` as soon as there is something to write
 * to it. May be the same as `from`, and must be of the same loop.
 * @return the promise of an int, the caller's.
 * @par Errors
 * Those of vow_stream_read() and vow_stream_write().
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_stream_copy_at(vow_stream *from, vow_stream *to, const char *site);
#define vow_stream_copy(...) vow_stream_copy_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
