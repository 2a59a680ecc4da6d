/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/socket.h
 * @brief Promises of sockets: connect, listen, accept, over TCP (IPv4 and IPv6) and Unix-domain streams.
 *
 * Every descriptor arrives as an owned value of type `vow_type_fd`, non-blocking and close-on-exec:
 * vow_take_fd() makes it the caller's, and a promise that is dropped closes it.
 *
 * What is written to a TCP connection goes out at once: `TCP_NODELAY` is on for the connections that
 * vow_connect(), vow_accept() and vow_serve() give. Otherwise a request in two small writes would wait for
 * the other side's delayed acknowledgement. If a connection is better off with Nagle's algorithm, turn
 * `TCP_NODELAY` off with setsockopt(2).
 */
#ifndef VOW_SOCKET_H
#define VOW_SOCKET_H

#include <vow/address.h>
#include <vow/common.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

/**
 * @brief Connects over TCP: fulfilled with the descriptor once the connection stands.
 *
 * A name is looked up and its addresses are tried as RFC 8305 says (Happy Eyeballs, version 2). IPv6 and IPv4
 * are asked for at once, each by itself. As soon as addresses of IPv6 are known, the first is tried. If those
 * of IPv4 are known before, it waits for IPv6, 50 ms at most. The families take turns, each in the system's
 * order. The next address is tried as soon as the latest one has failed, or beside it after 250 ms. Addresses
 * that become known late take their turns among the rest. The first connection that stands wins. The others
 * are closed, and an answer that has not come yet is not waited for (see vow_lookup()).
 *
 * A numeric address with a numeric port is tried at once, and needs no thread. A numeric address with the
 * name of a service is tried as soon as that is known. Each question to the system takes a thread of the pool
 * (see vow_lookup()): if the pool may have fewer than three, IPv4 is asked for after IPv6.
 *
 * A connection is never one with itself. If nobody listens at a port of this machine, the system may choose
 * that very port for this end. A connection with itself that comes about so is refused with `ECONNREFUSED`.
 *
 * See vow_socket_set_peer_timeout() for a peer that is gone without a word.
 *
 * @param loop    whose ev_loop watches.
 * @param host    a name, such as "localhost", or a numeric address, such as "127.0.0.1", "::1" or
 * "fe80::1%eth0"; not "*". Copied.
 * @param service a port number as text, or a name, such as "http"; copied.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * connect(2)'s, such as `ECONNREFUSED`; those of vow_lookup(); `EMFILE`; `ENOMEM`. The message names host and
 * service. It is no error that one family has no addresses while the other has some. If neither has any, it
 * is the error of the family that says more. If several addresses have all failed, the message names each
 * with its reason, the code is that of the first one which could be reached, and vow_error_cause() is an
 * error with the list of them (see vow_error_list()). If there was a single address, the cause is its error.
 * @par Standard
 * RFC 8305, sections 3 to 5, with the delays that its section 8 recommends: 50 ms for the Resolution Delay,
 * 250 ms for the Connection Attempt Delay. Within each family the order is that of getaddrinfo(3), which is
 * RFC 6724's; between them IPv6 goes first, even when gai.conf(5) prefers IPv4.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_connect_at(vow_loop *loop, const char *host, const char *service,
                                                  const char *site);
#define vow_connect(...) vow_connect_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Connects to a Unix-domain stream socket.
 *
 * If the listener's queue is full, this does not wait, but rejects with `EAGAIN`. The system has no event
 * that says when there is room. So to wait would be to try again and again; how often, and for how long, is
 * for the program to say.
 *
 * @param loop whose ev_loop watches.
 * @param path of the socket, or a name of the abstract namespace that begins with @; read during the call.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * connect(2)'s, such as `ENOENT`, `ECONNREFUSED`, and `EAGAIN` when the listener's queue is full; `EINVAL`
 * for a path that is NULL or empty; `ENAMETOOLONG`; `EMFILE`; `ENOMEM`. The message names the path.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_connect_unix_at(vow_loop *loop, const char *path, const char *site);
#define vow_connect_unix(...) vow_connect_unix_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Listens over TCP: fulfilled with the listening descriptor. The address may be reused at once after a
 * restart.
 *
 * A name is looked up as by vow_lookup(), and the first of its addresses that works is taken.
 *
 * @param loop    where handlers will run.
 * @param host    copied. A name or a numeric address. NULL or "" stands for all of this machine's addresses,
 * of IPv6 and of IPv4 on one socket, or of IPv4 if there is no IPv6. "0.0.0.0" and "::" stand for all of one
 * family. "*" is refused.
 * @param port    copied. A number as text, or the name of a service; "0" lets the system choose (see
 * vow_socket_port()).
 * @param backlog as listen(2); 0 and less mean the system's maximum.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * bind(2)'s, such as `EADDRINUSE` and `EACCES`; those of vow_lookup(); `EMFILE`; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_listen_at(vow_loop *loop, const char *host, const char *port,
                                                 int backlog, const char *site);
#define vow_listen(...) vow_listen_at(__VA_ARGS__, VOW_HERE)

/** @brief How to listen. Members that are left zero are as in vow_listen(). See vow_listen_with(). */
typedef struct vow_listen_options {
    const char *host; /**< as in vow_listen(); copied */
    const char *port; /**< as in vow_listen(); copied */
    const char *path; /**< as in vow_listen_unix(), in place of host and port; read during the call */
    int backlog;      /**< as listen(2); 0 and less mean the system's maximum */
    bool reuse_port;  /**< several sockets may listen on the port, and the system spreads the connections over
                         them: one for each process or thread, say. Each must ask for it. */
    bool exclusive;   /**< the address may not be reused at once after a restart */
    bool dual_stack;  /**< "::" takes IPv4 connections, too */
    double peer_timeout; /**< seconds after which a connection whose peer is gone without a word breaks, as by
                            vow_socket_set_peer_timeout(); 0 leaves that to the system. Not for `path`. */
} vow_listen_options;

/**
 * @brief Listens over TCP or on a Unix-domain stream socket, with options.
 *
 *     vow_listen_options everywhere = {.host = "::", .port = "80", .dual_stack = true};
 *     vow_promise *listener = vow_listen_with(loop, &everywhere);
 *
 * @param loop    where handlers will run.
 * @param options copied.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * Those of vow_listen(), or with a path those of vow_listen_unix(); `EINVAL` when a path is given together
 * with a host or port, or neither path nor port; `EINVAL` for a `peer_timeout` that is negative or no number;
 * `ENOPROTOOPT` when the system knows no port reuse.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_listen_with_at(vow_loop *loop, const vow_listen_options *options,
                                                      const char *site);
#define vow_listen_with(...) vow_listen_with_at(__VA_ARGS__, VOW_HERE)
/* Variadic, because the commas of a compound literal separate the arguments of a macro. */

/**
 * @brief Listens on a Unix-domain stream socket. The path must not exist yet, and is the caller's to
 * unlink(2).
 * @param loop    where handlers will run.
 * @param path    of the socket, or with @ in front a name in Linux's abstract namespace, which is no file and
 * goes with the socket (for a file of such a name, write "./@name"); read during the call.
 * @param backlog as listen(2); 0 and less mean the system's maximum.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * bind(2)'s, such as `EADDRINUSE`; `EINVAL` for a path that is NULL or empty; `ENAMETOOLONG`; `EMFILE`;
 * `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_listen_unix_at(vow_loop *loop, const char *path, int backlog,
                                                      const char *site);
#define vow_listen_unix(...) vow_listen_unix_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Accepts the next connection: fulfilled with its descriptor.
 *
 * Dropping the promise loses no connection, even once it is fulfilled. A connection that nobody has looked at
 * goes back to its listener, in its place by the order of arrival. There the next vow_accept() or vow_serve()
 * of the same loop gets it, at once if one waits, before what is in the system's queue. This needs no memory.
 * The loop knows a listener by the socket, so that another one with its number does not get it. Once `fd` is
 * closed, or the loop is freed, what is left is closed: as soon as somebody accepts or another one comes
 * back, otherwise within a second or so while the loop runs. That alone does not keep ev_run() going.
 *
 * A connection that the peer ended before it could be accepted is passed over. This never blocks, even when
 * other processes accept on the same socket. Since accept(2) cannot be told not to wait, `O_NONBLOCK` is set
 * on the listener, again whenever it is found missing, and is left set.
 *
 * @param loop whose ev_loop watches.
 * @param fd   a listening descriptor; stays the caller's.
 * @return the promise of a descriptor, the caller's.
 * @par Errors
 * accept(2)'s, such as `EMFILE` (the connection stays queued: try again later) and `EBADF`; `ENOMEM`.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_accept_at(vow_loop *loop, int fd, const char *site);
#define vow_accept(...) vow_accept_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Has the system find out when the peer of a TCP connection is gone without a word: it has crashed, or
 * the network between has.
 *
 * Nothing tells of that, and a program that only reads would wait for ever. With this, a connection over
 * which nothing has come for half of the time is probed (SO_KEEPALIVE). If its probes or data have not been
 * answered when the time is over, it breaks (TCP_USER_TIMEOUT): whoever reads or writes is rejected with
 * `ETIMEDOUT`. A peer that lives answers without noticing, however long it has nothing to say; use
 * vow_timeout() to limit that.
 *
 *     int fd = vow_take_fd(&connected);
 *     vow_socket_set_peer_timeout(fd, 60);
 *
 * Connections that a listening socket accepts inherit it; see `peer_timeout` of vow_listen_options. An idle
 * connection is probed in whole seconds: it takes at least two of them.
 *
 * @param fd      of a TCP socket, connected or listening.
 * @param seconds until it breaks; 0 for the system's way, which is not to probe, and about a quarter of an
 * hour for data.
 * @return 0, or an errno value: `EINVAL` for a negative time or no number; setsockopt(2)'s, such as
 * `EOPNOTSUPP` when it is no TCP socket, `ENOTSOCK` and `EBADF`.
 * @par Standard
 * RFC 9293, section 3.8.4 (keep-alives), and RFC 5482 (user timeout).
 * @since 0.1
 */
VOW_API int vow_socket_set_peer_timeout(int fd, double seconds);

VOW_END_DECLS

#endif
