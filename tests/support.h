/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every test program shares: a fixture with a fresh ev_loop and vow_loop, a log of words, and checks
 * after every single test that nothing is left behind. There may be no live promise, no report that was not
 * expected, no word in the log that was not compared, no active watcher, no open descriptor, no block of
 * memory, and no owned value.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_SUPPORT_H
#define VOW_TEST_SUPPORT_H

#include <ev.h>
#include <glib.h>

#include <vow.h>

/* Whether AddressSanitizer ends a program that uses freed memory before the library can. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SEES_MEMORY 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SEES_MEMORY 1
#endif
#ifndef SEES_MEMORY
#define SEES_MEMORY 0
#endif

/* Whether libvow has more than POSIX to do its work with: what stands in for it is weaker in places, and
 * tests of those places are skipped by name, or say what is expected there (vow(7), OTHER SYSTEMS). */
#ifdef VOW_NO_LINUX_CALLS
#define POSIX_ALONE 1
#else
#define POSIX_ALONE 0
#endif
/* At the beginning of a test. */
#define SKIP_ON_POSIX_ALONE(why)                              \
    do {                                                      \
        if (POSIX_ALONE) {                                    \
            g_test_skip("built for POSIX alone, where " why); \
            return;                                           \
        }                                                     \
    } while (0)

/* The allocator that the fixture puts under libvow: it counts, and fails when it is told to. */
struct memory {
    gint blocks; /* outstanding now; these are of all threads */
    _Atomic size_t
        allocated; /* calls of allocate() since the start or the last memory_fail(), with failed ones */
    _Atomic size_t fail_at;  /* which of those calls fails, from 1; 0 for none */
    _Atomic bool fail_after; /* whether all later ones fail too */
    _Atomic size_t failed;   /* how many have failed */
};

typedef struct fixture {
    struct ev_loop *ev;
    vow_loop *loop;
    GString *log;       /* what note() wrote */
    GPtrArray *reports; /* char *, the texts the loop reported and expect_report() has not seen */
    GPtrArray *kept;    /* blocks that tag_new() and owned() made, released at the end */
    struct memory memory;
    size_t expect_live; /* how many promises the test leaves alive on purpose when its loop is freed */
    gint owned;         /* values of owned() that were not dropped yet */
    guint descriptors;  /* open before the test */
} fixture;

/* Adds a test: fn runs with a fixture of its own. */
void test_add(const char *path, void (*fn)(fixture *f));

/* Appends one word to the log; words are separated by a space. */
void note(fixture *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Compares the whole log and clears it. */
#define assert_log(f, expected)                       \
    do {                                              \
        g_assert_cmpstr((f)->log->str, ==, expected); \
        g_string_truncate((f)->log, 0);               \
    } while (0)

/* One turn of the ev_loop that does not block; drains the job queue. */
void turn(fixture *f);

/* Makes the clock of the fixture's loop virtual: what is set on it costs no real time. */
#define HOUR 3600.
void make_virtual(fixture *f);

/* One collected report contains part; it is removed from the list. */
#define expect_report(f, part) expect_report_at((f), (part), __FILE__, __LINE__)
void expect_report_at(fixture *f, const char *part, const char *file, int line);

/* Collects the reports of another loop too. */
void collect_reports(fixture *f, vow_loop *loop);

/* Checks that as many promises are alive as the test expects, then frees the fixture's loop, so that a test
 * can look at what that does. f->loop is NULL afterwards. */
void free_loop(fixture *f);

/* From now on, the n-th allocation fails (and all later ones, with `after`); 0 stops that. */
void memory_fail(fixture *f, size_t n, bool after);

/* Calls a test with a loop of its own in which each promise is one allocation, as all are in a debug build:
 * so that there is no memory for any of them when allocations fail. */
void with_single_blocks(fixture *f, void (*fn)(fixture *f));

/* In the parent: runs this test again in a child process, where g_test_subprocess() is true, and waits for
 * it. To be followed by g_test_trap_assert_…(). */
void run_in_child(fixture *f);

/* How many descriptors this process has open. */
guint count_descriptors(void);

/* "file:line" of the line it stands on. */
#define HERE (__FILE__ ":" G_STRINGIFY(__LINE__))

/* "file:line" of the line after, to compare with what the library recorded there. Lives as long as the
 * fixture. */
#define NEXT_LINE(f) site_text((f), __FILE__, __LINE__ + 1)
const char *site_text(fixture *f, const char *file, int line);

/* ---- Values -------------------------------------------------------------------------------------------- */

/* A value in words: nil, true, 5, 0.5, a string's own text, [1,nil], !EIO for an error, the name of an
 * owned(). NULL, as vow_peek() gives for a pending promise, is "pending". To be freed with g_free(). */
char *show(const vow_value *value);

/* Compares show(value) with a string. */
#define assert_value(value, expected)          \
    do {                                       \
        char *shown_ = show(value);            \
        g_assert_cmpstr(shown_, ==, expected); \
        g_free(shown_);                        \
    } while (0)

/* Compares the outcome of a promise, which this only looks at. Counts as looking at its error. */
#define assert_peek(promise, expected) assert_value(vow_peek(promise), expected)

/* "EIO", "ECANCELED", "EAGGREGATE" …: a static string, or the number in one of a few static buffers. */
const char *code_name(const vow_error *error);

/* A value of thing_type. Dropping it notes "~name", or nothing with a NULL name; that it is dropped exactly
 * once is checked at the end. */
vow_value owned(fixture *f, const char *name);
extern const vow_type thing_type;

/* ---- Promises and handlers ----------------------------------------------------------------------------- */

/* A fixture with a name: the data of the handlers below. Lives as long as the fixture. */
struct tag {
    fixture *f;
    const char *name;
};
struct tag *tag_new(fixture *f, const char *name);

vow_value saw_value(vow_value *value, void *tag);        /* notes "name=value", returns nil */
vow_value saw_error(const vow_error *error, void *tag);  /* notes "name!code", returns nil */
vow_value saw_end(void *tag);                            /* notes "name", returns nil; for vow_finally() */
vow_value pass_value(vow_value *value, void *tag);       /* notes "name", returns the value taken */
vow_value pass_error(const vow_error *error, void *tag); /* notes "name", throws the same error */

/* Notes "name=value" or "name!code" when the promise settles. The promise is given away and kept by the
 * loop. */
void watch(fixture *f, vow_promise *promise, const char *name);

/* Notes 1, 2, … up to n (9 at most), one a tick of the job queue, from the next tick on. */
void ticks(fixture *f, int n);

/* What settles a promise by hand. Its on_cancel notes "name-cancelled". */
struct source {
    vow_resolver resolver;
    fixture *f;
    const char *name;
};

/* Makes the promise of a source. */
#define pending(f, source, name) pending_at((f), (source), (name), VOW_HERE)
vow_promise *pending_at(fixture *f, struct source *source, const char *name, const char *site) VOW_NODISCARD;

#endif
