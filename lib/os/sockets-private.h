/* SPDX-License-Identifier: BSD-2-Clause */
/* How sockets are made, and what systems call by different names of them. */
#ifndef VOW_OS_SOCKETS_PRIVATE_H
#define VOW_OS_SOCKETS_PRIVATE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Both give a descriptor that is non-blocking and close-on-exec, and none of the standard streams; -1 and
 * errno. */
int vow__socket(int family, int type);
/* `listener` has O_NONBLOCK. */
int vow__socket_accept(int listener, struct sockaddr *peer, socklen_t *length);
/* Whether it is an errno value for a connection that is already gone or was refused. */
bool vow__is_gone_connection(int code);

/* The family of a socket's own address; -1 and errno. */
int vow__socket_family(int fd);

/* Each of these gives 0, or an errno value. */

/* Several sockets may have one address. */
int vow__socket_share_port(int fd);
/* What is sent and not answered ends the connection after so many seconds; after that much silence the peer
 * is asked. 0: as the system has it. */
int vow__socket_end_silence(int fd, double seconds);
/* A name of the system's choice, for a Unix-domain socket that has none; nothing where the system chooses
 * none. */
int vow__socket_name(int fd);
/* Who is at the other end of a Unix-domain socket; `pid` is 0 when the system does not say. */
int vow__socket_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);

/* Whether getaddrinfo(3) says by this that there is such a name, but nothing of that family; or no address at
 * all. */
bool vow__is_no_family(int status);
bool vow__is_no_address(int status);

#endif
