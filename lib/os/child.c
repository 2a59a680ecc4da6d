/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system knows about a child process. A pidfd stands for one process alone, even when its id was
 * given to another one meanwhile. Without a pidfd (Linux before 5.4, no descriptor left) the id has to do.
 * That is safe as long as nobody else waits for our children.
 */
#define _GNU_SOURCE
#include "os/child-private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd-ends-private.h"

/* Calls and constants that are younger than some headers we are built with. */
#define WAIT_PIDFD ((idtype_t) 3) /* P_PIDFD */
#define INFO_EXIT UINT64_C(8)     /* PIDFD_INFO_EXIT */
#define INFO_OF_PIDFD _IOWR(0xFF, 11, pidfd_info)
#define SIGNAL_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP: Linux 6.9 */

/* How often to ask without a pidfd, in milliseconds. */
#define PAUSE 2

/* struct pidfd_info of <linux/pidfd.h>, its first 64 bytes. */
typedef struct pidfd_info {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t status;
} pidfd_info;

_Static_assert(sizeof(pidfd_info) == 64, "the kernel tells its versions apart by their size");

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int) syscall(SYS_pidfd_open, pid, 0);
#else
    (void) pid;
    errno = ENOSYS;
    return -1;
#endif
}

/* Waits by the descriptor: 0 or an errno value. `info->si_pid` stays 0 if there is nothing to tell. */
static int wait_pidfd(const vow__child *child, siginfo_t *info, int options)
{
    int result;

    memset(info, 0, sizeof *info);
    do
        result = waitid(WAIT_PIDFD, (id_t) child->pidfd, info, WEXITED | options);
    while (result < 0 && errno == EINTR);
    return result < 0 ? errno : 0;
}

/* Linux before 5.4 has pidfds but cannot wait by them. And if one was opened by the id, and there is nobody
 * to wait for by it, somebody has waited in between, and it may be another process's. */
void vow__child_init(vow__child *child, pid_t pid, int pidfd)
{
    siginfo_t info;
    int code;

    child->pid = pid;
    child->parent = getpid();
    child->own_group = false;
    child->pidfd = vow__fd_above_stdio(pidfd < 0 ? open_pidfd(pid) : pidfd);
    code = child->pidfd < 0 ? 0 : wait_pidfd(child, &info, WNOHANG | WNOWAIT);
    if (code && !(code == ECHILD && pidfd >= 0))
        vow__child_close(child);
}

int vow__child_code(int status)
{
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * The kernel keeps the status for those who have a pidfd, even when somebody else has waited: Linux 6.15.
 *
 * Before, it is lost when libev's default loop was quicker, which waits for every child there is. We know of
 * nothing sound against that: a watcher of ours on that loop could be started in its thread alone, and nobody
 * knows which that is; an exit signal other than SIGCHLD keeps waitpid(-1) away, but execve(2) sets it back;
 * WNOWAIT looks before the other one takes only by luck; a process in between, which tells by a pipe, would
 * be the parent and the one that gets our signals; and ptrace(2) would keep debuggers away.
 */
static enum vow__child_state ask_pidfd(const vow__child *child, int *code)
{
    pidfd_info info;

    memset(&info, 0, sizeof info);
    info.mask = INFO_EXIT;
    /* Not ioctl(): its second parameter is an int in some C libraries, and an unsigned long in others. */
    if (syscall(SYS_ioctl, child->pidfd, INFO_OF_PIDFD, &info) < 0 || !(info.mask & INFO_EXIT))
        return VOW__CHILD_LOST;
    *code = vow__child_code(info.status);
    return VOW__CHILD_ENDED;
}

static enum vow__child_state wait_by_id(const vow__child *child, int *code)
{
    int status = 0;
    pid_t pid;

    do
        pid = waitpid(child->pid, &status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid == 0)
        return VOW__CHILD_RUNS;
    if (pid < 0)
        return VOW__CHILD_LOST;
    *code = vow__child_code(status);
    return VOW__CHILD_ENDED;
}

enum vow__child_state vow__child_ask(const vow__child *child, int *code)
{
    siginfo_t info;

    if (child->pidfd < 0)
        return wait_by_id(child, code);
    if (wait_pidfd(child, &info, WNOHANG))
        return ask_pidfd(child, code);
    if (!info.si_pid)
        return VOW__CHILD_RUNS;
    *code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    return VOW__CHILD_ENDED;
}

/* Without a descriptor there is nothing to wait for but time. */
static void wait_a_little(const vow__child *child, int milliseconds)
{
    struct pollfd ended = {.fd = child->pidfd, .events = POLLIN};

    if (child->pidfd < 0 && (milliseconds < 0 || milliseconds > PAUSE))
        milliseconds = PAUSE;
    poll(&ended, 1, milliseconds);
}

enum vow__child_state vow__child_wait(const vow__child *child, const vow__deadline *deadline, int *code)
{
    enum vow__child_state state;
    int left;

    while ((state = vow__child_ask(child, code)) == VOW__CHILD_RUNS && (left = vow__deadline_left(deadline)))
        wait_a_little(child, left);
    return state;
}

/* ---- Signals ------------------------------------------------------------------------------------------- */

/* Looks, and leaves it to be waited for. False when somebody has waited for it: its id is another one's. */
static bool look(const vow__child *child, siginfo_t *info)
{
    const int options = WEXITED | WNOHANG | WNOWAIT;
    int result;

    if (child->pidfd >= 0)
        return wait_pidfd(child, info, WNOHANG | WNOWAIT) == 0;
    memset(info, 0, sizeof *info);
    do
        result = waitid(P_PID, (id_t) child->pid, info, options);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

bool vow__child_has_ended(const vow__child *child)
{
    siginfo_t info;

    return look(child, &info) && info.si_pid;
}

/* By the descriptor, which stands for this process and its group alone: 0 or an errno value. */
static int signal_pidfd(const vow__child *child, int signum)
{
#ifdef SYS_pidfd_send_signal
    const unsigned flags = child->own_group ? SIGNAL_GROUP : 0;

    if (child->pidfd >= 0)
        return syscall(SYS_pidfd_send_signal, child->pidfd, signum, NULL, flags) < 0 ? errno : 0;
#endif
    return ENOSYS;
}

int vow__child_kill(const vow__child *child, int signum)
{
    siginfo_t info;
    int code;

    if (!vow__child_is_ours(child))
        return ESRCH;
    code = signal_pidfd(child, signum);
    if (code != ENOSYS && code != EINVAL) /* what the system does not know */
        return code;
    if (!look(child, &info))
        return ESRCH;
    return kill(child->own_group ? -child->pid : child->pid, signum) < 0 ? errno : 0;
}

void vow__child_kill_group(const vow__child *child)
{
    if (child->own_group)
        (void) vow__child_kill(child, SIGKILL);
}

bool vow__child_is_ours(const vow__child *child)
{
    return child->parent == getpid();
}

void vow__child_close(vow__child *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pidfd = -1;
}
