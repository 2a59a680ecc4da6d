/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call of the operations on files fails: each operation runs once for every call it makes, with
 * that one failing, in every way in which such a call can. Afterwards a file that was to be replaced must
 * have the old content or the new one, whole. Nothing else may be left in its folder, and no descriptor open.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _XOPEN_SOURCE 700
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH = 40 };

static char *folder, *path;
static const char old_content[] = "the old content";
static char new_content[LENGTH + 1];

/* An operation on the file, and what must be true of it when it has succeeded. */
struct operation {
    const char *name;
    vow_promise *(*make)(fixture *f);
    void (*check)(fixture *f, const vow_value *value);
    bool is_replaced; /* the file is to have the new content */
    uint64_t heeded;  /* calls that fail harmlessly elsewhere, but not here */
};

/* ---- The operations ------------------------------------------------------------------------------------ */

static vow_promise *make_read(fixture *f)
{
    return vow_file_read(f->loop, path, 100);
}

static void check_read(fixture *f, const vow_value *value)
{
    (void) f;
    g_assert_cmpuint(vow_as_bytes(value)->length, ==, strlen(old_content));
    g_assert_cmpstr(vow_as_bytes(value)->data, ==, old_content);
}

static vow_promise *make_write(fixture *f)
{
    return vow_file_write(f->loop, path, new_content, LENGTH);
}

static void check_count(fixture *f, const vow_value *value)
{
    (void) f;
    g_assert_cmpint(vow_as_int(value), ==, LENGTH);
}

static vow_value first_failure(vow_value *results, void *data)
{
    const vow_list *list = vow_as_list(results);

    (void) data;
    for (size_t i = 0; i < vow_list_length(list); i++)
        if (vow_is_error(vow_list_at(list, i)))
            return vow_throw(vow_error_ref(vow_as_error(vow_list_at(list, i))));
    return vow_nil();
}

/* What is written is what was there. Each is waited for, since the descriptor is lent to all of them. */
static vow_value piece_and_sync(vow_value *value, void *data)
{
    static char buffer[5];
    fixture *f = data;
    int fd = vow_as_fd(value);
    vow_promise *all =
        vow_all_settled_of(f->loop, vow_file_pwrite(f->loop, fd, old_content, 5, 0),
                           vow_file_sync(f->loop, fd), vow_file_pread(f->loop, fd, buffer, 5, 3));

    return vow_follow(vow_then(all, first_failure, NULL));
}

static vow_promise *make_pieces(fixture *f)
{
    vow_promise *opened = vow_file_open(f->loop, path, O_RDWR, 0);

    return vow_all_of(f->loop, vow_then(vow_ref(opened), piece_and_sync, f), opened);
}

static void check_pieces(fixture *f, const vow_value *value)
{
    (void) f;
    g_assert_cmpuint(vow_list_length(vow_as_list(value)), ==, 2);
}

static const struct operation operations[] = {
    {"read", make_read, check_read, false, 0},
    {"write", make_write, check_count, true, CALL_FSTAT},
    {"pieces", make_pieces, check_pieces, false, 0},
};

/* ---- Runs ---------------------------------------------------------------------------------------------- */

static char *content_now(void)
{
    char *content;

    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    return content;
}

/* The file stands alone in its folder. */
static void check_folder(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);

    g_assert_cmpstr(g_dir_read_name(dir), ==, "file");
    g_assert_null(g_dir_read_name(dir));
    g_dir_close(dir);
}

/* Old or new: new for certain if it succeeded, and old unless the file had its new content already when the
 * folder could not be written to the disk. */
static void check_content(const struct operation *operation, const vow_error *error)
{
    char *content = content_now();
    bool is_new = strcmp(content, new_content) == 0;
    bool is_told = error && strstr(vow_error_message(error), "it was replaced");

    g_assert_true(is_new || strcmp(content, old_content) == 0);
    g_assert_true(is_new == (operation->is_replaced && (!error || is_told)));
    g_free(content);
}

static bool is_harmless(const struct operation *operation, const struct fault *fault)
{
    return fault->kind == HARMLESS && !(fault->calls & operation->heeded);
}

static void check_outcome(fixture *f, const struct operation *operation, const struct fault *fault,
                          const vow_value *value, const vow_error *error)
{
    if (error) {
        g_assert_false(is_harmless(operation, fault));
        g_assert_cmpint(vow_error_code(error), ==, fault->code);
        g_assert_nonnull(strstr(vow_error_message(error), "vow_file_"));
    } else {
        operation->check(f, value);
    }
}

/* With the n-th call failing. Returns whether there was one. */
static bool run_once(fixture *f, const struct operation *operation, const struct fault *fault, size_t n)
{
    guint descriptors = count_descriptors();
    vow_value value;
    bool has_failed;

    g_assert_true(g_file_set_contents(path, old_content, -1, NULL));
    faults_set(fault, n);
    vow_error *error = vow_run(operation->make(f), &value);
    g_assert_null(vow_offload_shutdown(G_MAXDOUBLE));
    has_failed = faults_count() >= n;
    faults_set(NULL, 0);
    g_test_message("%s: call %zu: %s: %s", operation->name, n, fault->name,
                   error ? vow_error_message(error) : "succeeds");
    g_assert_true(error ? has_failed : !has_failed || is_harmless(operation, fault));
    check_outcome(f, operation, fault, &value, error);
    check_content(operation, error);
    check_folder();
    vow_error_unref(error);
    vow_value_drop(value);
    g_assert_cmpuint(count_descriptors(), ==, descriptors);
    return has_failed;
}

static void run_all(fixture *f)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operations); i++) {
        size_t runs = 0;

        for (const struct fault *fault = file_faults; fault->name; fault++)
            for (size_t n = 1; run_once(f, &operations[i], fault, n); n++)
                runs++;
        g_test_message("%s: %zu calls failed", operations[i].name, runs);
        g_assert_cmpuint(runs, >, 4);
    }
}

/* The new file goes to the disk, and then its name. */
static void check_syncs(fixture *f)
{
    static const struct fault any_sync = {"sync", 0, CALL_SYNC, HARMLESS};

    faults_set(&any_sync, 0);
    g_assert_null(vow_run(make_write(f), NULL));
    g_assert_cmpuint(faults_count(), ==, 2);
    faults_set(NULL, 0);
}

static void every_call(fixture *f)
{
    vow_remote *remote;

    if (!faults_work()) {
        g_test_skip("libvow is linked statically");
        return;
    }
    vow_detach(vow_remote_new(f->loop, &remote)); /* opens what libev needs, and keeps */
    vow_remote_resolve(remote, vow_nil());
    turn(f);
    memset(new_content, 'n', LENGTH);
    folder = g_dir_make_tmp("vow-faults-XXXXXX", NULL);
    path = g_build_filename(folder, "file", NULL);
    run_all(f);
    check_syncs(f);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(path);
    g_free(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/file-faults/every-call", every_call);
    return g_test_run();
}
