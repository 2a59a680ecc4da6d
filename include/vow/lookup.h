/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/lookup.h
 * @brief Names of hosts and services, as addresses.
 *
 * The system's own lookup, getaddrinfo(3), is asked. It blocks and may take long, so it runs on a thread of
 * the pool (see vow_offload()). Lookups take half of the pool's threads at most, so that other jobs go on
 * while a name server does not answer. Numeric addresses are not looked up, and need no thread.
 */
#ifndef VOW_LOOKUP_H
#define VOW_LOOKUP_H

#include <vow/address.h>
#include <vow/common.h>
#include <vow/error.h>
#include <vow/promise.h>

VOW_BEGIN_DECLS

VOW_API const vow_domain
    vow_domain_gai; /**< @brief Codes are those of getaddrinfo(3), such as `EAI_NONAME`. */

/**
 * @brief Looks up a host and a service: fulfilled with the list of their addresses. The list has at least one
 * address, and none of them twice. Try them in its order.
 *
 * The addresses are values of type `vow_type_address`: vow_as_address() reads one. They are for streams.
 * Those for datagrams are the same, except for the few services that have another port there.
 *
 * If the promise is dropped, a lookup that is under way goes on without it, since it cannot be stopped: its
 * thread is taken until it is over. Neither ev_run() nor vow_loop_free() waits for it; vow_offload_shutdown()
 * does.
 *
 * @param loop    where handlers will run.
 * @param host    a name, such as "localhost", or a numeric address; not "*". Copied.
 * @param service a name, such as "http", or a port number as text; copied. NULL means port 0.
 * @return the promise of a list, the caller's.
 * @par Errors
 * `EAI_NONAME`, `EAI_AGAIN`, `EAI_SERVICE` and the others of `vow_domain_gai`; `EINVAL` for a host that is
 * NULL or cannot be a name, and for a service that cannot be one; vow_offload()'s, such as `EAGAIN` when too
 * many are waiting; `ENOMEM`. The message names host and service.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_lookup_at(vow_loop *loop, const char *host, const char *service,
                                                 const char *site);
#define vow_lookup(...) vow_lookup_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
