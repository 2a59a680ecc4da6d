/* SPDX-License-Identifier: BSD-2-Clause */
/* See pidfd-private.h. */
#include "os/system-private.h"

#include "os/pidfd-private.h"

#include <errno.h>

#if VOW__LINUX
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Constants that are younger than some headers we are built with. */
#define WAIT_PIDFD ((idtype_t) 3) /* P_PIDFD */
#define INFO_EXIT UINT64_C(8)     /* PIDFD_INFO_EXIT */
#define INFO_OF_PIDFD _IOWR(0xFF, 11, pidfd_info)
#define SIGNAL_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP: Linux 6.9 */

/* struct pidfd_info of <linux/pidfd.h>, its first 64 bytes. */
typedef struct pidfd_info {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t status;
} pidfd_info;

_Static_assert(sizeof(pidfd_info) == 64, "the kernel tells its versions apart by their size");

int vow__pidfd_open(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int) syscall(SYS_pidfd_open, pid, 0);
#else
    (void) pid;
    errno = ENOSYS;
    return -1;
#endif
}

int vow__pidfd_wait(int pidfd, siginfo_t *info, int options)
{
    int result;

    memset(info, 0, sizeof *info);
    do
        result = waitid(WAIT_PIDFD, (id_t) pidfd, info, WEXITED | options);
    while (result < 0 && errno == EINTR);
    return result < 0 ? errno : 0;
}

/*
 * From Linux 6.15 on, the kernel keeps the status for those who have a pidfd.
 *
 * Before that, the status is lost if libev's default loop was quicker: it waits for every child there is. We
 * know of nothing sound against that. A watcher of ours on the default loop could only be started in the
 * thread of that loop, and nobody knows which that is. An exit signal other than SIGCHLD keeps waitpid(-1)
 * away, but execve(2) sets it back. A look with WNOWAIT comes before libev's wait only by luck. A process in
 * between, which tells us by a pipe, would be the child's parent, and would get our signals. And ptrace(2)
 * would keep debuggers away.
 */
int vow__pidfd_status(int pidfd, int *status)
{
    pidfd_info info;

    memset(&info, 0, sizeof info);
    info.mask = INFO_EXIT;
    /* Not ioctl(): its second parameter is an int in some C libraries, and an unsigned long in others. */
    if (syscall(SYS_ioctl, pidfd, INFO_OF_PIDFD, &info) < 0)
        return errno;
    *status = info.status;
    return info.mask & INFO_EXIT ? 0 : ECHILD;
}

int vow__pidfd_signal(int pidfd, int signum, bool to_group)
{
#ifdef SYS_pidfd_send_signal
    return syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, to_group ? SIGNAL_GROUP : 0) < 0 ? errno : 0;
#else
    (void) pidfd;
    (void) signum;
    (void) to_group;
    return ENOSYS;
#endif
}

#else

int vow__pidfd_open(pid_t pid)
{
    (void) pid;
    errno = ENOSYS;
    return -1;
}

int vow__pidfd_wait(int pidfd, siginfo_t *info, int options)
{
    (void) pidfd;
    (void) info;
    (void) options;
    return ENOSYS;
}

int vow__pidfd_status(int pidfd, int *status)
{
    (void) pidfd;
    (void) status;
    return ENOSYS;
}

int vow__pidfd_signal(int pidfd, int signum, bool to_group)
{
    (void) pidfd;
    (void) signum;
    (void) to_group;
    return ENOSYS;
}
#endif
