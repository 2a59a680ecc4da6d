/* SPDX-License-Identifier: BSD-2-Clause */
/* How sockets are made, and what systems call by different names of them. */
#ifndef VOW_OS_SOCKETS_PRIVATE_H
#define VOW_OS_SOCKETS_PRIVATE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Both give a descriptor that is non-blocking, close-on-exec and none of the standard streams, or -1 and
 * errno. */
int vow__socket(int family, int type);
/* `listener` has O_NONBLOCK. */
int vow__socket_accept(int listener, struct sockaddr *peer, socklen_t *length);
/* Whether an errno value means that a connection is already gone or was refused. */
bool vow__is_gone_connection(int code);

/* The family of a socket's own address, or -1 and errno. */
int vow__socket_family(int fd);

/* Each of these gives 0, or an errno value. */

/* Lets several sockets have one address. */
int vow__socket_share_port(int fd);
/* Ends the connection once something that was sent has gone unanswered for so many seconds. If nothing is
 * sent, the peer is probed after half of that time, where the system lets us say when. 0: as the system has
 * it. */
int vow__socket_end_silence(int fd, double seconds);
/* Gives a Unix-domain socket without a name one of the system's choice. Does nothing where the system chooses
 * none. */
int vow__socket_name(int fd);
/* Who is at the other end of a Unix-domain socket; `pid` is 0 when the system does not say. */
int vow__socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/* What a status of getaddrinfo(3) says: the name has no address of that family; or there is no such name, or
 * no address for it at all. */
bool vow__is_no_family(int status);
bool vow__is_no_address(int status);

#endif
