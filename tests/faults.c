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
#include <glib.h>
#include <string.h>

enum {
    READERS = CALL_RECV | CALL_READ,
    WRITERS = CALL_SEND | CALL_WRITE,
};

const struct fault faults[] = {
    {"EINTR", EINTR, READERS | WRITERS | CALL_CONNECT | CALL_ACCEPT | CALL_POLL, HARMLESS},
    {"EAGAIN", EAGAIN, READERS | WRITERS | CALL_ACCEPT, HARMLESS},
    {"one byte", 0, READERS | WRITERS, HARMLESS},
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
    {"EMFILE", EMFILE, CALL_CLONE, HARMLESS},
    {"EINVAL", EINVAL, CALL_CLONE, HARMLESS},
    {"ENOSYS", ENOSYS, CALL_CLONE | CALL_PIDFD | CALL_SIGNAL, LASTING},
    {"EMFILE", EMFILE, CALL_CLONE | CALL_PIDFD, LASTING},
    {"EINTR", EINTR, CALL_WAIT | CALL_CLOSE, HARMLESS},
    {"EIO", EIO, CALL_CLOSE, HARMLESS},
    {"EBADF", EBADF, CALL_FLAGS, EITHER},
    {"EMFILE", EMFILE, CALL_DUP, TOLD},
    {"EMFILE", EMFILE, CALL_OPEN, TOLD},
    {"ENOBUFS", ENOBUFS, CALL_ASK, EITHER},
    {"ENOMEM", ENOMEM, CALL_OPTION, TOLD},
    {"EAGAIN", EAGAIN, CALL_THREAD, EITHER},
    {NULL, 0, 0, TOLD},
};

const struct fault file_faults[] = {
    {"EINTR", EINTR, CALL_FILE_READ | CALL_FILE_WRITE | CALL_OPEN | CALL_SYNC, HARMLESS},
    {"one byte", 0, CALL_FILE_READ | CALL_FILE_WRITE, HARMLESS},
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
    current = fault;
    fail_at = n;
    counted = 0;
}

size_t faults_count(void)
{
    return counted;
}

int faults_take(unsigned call, const void *caller)
{
    const struct fault *fault = current;
    size_t n;

    if (!fault || !(fault->calls & call) || object_of(caller) != library)
        return 0;
    n = ++counted;
    if (n != fail_at && !(fault->kind == LASTING && fail_at && n > fail_at))
        return 0;
    return fault->code ? fault->code : -1;
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
