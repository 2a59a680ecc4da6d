/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replacing the content of a file, whole or not at all: a new file in the same folder is written, brought to
 * the disk, and takes the name. All names are looked up in the folder that was opened first, whatever becomes
 * of its own name meanwhile.
 */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <vow/file.h>

#include "base/misuse-private.h"
#include "core/bytes-private.h"
#include "loop/file-private.h"

#define NAMES_TRIED 100

typedef struct writing {
    vow__file file;
    vow__bytes *content;
} writing;

/* Where it goes. */
typedef struct destination {
    char path[PATH_MAX]; /* without symbolic links, if the file is there */
    const char *name;    /* the last part of it */
    int folder;
    bool is_there;
    struct stat old; /* if so */
    char made[64];   /* the name of the new file meanwhile */
} destination;

/* Each of these gives 0 or an errno value. */

static int find_path(destination *self, const char *path)
{
    if (realpath(path, self->path))
        return 0;
    if (errno != ENOENT)
        return errno;
    if (strlen(path) >= sizeof self->path)
        return ENAMETOOLONG;
    strcpy(self->path, path);
    return *path ? 0 : ENOENT;
}

static int open_folder(destination *self)
{
    char *slash = strrchr(self->path, '/');
    const char *folder = slash == self->path ? "/" : slash ? self->path : ".";

    self->name = slash ? slash + 1 : self->path;
    if (!*self->name)
        return EISDIR;
    if (slash)
        *slash = '\0';
    self->folder = vow__file_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    return self->folder < 0 ? errno : 0;
}

/* A symbolic link that is still one leads nowhere. */
static int look_at_old(destination *self)
{
    if (fstatat(self->folder, self->name, &self->old, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : errno;
    self->is_there = true;
    if (S_ISREG(self->old.st_mode))
        return 0;
    return S_ISDIR(self->old.st_mode) ? EISDIR : S_ISLNK(self->old.st_mode) ? ENOENT : EINVAL;
}

static void choose_name(destination *self)
{
    static atomic_uint count;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(self->made, sizeof self->made, ".vow-%lx-%x-%lx", (unsigned long) getpid(),
             atomic_fetch_add_explicit(&count, 1, memory_order_relaxed), (unsigned long) now.tv_nsec);
}

/* The new file. What the old one hides from others is hidden from the beginning. */
static int make_new(destination *self, int *fd)
{
    mode_t mode =
        self->is_there ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;

    for (int i = 0; i < NAMES_TRIED; i++) {
        choose_name(self);
        *fd = vow__file_openat(self->folder, self->made, O_WRONLY | O_CREAT | O_EXCL, mode);
        if (*fd >= 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

static int write_all(int fd, const vow_bytes *content)
{
    size_t done = 0;

    while (done < content->length) {
        ssize_t count = vow__file_write_some(fd, content->data + done, content->length - done);

        if (count < 0)
            return errno;
        done += (size_t) count;
        if (vow_offload_is_cancelled())
            return ECANCELED;
    }
    return 0;
}

/* Bits that give the owner's rights to others are only for the owner's file. */
static int copy_mode(const destination *self, int fd)
{
    mode_t mode = self->old.st_mode & 07777;
    struct stat made;

    if (!self->is_there)
        return 0;
    if (fstat(fd, &made))
        return errno;
    if ((made.st_uid != self->old.st_uid || made.st_gid != self->old.st_gid) &&
        fchown(fd, self->old.st_uid, self->old.st_gid))
        mode &= 01777;
    return fchmod(fd, mode) ? errno : 0;
}

static int sync_fd(int fd)
{
    int result;

    do
        result = fsync(fd);
    while (result && errno == EINTR);
    return result ? errno : 0;
}

/* The owner first: setting it clears bits of the mode. */
static int fill(const destination *self, int fd, const vow_bytes *content)
{
    int code = write_all(fd, content);

    if (!code)
        code = copy_mode(self, fd);
    if (!code)
        code = sync_fd(fd);
    if (close(fd) && !code)
        code = errno;
    return code;
}

static int write_new(destination *self, const vow_bytes *content)
{
    int fd = -1;
    int code = make_new(self, &fd);

    if (code)
        return code;
    code = fill(self, fd, content);
    if (!code && renameat(self->folder, self->made, self->folder, self->name))
        code = errno;
    if (code)
        unlinkat(self->folder, self->made, 0);
    return code;
}

/* Some file systems cannot do this with a folder, and need not be asked to. */
static vow_value finish(const writing *self, const destination *to)
{
    int code = sync_fd(to->folder);

    if (!code || code == EINVAL)
        return vow_int((int64_t) self->content->bytes.length);
    return vow_throwf_at(self->file.site, code,
                         "%s: %s: it was replaced, but its folder could not be written to the disk",
                         self->file.errand->name, self->file.path);
}

static vow_value write_run(void *data)
{
    const writing *self = data;
    destination to = {.folder = -1};
    int code = find_path(&to, self->file.path);
    vow_value result;

    if (!code)
        code = open_folder(&to);
    if (!code)
        code = look_at_old(&to);
    if (!code)
        code = write_new(&to, &self->content->bytes);
    result = code ? vow__file_throw(&self->file, code) : finish(self, &to);
    if (to.folder >= 0)
        close(to.folder);
    return result;
}

static void write_free(void *data)
{
    vow__bytes_free(((writing *) data)->content);
    vow__file_free(data);
}

static const vow__errand write_errand = {"vow_file_write", write_run, write_free, VOW__LANE_USUAL, false};

/* A request with a copy of the bytes; NULL when there is no memory. */
static writing *writing_new(const char *path, const void *data, size_t size, const char *site)
{
    writing *self = vow__file_new(sizeof *self, &write_errand, path, site);

    if (!self)
        return NULL;
    self->content = vow__bytes_new(size);
    if (!self->content) {
        vow__file_free(self);
        return NULL;
    }
    if (size)
        memcpy(self->content->data, data, size);
    vow__bytes_set_length(self->content, size);
    return self;
}

vow_promise *vow_file_write_at(vow_loop *loop, const char *path, const void *data, size_t size,
                               const char *site)
{
    vow__check_loop(loop, "vow_file_write", site);
    if (!data && size)
        vow__misuse("vow_file_write", site, "the data is NULL, and %zu bytes of it are wanted", size);
    if (!path)
        return vow__file_no_path(loop, &write_errand, site);
    return vow__file_begin(loop, writing_new(path, data, size, site));
}
