/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the tables of NULL arguments are run. Each row has a child process of its own. It must die with one
 * line that names the function and, if the function takes it, the place of the call. With NOTHING() it must
 * print nothing and live. tests/misuse.sh checks that no function is left out.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TESTS_NULLS_H
#define VOW_TESTS_NULLS_H

#include "support.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing that a compiler could know to be NULL. */
static void *volatile null;

static inline void nulls_read(int fd, char *text, size_t size)
{
    size_t length = 0;
    char *emulator;
    ssize_t n;

    while (length < size - 1 && (n = read(fd, text + length, size - 1 - length)) > 0)
        length += (size_t) n;
    text[length] = '\0';
    close(fd);
    if ((emulator = strstr(text, "\nqemu: "))) /* it has a word of its own to say of a program that aborts */
        emulator[1] = '\0';
}

/* In the child true. In the parent false: how the child ended is in *status, what it wrote in `text`. */
static inline bool nulls_play(char *text, size_t size, int *status)
{
    int ends[2];
    pid_t pid;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(ends[1], STDERR_FILENO);
        return true;
    }
    close(ends[1]);
    nulls_read(ends[0], text, size);
    g_assert_cmpint(waitpid(pid, status, 0), ==, pid);
    return false;
}

static inline void nulls_is_misuse(const char *name, const char *place, const char *text, int status)
{
    char *start = g_strdup_printf("libvow: misuse of %s: ", name);

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || !g_str_has_prefix(text, start) ||
        strchr(text, '\n') != text + strlen(text) - 1 || !strstr(text, place))
        g_error("%s ended with status %d and said: %s", name, status, text);
    g_free(start);
}

static inline void nulls_is_gone(const char *name, const char *place, const char *text, int status)
{
    if (SEES_MEMORY)
        return; /* the sanitizer is quicker */
    nulls_is_misuse(name, place, text, status);
    if (!strstr(text, " is used after it was given away") || !strstr(text, "made at " ))
        g_error("%s said: %s", name, text);
}

static inline void nulls_is_nothing(const char *name, const char *text, int status)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || *text)
        g_error("%s ended with status %d and said: %s", name, status, text);
}

#define NULLS__PLAY(statement, check)                    \
    do {                                                 \
        char text_[1000];                                \
        int status_;                                     \
                                                         \
        if (nulls_play(text_, sizeof text_, &status_)) { \
            statement;                                   \
            _exit(0);                                    \
        }                                                \
        check;                                           \
    } while (0)

/* A call that takes its place. */
#define MISUSE_HERE(name, ...) \
    NULLS__PLAY(__VA_ARGS__,   \
                nulls_is_misuse(#name, ", at " __FILE__ ":" VOW__STRING(__LINE__), text_, status_))
/* The same, of what was given away; the place where it was made is told, too. */
#define GONE_HERE(name, ...)                                                                        \
    NULLS__PLAY(__VA_ARGS__, nulls_is_gone(#name, ", at " __FILE__ ":" VOW__STRING(__LINE__) " (", text_, \
                                           status_))
/* One that does not. */
#define MISUSE_OF(name, ...) NULLS__PLAY(__VA_ARGS__, nulls_is_misuse(#name, "NULL", text_, status_))
#define GONE_OF(name, ...) NULLS__PLAY(__VA_ARGS__, nulls_is_gone(#name, " (", text_, status_))
#define NOTHING(name, ...) NULLS__PLAY(__VA_ARGS__, nulls_is_nothing(#name, text_, status_))

#endif
