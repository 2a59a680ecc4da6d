/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See processes.h.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE

#include "processes.h"
#include "streams.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

vow_process *start_with(fixture *f, const vow_process_options *options)
{
    vow_value value;
    vow_error *error = vow_run(vow_process_start(f->loop, options), &value);

    if (error)
        g_error("%s", vow_error_message(error));
    return vow_take_process(&value);
}

void assert_code_of(fixture *f, int64_t expected, const vow_process_options *options)
{
    vow_process *process = start_with(f, options);

    g_assert_cmpint(run_int(vow_process_wait(process)), ==, expected);
    vow_process_free(process);
    assert_no_children();
}

char *read_to_end(fixture *f, int fd)
{
    GString *text = g_string_new(NULL);
    char bytes[512];
    int64_t count;

    while ((count = run_int(vow_read(f->loop, fd, bytes, sizeof bytes))) > 0)
        g_string_append_len(text, bytes, (gssize) count);
    g_assert_cmpint(close(fd), ==, 0);
    return g_string_free(text, FALSE);
}

void assert_prints_of(fixture *f, const char *expected, const vow_process_options *options)
{
    vow_process *process = start_with(f, options);
    char *text = read_to_end(f, vow_process_take_fd(process, STDOUT_FILENO));

    g_assert_cmpstr(text, ==, expected);
    g_free(text);
    g_assert_cmpint(run_int(vow_process_wait(process)), ==, 0);
    vow_process_free(process);
    assert_no_children();
}

void assert_fails_of(fixture *f, int code, const char *part, const vow_process_options *options)
{
    guint descriptors = count_descriptors();

    run_fails(vow_process_start(f->loop, options), code, part);
    g_assert_cmpuint(count_descriptors(), ==, descriptors);
    assert_no_children();
}

void expect_text(fixture *f, int fd, const char *text)
{
    for (; *text; text++) {
        char byte = 0;

        g_assert_cmpint(run_int(vow_read(f->loop, fd, &byte, 1)), ==, 1);
        g_assert_cmpint(byte, ==, *text);
    }
}

void assert_no_children(void)
{
    errno = 0;
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
}

void all_ended(fixture *f)
{
    ev_run(f->ev, 0);
    g_assert_cmpuint(vow_loop_live(f->loop), ==, 0);
    assert_no_children();
}

/* PIDFD_GET_INFO, which neither Valgrind 3.19 nor QEMU 7.2 pass on for a program that they run. */
static bool can_ask_pidfds(void)
{
    bool can = false;
#ifdef SYS_pidfd_open
    char info[64] = {0};
    int fd = (int) syscall(SYS_pidfd_open, getpid(), 0);

    can = fd >= 0 && syscall(SYS_ioctl, fd, _IOWR(0xFF, 11, char[64]), info) == 0;
    if (fd >= 0)
        close(fd);
#endif
    return can;
}

bool status_is_kept(void)
{
    struct utsname system;
    int major, minor;

    g_assert_cmpint(uname(&system), ==, 0);
    return !POSIX_ALONE && sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
           major * 100 + minor >= 615 && can_ask_pidfds();
}
