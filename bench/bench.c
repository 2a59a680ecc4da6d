/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* See bench.h. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

int64_t bench_cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_rss(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long long size, resident = 0;

    if (file && fscanf(file, "%lld %lld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (int64_t) resident * sysconf(_SC_PAGESIZE);
}

void *bench_array(size_t n, size_t size)
{
    void *array = malloc(n * size + 1);

    if (!array)
        bench_fail("out of memory");
    memset(array, 1, n * size + 1);
    return array;
}

void bench_begin(struct bench *bench)
{
    if (bench->rss == 0)
        bench->rss = bench_rss();
    bench->began = bench_cpu();
}

void bench_alive(struct bench *bench)
{
    int64_t now;

    if (bench->rss < 0)
        return;
    now = bench_cpu();
    bench->bytes = (double) (bench_rss() - bench->rss) / (double) bench->objects;
    bench->rss = -1;
    bench->began += bench_cpu() - now;
}

void bench_end(struct bench *bench)
{
    bench->elapsed += bench_cpu() - bench->began;
}

static size_t argument(int argc, char **argv, int index, size_t otherwise)
{
    char *end = NULL;
    double number = index < argc ? strtod(argv[index], &end) : 0;

    if (index >= argc)
        return otherwise;
    if (*end || !(number >= 1 && number <= 1e10))
        bench_fail("usage: [n [rounds]]");
    return (size_t) number;
}

int bench_main(int argc, char **argv, size_t n, void (*work)(struct bench *bench))
{
    struct bench bench = {.n = argument(argc, argv, 1, n)};
    size_t rounds = argument(argc, argv, 2, 1);

    bench.objects = bench.n;
    for (size_t i = 0; i < rounds; i++)
        work(&bench);
    printf("%.2f %.1f %" PRIu64 "\n", (double) bench.elapsed / ((double) bench.n * (double) rounds),
           bench.bytes, bench.checksum / rounds);
    return 0;
}
