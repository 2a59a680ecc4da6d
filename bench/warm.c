/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Gets memory from the machine and gives it back: warm [MiB]. Run before each measured program, so that the
 * first of them is not the one that pays: a virtual machine may have to ask its host for pages that nobody
 * used lately.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
    size_t size = (size_t) (argc > 1 ? atoi(argv[1]) : 512) << 20;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return 1;
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#endif
    memset(memory, 1, size);
    return 0;
}
