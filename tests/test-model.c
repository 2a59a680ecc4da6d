/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model test of fuzz/model.h: random programs, and the programs that the fuzzer found worth keeping.
 *
 *     tests/test-model                       both
 *     tests/test-model --file FILE           plays one program and prints its trace
 *     tests/test-model --seed-of PROGRAM     the same for a random one, by the number that a failure names
 *     tests/test-model --shrink FILE         makes a failing one smaller and writes it to FILE.small
 *     tests/test-model --programs N [FIRST]  N random ones
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "../fuzz/model.h"

#include <glib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAMS = 20000, SECONDS = 20, LENGTH = 192, LONGEST = 1024 };

/* ---- Playing ------------------------------------------------------------------------------------------- */

static void play_random(guint64 seed)
{
    guint8 data[LENGTH];
    char *wrong = model_run(data, model_random(seed, data, sizeof data));

    if (wrong)
        g_error("random program %" G_GUINT64_FORMAT " (--seed-of): %s", seed, wrong);
}

/* Returns how many it has played when it was done, or time was up. */
static guint64 play_many(guint64 first, guint64 n, gint64 seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    guint64 i = 0;

    for (; i < n && g_get_monotonic_time() < end; i++)
        play_random(first + i);
    return i;
}

static void test_random(void)
{
    guint64 first = (guint64) (guint32) g_test_rand_int() << 20;
    guint64 n = play_many(first, PROGRAMS, SECONDS);

    g_test_message("%" G_GUINT64_FORMAT " random programs from %" G_GUINT64_FORMAT " on", n, first);
    g_assert_cmpuint(n, >, 0);
}

/* A program as a line of hexadecimal digits; its length. */
static size_t read_line(const char *line, guint8 *data, size_t size)
{
    size_t length = strlen(line) / 2;

    g_assert_cmpuint(length, <=, size);
    for (size_t i = 0; i < length; i++)
        data[i] = (guint8) (g_ascii_xdigit_value(line[2 * i]) * 16 + g_ascii_xdigit_value(line[2 * i + 1]));
    return length;
}

static void play_line(const char *path, int number, const char *line)
{
    guint8 data[LONGEST];
    char *wrong = model_run(data, read_line(line, data, sizeof data));

    if (wrong)
        g_error("%s:%d: %s", path, number, wrong);
}

static int play_lines(const char *path)
{
    char *text, **lines;
    int n = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (; lines[n] && *lines[n]; n++)
        play_line(path, n + 1, lines[n]);
    g_strfreev(lines);
    g_free(text);
    return n;
}

static void test_corpus(void)
{
    static const char *const files[] = {"model.hex", "found.hex"};
    const char *source = g_getenv("top_srcdir");

    if (!source) {
        g_test_skip("top_srcdir does not say where the corpus is");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = g_build_filename(source, "fuzz", "corpus", files[i], NULL);
        int n = play_lines(path);

        g_test_message("%s: %d programs", files[i], n);
        g_assert_cmpint(n, >, 0);
        g_free(path);
    }
}

/* ---- Making a failing program smaller --------------------------------------------------------------------
 */

/* In a process of its own, since it may end that. */
static bool fails(const guint8 *data, size_t size)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        alarm(2);
        _exit(model_run(data, size) != NULL);
    }
    return waitpid(child, &status, 0) == child && status != 0;
}

/* Without some bytes, if it fails all the same. */
static bool leave_out(guint8 *data, size_t *size, size_t at, size_t part)
{
    guint8 *copy = g_malloc(*size + 1);
    bool still_fails;

    memcpy(copy, data, at);
    memcpy(copy + at, data + at + part, *size - at - part);
    still_fails = fails(copy, *size - part);
    if (still_fails) {
        *size -= part;
        memcpy(data, copy, *size);
    }
    g_free(copy);
    return still_fails;
}

static bool zero(guint8 *data, size_t size, size_t at)
{
    guint8 was = data[at];

    data[at] = 0;
    if (was && fails(data, size))
        return true;
    data[at] = was;
    return false;
}

/* Ever smaller parts are left out, then single bytes made 0. */
static bool shrink_once(guint8 *data, size_t *size)
{
    size_t before = *size;
    bool changes = false;

    for (size_t part = before / 2; part > 0; part /= 2) {
        for (size_t at = 0; at + part <= *size;)
            at += leave_out(data, size, at, part) ? 0 : (part + 1) / 2;
    }
    for (size_t at = 0; at < *size; at++)
        changes |= zero(data, *size, at);
    return changes || *size < before;
}

static int shrink(const char *path)
{
    char *data, *small = g_strconcat(path, ".small", NULL);
    gsize size;

    if (!g_file_get_contents(path, &data, &size, NULL) || !fails((guint8 *) data, size)) {
        fprintf(stderr, "%s does not fail\n", path);
        return 1;
    }
    while (shrink_once((guint8 *) data, &size))
        fprintf(stderr, "%zu bytes\n", size);
    g_file_set_contents(small, data, (gssize) size, NULL);
    g_free(small);
    g_free(data);
    return 0;
}

/* ---- What is asked for --------------------------------------------------------------------------------- */

static int describe(const guint8 *data, size_t size)
{
    char *text = model_describe(data, size), *wrong;

    fputs(text, stdout);
    fflush(stdout);
    free(text);
    wrong = model_run(data, size);
    if (wrong)
        printf("\nWrong:\n%s", wrong);
    fflush(stdout);
    free(wrong);
    return wrong != NULL;
}

static int describe_file(const char *path)
{
    char *data;
    gsize size;
    int status;

    if (!g_file_get_contents(path, &data, &size, NULL))
        return 2;
    status = describe((guint8 *) data, size);
    g_free(data);
    return status;
}

static int describe_random(const char *seed, const char *save)
{
    guint8 data[LENGTH];
    size_t size = model_random(g_ascii_strtoull(seed, NULL, 10), data, sizeof data);

    if (save)
        g_file_set_contents(save, (char *) data, (gssize) size, NULL);
    return describe(data, size);
}

/* A program takes megabytes for a moment: to fetch and return them each time took nine tenths of the time. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

int main(int argc, char **argv)
{
    keep_memory();
    if (argc == 3 && !strcmp(argv[1], "--file"))
        return describe_file(argv[2]);
    if (argc >= 3 && !strcmp(argv[1], "--seed-of"))
        return describe_random(argv[2], argc > 3 ? argv[3] : NULL);
    if (argc == 3 && !strcmp(argv[1], "--shrink"))
        return shrink(argv[2]);
    if (argc >= 3 && !strcmp(argv[1], "--programs")) {
        guint64 first = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 1;

        play_many(first, g_ascii_strtoull(argv[2], NULL, 10), G_MAXINT32);
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/corpus", test_corpus);
    g_test_add_func("/model/random", test_random);
    return g_test_run();
}
