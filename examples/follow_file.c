/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A file that grows: see follow.h. It finds out by looking what has changed: is this still the file of that
 * name, is it shorter than what was read of it? Nothing here waits, and nothing is of libvow.
 */
#define _POSIX_C_SOURCE 200809L
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool has_headlines;
static const struct followed *speaker; /* whose bytes were printed last */

void followed_say(const struct followed *file, const char *what)
{
    fprintf(stderr, "follow: %s: %s\n", file->path, what);
}

int followed_open(struct followed *file)
{
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    file->read_to = 0;
    return file->fd < 0 ? errno : 0;
}

void followed_skip(struct followed *file)
{
    struct stat status;
    if (fstat(file->fd, &status) == 0)
        file->read_to = status.st_size;
}

void followed_close(struct followed *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

bool followed_is_current(const struct followed *file)
{
    struct stat opened, named;
    return file->fd >= 0 && fstat(file->fd, &opened) == 0 && stat(file->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static void begin_again_if_shorter(struct followed *file)
{
    struct stat status;
    if (fstat(file->fd, &status) == 0 && status.st_size < file->read_to) {
        followed_say(file, "truncated");
        file->read_to = 0;
    }
}

static void print(const struct followed *file, const char *bytes, size_t size)
{
    if (has_headlines && speaker != file)
        printf("%s==> %s <==\n", speaker ? "\n" : "", file->path);
    speaker = file;
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
}

bool followed_print_piece(struct followed *file)
{
    char bytes[16384];
    if (file->fd < 0)
        return false;
    begin_again_if_shorter(file);
    ssize_t count = pread(file->fd, bytes, sizeof bytes, file->read_to);
    if (count < 0)
        followed_say(file, strerror(errno));
    if (count <= 0)
        return false;
    file->read_to += count;
    print(file, bytes, (size_t) count);
    return true;
}
