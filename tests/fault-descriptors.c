/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions that stand in for the C library's, for calls that make, ask and set descriptors, wait for
 * processes, and start threads: see faults.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The original function behind the one that stands in for it. */
#define ORIGINAL(type, name, ...)               \
    static type (*_Atomic known_)(__VA_ARGS__); \
    type (*original)(__VA_ARGS__) = known_;     \
    if (!original)                              \
    faults_find(#name, (void *) &original), known_ = original

/* What is wrong with a descriptor that is none, the system says itself. */
#define TAKE(call, fd) ((fd) < 0 ? 0 : faults_take((call), __builtin_return_address(0)))

static int fail(int code)
{
    errno = code;
    return -1;
}

/* ---- Descriptors --------------------------------------------------------------------------------------- */

/* An int stands in for a pointer, which no command of the library's needs. */
STANDS_IN int fcntl(int fd, int command, ...)
{
    ORIGINAL(int, fcntl, int, int, ...);
    int code = command == F_DUPFD_CLOEXEC ? TAKE(CALL_DUP, fd)
               : command == F_GETFL       ? faults_take_on(CALL_FLAGS, fd, true, __builtin_return_address(0))
                                          : TAKE(CALL_FLAGS, fd);
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    return code > 0 ? fail(code) : original(fd, command, argument);
}

STANDS_IN int open(const char *path, int flags, ...)
{
    ORIGINAL(int, open, const char *, int, ...);
    int code = TAKE(strncmp(path, "/proc/self/fd/", 14) ? CALL_OPEN : CALL_REOPEN, 0);
    va_list arguments;
    unsigned mode = 0;

    va_start(arguments, flags);
    if (flags & O_CREAT)
        mode = va_arg(arguments, unsigned);
    va_end(arguments);
    return code > 0 ? fail(code) : original(path, flags, mode);
}

STANDS_IN int pipe(int ends[2])
{
    ORIGINAL(int, pipe, int *);
    int code = TAKE(CALL_PIPE, 0);

    return code > 0 ? fail(code) : original(ends);
}

STANDS_IN char *realpath(const char *path, char *result)
{
    ORIGINAL(char *, realpath, const char *, char *);
    int code = TAKE(CALL_STAT, 0);

    return code > 0 ? (fail(code), NULL) : original(path, result);
}

STANDS_IN int getsockopt(int fd, int level, int option, void *value, socklen_t *length)
{
    ORIGINAL(int, getsockopt, int, int, int, void *, socklen_t *);
    int code = TAKE(CALL_ASK, fd);

    return code > 0 ? fail(code) : original(fd, level, option, value, length);
}

/* A connection is slower without the one, and says its end in another way without the other. */
static bool is_wish(int level, int option)
{
    return (level == IPPROTO_TCP && option == TCP_NODELAY) || (level == SOL_SOCKET && option == SO_LINGER);
}

STANDS_IN int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    ORIGINAL(int, setsockopt, int, int, int, const void *, socklen_t);
    int code = TAKE(is_wish(level, option) ? CALL_WISH : CALL_OPTION, fd);

    return code > 0 ? fail(code) : original(fd, level, option, value, length);
}

/* ---- Waiting ------------------------------------------------------------------------------------------- */

STANDS_IN int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    ORIGINAL(int, waitid, idtype_t, id_t, siginfo_t *, int);
    int code = TAKE(CALL_WAIT, 0);

    return code > 0 ? fail(code) : original(type, id, info, options);
}

STANDS_IN pid_t waitpid(pid_t pid, int *status, int options)
{
    ORIGINAL(pid_t, waitpid, pid_t, int *, int);
    int code = TAKE(CALL_WAIT, 0);

    return code > 0 ? fail(code) : original(pid, status, options);
}

STANDS_IN int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    ORIGINAL(int, sigtimedwait, const sigset_t *, siginfo_t *, const struct timespec *);
    int code = TAKE(CALL_WAIT, 0);

    return code > 0 ? fail(code) : original(set, info, timeout);
}

/* ---- Threads ------------------------------------------------------------------------------------------- */

STANDS_IN int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                             void *data)
{
    ORIGINAL(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*) (void *), void *);
    int code = TAKE(CALL_THREAD, 0);

    return code > 0 ? code : original(thread, attributes, run, data);
}
