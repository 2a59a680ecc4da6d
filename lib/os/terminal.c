/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pipes and terminals: which of them a descriptor is, and how the same is opened once more. Linux has a name
 * for every descriptor. Elsewhere only terminals have one, and a pipe cannot be opened again.
 */
#include "os/system-private.h"

#include "os/terminal-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "os/fd-private.h"

/* The flags of the open file that the new one is to have, too. */
#ifdef O_DIRECT
#define KEPT_FLAGS (O_ACCMODE | O_APPEND | O_DIRECT)
#else
#define KEPT_FLAGS (O_ACCMODE | O_APPEND)
#endif
#define ADDED_FLAGS (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#if VOW__LINUX
#include <sys/sysmacros.h>

/* Only the master has a name for the other end. */
bool vow__is_terminal_master(int fd)
{
    char name[64];

    return !ptsname_r(fd, name, sizeof name);
}

/* Not for /dev/ptmx (5, 2), which makes a new terminal for each who opens it. */
bool vow__is_terminal(int fd)
{
    struct termios ignored;
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev != makedev(5, 2) &&
           tcgetattr(fd, &ignored) == 0;
}

static bool is_fifo(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

int vow__fd_open_again(int fd)
{
    char path[32];
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || (!is_fifo(fd) && !vow__is_terminal(fd)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return vow__fd_above_stdio(open(path, (flags & KEPT_FLAGS) | ADDED_FLAGS));
}

#else

/* unlockpt() only works on a master. It changes nothing: this is asked once the other end was open, and so
 * unlocked. */
bool vow__is_terminal_master(int fd)
{
    return !unlockpt(fd);
}

/* The master has no name, or that of the device that makes a new terminal for each who opens it. */
static bool find_name(int fd, char *name, size_t size)
{
    static const char maker[] = "ptmx";
    size_t length;

    if (ttyname_r(fd, name, size))
        return false;
    length = strlen(name);
    return length < sizeof maker - 1 || strcmp(name + length - (sizeof maker - 1), maker) != 0;
}

bool vow__is_terminal(int fd)
{
    char name[PATH_MAX];

    return find_name(fd, name, sizeof name);
}

static bool are_same(int one, int other)
{
    struct stat a, b;

    return !fstat(one, &a) && !fstat(other, &b) && a.st_rdev == b.st_rdev && a.st_ino == b.st_ino;
}

int vow__fd_open_again(int fd)
{
    char name[PATH_MAX];
    int flags = fcntl(fd, F_GETFL);
    int again;

    if (flags < 0 || !find_name(fd, name, sizeof name))
        return -1;
    again = vow__fd_above_stdio(open(name, (flags & KEPT_FLAGS) | ADDED_FLAGS));
    if (again < 0 || are_same(fd, again))
        return again;
    close(again);
    return -1;
}
#endif
