/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the two files of follow share: follow_file.c reads a file and prints what is new in it, follow.c waits
 * until there may be something new.
 */
#ifndef EXAMPLES_FOLLOW_H
#define EXAMPLES_FOLLOW_H

#include <stdbool.h>
#include <sys/types.h>

/* A file that grows. */
struct followed {
    const char *path;
    int fd;        /* -1 while there is no file */
    off_t read_to; /* how much of it was printed */
};

/* With several files, there is a headline whenever the next bytes are of another one. */
extern bool has_headlines;

/* Opens what has the path's name now, to be printed from its beginning. Returns 0, or an errno value. */
int followed_open(struct followed *file);

/* What there is in it by now is not printed. */
void followed_skip(struct followed *file);

/* Closes it, if it is open. */
void followed_close(struct followed *file);

/* Whether what was opened is what has the path's name now. */
bool followed_is_current(const struct followed *file);

/* Prints one piece more, from the beginning again if the file was truncated. False at its end. */
bool followed_print_piece(struct followed *file);

/* Says something about the file on stderr. */
void followed_say(const struct followed *file, const char *what);

#endif
