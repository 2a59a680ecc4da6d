/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A picture of what ran when: one row and one bar for each piece of work, as wide as the terminal.
 * Called by fetch_all.c; knows nothing of libvow.
 */
#ifndef EXAMPLES_TIMELINE_H
#define EXAMPLES_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

struct timeline_row {
    const char *label;
    const char *outcome; /* a word or two */
    bool failed;         /* drawn with another mark */
    double start, end;   /* seconds, from the beginning of the picture */
};

/* Prints the rows on stdout, to the scale of `total` seconds. */
void timeline_print(const struct timeline_row *rows, size_t count, double total);

#endif
