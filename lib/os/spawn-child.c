/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The child's side of a new process, between vfork(2) and execve(2), in the memory of its parent. Nothing
 * here allocates, locks, or writes to anything but its own stack and its report.
 */
#include "os/system-private.h"

#include "os/spawn-private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#if VOW__LINUX
#include <sys/syscall.h>
#endif

#include "os/signals-private.h"

#define FIRST_OTHER (STDERR_FILENO + 1)

static _Noreturn void child_fail(vow__spawn_report *report, enum vow__spawn_step step)
{
    vow__spawn_failure failure;
    ssize_t ignored;

    memset(&failure, 0, sizeof failure);
    failure.step = step;
    failure.code = errno;
    report->failure.step = failure.step;
    report->failure.code = failure.code;
    report->has_failed = true;
    ignored = write(report->pipe, &failure, sizeof failure);
    (void) ignored;
    _exit(127);
}

/* Sets the default action for every signal: what we ignore, such as SIGPIPE, would stay ignored in the
 * program. */
static void reset_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int signum = 1; signum <= vow__last_signal(); signum++)
        sigaction(signum, &action, NULL);
}

/* First moves all of them out of the way, because one may stand where another one is to go. */
static void place_stdio(const vow__spawn *spawn, vow__spawn_report *report)
{
    int sources[3];

    for (int i = 0; i < 3; i++) {
        sources[i] = fcntl(spawn->stdio[i], F_DUPFD_CLOEXEC, FIRST_OTHER);
        if (sources[i] < 0)
            child_fail(report, VOW__SPAWN_STDIO);
    }
    for (int i = 0; i < 3; i++)
        if (dup2(sources[i], i) < 0)
            child_fail(report, VOW__SPAWN_STDIO);
}

static void close_one_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    if (flags >= 0)
        fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

/* How many descriptors are looked at in one call. */
#define LOOKED_AT 128

/* Whether one of LOOKED_AT descriptors, from `first` on, may be open. */
static bool has_one(int first)
{
    struct pollfd some[LOOKED_AT];

    for (int i = 0; i < LOOKED_AT; i++)
        some[i] = (struct pollfd){.fd = first + i};
    if (poll(some, LOOKED_AT, 0) < LOOKED_AT)
        return true;
    for (int i = 0; i < LOOKED_AT; i++)
        if (!(some[i].revents & POLLNVAL))
            return true;
    return false;
}

/* Tries every number up to the limit. There may be millions that are not open; poll(2) rules out many at
 * once. */
static void close_counted_on_exec(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX - LOOKED_AT)
        limit.rlim_cur = INT_MAX - LOOKED_AT;
    for (int first = FIRST_OTHER; first < (int) limit.rlim_cur; first += LOOKED_AT)
        if (has_one(first))
            for (int fd = first; fd < first + LOOKED_AT; fd++)
                close_one_on_exec(fd);
}

#if VOW__LINUX
#define CLOSE_RANGE_ON_EXEC 4u /* CLOSE_RANGE_CLOEXEC */
#define LISTING_SIZE 2048
/* Where in one entry of a folder the kernel puts its length, of 16 bits, and its name: see getdents64(2). */
#define ENTRY_LENGTH 16
#define ENTRY_NAME 19

/* Goes through the list of descriptors in /proc. Not with opendir(), which allocates. False if the list
 * cannot be read. */
static bool close_listed_on_exec(void)
{
    char listing[LISTING_SIZE];
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long size;

    if (folder < 0)
        return false;
    while ((size = syscall(SYS_getdents64, folder, listing, sizeof listing)) > 0) {
        uint16_t length;

        for (long at = 0; at < size; at += length) {
            int fd = atoi(listing + at + ENTRY_NAME);

            memcpy(&length, listing + at + ENTRY_LENGTH, sizeof length);
            if (fd >= FIRST_OTHER)
                close_one_on_exec(fd);
        }
    }
    close(folder);
    return size == 0;
}

static void close_others_on_exec(void)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned) FIRST_OTHER, ~0u, CLOSE_RANGE_ON_EXEC) == 0)
        return;
#endif
    if (!close_listed_on_exec())
        close_counted_on_exec();
}
#elif defined HAVE_CLOSE_RANGE && defined CLOSE_RANGE_CLOEXEC /* FreeBSD */
static void close_others_on_exec(void)
{
    if (close_range(FIRST_OTHER, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        close_counted_on_exec();
}
#else
static void close_others_on_exec(void)
{
    close_counted_on_exec();
}
#endif

/* Whether the program may still be found further on in PATH. */
static bool goes_on(int code)
{
    return code == ENOENT || code == ENOTDIR || code == EACCES || code == ENAMETOOLONG || code == ELOOP ||
           code == ENODEV || code == ESTALE || code == ETIMEDOUT;
}

/* As execvp(3): if none can be executed, a program that was found but is forbidden says more than those that
 * were not found. */
static void execute(const vow__spawn *spawn)
{
    bool is_forbidden = false;

    errno = ENOENT;
    for (const char *path = spawn->candidates; *path; path += strlen(path) + 1) {
        execve(path, spawn->arguments, spawn->environment);
        if (!goes_on(errno))
            return;
        is_forbidden = is_forbidden || errno == EACCES;
    }
    if (is_forbidden)
        errno = EACCES;
}

void vow__spawn_become(const vow__spawn *spawn, vow__spawn_report *report)
{
    sigset_t none;

    report->is_shared = true;
    reset_signals();
    if (spawn->own_group && setpgid(0, 0) < 0)
        child_fail(report, VOW__SPAWN_GROUP);
    place_stdio(spawn, report);
    if (spawn->directory && chdir(spawn->directory) < 0)
        child_fail(report, VOW__SPAWN_DIRECTORY);
    close_others_on_exec();
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    execute(spawn);
    child_fail(report, VOW__SPAWN_EXECUTE);
}
