/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent's side of a new process. The child shares our memory until it has become the program, and we
 * wait until then. That takes the same time whatever the size of the program, while fork(2) copies its page
 * tables. So the child only makes system calls, in functions of its own (lib/os/spawn-child.c), and none of
 * our signal handlers may run in it.
 */
#include "os/system-private.h"

#include "os/spawn-private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/allocator-private.h"
#include "base/compiler-private.h"
#include "base/fd-ends-private.h"
#include "base/poison-private.h"
#include "os/fd-private.h"

#if defined __APPLE__ /* a shared library has no `environ` there */
#include <crt_externs.h>
#define environ (*_NSGetEnviron())
#else
extern char **environ;
#endif

#define DEFAULT_PATH "/bin:/usr/bin"

/* Of the stack that the child has until it is the program. None of our signal handlers run on it, and its
 * largest frame takes a few KiB. */
#define STACK_SIZE 16384

/* In the new process, descriptors 0 to 2 become the standard streams. So the pipe to report by must not be
 * one of them. */
static int open_report(int ends[2])
{
    int code = vow__fd_pipe(ends);

    if (code)
        return code;
    ends[1] = vow__fd_above_stdio(ends[1]);
    if (ends[1] >= 0)
        return 0;
    close(ends[0]);
    return EMFILE;
}

/* What the child is to do. */
typedef struct birth {
    const vow__spawn *spawn;
    vow__spawn_report report;
} birth;

/* A child of fork(2) has memory of its own, and reports by the pipe. */
static pid_t make_by_fork(birth *self)
{
#ifdef HAVE_VFORK
    pid_t pid = vfork();
#else
    pid_t pid = fork();
#endif

    if (pid == 0)
        vow__spawn_become(self->spawn, &self->report); /* NOLINT(clang-analyzer-unix.Vfork): system calls */
    return pid;
}

/* Not where stacks grow up or a thread has two, and not with ThreadSanitizer, which takes every clone(2) for
 * a fork(2). */
#if VOW__LINUX && defined CLONE_PIDFD && !defined __hppa__ && !defined __ia64__ && !VOW__THREAD_SANITIZER
static int spawn_begin(void *data)
{
    birth *self = data;

    vow__spawn_become(self->spawn, &self->report);
}

/* Like vfork(2), but the pidfd comes with the process. If somebody else in the program waits for all
 * children, the id alone may be stale from the first moment on. `pidfd` stays -1 if the kernel does not know
 * that flag and ignores it (before 5.2): then it is still to be opened. The child's stack is a part of ours,
 * since we wait. */
VOW__NO_ADDRESS_SANITIZER static pid_t make_by_clone(birth *self, int *pidfd)
{
    _Alignas(64) char stack[STACK_SIZE];
    pid_t pid =
        clone(spawn_begin, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, self, pidfd);

    VOW__UNPOISON(stack, sizeof stack); /* the child never returned from its frames */
    return pid;
}
#else
static pid_t make_by_clone(birth *self, int *pidfd)
{
    (void) self;
    (void) pidfd;
    errno = ENOSYS;
    return -1;
}
#endif

/* Blocks every signal, here and in the child, which then sets its own mask. If clone() fails because of the
 * pidfd, say for want of a descriptor, fork() may still do. Under Valgrind there is no clone(): version 3.19
 * gives up when one fails. */
static pid_t make_child(birth *self, int *pidfd, int *code)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = VOW__ON_VALGRIND ? make_by_fork(self) : make_by_clone(self, pidfd);
    if (pid < 0 && errno != EAGAIN && errno != ENOMEM)
        pid = make_by_fork(self);
    *code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* For a child with memory of its own. Reads what it has to tell, or the end of the pipe, once it has become
 * the program. */
static int read_report(int pipe, vow__spawn_failure *failure)
{
    char *bytes = (char *) failure;
    size_t length = 0;
    ssize_t count;

    do {
        count = read(pipe, bytes + length, sizeof *failure - length);
        if (count > 0)
            length += (size_t) count;
    } while ((count > 0 && length < sizeof *failure) || (count < 0 && (errno == EINTR || errno == EAGAIN)));
    return count < 0 ? errno : 0;
}

/* Whether the program does not run. Then no process is left, either. */
static bool has_failed(const vow__spawn_report *report, int pipe, vow__child *child,
                       vow__spawn_failure *failure)
{
    int ignored;

    if (report->is_shared) {
        failure->step = report->failure.step;
        failure->code = report->has_failed ? report->failure.code : 0;
    } else {
        int code;

        failure->code = 0;
        code = read_report(pipe, failure);
        if (code) {
            *failure = (vow__spawn_failure){VOW__SPAWN_FORK, code};
            vow__child_kill(child, SIGKILL);
        }
    }
    if (!failure->code)
        return false;
    vow__child_wait(child, &(vow__deadline){.is_never = true}, &ignored);
    vow__child_close(child);
    return true;
}

bool vow__spawn_process(const vow__spawn *spawn, vow__child *child, vow__spawn_failure *failure)
{
    birth self = {.spawn = spawn};
    int pipe[2], pidfd = -1;
    bool runs = false;
    pid_t pid;

    failure->step = VOW__SPAWN_FORK;
    failure->code = open_report(pipe);
    if (failure->code)
        return false;
    self.report.pipe = pipe[1];
    pid = make_child(&self, &pidfd, &failure->code);
    close(pipe[1]);
    if (pid > 0) {
        vow__child_init(child, pid, pidfd);
        runs = !has_failed(&self.report, pipe[0], child, failure);
        child->own_group = spawn->own_group;
    }
    close(pipe[0]);
    return runs;
}

char *const *vow__spawn_environment(void)
{
    return environ;
}

static const char *path_of(char *const *environment)
{
    for (; *environment; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return *environment + 5;
    return DEFAULT_PATH;
}

/* Appends "folder/program" to the list. An empty folder is the current one. */
static char *spawn_append(char *end, const char *folder, size_t length, const char *program)
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

        end = spawn_append(end, path, length, program);
        path += length + 1;
    }
    *end = '\0';
    return list;
}
