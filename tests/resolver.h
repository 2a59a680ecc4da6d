/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stand-in for getaddrinfo(3). It knows names that no resolver knows, those that end in .test. It answers
 * for each address family as it is told to, and holds the answers back for as long as a test wants. It passes
 * all other questions on.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_RESOLVER_H
#define VOW_TEST_RESOLVER_H

#include <stdbool.h>

/* What every name is: numeric addresses, or errors. */
struct entry {
    const char *const *addresses; /* ends with NULL; a family that is asked for alone gets its own */
    int status, code;             /* an error for whoever asks, and its errno value */
    int status6, status4;         /* errors for those who ask for one family */
    bool is_unruly;               /* the family that is asked for does not matter */
    bool loses_scopes;            /* as glibc does where one family is asked for */
};

/* Who asks. */
enum { ASKS_BOTH = 1, ASKS_6 = 2, ASKS_4 = 4, ASKS = 7 };

/* Forgets what was asked, and holds nothing back any more. Not while somebody asks. */
void know(const struct entry *entry);
/* Those who ask in one of these ways, and no others, wait for their answer. */
void hold_answers(int who);
/* How many have asked in one of these ways, and how many of them were answered. */
int count_asked(int who);
int count_answered(void);
/* Waits until so many have asked. */
void await_question(int who, int count);

/* Finds the function that one of the program's own stands in for; `pointer` is a pointer to one to it. */
void find_original(const char *name, void *pointer);

/* Ends the threads of the pool: they have descriptors and memory. What they did is on its way to its loop. */
void end_threads(void);

#endif
