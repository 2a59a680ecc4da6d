/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of open sockets that take more than one call of setsockopt(2). */
#include <errno.h>

#include <vow/socket.h>

#include "os/sockets-private.h"

int vow_socket_set_peer_timeout(int fd, double seconds)
{
    return seconds >= 0 ? vow__socket_end_silence(fd, seconds) : EINVAL;
}
