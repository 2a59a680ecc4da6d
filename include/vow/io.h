/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/io.h
 * @brief Promises of descriptors: ready, read, written.
 *
 * A descriptor passed as an int stays the caller's. Cancel what waits for it before closing it, as libev
 * demands for its watchers. A buffer is lent until the promise is settled or dropped; dropping it stops the
 * watcher inside that call. Operations try the descriptor first, and watch it only if that would block.
 * Writing to a peer that is gone never raises SIGPIPE in the program.
 *
 * Operations never block, whether or not a descriptor's O_NONBLOCK flag is set. They leave that flag alone:
 * it belongs to the open file, which copies, children and other programs may have, too. For a socket and a
 * pipe, each call says that it must not wait. A terminal, a FIFO, and a pipe on Linux before 6.5, is opened
 * once more, so that the flag is set on an open file of the library's own. If that cannot be done either, as
 * with another user's terminal or with devices, the flag is set before each call: on a terminal for the time
 * of the call alone, on all others to stay.
 *
 * A descriptor that is always ready does not keep the rest of the loop waiting. While one handler follows the
 * other, at most 128 operations on descriptors are completed, counted over streams, sockets, datagrams and
 * servers together. Each 2 KiB that they move counts as another one, so that is 256 KiB at most. Operations
 * beyond that, and the rest of a large one, go on after a turn of the loop, in the order of the calls,
 * whatever their descriptors say then. One system call moves no more than 256 KiB, except for a packet of a
 * socket.
 */
#ifndef VOW_IO_H
#define VOW_IO_H

#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/**
 * @brief Fulfilled with nil when a descriptor is readable.
 * @param loop whose ev_loop watches.
 * @param fd   stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * `EBADF` when the descriptor is not open; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_readable_at(vow_loop *loop, int fd, const char *site);
#define vow_readable(...) vow_readable_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Fulfilled with nil when a descriptor is writable.
 * @param loop whose ev_loop watches.
 * @param fd   stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * `EBADF` when the descriptor is not open; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_writable_at(vow_loop *loop, int fd, const char *site);
#define vow_writable(...) vow_writable_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads what there is, as read(2) does: fulfilled with the count of bytes, 0 at the end of the stream.
 *
 * It reads at most 256 KiB at once, except for a packet. The end of a pseudo-terminal, which the system calls
 * `EIO`, is the end of the stream.
 *
 * Dropping a pending promise loses nothing. Once the promise is fulfilled, the bytes are in the buffer and
 * cannot go back. If the promise is dropped then, before anybody has looked at it, nobody knows how many
 * there are: for example in a vow_race() that another promise has won. To wait for bytes and for something
 * else, keep the promise and wait with vow_select(), which drops nothing. Or use vow_read_until() or a
 * stream, which keep what nobody has looked at.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes at most; 0 is fulfilled with 0.
 * @return the promise of an int, the caller's.
 * @par Errors
 * read(2)'s, such as `ECONNRESET` and `EBADF`; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_read_at(vow_loop *loop, int fd, void *buffer, size_t size,
                                               const char *site);
#define vow_read(...) vow_read_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Writes all of a buffer: fulfilled with its size.
 *
 * A large buffer is written in pieces of 256 KiB, with a turn of the loop between them. If this is rejected
 * or dropped, some of the bytes may have been written: the stream is broken in the middle.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes.
 * @return the promise of an int, the caller's.
 * @par Errors
 * write(2)'s, such as `EPIPE`, `ECONNRESET` and `EBADF`; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_write_at(vow_loop *loop, int fd, const void *buffer, size_t size,
                                                const char *site);
#define vow_write(...) vow_write_at(__VA_ARGS__, VOW_HERE)

/** @brief Bytes that were read and not used yet. Zero-initialised, it is empty. See vow_read_until(). */
typedef struct vow_buffer {
    char *data;      /**< the bytes; NULL or room for some while there are none */
    size_t length;   /**< how many */
    size_t capacity; /**< room at data */
    size_t consumed; /**< before data: bytes of its block that are free again */
} vow_buffer;

/**
 * @brief Reads until a delimiter has come: fulfilled with the count of bytes up to and including it.
 *
 * The bytes stand at the front of `buffer->data`; vow_buffer_consume() makes room for the next call. What
 * came after the delimiter stays in the buffer. So does what had arrived when the promise is dropped: no byte
 * is lost, and the next call goes on from there. If the promise is dropped after it was fulfilled, the next
 * call finds the same bytes.
 *
 * @param loop      whose ev_loop watches.
 * @param fd        stays the caller's.
 * @param buffer    lent until the promise is settled or dropped; grows as needed.
 * @param delimiter copied; not empty.
 * @param limit     how many bytes at most, including the delimiter.
 * @return the promise of an int, the caller's.
 * @par Errors
 * `VOW_EOF` when the stream ends first (what had arrived is in the buffer); `EMSGSIZE` when the limit is
 * reached first; `EINVAL` for a delimiter that is NULL, empty or over 16 bytes; `EPROTOTYPE` for a socket of
 * packets, such as SOCK_SEQPACKET, since the packets would not be kept apart; read(2)'s; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_read_until_at(vow_loop *loop, int fd, vow_buffer *buffer,
                                                     const char *delimiter, size_t limit, const char *site);
#define vow_read_until(...) vow_read_until_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Removes bytes from the front of a buffer.
 *
 * It moves none of the others. When little is left in a large block, it gives that back for a smaller one.
 *
 * @param buffer changed; not to be called while it is lent.
 * @param count  how many; more than there are is misuse and aborts.
 * @since 0.1
 */
VOW_API void vow_buffer_consume_at(vow_buffer *buffer, size_t count, const char *site);
#define vow_buffer_consume(...) vow_buffer_consume_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Releases a buffer's memory and leaves it empty, ready for use.
 * @param buffer changed; not to be called while it is lent.
 * @since 0.1
 */
VOW_API void vow_buffer_clear_at(vow_buffer *buffer, const char *site);
#define vow_buffer_clear(...) vow_buffer_clear_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
