/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at the other end of a Unix-domain socket. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/socket.h>

#include <vow/unix.h>

#include "base/misuse-private.h"

int vow_socket_credentials_at(int fd, vow_credentials *credentials, const char *site)
{
    struct ucred found;
    socklen_t length = sizeof found;
    int domain = AF_UNSPEC;
    socklen_t domain_length = sizeof domain;

    vow__check_pointer(credentials, "place", "vow_socket_credentials", site);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length) < 0)
        return errno;
    if (domain != AF_UNIX)
        return EOPNOTSUPP;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &length) < 0)
        return errno;
    if (found.uid == (uid_t) -1) /* what Linux says of nobody */
        return ENOTCONN;
    credentials->pid = found.pid;
    credentials->uid = found.uid;
    credentials->gid = found.gid;
    return 0;
}
