/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What every workload program shares: its clock, its memory and the one line it prints,
 *
 *     ns_per_op bytes_per_object checksum
 *
 * A program is called as `name [n [rounds]]`. Its work() is called once for each round and marks in it what
 * is to be timed. Time is the CPU time of the process, so that a neighbour on the same core does not show.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench {
    size_t n;          /* operations in a round */
    size_t objects;    /* alive at bench_alive(); n unless work() says otherwise */
    uint64_t checksum; /* of the results, added up over all rounds */
    int64_t began;     /* the clock at bench_begin() */
    int64_t elapsed;   /* ns between begin and end, of all rounds */
    int64_t rss;       /* bytes of memory at the first bench_begin(), or -1 once that is measured */
    double bytes;      /* for each object */
};

/* The timed part begins. What work() allocated and touched before is not counted as memory of its objects. */
void bench_begin(struct bench *bench);
/* All objects of the first round are alive: measures the memory. The clock stands still meanwhile. */
void bench_alive(struct bench *bench);
/* The timed part ends. */
void bench_end(struct bench *bench);

/* Calls work() for each round and prints the line; the exit status of main(). */
int bench_main(int argc, char **argv, size_t n, void (*work)(struct bench *bench));

/* Memory that is the workload's own, and touched, so that it does not count; ends the program if there is
 * none. */
void *bench_array(size_t n, size_t size);
/* The resident memory of this process in bytes. */
int64_t bench_rss(void);
/* CPU time of this process in ns. */
int64_t bench_cpu(void);
/* Ends the program with a message: a result is not what it must be. */
void bench_fail(const char *what);

/* A small generator, the same in each form of a workload: a number below 2^31. */
static inline uint32_t bench_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t) (*state >> 33);
}

#ifdef __cplusplus
}
#endif

#endif
