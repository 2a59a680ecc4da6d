/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/server.h
 * @brief A server: accepts connections, hands each to a handler, and ends in order.
 *
 * When the program has no descriptors or memory left (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), the server
 * pauses. It tries again when one of its own connections has ended, and in any case after a while. The
 * clients wait in the listener's queue meanwhile. A connection that ended before it could be accepted is
 * passed over.
 */
#ifndef VOW_SERVER_H
#define VOW_SERVER_H

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/**
 * @brief The handle that controls a server. Embed one in the struct that the server belongs to.
 *
 * It does not count as interest: it does not keep the server going. Use the functions, not the member.
 */
typedef struct vow_server {
    vow_promise *promise; /**< of the server; NULL once it has ended, or nobody waits for it */
} vow_server;

/**
 * @brief Called with each connection that a server has accepted: starts serving it, and returns the promise
 * of its end. See vow_serve().
 *
 * `connection` holds the descriptor, non-blocking and close-on-exec, with `TCP_NODELAY`. vow_take_fd() makes
 * it the handler's own. Otherwise it is lent: vow_as_fd() reads it, and the server closes it when the promise
 * is settled, or, if the promise is dropped, once its clean-up is done. `connection` itself is valid as long.
 */
typedef vow_promise *(*vow_serve_fn)(vow_loop *loop, vow_value *connection, void *data);

/**
 * @brief Serves a listening socket: the promise of the server's end.
 *
 * Each connection is accepted in a turn of the loop, and given to `serve` from the job queue. Its promise may
 * end in any way. The value it is fulfilled with is released, and its rejection concerns nobody else. A
 * rejection that the handler does not vow_catch() is reported, as any other that nobody looks at.
 *
 * The promise is fulfilled with nil when vow_server_stop() has stopped the server and its last connection has
 * ended. If it is dropped or cancelled, the listener is closed and the promises of the connections are
 * dropped; it waits for clean-up that these await.
 *
 * @param loop     whose ev_loop watches.
 * @param server   initialised by this call; must stay valid until the promise is settled or dropped.
 * @param listener the listening descriptor, as vow_listen() gives it (see vow_take() and vow_fd()): given
 * away, made non-blocking, and closed when the server stops. Any other type is misuse and aborts.
 * @param serve    called with each connection; must not return NULL.
 * @param data     handed to serve; stays the caller's.
 * @return the promise, the caller's.
 * @par Errors
 * What accept(2) says of a socket that does not listen: `EINVAL`, `EBADF`, `ENOTSOCK`; `ENOMEM`. If accepting
 * fails for good while the server runs, the connections are dropped, and clean-up that these await comes
 * first.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_serve_at(vow_loop *loop, vow_server *server, vow_value listener,
                                                vow_serve_fn serve, void *data, const char *site);
#define vow_serve(...) vow_serve_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Stops a server in order: no new connections, and a deadline for those that there are.
 *
 * The listener is closed inside this call: a client that connects now is refused. The system has told the
 * clients in the listener's queue that they are connected, and they may have sent a request. So these are
 * accepted first, as far as descriptors and memory go, and are given to the handler as the others are, no
 * more at once than the limit says (see vow_server_limit()).
 *
 * When the time is up, the promises of the connections that are left are cancelled, as by vow_cancel().
 * Connections whose turn has not come are closed. The server's own promise is fulfilled once the last of them
 * has ended, including its clean-up. This cannot fail. A second call sets the deadline anew. Once the server
 * has ended, a call does nothing.
 *
 * @param server  changed.
 * @param seconds from now; zero and less mean the next turn of the loop, infinity means no deadline.
 * @since 0.1
 */
VOW_API void vow_server_stop_at(vow_server *server, double seconds, const char *site);
#define vow_server_stop(...) vow_server_stop_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Limits how many connections a server has at once. Further clients wait in the listener's queue,
 * which has its own limit (see vow_listen()).
 *
 * If the limit is lowered, connections above it go on.
 *
 * @param server changed; nothing happens once it has ended.
 * @param limit  how many; 0, the default, for as many as come.
 * @since 0.1
 */
VOW_API void vow_server_limit_at(vow_server *server, size_t limit, const char *site);
#define vow_server_limit(...) vow_server_limit_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief How many connections a server has now: those that the handler was called with.
 * @param server borrowed.
 * @return the count; 0 once the server has ended.
 * @since 0.1
 */
VOW_API size_t vow_server_connections_at(const vow_server *server, const char *site);
#define vow_server_connections(...) vow_server_connections_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
