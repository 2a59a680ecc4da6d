/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files: read whole and in pieces, replaced, opened, and what becomes of operations under way. Each test has
 * a folder of its own, which must have at the end only what the test leaves there on purpose.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _XOPEN_SOURCE 700
#include "jobs.h"
#include "misuse.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder; /* of the test that runs */

/* A path in it. Lives until the fixture is torn down. */
static const char *in_folder(fixture *f, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);

    g_ptr_array_add(f->kept, path);
    return path;
}

static const char *make_file(fixture *f, const char *name, const char *content, size_t length)
{
    const char *path = in_folder(f, name);

    g_assert_true(g_file_set_contents(path, content, (gssize) length, NULL));
    return path;
}

static void assert_file(const char *path, const char *content, size_t length)
{
    char *found;
    gsize count;

    g_assert_true(g_file_get_contents(path, &found, &count, NULL));
    g_assert_cmpuint(count, ==, length);
    g_assert_true(memcmp(found, content, length) == 0);
    g_free(found);
}

/* The names in the folder, sorted; they are removed. */
static char *empty_folder(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    GSList *names = NULL;
    GString *text = g_string_new("");
    const char *name;

    while ((name = g_dir_read_name(dir)))
        names = g_slist_insert_sorted(names, g_strdup(name), (GCompareFunc) strcmp);
    g_dir_close(dir);
    for (GSList *link = names; link; link = link->next) {
        char *path = g_build_filename(folder, link->data, NULL);

        g_string_append_printf(text, "%s%s", text->len ? " " : "", (char *) link->data);
        g_assert_cmpint(g_remove(path), ==, 0);
        g_free(path);
    }
    g_slist_free_full(names, g_free);
    return g_string_free(text, FALSE);
}

#define assert_folder(expected)                \
    do {                                       \
        char *names_ = empty_folder();         \
        g_assert_cmpstr(names_, ==, expected); \
        g_free(names_);                        \
    } while (0)

static void assert_bytes(vow_promise *promise, const char *content, size_t length)
{
    vow_value value;
    vow_error *error = vow_run(promise, &value);

    g_assert_null(error);
    g_assert_cmpuint(vow_as_bytes(&value)->length, ==, length);
    g_assert_true(memcmp(vow_as_bytes(&value)->data, content, length) == 0);
    vow_value_drop(value);
}

/* ---- Reading ------------------------------------------------------------------------------------------- */

static void reads(fixture *f)
{
    static const char content[] = "first\0second\n";
    const char *path = make_file(f, "some", content, sizeof content);

    assert_bytes(vow_file_read(f->loop, path, SIZE_MAX), content, sizeof content);
    assert_bytes(vow_file_read(f->loop, path, sizeof content), content, sizeof content);
    run_fails(vow_file_read(f->loop, path, sizeof content - 1), EFBIG, path);
    run_fails(vow_file_read(f->loop, path, 0), EFBIG, "vow_file_read");
    assert_folder("some");
}

static void reads_nothing(fixture *f)
{
    const char *path = make_file(f, "empty", "", 0);

    assert_bytes(vow_file_read(f->loop, path, SIZE_MAX), "", 0);
    assert_bytes(vow_file_read(f->loop, path, 0), "", 0);
    assert_folder("empty");
}

static void reads_much(fixture *f)
{
    enum { MUCH = 5000000 };
    char *content = stream_bytes(MUCH);
    const char *path = make_file(f, "much", content, MUCH);

    assert_bytes(vow_file_read(f->loop, path, MUCH), content, MUCH);
    g_free(content);
    assert_folder("much");
}

/* Also when what has come no longer fits, and there is no memory for more. */
static void no_memory_for_what_has_no_size(fixture *f)
{
    vow_error *error = NULL;
    size_t n = 0;

    do {
        vow_error_unref(error);
        memory_fail(f, ++n, false);
        error = vow_run(vow_file_read(f->loop, "/proc/self/smaps", SIZE_MAX), NULL);
        memory_fail(f, 0, false);
        g_assert_true(!error || vow_error_code(error) == ENOMEM);
    } while (error);
    g_assert_cmpuint(n, >, 3);
}

/* Files that do not say how long they are. */
static void reads_what_has_no_size(fixture *f)
{
    vow_value value;
    char *content;
    gsize length;

    g_assert_null(vow_run(vow_file_read(f->loop, "/proc/self/smaps", SIZE_MAX), &value));
    g_assert_cmpuint(vow_as_bytes(&value)->length, >, 4096); /* the room that it begins with */
    g_assert_nonnull(strstr(vow_as_bytes(&value)->data, "[stack]"));
    vow_value_drop(value);
    g_assert_true(g_file_get_contents("/proc/version", &content, &length, NULL));
    assert_bytes(vow_file_read(f->loop, "/proc/version", SIZE_MAX), content, length);
    assert_bytes(vow_file_read(f->loop, "/proc/version", length), content, length);
    run_fails(vow_file_read(f->loop, "/proc/version", length - 1), EFBIG, "/proc/version");
    run_fails(vow_file_read(f->loop, "/dev/zero", 100000), EFBIG, "/dev/zero");
    assert_bytes(vow_file_read(f->loop, "/dev/null", 0), "", 0);
    g_free(content);
}

static void cannot_read(fixture *f)
{
    const char *path = in_folder(f, "none");

    run_fails(vow_file_read(f->loop, path, SIZE_MAX), ENOENT, path);
    run_fails(vow_file_read(f->loop, folder, SIZE_MAX), EISDIR, folder);
    run_fails(vow_file_read(f->loop, "", SIZE_MAX), ENOENT, "vow_file_read: : ");
    run_fails(vow_file_read(f->loop, NULL, SIZE_MAX), EINVAL, "vow_file_read: the path is NULL");
}

/* ---- Replacing ----------------------------------------------------------------------------------------- */

static mode_t mode_of(const char *path)
{
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    return status.st_mode & 07777;
}

static void writes_a_new_file(fixture *f)
{
    const char *path = in_folder(f, "new");
    mode_t mask = umask(027);

    g_assert_cmpint(run_int(vow_file_write(f->loop, path, "a\0b", 3)), ==, 3);
    umask(mask);
    assert_file(path, "a\0b", 3);
    g_assert_cmpint(mode_of(path), ==, 0640);
    g_assert_cmpint(run_int(vow_file_write(f->loop, path, NULL, 0)), ==, 0);
    assert_file(path, "", 0);
    assert_folder("new");
}

/* Whoever has the old file open keeps the old content. */
static void replaces_a_file(fixture *f)
{
    const char *path = make_file(f, "some", "old content", 11);
    int old = open(path, O_RDONLY | O_CLOEXEC);
    char buffer[20];

    g_assert_cmpint(chmod(path, 0604), ==, 0);
    g_assert_cmpint(run_int(vow_file_write(f->loop, path, "new", 3)), ==, 3);
    assert_file(path, "new", 3);
    g_assert_cmpint(mode_of(path), ==, 0604);
    g_assert_cmpint(read(old, buffer, sizeof buffer), ==, 11);
    close(old);
    assert_folder("some");
}

static void writes_much(fixture *f)
{
    enum { MUCH = 5000000 };
    char *content = stream_bytes(MUCH);
    const char *path = in_folder(f, "much");
    vow_promise *promise = vow_file_write(f->loop, path, content, MUCH);

    memset(content, 0, MUCH); /* it was copied */
    g_assert_cmpint(run_int(promise), ==, MUCH);
    g_free(content);
    content = stream_bytes(MUCH);
    assert_file(path, content, MUCH);
    g_free(content);
    assert_folder("much");
}

static void follows_a_link(fixture *f)
{
    const char *path = make_file(f, "file", "old", 3), *link = in_folder(f, "link");
    const char *nowhere = in_folder(f, "nowhere");

    g_assert_cmpint(symlink("file", link), ==, 0);
    g_assert_cmpint(symlink("none", nowhere), ==, 0);
    g_assert_cmpint(run_int(vow_file_write(f->loop, link, "new", 3)), ==, 3);
    assert_file(path, "new", 3);
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    run_fails(vow_file_write(f->loop, nowhere, "new", 3), ENOENT, nowhere);
    assert_folder("file link nowhere");
}

static void relative_paths(fixture *f)
{
    char *before = g_get_current_dir();

    g_assert_cmpint(chdir(folder), ==, 0);
    g_assert_cmpint(run_int(vow_file_write(f->loop, "here", "text", 4)), ==, 4);
    g_assert_cmpint(run_int(vow_file_write(f->loop, "./here", "more", 4)), ==, 4);
    assert_bytes(vow_file_read(f->loop, "here", 4), "more", 4);
    g_assert_cmpint(chdir(before), ==, 0);
    g_free(before);
    assert_folder("here");
}

static void cannot_replace(fixture *f)
{
    const char *fifo = in_folder(f, "fifo"), *none = in_folder(f, "none/file");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    run_fails(vow_file_write(f->loop, fifo, "x", 1), EINVAL, fifo);
    run_fails(vow_file_write(f->loop, "/dev/null", "x", 1), EINVAL, "/dev/null");
    run_fails(vow_file_write(f->loop, folder, "x", 1), EISDIR, folder);
    run_fails(vow_file_write(f->loop, in_folder(f, "new/"), "x", 1), EISDIR, "new/");
    run_fails(vow_file_write(f->loop, none, "x", 1), ENOENT, none);
    run_fails(vow_file_write(f->loop, "", "x", 1), ENOENT, "vow_file_write");
    run_fails(vow_file_write(f->loop, NULL, "x", 1), EINVAL, "vow_file_write: the path is NULL");
    run_fails(vow_file_write(f->loop, "/proc/version", "x", 1), ENOENT, "/proc/version");
    assert_folder("fifo");
}

/* The disk is full, as far as this process is concerned: the old file stands, and nothing is left. */
static void fails_on_its_way(fixture *f)
{
    const char *path = make_file(f, "some", "old", 3);
    struct rlimit usual, little;
    char *content = stream_bytes(100000);

    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &usual), ==, 0);
    little = usual;
    little.rlim_cur = 50000;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &little), ==, 0);
    run_fails(vow_file_write(f->loop, path, content, 100000), EFBIG, path);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &usual), ==, 0);
    signal(SIGXFSZ, SIG_DFL);
    g_free(content);
    assert_file(path, "old", 3);
    assert_folder("some");
}

/* Whoever reads while others replace the file sees one of the contents, whole. */
static void readers_see_whole_files(fixture *f)
{
    enum { LENGTH = 20000, ROUNDS = 30 };
    const char *path = in_folder(f, "shared");
    char *contents[2] = {g_strnfill(LENGTH, 'a'), g_strnfill(LENGTH, 'b')};

    run_int(vow_file_write(f->loop, path, contents[0], LENGTH));
    for (int i = 0; i < ROUNDS; i++) {
        vow_promise *writes = vow_all_of(f->loop, vow_file_write(f->loop, path, contents[0], LENGTH),
                                         vow_file_write(f->loop, path, contents[1], LENGTH));
        vow_value value;

        g_assert_null(vow_run(vow_file_read(f->loop, path, LENGTH), &value));
        g_assert_cmpuint(vow_as_bytes(&value)->length, ==, LENGTH);
        const char *expected = contents[vow_as_bytes(&value)->data[0] == 'b'];
        g_assert_true(memcmp(vow_as_bytes(&value)->data, expected, LENGTH) == 0);
        vow_value_drop(value);
        g_assert_null(vow_run(writes, NULL));
    }
    g_free(contents[0]);
    g_free(contents[1]);
    assert_folder("shared");
}

/* ---- Pieces -------------------------------------------------------------------------------------------- */

static int open_file(fixture *f, const char *path, int flags)
{
    vow_value value;

    g_assert_null(vow_run(vow_file_open(f->loop, path, flags, 0600), &value));
    return vow_take_fd(&value);
}

static void opens(fixture *f)
{
    const char *path = in_folder(f, "file");
    int fd = open_file(f, path, O_RDWR | O_CREAT | O_EXCL);

    g_assert_cmpint(fcntl(fd, F_GETFD), ==, FD_CLOEXEC);
    g_assert_cmpint(mode_of(path), ==, 0600);
    close(fd);
    run_fails(vow_file_open(f->loop, path, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST, path);
    run_fails(vow_file_open(f->loop, NULL, O_RDWR, 0), EINVAL, "vow_file_open: the path is NULL");
    vow_unref(vow_file_open(f->loop, path, O_RDONLY, 0)); /* whatever became of it, it is closed */
    ev_run(f->ev, 0);
    assert_folder("file");
}

static void pieces(fixture *f)
{
    int fd = open_file(f, in_folder(f, "file"), O_RDWR | O_CREAT);
    char buffer[10] = "";

    g_assert_cmpint(run_int(vow_file_pwrite(f->loop, fd, "world", 5, 6)), ==, 5);
    g_assert_cmpint(run_int(vow_file_pwrite(f->loop, fd, "hello ", 6, 0)), ==, 6);
    run_nil(vow_file_sync(f->loop, fd));
    g_assert_cmpint(run_int(vow_file_pread(f->loop, fd, buffer, 5, 6)), ==, 5);
    g_assert_true(memcmp(buffer, "world", 5) == 0);
    g_assert_cmpint(run_int(vow_file_pread(f->loop, fd, buffer, 10, 8)), ==, 3);
    g_assert_cmpint(run_int(vow_file_pread(f->loop, fd, buffer, 10, 11)), ==, 0);
    g_assert_cmpint(run_int(vow_file_pread(f->loop, fd, NULL, 0, 0)), ==, 0);
    g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, 0);
    close(fd);
    assert_file(in_folder(f, "file"), "hello world", 11);
    assert_folder("file");
}

static void large_pieces(fixture *f)
{
    enum { MUCH = 3000000 };
    int fd = open_file(f, in_folder(f, "file"), O_RDWR | O_CREAT);
    char *content = stream_bytes(MUCH), *read = g_malloc(MUCH);
    const int64_t far = INT64_C(5000000000);

    g_assert_cmpint(run_int(vow_file_pwrite(f->loop, fd, content, MUCH, far)), ==, MUCH);
    g_assert_cmpint(run_int(vow_file_pread(f->loop, fd, read, MUCH, far)), ==, MUCH);
    g_assert_true(memcmp(content, read, MUCH) == 0);
    g_free(content);
    g_free(read);
    close(fd);
    assert_folder("file");
}

static void no_pieces(fixture *f)
{
    int fd = open_file(f, make_file(f, "file", "text", 4), O_RDONLY), ends[2];
    char buffer[4] = "";

    open_pipe(ends);
    run_fails(vow_file_pread(f->loop, -1, buffer, 4, 0), EBADF, "vow_file_pread: descriptor -1");
    run_fails(vow_file_pread(f->loop, ends[0], buffer, 4, 0), ESPIPE, "descriptor");
    run_fails(vow_file_pread(f->loop, fd, buffer, 4, -1), EINVAL, "descriptor");
    run_fails(vow_file_pwrite(f->loop, fd, buffer, 4, 0), EBADF, "vow_file_pwrite");
    run_fails(vow_file_sync(f->loop, -1), EBADF, "vow_file_sync");
    run_fails(vow_file_sync(f->loop, ends[1]), EINVAL, "vow_file_sync");
    close_both(ends);
    close(fd);
    assert_folder("file");
}

/* ---- On its way ---------------------------------------------------------------------------------------- */

/* With one thread, which is held: what comes next waits in the queue. */
static void hold_the_thread(fixture *f, struct held *held)
{
    vow_offload_set_limits(1, 100);
    vow_detach(running(f, held));
}

static void let_the_thread_go(fixture *f, struct held *held)
{
    gate_open(&held->gate);
    ev_run(f->ev, 0);
    usual_limits();
}

/* The buffer is free when it is dropped, since nothing has begun. */
static void dropped_in_the_queue(fixture *f)
{
    struct held held = HELD(vow_nil());
    const char *path = make_file(f, "file", "text", 4);
    char *buffer = g_malloc(4);
    int fd = open_file(f, path, O_RDWR);

    hold_the_thread(f, &held);
    vow_unref(vow_file_read(f->loop, path, 4));
    vow_unref(vow_file_write(f->loop, path, "new", 3));
    vow_unref(vow_file_open(f->loop, path, O_RDONLY, 0));
    vow_unref(vow_attach(vow_file_pread(f->loop, fd, buffer, 4, 0), buffer, g_free));
    vow_unref(vow_file_sync(f->loop, fd));
    close(fd);
    let_the_thread_go(f, &held);
    assert_file(path, "text", 4);
    assert_folder("file");
}

/* A job of the pool is held by a FIFO that nobody writes to; once it is cancelled, what comes ends it. */
static void dropped_while_it_runs(fixture *f)
{
    const char *fifo = in_folder(f, "fifo");

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    vow_promise *promise = vow_file_read(f->loop, fifo, SIZE_MAX);
    int fd = open(fifo, O_WRONLY | O_CLOEXEC); /* waits for the job to open it */
    vow_unref(vow_attach(promise, tag_new(f, "attached"), note_name));
    assert_log(f, "");
    put(fd, "text");
    ev_run(f->ev, 0); /* returns though the writer is still there */
    assert_log(f, "attached");
    close(fd);
    assert_folder("fifo");
}

/* What attach releases is a buffer that the job fills: AddressSanitizer sees if that is too early. */
static void lent_until_the_job_returns(fixture *f)
{
    enum { MUCH = 4000000, ROUNDS = 20 };
    char *content = stream_bytes(MUCH);
    const char *path = make_file(f, "file", content, MUCH);
    int fd = open_file(f, path, O_RDWR);

    for (int i = 0; i < ROUNDS; i++) {
        char *buffer = g_malloc(MUCH);
        vow_promise *promise = vow_file_pread(f->loop, fd, buffer, MUCH, 0);

        for (int j = 0; j < i * 20; j++)
            sched_yield();
        vow_unref(vow_attach(promise, buffer, g_free));
    }
    ev_run(f->ev, 0);
    close(fd);
    g_free(content);
    assert_folder("file");
}

static void freed_with_its_loop(fixture *f)
{
    const char *path = in_folder(f, "file");
    char *content = stream_bytes(1000000);

    for (int i = 0; i < 20; i++) {
        vow_detach(vow_file_write(f->loop, path, content, 1000000));
        vow_detach(vow_file_read(f->loop, path, SIZE_MAX));
    }
    g_free(content);
    f->expect_live = vow_loop_live(f->loop);
    free_loop(f);
    g_ptr_array_set_size(f->reports, 0); /* reads that found no file yet */
    char *names = empty_folder();
    g_assert_true(!*names || strcmp(names, "file") == 0);
    g_free(names);
}

static void full_queue(fixture *f)
{
    struct held held = HELD(vow_nil());

    vow_offload_set_limits(1, 0);
    vow_detach(running(f, &held));
    vow_promise *promise = vow_file_write(f->loop, in_folder(f, "file"), "x", 1);
    g_assert_cmpstr(vow_error_message(vow_as_error(vow_peek(promise))), ==,
                    "vow_file_write: the queue of jobs is full: 0 may wait for a thread");
    vow_unref(promise);
    let_the_thread_go(f, &held);
    assert_folder("");
}

MISUSE(no_data, vow_detach(vow_file_write(f->loop, "x", NULL, 1)), "vow_file_write", "the data is NULL",
       false)

/* ---- All of them --------------------------------------------------------------------------------------- */

static void in_a_folder(fixture *f, void (*fn)(fixture *f))
{
    folder = g_dir_make_tmp("vow-file-XXXXXX", NULL);
    g_assert_nonnull(folder);
    fn(f);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_free(folder);
}

#define IN_FOLDER(name)                      \
    static void name##_in_folder(fixture *f) \
    {                                        \
        in_a_folder(f, name);                \
    }

IN_FOLDER(reads)
IN_FOLDER(reads_nothing)
IN_FOLDER(reads_much)
IN_FOLDER(reads_what_has_no_size)
IN_FOLDER(cannot_read)
IN_FOLDER(writes_a_new_file)
IN_FOLDER(replaces_a_file)
IN_FOLDER(writes_much)
IN_FOLDER(follows_a_link)
IN_FOLDER(relative_paths)
IN_FOLDER(cannot_replace)
IN_FOLDER(fails_on_its_way)
IN_FOLDER(readers_see_whole_files)
IN_FOLDER(opens)
IN_FOLDER(pieces)
IN_FOLDER(large_pieces)
IN_FOLDER(no_pieces)
IN_FOLDER(dropped_in_the_queue)
IN_FOLDER(dropped_while_it_runs)
IN_FOLDER(lent_until_the_job_returns)
IN_FOLDER(freed_with_its_loop)
IN_FOLDER(full_queue)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/file/read/some", reads_in_folder);
    test_add("/file/read/nothing", reads_nothing_in_folder);
    test_add("/file/read/much", reads_much_in_folder);
    test_add("/file/read/no-size", reads_what_has_no_size_in_folder);
    test_add("/file/read/no-size-no-memory", no_memory_for_what_has_no_size);
    test_add("/file/read/fails", cannot_read_in_folder);
    test_add("/file/write/new", writes_a_new_file_in_folder);
    test_add("/file/write/replace", replaces_a_file_in_folder);
    test_add("/file/write/much", writes_much_in_folder);
    test_add("/file/write/link", follows_a_link_in_folder);
    test_add("/file/write/relative", relative_paths_in_folder);
    test_add("/file/write/fails", cannot_replace_in_folder);
    test_add("/file/write/fails-on-its-way", fails_on_its_way_in_folder);
    test_add("/file/write/whole", readers_see_whole_files_in_folder);
    test_add("/file/write/misuse", test_no_data);
    test_add("/file/open", opens_in_folder);
    test_add("/file/pieces/some", pieces_in_folder);
    test_add("/file/pieces/large", large_pieces_in_folder);
    test_add("/file/pieces/fail", no_pieces_in_folder);
    test_add("/file/on-its-way/queued", dropped_in_the_queue_in_folder);
    test_add("/file/on-its-way/running", dropped_while_it_runs_in_folder);
    test_add("/file/on-its-way/lent", lent_until_the_job_returns_in_folder);
    test_add("/file/on-its-way/loop-freed", freed_with_its_loop_in_folder);
    test_add("/file/on-its-way/full-queue", full_queue_in_folder);
    return g_test_run();
}
