/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library to preload. It makes one allocation of a program fail, or all from that one on. It counts only
 * what libvow asks for, so that libvow has to bear the failure and not other libraries.
 *
 *     FAILING_MALLOC=3 FAILING_MALLOC_AFTER=1 FAILING_MALLOC_REPORT=file LD_PRELOAD=... program
 *
 * makes the third and all later ones fail. At the end of the program, it writes to the file how many
 * allocations there were, and how many of them failed.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong count, failed;
static pid_t program; /* not one that it forks */

/* Whether a call comes from libvow. */
static bool is_libvow(void *caller)
{
    Dl_info info;

    if (!dladdr(caller, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    return strncmp(slash ? slash + 1 : info.dli_fname, "libvow.", 7) == 0;
}

static bool fails(void *caller)
{
    const char *text = getenv("FAILING_MALLOC");

    if (!is_libvow(caller))
        return false;
    unsigned long n = text ? strtoul(text, NULL, 10) : 0, this = atomic_fetch_add(&count, 1) + 1;
    if (!n || this < n || (this > n && !getenv("FAILING_MALLOC_AFTER")))
        return false;
    atomic_fetch_add(&failed, 1);
    errno = ENOMEM;
    return true;
}

__attribute__((constructor)) static void begin(void)
{
    program = getpid();
}

/* Other programs that inherit the environment make no use of libvow, and write nothing. */
__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAILING_MALLOC_REPORT");
    FILE *file;

    if (!path || !atomic_load(&count) || getpid() != program)
        return;
    file = fopen(path, "w");
    if (!file)
        return;
    fprintf(file, "%lu %lu\n", atomic_load(&count), atomic_load(&failed));
    fclose(file);
}

/* The function of that name that this one stands before. Looking it up may itself allocate: that is refused,
 * and does no harm. */
static void find(void *function, size_t size, const char *name)
{
    static _Thread_local bool is_looking;
    void *found = NULL;

    if (!is_looking) {
        is_looking = true;
        found = dlsym(RTLD_NEXT, name);
        is_looking = false;
    }
    memcpy(function, &found, size);
}

#define REAL(name)                      \
    if (!real)                          \
        find(&real, sizeof real, name); \
    if (!real || fails(__builtin_return_address(0)))

void *malloc(size_t size)
{
    static void *(*real)(size_t);

    REAL("malloc")
    return NULL;
    return real(size);
}

void *calloc(size_t n, size_t size)
{
    static void *(*real)(size_t, size_t);

    REAL("calloc")
    return NULL;
    return real(n, size);
}

void *realloc(void *block, size_t size)
{
    static void *(*real)(void *, size_t);

    REAL("realloc")
    return NULL;
    return real(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    static void *(*real)(size_t, size_t);

    REAL("aligned_alloc")
    return NULL;
    return real(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    static int (*real)(void **, size_t, size_t);

    REAL("posix_memalign")
    return ENOMEM;
    return real(block, alignment, size);
}
