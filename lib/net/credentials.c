/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at the other end of a Unix-domain socket. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>

#include <vow/unix.h>

#include "base/misuse-private.h"
#include "os/sockets-private.h"

int vow_socket_credentials_at(int fd, vow_credentials *credentials, const char *site)
{
    int family;

    vow__check_pointer(credentials, "place", "vow_socket_credentials", site);
    family = vow__socket_family(fd);
    if (family < 0)
        return errno;
    if (family != AF_UNIX)
        return EOPNOTSUPP;
    return vow__socket_peer(fd, &credentials->pid, &credentials->uid, &credentials->gid);
}
