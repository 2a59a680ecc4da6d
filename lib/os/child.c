/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the system knows about a child process. A pidfd stands for one process alone, even when its id was
 * given to another one meanwhile. Without a pidfd (Linux before 5.4, no descriptor left, other systems) the
 * id has to do. That is safe as long as nobody else waits for our children.
 */
#include "os/system-private.h"

#include "os/child-private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd-ends-private.h"
#include "os/pidfd-private.h"

/* How often to ask without a pidfd, in milliseconds. */
#define PAUSE 2

/* A pidfd is of no use, and is closed, in two cases. Linux before 5.4 has pidfds but cannot wait by them. And
 * if we opened it by the id, but there is no child to wait for by it, somebody has waited for the child in
 * between: the pidfd may be another process's. */
void vow__child_init(vow__child *child, pid_t pid, int pidfd)
{
    siginfo_t info;
    int code;

    child->pid = pid;
    child->parent = getpid();
    child->own_group = false;
    child->pidfd = vow__fd_above_stdio(pidfd < 0 ? vow__pidfd_open(pid) : pidfd);
    code = child->pidfd < 0 ? 0 : vow__pidfd_wait(child->pidfd, &info, WNOHANG | WNOWAIT);
    if (code && !(code == ECHILD && pidfd >= 0))
        vow__child_close(child);
}

int vow__child_code(int status)
{
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
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
    int status;

    if (child->pidfd < 0)
        return wait_by_id(child, code);
    if (vow__pidfd_wait(child->pidfd, &info, WNOHANG)) {
        if (vow__pidfd_status(child->pidfd, &status))
            return VOW__CHILD_LOST;
        *code = vow__child_code(status);
        return VOW__CHILD_ENDED;
    }
    if (!info.si_pid)
        return VOW__CHILD_RUNS;
    *code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    return VOW__CHILD_ENDED;
}

/* Without a pidfd nothing tells us of the end, so this waits for a few milliseconds at most. */
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

/* Looks whether the child has ended, and leaves it to be waited for. False when somebody has waited for it:
 * then its id may be another process's. */
static bool child_look(const vow__child *child, siginfo_t *info)
{
    const int options = WEXITED | WNOHANG | WNOWAIT;
    int result;

    if (child->pidfd >= 0)
        return vow__pidfd_wait(child->pidfd, info, WNOHANG | WNOWAIT) == 0;
    memset(info, 0, sizeof *info);
    do
        result = waitid(P_PID, (id_t) child->pid, info, options);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

bool vow__child_has_ended(const vow__child *child)
{
    siginfo_t info;

    return child_look(child, &info) && info.si_pid;
}

int vow__child_kill(const vow__child *child, int signum)
{
    siginfo_t info;
    int code;

    if (!vow__child_is_ours(child))
        return ESRCH;
    code = child->pidfd < 0 ? ENOSYS : vow__pidfd_signal(child->pidfd, signum, child->own_group);
    if (code != ENOSYS && code != EINVAL) /* the system does not know the call, or the flag */
        return code;
    if (!child_look(child, &info))
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
