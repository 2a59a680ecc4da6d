/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/unix.h
 * @brief What only Unix-domain sockets can do: say who the peer is, and pass descriptors.
 *
 * A descriptor passed as an int stays the caller's; cancel what waits for it before closing it. A buffer is
 * lent until the promise is settled or dropped. Descriptors that are received are close-on-exec from the
 * start, and owned: what nobody takes is closed.
 */
#ifndef VOW_UNIX_H
#define VOW_UNIX_H

#include <sys/types.h>

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/** @brief Who a process is. See vow_socket_credentials(). */
typedef struct vow_credentials {
    pid_t pid; /**< its process; 0 when it cannot be seen from here, as from another container */
    uid_t uid; /**< its effective user */
    gid_t gid; /**< its effective group */
} vow_credentials;

/**
 * @brief Who the peer of a connected Unix-domain socket is, as the system saw it when it connected. (For the
 * side that connected: when the peer listened.)
 *
 * User and group can be relied on. The process may have ended since, and its number may be another's.
 *
 * @param fd          stays the caller's.
 * @param credentials filled, when it returns 0.
 * @return 0, or an errno value: `EBADF`, `ENOTSOCK`, `ENOTCONN`, `EOPNOTSUPP` for a socket that is not a
 * Unix-domain one, `ENOSYS` on systems that do not tell.
 * @since 0.1
 */
VOW_API int vow_socket_credentials_at(int fd, vow_credentials *credentials, const char *site);
#define vow_socket_credentials(...) vow_socket_credentials_at(__VA_ARGS__, VOW_HERE)

/* How many descriptors one message can carry at most: Linux's limit. */
#define VOW_MESSAGE_FDS_MAX 253

/**
 * @brief Sends bytes, and descriptors with them: fulfilled with the count of bytes once all are written.
 *
 * The receiver gets descriptors of its own for the same open files. They come together with the first of the
 * bytes, so there must be at least one byte. On a datagram or sequenced-packet socket the message is one
 * packet. If this is rejected or dropped, the descriptors and some of the bytes may have been sent.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     a Unix-domain socket; stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes; not 0.
 * @param fds    the array is copied. The descriptors stay the caller's, and must be open until the promise is
 * settled or dropped. May be NULL when there are none.
 * @param count  how many descriptors; up to `VOW_MESSAGE_FDS_MAX`.
 * @return the promise of an int, the caller's.
 * @par Errors
 * sendmsg(2)'s, such as `EPIPE`, `EBADF` for one of the descriptors, and `ETOOMANYREFS` when too many are
 * under way; `EINVAL` for no byte, for too many descriptors, and for a socket that cannot pass them;
 * `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_message_send_at(vow_loop *loop, int fd, const void *buffer,
                                                       size_t size, const int *fds, size_t count,
                                                       const char *site);
#define vow_message_send(...) vow_message_send_at(__VA_ARGS__, VOW_HERE)

/** @brief What vow_message_receive() gives: it owns the descriptors. */
typedef struct vow_message {
    size_t length; /**< how many bytes are in the buffer; 0 at the end of a stream */
    size_t count;  /**< how many descriptors came with them */
    int *fds;      /**< the descriptors; -1 for one that was taken. See vow_message_take_fd() */
} vow_message;

VOW_API const vow_type vow_type_message; /**< @brief The type of what vow_message_receive() gives. */

/**
 * @brief Receives what there is, with the descriptors that come with it: fulfilled with a vow_message.
 *
 * On a stream, one message never spans two that were sent with descriptors. Otherwise it may end anywhere, as
 * with vow_read(). If there are too many descriptors, or this process has no room for them, they are lost,
 * and the bytes with them: the promise rejects, and every descriptor that came is closed.
 *
 * Dropping a pending promise loses nothing. Once the promise is fulfilled, the bytes are in the buffer and
 * cannot go back to the socket. If the promise is dropped then, before anybody has looked at it, they are
 * lost, and the descriptors are closed: for example in a vow_race() that another promise has won. To wait for
 * a message and for something else, keep the promise and wait with vow_select(), which drops nothing.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     a Unix-domain socket; stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes at most; not 0. The system cuts off what a packet has more.
 * @param limit  how many descriptors at most; up to `VOW_MESSAGE_FDS_MAX`.
 * @return the promise of a value of type `vow_type_message`, the caller's. See vow_as_message().
 * @par Errors
 * recvmsg(2)'s, such as `ECONNRESET` and `EBADF`; `EMSGSIZE` when more descriptors came than the limit;
 * `EMFILE` when this process has no room for them; `EINVAL` for a size of 0 and a limit that is too high;
 * `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_message_receive_at(vow_loop *loop, int fd, void *buffer, size_t size,
                                                          size_t limit, const char *site);
#define vow_message_receive(...) vow_message_receive_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a message.
 * @param value borrowed; another type aborts.
 * @return the message, owned by the value.
 * @since 0.1
 */
static inline vow_message *vow_as_message_at(const vow_value *value, const char *site)
{
    if (VOW_UNLIKELY(!value || value->type != &vow_type_message))
        vow__value_mismatch(value, "vow_as_message", &vow_type_message, site);
    return (vow_message *) value->u.pointer;
}
#define vow_as_message(...) vow_as_message_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Moves a descriptor out of a message.
 * @param message changed.
 * @param index   from 0; past the last one is misuse and aborts.
 * @return the descriptor, now the caller's to close; -1 when it was taken before.
 * @since 0.1
 */
VOW_API int vow_message_take_fd_at(vow_message *message, size_t index, const char *site);
#define vow_message_take_fd(...) vow_message_take_fd_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
