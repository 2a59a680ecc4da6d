/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/datagram.h
 * @brief Promises of datagrams: UDP over IPv4 and IPv6, and Unix-domain datagram sockets.
 *
 * Every descriptor arrives as an owned value of type `vow_type_fd`, non-blocking and close-on-exec. A
 * descriptor passed as an int stays the caller's; cancel what waits for it before closing it. A buffer is
 * lent until the promise is settled or dropped. Each datagram is sent or received as a whole or not at all.
 * As ever with datagrams, one that was sent may not arrive, may overtake others, or may arrive twice.
 */
#ifndef VOW_DATAGRAM_H
#define VOW_DATAGRAM_H

#include <vow/address.h>
#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/**
 * @brief A UDP socket bound to an address: what is sent there can be received from it.
 * @param loop where handlers will run.
 * @param host copied. A numeric address, or a name, whose first address that works is taken. NULL or ""
 * stands for all of this machine's addresses, of IPv6 and of IPv4 on one socket (senders over IPv4 then have
 * addresses such as "::ffff:127.0.0.1"), or of IPv4 if there is no IPv6. "0.0.0.0" and "::" stand for all of
 * one family. "*" is refused.
 * @param port copied. A number as text, or the name of a service; "0" lets the system choose (see
 * vow_socket_port()).
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * bind(2)'s, such as `EADDRINUSE` and `EACCES`; those of vow_lookup(); `EMFILE`; `ENOMEM`. The message names
 * host and port.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_bind_at(vow_loop *loop, const char *host, const char *port,
                                                        const char *site);
#define vow_datagram_bind(...) vow_datagram_bind_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A Unix-domain datagram socket bound to a path or to a name in Linux's abstract namespace. The path
 * must not exist yet, and is the caller's to unlink(2).
 * @param loop where handlers will run.
 * @param path or the abstract name with @ in front; read during the call.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * bind(2)'s, such as `EADDRINUSE`; `EINVAL` for a path that is NULL or empty; `ENAMETOOLONG`; `EMFILE`;
 * `ENOMEM`. The message names the path.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_bind_unix_at(vow_loop *loop, const char *path,
                                                             const char *site);
#define vow_datagram_bind_unix(...) vow_datagram_bind_unix_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A UDP socket for one peer: it sends to that peer, and receives from it alone.
 *
 * Nothing is sent yet, so nobody need be there. If nobody is, sending or receiving may later reject with
 * `ECONNREFUSED`; the socket can still be used then. It is never its own peer.
 *
 * @param loop where handlers will run.
 * @param host a name or a numeric address; copied.
 * @param port as for vow_datagram_bind().
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * connect(2)'s, such as `ENETUNREACH`; those of vow_lookup(); `EMFILE`; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_connect_at(vow_loop *loop, const char *host, const char *port,
                                                           const char *site);
#define vow_datagram_connect(...) vow_datagram_connect_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief A Unix-domain datagram socket for one peer. It gets a name of its own in Linux's abstract namespace,
 * so that the peer can answer.
 *
 * On other systems it gets none.
 *
 * @param loop where handlers will run.
 * @param path of the peer, or its abstract name with @ in front; read during the call.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * connect(2)'s, such as `ENOENT` and `ECONNREFUSED`; `EINVAL`, `ENAMETOOLONG` as for
 * vow_datagram_bind_unix(); `EMFILE`; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_connect_unix_at(vow_loop *loop, const char *path,
                                                                const char *site);
#define vow_datagram_connect_unix(...) vow_datagram_connect_unix_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Sends a datagram: fulfilled with its size once the system has taken it over.
 *
 * If the queue of a Unix-domain receiver is full, this waits for room, however long that takes. If an address
 * is given, waiting needs a descriptor. If the receiver is itself connected, no other socket can be connected
 * to it; the sender then tries again every 20 ms.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     a datagram socket; stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   how many bytes; an empty datagram is one, too.
 * @param to     copied; NULL for the peer of a connected socket.
 * @return the promise of an int, the caller's.
 * @par Errors
 * sendto(2)'s, such as `EMSGSIZE`, `ENETUNREACH` and `EDESTADDRREQ`; `ECONNREFUSED` for an earlier datagram
 * to the peer of a connected socket; `EMFILE` when there is no descriptor to wait for a full receiver;
 * `ENOMEM`. The message names the descriptor, and the address if one is given.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_send_at(vow_loop *loop, int fd, const void *buffer,
                                                        size_t size, const vow_address *to, const char *site);
#define vow_datagram_send(...) vow_datagram_send_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Receives a datagram: fulfilled with its length, and with where it came from in `from`.
 *
 * The length is that of the datagram, even when the buffer is smaller. A result above `size` says that the
 * datagram was cut off, and the rest is lost.
 *
 * Dropping a pending promise loses nothing. Once the promise is fulfilled, the datagram is in the buffer and
 * cannot go back to the socket. If the promise is dropped then, before anybody has looked at it, the datagram
 * is lost: for example in a vow_race() that another promise has won. To wait for a datagram and for something
 * else, keep the promise and wait with vow_select(), which drops nothing.
 *
 * @param loop   whose ev_loop watches.
 * @param fd     a datagram socket; stays the caller's.
 * @param buffer lent until the promise is settled or dropped.
 * @param size   room in the buffer, in bytes.
 * @param from   lent as long, and filled when the promise is fulfilled; nobody's address for a sender without
 * a name. May be NULL.
 * @return the promise of an int, the caller's.
 * @par Errors
 * recvfrom(2)'s, such as `ECONNREFUSED` for what a connected socket had sent, and `EBADF`; `ENOMEM`. The
 * message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_datagram_receive_at(vow_loop *loop, int fd, void *buffer, size_t size,
                                                           vow_address *from, const char *site);
#define vow_datagram_receive(...) vow_datagram_receive_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
