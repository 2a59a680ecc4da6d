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
    {"EINTR", EINTR, READERS | WRITERS | CALL_CONNECT | CALL_ACCEPT | CALL_POLL, true},
    {"EAGAIN", EAGAIN, READERS | WRITERS | CALL_ACCEPT, true},
    {"one byte", 0, READERS | WRITERS, true},
    {"ECONNABORTED", ECONNABORTED, CALL_ACCEPT, true},
    {"EPROTO", EPROTO, CALL_ACCEPT, true},
    {"ECONNRESET", ECONNRESET, CALL_RECV | CALL_SEND, false},
    {"EPIPE", EPIPE, WRITERS, false},
    {"EIO", EIO, CALL_READ | CALL_WRITE, false},
    {"ENOBUFS", ENOBUFS, CALL_RECV | CALL_SEND | CALL_ACCEPT | CALL_SOCKET, false},
    {"ENOMEM", ENOMEM, CALL_POLL, true},
    {"ENOMEM", ENOMEM, CALL_RECV | CALL_SEND | CALL_READ | CALL_WRITE, false},
    {"ETIMEDOUT", ETIMEDOUT, CALL_CONNECT | CALL_RECV, false},
    {"ECONNREFUSED", ECONNREFUSED, CALL_CONNECT, false},
    {"EMFILE", EMFILE, CALL_ACCEPT | CALL_SOCKET, false},
    {"ENOTCONN", ENOTCONN, CALL_SHUTDOWN, false},
    {"EADDRINUSE", EADDRINUSE, CALL_BIND | CALL_LISTEN, false},
    {"EMFILE", EMFILE, CALL_PIPE, false},
    {"EAGAIN", EAGAIN, CALL_FORK, false},
    {"ENOSYS", ENOSYS, CALL_PIDFD, true},
    {"EMFILE", EMFILE, CALL_PIDFD | CALL_CLONE, true},
    {"EINVAL", EINVAL, CALL_CLONE, true},
    {NULL, 0, 0, false},
};

const struct fault file_faults[] = {
    {"EINTR", EINTR, CALL_FILE_READ | CALL_FILE_WRITE | CALL_OPEN | CALL_SYNC, true},
    {"one byte", 0, CALL_FILE_READ | CALL_FILE_WRITE, true},
    {"EIO", EIO, CALL_FSTAT, true},
    {"EIO", EIO, CALL_FILE_READ | CALL_FILE_WRITE | CALL_FILE_CLOSE | CALL_SYNC | CALL_STAT, false},
    {"ENOSPC", ENOSPC, CALL_FILE_WRITE | CALL_FILE_CLOSE | CALL_OPEN | CALL_RENAME, false},
    {"EMFILE", EMFILE, CALL_OPEN, false},
    {"EACCES", EACCES, CALL_OPEN | CALL_STAT | CALL_RENAME, false},
    {"EPERM", EPERM, CALL_MODE, false},
    {"EMFILE", EMFILE, CALL_PIPE, false},
    {"EAGAIN", EAGAIN, CALL_FORK, false},
    {"ENOSYS", ENOSYS, CALL_PIDFD, true},
    {"EMFILE", EMFILE, CALL_PIDFD | CALL_CLONE, true},
    {"EINVAL", EINVAL, CALL_CLONE, true},
    {NULL, 0, 0, false},
};

static const struct fault *current; /* NULL: none */
static size_t fail_at;
static _Atomic size_t counted; /* by several threads */
static const void *library;    /* where libvow is loaded */

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
    if (!current || !(current->calls & call) || object_of(caller) != library || ++counted != fail_at)
        return 0;
    return current->code ? current->code : -1;
}

void faults_find(const char *name, void *function)
{
    void *found = dlsym(RTLD_NEXT, name);

    g_assert_nonnull(found);
    memcpy(function, &found, sizeof found);
}
