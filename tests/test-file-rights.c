/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may replace a file, and who may use it afterwards: what open(2) refuses is refused, and nobody gets a
 * right that they did not have. Child processes play the users, which only root can do.
 *
 * Copyright (c) 2026 the libvow authors
 */
#define _GNU_SOURCE
#include "streams.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Nobody's on this machine, one hopes; nothing depends on it. */
enum { ALICE = 61001, BOB, SECRETS = 62001, EVERYONE };

struct folder {
    char *path, *file;
};

static void folder_open(struct folder *folder, uid_t owner, mode_t mode)
{
    folder->path = g_dir_make_tmp("vow-XXXXXX", NULL);
    folder->file = g_build_filename(folder->path, "file", NULL);
    g_assert_cmpint(chown(folder->path, owner, EVERYONE), ==, 0);
    g_assert_cmpint(chmod(folder->path, mode), ==, 0);
}

static void folder_close(struct folder *folder)
{
    unlink(folder->file);
    g_assert_cmpint(rmdir(folder->path), ==, 0); /* nothing else was left */
    g_free(folder->file);
    g_free(folder->path);
}

static void make_file(const char *path, uid_t owner, gid_t group, mode_t mode)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    g_assert_cmpint(write(fd, "old", 3), ==, 3);
    g_assert_cmpint(fchown(fd, owner, group), ==, 0);
    g_assert_cmpint(fchmod(fd, mode), ==, 0);
    close(fd);
}

/* In a child: what writing says, 0 or a code. */
static int write_as(uid_t user, gid_t group, const char *path)
{
    static const gid_t more[] = {SECRETS};
    struct ev_loop *ev;
    vow_loop *loop;
    vow_error *error;
    int code;

    if (setgroups(group == SECRETS ? 1 : 0, more) || setgid(EVERYONE) || setuid(user))
        return -1;
    umask(077);
    ev = ev_loop_new(0);
    loop = vow_loop_new(ev);
    error = vow_run(vow_file_write(loop, path, "new", 3), NULL);
    code = error ? vow_error_code(error) : 0;
    vow_error_unref(error);
    vow_error_unref(vow_offload_shutdown(60));
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    return code;
}

/* A user, also of the group SECRETS if that is given, replaces a file. */
static int replaced_by(uid_t user, gid_t group, const char *path)
{
    int status;
    pid_t child = fork();

    if (!child)
        _exit(write_as(user, group, path));
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_file(const char *path, const char *content, uid_t owner, gid_t group, mode_t mode)
{
    struct stat status;
    char *now;

    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpuint(status.st_uid, ==, owner);
    g_assert_cmpuint(status.st_gid, ==, group);
    g_assert_cmpuint(status.st_mode & 07777, ==, mode);
    g_assert_true(g_file_get_contents(path, &now, NULL, NULL));
    g_assert_cmpstr(now, ==, content);
    g_free(now);
}

/* ---- Owner and group ----------------------------------------------------------------------------------- */

static void the_group_is_kept(fixture *f)
{
    struct folder folder;

    (void) f;
    folder_open(&folder, BOB, 0755);
    make_file(folder.file, ALICE, SECRETS, 06660);
    g_assert_cmpint(replaced_by(BOB, SECRETS, folder.file), ==, 0);
    assert_file(folder.file, "new", BOB, SECRETS, 0660);
    folder_close(&folder);
}

/* Who is in neither group may not be better off, nor those who were in the old one. */
static void or_its_bits_go(fixture *f)
{
    static const struct {
        mode_t before, after;
    } table[] = {{0666, 0606}, {0646, 0604}, {0606, 0600}, {02676, 0606}, {0622, 0602}};
    struct folder folder;

    (void) f;
    folder_open(&folder, BOB, 0755);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        make_file(folder.file, BOB, SECRETS, table[i].before);
        g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
        assert_file(folder.file, "new", BOB, EVERYONE, table[i].after);
        unlink(folder.file);
    }
    make_file(folder.file, ALICE, SECRETS, 04666);
    g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
    assert_file(folder.file, "new", BOB, EVERYONE, 0606);
    folder_close(&folder);
}

static void root_keeps_all(fixture *f)
{
    struct folder folder;

    (void) f;
    folder_open(&folder, BOB, 0755);
    make_file(folder.file, ALICE, SECRETS, 06751);
    g_assert_cmpint(replaced_by(0, 0, folder.file), ==, 0);
    assert_file(folder.file, "new", ALICE, SECRETS, 06751);
    folder_close(&folder);
}

/* ---- Access lists -------------------------------------------------------------------------------------- */

/* As the kernel has it: version 2; for each entry its tag, its bits, and whose it is. Little-endian. */
static bool set_list(const char *path, const char *name, unsigned char bits_of_alice,
                     unsigned char bits_of_group)
{
    unsigned char list[] = {2,  0, 0, 0,                                        /* */
                            1,  0, 6, 0, 0xff,         0xff,       0xff, 0xff,  /* owner */
                            2,  0, 0, 0, ALICE & 0xff, ALICE >> 8, 0,    0,     /* a user */
                            4,  0, 0, 0, 0xff,         0xff,       0xff, 0xff,  /* group */
                            16, 0, 6, 0, 0xff,         0xff,       0xff, 0xff,  /* mask */
                            32, 0, 0, 0, 0xff,         0xff,       0xff, 0xff}; /* others */

    list[14] = bits_of_alice;
    list[22] = bits_of_group;
    return setxattr(path, name, list, sizeof list, 0) == 0;
}

static ssize_t list_size(const char *path)
{
    return getxattr(path, "system.posix_acl_access", NULL, 0);
}

/* The bits of the group are those of the mask then, and the group itself has none here. */
static void the_access_list_is_kept(fixture *f)
{
    struct folder folder;

    SKIP_ON_POSIX_ALONE("access lists are not known");
    (void) f;
    folder_open(&folder, BOB, 0755);
    make_file(folder.file, BOB, EVERYONE, 0600);
    if (!set_list(folder.file, "system.posix_acl_access", 6, 0)) {
        g_test_skip("the file system has no access lists");
        folder_close(&folder);
        return;
    }
    ssize_t size = list_size(folder.file);
    g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
    assert_file(folder.file, "new", BOB, EVERYONE, 0660);
    g_assert_cmpint(list_size(folder.file), ==, size);
    g_assert_cmpint(chown(folder.file, BOB, SECRETS), ==, 0); /* which he may not set */
    g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
    assert_file(folder.file, "new", BOB, EVERYONE, 0600);
    g_assert_cmpint(list_size(folder.file), ==, -1);
    folder_close(&folder);
}

/* A folder's own list is for new files, and not for one that takes the place of another. */
static void no_access_list_of_the_folder(fixture *f)
{
    struct folder folder;

    SKIP_ON_POSIX_ALONE("access lists are not known");
    (void) f;
    folder_open(&folder, BOB, 0755);
    make_file(folder.file, BOB, EVERYONE, 0660);
    if (set_list(folder.path, "system.posix_acl_default", 6, 6)) {
        g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
        assert_file(folder.file, "new", BOB, EVERYONE, 0660);
        g_assert_cmpint(list_size(folder.file), ==, -1);
    } else {
        g_test_skip("the file system has no access lists");
    }
    folder_close(&folder);
}

/* ---- What open(2) refuses ------------------------------------------------------------------------------ */

static void what_is_not_his(fixture *f)
{
    static const struct {
        uid_t owner;
        mode_t mode;
    } table[] = {{0, 0644}, {ALICE, 0640}, {BOB, 0444}, {BOB, 0466}, {ALICE, 0606}};
    struct folder folder;

    (void) f;
    folder_open(&folder, BOB, 0755);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        bool may = table[i].mode == 0606;
        make_file(folder.file, table[i].owner, SECRETS, table[i].mode);
        g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, may ? 0 : EACCES);
        if (!may)
            assert_file(folder.file, "old", table[i].owner, SECRETS, table[i].mode);
        unlink(folder.file);
    }
    folder_close(&folder);
}

/* In a sticky folder only the owner of a file may replace it, even where all may write to it. */
static void sticky(fixture *f)
{
    struct folder folder;

    (void) f;
    folder_open(&folder, ALICE, 01777);
    make_file(folder.file, ALICE, SECRETS, 0666);
    g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, EPERM);
    assert_file(folder.file, "old", ALICE, SECRETS, 0666);
    folder_close(&folder);
}

static bool links_are_protected(void)
{
    char *text = NULL;
    bool are = g_file_get_contents("/proc/sys/fs/protected_symlinks", &text, NULL, NULL) && *text == '1';

    g_free(text);
    return are;
}

/* A stranger's link in a folder such as /tmp: followed as far as the kernel follows it. */
static void a_planted_link(fixture *f)
{
    struct folder folder, elsewhere;

    (void) f;
    folder_open(&folder, 0, 01777);
    folder_open(&elsewhere, 0, 0755);
    make_file(elsewhere.file, 0, 0, 0600);
    g_assert_cmpint(symlink(elsewhere.file, folder.file), ==, 0);
    g_assert_cmpint(lchown(folder.file, BOB, BOB), ==, 0);
    if (links_are_protected()) {
        g_assert_cmpint(replaced_by(0, 0, folder.file), ==, EACCES);
        assert_file(elsewhere.file, "old", 0, 0, 0600);
    } else {
        g_assert_cmpint(replaced_by(0, 0, folder.file), ==, 0);
        assert_file(elsewhere.file, "new", 0, 0, 0600);
    }
    g_assert_true(g_file_test(folder.file, G_FILE_TEST_IS_SYMLINK));
    folder_close(&elsewhere);
    folder_close(&folder);
}

/* ---- Folders ------------------------------------------------------------------------------------------- */

/* To be written to, and not to be read. */
static void a_drop_box(fixture *f)
{
    struct folder folder;

    SKIP_ON_POSIX_ALONE("a folder that may not be read cannot be opened");
    (void) f;
    folder_open(&folder, BOB, 0300);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, 0);
        assert_file(folder.file, "new", BOB, EVERYONE, 0600);
    }
    g_assert_cmpint(chmod(folder.path, 0500), ==, 0);
    g_assert_cmpint(replaced_by(BOB, 0, folder.file), ==, EACCES);
    folder_close(&folder);
}

static void add(const char *path, void (*fn)(fixture *f))
{
    if (geteuid() == 0)
        test_add(path, fn);
}

static void as_root_only(fixture *f)
{
    (void) f;
    if (geteuid())
        g_test_skip("only root can be other users");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    test_add("/file-rights/as-root", as_root_only);
    add("/file-rights/group/kept", the_group_is_kept);
    add("/file-rights/group/not-kept", or_its_bits_go);
    add("/file-rights/root", root_keeps_all);
    add("/file-rights/list/kept", the_access_list_is_kept);
    add("/file-rights/list/folder", no_access_list_of_the_folder);
    add("/file-rights/refused/others", what_is_not_his);
    add("/file-rights/refused/sticky", sticky);
    add("/file-rights/refused/link", a_planted_link);
    add("/file-rights/drop-box", a_drop_box);
    return g_test_run();
}
