/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* A peer in C or C++ has all its workloads in one program: <program> <workload> [n [rounds]]. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdlib.h>
#include <string.h>

#include "../bench.h"

struct peer {
    const char *name;
    void (*work)(struct bench *bench);
};

static inline int peer_main(int argc, char **argv, const struct peer *peers)
{
    for (; argc > 1 && peers->name; peers++)
        if (strcmp(argv[1], peers->name) == 0)
            return bench_main(argc - 1, argv + 1, 1000000, peers->work);
    bench_fail("this peer has no such workload");
    return 1;
}

#endif
