/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent's side of a new process. vfork(2) takes the same time whatever the size of the program, where
 * fork(2) copies its page tables. The child shares our memory until it has become the program; so it only
 * makes system calls, in functions of its own (lib/loop/spawn_child.c), and no signal handler of ours may run
 * in it.
 */
#define _GNU_SOURCE
#include "loop/spawn-private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/allocator-private.h"

#define DEFAULT_PATH "/bin:/usr/bin"

/* In the new process 0 to 2 are the standard streams: the report must not be there. */
static int move_up(int fd)
{
    int moved;

    if (fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

static int open_report(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    ends[1] = move_up(ends[1]);
    if (ends[1] >= 0)
        return 0;
    close(ends[0]);
    return EMFILE;
}

/* With every signal blocked, here and in the child, which then sets its own mask. */
static pid_t make_child(const vow__spawn *spawn, int report, int *code)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = vfork();
    if (pid == 0)
        vow__spawn_become(spawn, report); /* NOLINT(clang-analyzer-unix.Vfork): system calls only */
    *code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* Reads what the child has to tell, or the end, when it has become the program. */
static ssize_t read_report(int report, vow__spawn_failure *failure)
{
    char *bytes = (char *) failure;
    size_t length = 0;
    ssize_t count;

    do {
        count = read(report, bytes + length, sizeof *failure - length);
        if (count > 0)
            length += (size_t) count;
    } while ((count > 0 && length < sizeof *failure) || (count < 0 && (errno == EINTR || errno == EAGAIN)));
    return count < 0 ? -1 : (ssize_t) length;
}

static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* Whether there is no program that runs; then there is no process either. */
static bool has_failed(pid_t pid, int report, vow__spawn_failure *failure)
{
    ssize_t length = read_report(report, failure);

    if (length == 0)
        return false;
    if (length < 0) {
        failure->step = VOW__SPAWN_FORK;
        failure->code = errno;
        kill(pid, SIGKILL);
    }
    wait_for(pid);
    return true;
}

pid_t vow__spawn_process(const vow__spawn *spawn, vow__spawn_failure *failure)
{
    int report[2];
    pid_t pid;

    failure->step = VOW__SPAWN_FORK;
    failure->code = open_report(report);
    if (failure->code)
        return -1;
    pid = make_child(spawn, report[1], &failure->code);
    close(report[1]);
    if (pid > 0 && has_failed(pid, report[0], failure))
        pid = -1;
    close(report[0]);
    return pid;
}

static const char *path_of(char *const *environment)
{
    for (; *environment; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return *environment + 5;
    return DEFAULT_PATH;
}

/* Appends "folder/program" to the list. An empty folder is the current one. */
static char *append(char *end, const char *folder, size_t length, const char *program)
{
    memcpy(end, folder, length);
    end += length;
    if (length)
        *end++ = '/';
    strcpy(end, program);
    return end + strlen(program) + 1;
}

char *vow__spawn_candidates(const char *program, char *const *environment, size_t *size)
{
    const char *path = *program && !strchr(program, '/') ? path_of(environment) : "";
    size_t folders = 1;
    char *list, *end;

    for (const char *c = path; *c; c++)
        folders += *c == ':';
    *size = strlen(path) + folders * (strlen(program) + 2) + 1;
    list = end = vow__allocate(*size);
    if (!list)
        return NULL;
    for (; folders; folders--) {
        size_t length = strcspn(path, ":");

        end = append(end, path, length, program);
        path += length + 1;
    }
    *end = '\0';
    return list;
}
