/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of processes share: starting a shell, talking to it over a pipe, and checking that no child
 * is left at the end, running or not.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_PROCESSES_H
#define VOW_TEST_PROCESSES_H

#include "support.h"

/* A script of sh(1) as the program of options. */
#define SH(script)                                            \
    .arguments = (char *[])                                   \
    {                                                         \
        (char *) "sh", (char *) "-c", (char *) (script), NULL \
    }

/* Starts what must start. */
#define start(f, ...) start_with((f), &(vow_process_options){__VA_ARGS__})
vow_process *start_with(fixture *f, const vow_process_options *options);

/* Starts what must end with this code. */
#define assert_code(f, expected, ...) assert_code_of((f), (expected), &(vow_process_options){__VA_ARGS__})
void assert_code_of(fixture *f, int64_t expected, const vow_process_options *options);

/* Starts what must print this on its standard output, and end with 0. */
#define assert_prints(f, expected, ...) \
    assert_prints_of((f), (expected), &(vow_process_options){.out = {VOW_STDIO_PIPE, 0}, __VA_ARGS__})
void assert_prints_of(fixture *f, const char *expected, const vow_process_options *options);

/* Starts what must not start. */
#define assert_fails(f, code, part, ...) \
    assert_fails_of((f), (code), (part), &(vow_process_options){__VA_ARGS__})
void assert_fails_of(fixture *f, int code, const char *part, const vow_process_options *options);

/* Reads a descriptor to its end; closes it. To be freed with g_free(). */
char *read_to_end(fixture *f, int fd);
/* Waits for these bytes, which must be the next. */
void expect_text(fixture *f, int fd, const char *text);

/* Runs the loop until nothing is left to do, then checks that no child is. */
void all_ended(fixture *f);
void assert_no_children(void);

/* Whether the system keeps the status of a child that somebody else has waited for, for those who have a
 * pidfd: Linux 6.15. */
bool status_is_kept(void);

#endif
