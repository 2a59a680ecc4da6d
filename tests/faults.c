/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which call fails, and how: see faults.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READERS = CALL_RECV | CALL_READ,
    WRITERS = CALL_SEND | CALL_WRITE,
};

const struct fault faults[] = {
    {"EINTR", EINTR, READERS | WRITERS | CALL_CONNECT | CALL_ACCEPT | CALL_POLL, HARMLESS},
    {"EAGAIN", EAGAIN, READERS | WRITERS | CALL_ACCEPT, HARMLESS},
    {"one byte", ONE_BYTE, READERS | WRITERS, HARMLESS},
    {"O_NONBLOCK is taken back", TAKE_BACK, READERS | WRITERS | CALL_FLAGS, HARMLESS},
    {"EOPNOTSUPP", EOPNOTSUPP, CALL_NOWAIT, LASTING},
    {"EOPNOTSUPP", EOPNOTSUPP, CALL_NOWAIT | CALL_REOPEN, LASTING},
    {"ECONNABORTED", ECONNABORTED, CALL_ACCEPT, HARMLESS},
    {"EPROTO", EPROTO, CALL_ACCEPT, HARMLESS},
    {"ECONNRESET", ECONNRESET, CALL_RECV | CALL_SEND, TOLD},
    {"EPIPE", EPIPE, WRITERS, TOLD},
    {"EIO", EIO, CALL_READ | CALL_WRITE, TOLD},
    {"ENOBUFS", ENOBUFS, CALL_RECV | CALL_SEND | CALL_ACCEPT | CALL_SOCKET, TOLD},
    {"ENOMEM", ENOMEM, CALL_POLL, HARMLESS},
    {"ENOMEM", ENOMEM, CALL_RECV | CALL_SEND | CALL_READ | CALL_WRITE, TOLD},
    {"ETIMEDOUT", ETIMEDOUT, CALL_CONNECT | CALL_RECV, TOLD},
    {"ECONNREFUSED", ECONNREFUSED, CALL_CONNECT, TOLD},
    {"EMFILE", EMFILE, CALL_ACCEPT | CALL_SOCKET, TOLD},
    {"ENOTCONN", ENOTCONN, CALL_SHUTDOWN, TOLD},
    {"EADDRINUSE", EADDRINUSE, CALL_BIND | CALL_LISTEN, TOLD},
    {"EMFILE", EMFILE, CALL_PIPE, TOLD},
    {"EAGAIN", EAGAIN, CALL_FORK, TOLD},
    {"a foreign fork", FOREIGN_FORK, CALL_CLONE, HARMLESS},
    {"EMFILE", EMFILE, CALL_CLONE, HARMLESS},
    {"EINVAL", EINVAL, CALL_CLONE, HARMLESS},
    {"ENOSYS", ENOSYS, CALL_CLONE | CALL_PIDFD | CALL_SIGNAL, LASTING},
    {"EMFILE", EMFILE, CALL_CLONE | CALL_PIDFD, LASTING},
    {"EINTR", EINTR, CALL_WAIT | CALL_CLOSE, HARMLESS},
    {"EIO", EIO, CALL_CLOSE, HARMLESS},
    {"EBADF", EBADF, CALL_FLAGS, EITHER},
    /* A listener is known by its file, and is refused without; of other descriptors the answer only tells in
     * which way not to wait for them, and there is one that does for all. The calls are the same. */
    {"EIO", EIO, CALL_FSTAT, EITHER},
    {"EMFILE", EMFILE, CALL_DUP, TOLD},
    {"EMFILE", EMFILE, CALL_OPEN, TOLD},
    {"ENOBUFS", ENOBUFS, CALL_ASK, EITHER},
    {"ENOMEM", ENOMEM, CALL_OPTION, TOLD},
    {"ENOMEM", ENOMEM, CALL_WISH, HARMLESS},
    {"EAGAIN", EAGAIN, CALL_THREAD, EITHER},
    {NULL, 0, 0, TOLD},
};

const struct fault file_faults[] = {
    {"EINTR", EINTR, CALL_FILE_READ | CALL_FILE_WRITE | CALL_OPEN | CALL_SYNC, HARMLESS},
    {"one byte", ONE_BYTE, CALL_FILE_READ | CALL_FILE_WRITE, HARMLESS},
    {"EIO", EIO, CALL_FSTAT, HARMLESS},
    {"EIO", EIO, CALL_FILE_READ | CALL_FILE_WRITE | CALL_FILE_CLOSE | CALL_SYNC | CALL_STAT, TOLD},
    {"ENOSPC", ENOSPC, CALL_FILE_WRITE | CALL_FILE_CLOSE | CALL_OPEN | CALL_RENAME, TOLD},
    {"EMFILE", EMFILE, CALL_OPEN, TOLD},
    {"EACCES", EACCES, CALL_STAT | CALL_RENAME, TOLD}, /* of a folder, CALL_OPEN does without reading it */
    {"EROFS", EROFS, CALL_OPEN, TOLD},
    {"EPERM", EPERM, CALL_MODE, TOLD},
    {"EMFILE", EMFILE, CALL_PIPE, TOLD},
    {"EAGAIN", EAGAIN, CALL_FORK, TOLD},
    {"EIO", EIO, CALL_CLOSE, HARMLESS},
    {NULL, 0, 0, TOLD},
};

/* Threads look at these while the next run is set up: they may still wake the loop of the last. */
static const struct fault *_Atomic current; /* NULL: none */
static _Atomic size_t fail_at;
static _Atomic size_t counted;
static const void *library; /* where libvow is loaded */
static bool is_reporting;   /* a child has no other way to tell: it is waited for */
static pid_t home;          /* the process that the tests run in */

static const void *object_of(const void *address)
{
    Dl_info info;

    return dladdr(address, &info) ? info.dli_fbase : NULL;
}

bool faults_work(void)
{
    library = object_of(dlsym(RTLD_DEFAULT, "vow_version"));
    return library && library != object_of(&library);
}

void faults_set(const struct fault *fault, size_t n)
{
    home = getpid();
    is_reporting = false;
    current = fault;
    fail_at = n;
    counted = 0;
}

size_t faults_count(void)
{
    return counted;
}

/* Whether it is one of libvow's, in this process. */
static bool is_counted(const void *caller)
{
    return current && getpid() == home && object_of(caller) == library;
}

int faults_take(uint64_t call, const void *caller)
{
    const struct fault *fault = current;
    size_t n;

    if (!is_counted(caller) || !(fault->calls & call))
        return 0;
    n = ++counted;
    if (n != fail_at && !(fault->kind == LASTING && fail_at && n > fail_at))
        return 0;
    return fault->code;
}

/* ---- What others do ------------------------------------------------------------------------------------ */

void faults_expect_report(const void *caller)
{
    is_reporting = is_reporting || is_counted(caller);
}

/* A file never waits. */
static bool may_wait(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && !(flags & O_NONBLOCK) && lseek(fd, 0, SEEK_CUR) < 0;
}

/* It may have been set by somebody else, who did not tell us. */
static void take_back(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && !fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))
        return;
}

int faults_take_on(uint64_t call, int fd, bool is_told, const void *caller)
{
    int code = fd < 0 ? 0 : faults_take(call, caller);

    if (fd < 0 || !is_counted(caller))
        return code;
    if (code == TAKE_BACK) {
        if (is_told)
            take_back(fd);
        return 0;
    }
    if (!is_told && !is_reporting && may_wait(fd))
        g_error("a call on descriptor %d that may wait", fd);
    return code;
}

/* Not a child of ours: nobody is to wait for it. It goes when its end of a pipe is told to. */
static int leash = -1;

void faults_fork_foreigner(void)
{
    int ends[2];
    pid_t pid;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid = fork();
    if (pid == 0) {
        char byte;

        close(ends[1]);
        if (fork() == 0 && read(ends[0], &byte, 1) >= 0)
            _exit(0);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    close(ends[0]);
    leash = ends[1];
}

void faults_end_foreigners(void)
{
    if (leash >= 0)
        close(leash);
    leash = -1;
}

/* A sanitizer has its own under another name, too: it may be in this very program, and so be hidden by what
 * stands in for it. */
void faults_find(const char *name, void *function)
{
    char *sanitized = g_strconcat("__interceptor_", name, NULL);
    void *found = dlsym(RTLD_DEFAULT, sanitized);

    if (!found)
        found = dlsym(RTLD_NEXT, name);
    g_free(sanitized);
    g_assert_nonnull(found);
    memcpy(function, &found, sizeof found);
}
