/* SPDX-License-Identifier: BSD-2-Clause */
/* Two precautions that every descriptor needs: see fd-ends-private.h. */
#define _POSIX_C_SOURCE 200809L
#include "base/fd-ends-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int vow__fd_above_stdio(int fd)
{
    int moved, code;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    code = errno;
    close(fd);
    errno = code;
    return moved;
}

/* Leaves a linger time of 0 alone. With that, closing throws away what is still to be sent, as the owner
 * wants, and does not wait. */
void vow__fd_close(int fd)
{
    struct linger linger;
    socklen_t length = sizeof linger;

    if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length) == 0 && linger.l_onoff && linger.l_linger) {
        linger.l_onoff = 0;
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(fd);
}
