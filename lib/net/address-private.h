/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns what the socket functions are given into socket addresses, and has the errors for what cannot be one.
 */
#ifndef VOW_NET_ADDRESS_PRIVATE_H
#define VOW_NET_ADDRESS_PRIVATE_H

#include <sys/socket.h>

#include <vow/address.h>

#include "core/error-private.h"

/* The address of a numeric host and port: 0, or EINVAL if they are none, or ENOMEM. */
int vow__address_numeric(vow_address *address, const char *host, const char *port);
bool vow__address_is_port(const char *text);
/* The address of a path, or of a name that begins with @, as vow_address_parse() reads it. NULL, or the error
 * to reject with, whose message begins with the function's name. */
vow_error *vow__address_unix(vow_address *address, const char *path, const char *function, const char *site);
/* A socket for an address, non-blocking and close-on-exec; or -1 and errno. `type`: as SOCK_STREAM. */
int vow__address_socket(const vow_address *address, int type);
/* Sets TCP_NODELAY: what is written goes out at once, since what answers waits for it. Nothing happens to a
 * socket that is not TCP's. */
void vow__socket_set_nodelay(int fd, int family);
/* Whether a socket that was connected to an address has got that very address for its own, and so talks to
 * itself. */
bool vow__socket_is_own_peer(int fd, const vow_address *to);
/* Copies an address that a system call gave. For a Unix-domain socket without a name that is its family
 * alone, and becomes an empty address. */
void vow__address_copy(vow_address *address, const struct sockaddr_storage *from, socklen_t length);
/* The error for an errno value, naming function and address. */
vow_error *vow__address_error(const vow_address *address, const char *function, int code, const char *site);

#endif
