/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replaces the content of a file, whole or not at all: a new file in the same folder is written, brought to
 * the disk, and takes the name. All names are looked up in the folder that was opened first, whatever becomes
 * of its own name meanwhile.
 */
#define _XOPEN_SOURCE 700 /* realpath() */
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
#include "file/file-private.h"
#include "os/file-system-private.h"

#define NAMES_TRIED 100
#define LOOKS 1000

typedef struct writing {
    vow__file file;
    vow__bytes *content;
} writing;

/* Where the content goes. */
typedef struct destination {
    char path[PATH_MAX]; /* without symbolic links, if the file is there */
    const char *name;    /* the last part of the path */
    int folder;
    bool is_listed;  /* the folder may be read, and so brought to the disk by itself */
    int old_fd;      /* of what is there, or -1 */
    struct stat old; /* if it is there */
    int new_fd;      /* of the new file, if the folder is not listed, or -1 */
    char made[64];   /* the name of the new file until it is renamed */
} destination;

/* Each of these gives 0 or an errno value. */

/*
 * It is for open(2) to decide whether the process may write to what is there. It knows of links that must not
 * be followed, and of files that are read-only, busy or somebody else's. What is no regular file is not even
 * opened.
 */
static int open_old(destination *self, const char *path)
{
    if (fstatat(AT_FDCWD, path, &self->old, 0))
        return errno == ENOENT ? 0 : errno;
    if (!S_ISREG(self->old.st_mode))
        return S_ISDIR(self->old.st_mode) ? EISDIR : EINVAL;
    self->old_fd = vow__file_openat(AT_FDCWD, path, O_WRONLY | O_NONBLOCK, 0);
    if (self->old_fd < 0)
        return errno == ENOENT ? ESTALE : errno;
    return fstat(self->old_fd, &self->old) ? errno : 0;
}

static int find_path(destination *self, const char *path)
{
    if (self->old_fd >= 0)
        return realpath(path, self->path) ? 0 : errno == ENOENT ? ESTALE : errno;
    if (strlen(path) >= sizeof self->path)
        return ENAMETOOLONG;
    strcpy(self->path, path);
    return *path ? 0 : ENOENT;
}

/* Opens the folder of the file, which need not be readable for a file to be made in it. */
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
    self->is_listed = self->folder >= 0;
    if (self->folder < 0 && errno == EACCES && vow__folder_flags() >= 0)
        self->folder = vow__file_openat(AT_FDCWD, folder, vow__folder_flags(), 0);
    return self->folder < 0 ? errno : 0;
}

/* The name must still be that of what was opened, or of nothing if nothing was. If it is not, others are at
 * work there. A symbolic link where nothing was opened is one that leads nowhere. */
static int check_old(const destination *self)
{
    struct stat now;

    if (fstatat(self->folder, self->name, &now, AT_SYMLINK_NOFOLLOW))
        return errno != ENOENT ? errno : self->old_fd < 0 ? 0 : ESTALE;
    if (self->old_fd < 0)
        return S_ISLNK(now.st_mode) ? ENOENT : ESTALE;
    return now.st_dev == self->old.st_dev && now.st_ino == self->old.st_ino ? 0 : ESTALE;
}

static int file_look(destination *self, const char *path)
{
    int code = open_old(self, path);

    if (!code)
        code = find_path(self, path);
    if (!code)
        code = open_folder(self);
    return code ? code : check_old(self);
}

static void close_destination(destination *self)
{
    if (self->folder >= 0)
        close(self->folder);
    if (self->old_fd >= 0)
        close(self->old_fd);
    if (self->new_fd >= 0)
        close(self->new_fd);
    self->folder = self->old_fd = self->new_fd = -1;
}

/* While others replace the file, too, it may take more than one look. */
static int file_find(destination *self, const char *path)
{
    int code = ESTALE;

    for (int i = 0; i < LOOKS && code == ESTALE; i++) {
        close_destination(self);
        code = file_look(self, path);
    }
    return code;
}

static void choose_name(destination *self)
{
    static atomic_uint count;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(self->made, sizeof self->made, ".vow-%lx-%x-%lx", (unsigned long) getpid(),
             atomic_fetch_add_explicit(&count, 1, memory_order_relaxed), (unsigned long) now.tv_nsec);
}

/* Makes the new file. What the old one hides from others is hidden from the beginning. */
static int make_new(destination *self, int *fd)
{
    mode_t mode =
        self->old_fd >= 0 ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;

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

static int sync_fd(int fd)
{
    int result;

    do
        result = fsync(fd);
    while (result && errno == EINTR);
    return result ? errno : 0;
}

/* Completes the new file and brings it to the disk, before it gets the name. */
static int file_fill(destination *self, int fd, const vow_bytes *content)
{
    int code = write_all(fd, content);

    if (!code && self->old_fd >= 0)
        code = vow__file_copy_rights(self->old_fd, &self->old, fd);
    if (!code)
        code = sync_fd(fd);
    if (!code && !self->is_listed) {
        self->new_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        code = self->new_fd < 0 ? errno : 0;
    }
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
    code = file_fill(self, fd, content);
    if (!code && renameat(self->folder, self->made, self->folder, self->name))
        code = errno;
    if (code)
        unlinkat(self->folder, self->made, 0);
    return code;
}

/*
 * Brings the new name to the disk, with its folder. A folder that may not be read cannot be opened for this:
 * then the whole file system is brought to the disk. Some file systems cannot do this with a folder (EINVAL),
 * and need not be asked to.
 */
static vow_value file_finish(const writing *self, const destination *to)
{
    int code = to->is_listed ? sync_fd(to->folder) : vow__sync_names(to->new_fd);

    if (!code || code == EINVAL)
        return vow_int((int64_t) self->content->bytes.length);
    return vow_throwf_at(self->file.site, code,
                         "%s: %s: it was replaced, but its folder could not be written to the disk",
                         self->file.errand->name, self->file.path);
}

static vow_value write_run(void *data)
{
    const writing *self = data;
    destination to = {.folder = -1, .old_fd = -1, .new_fd = -1};
    int code = file_find(&to, self->file.path);
    vow_value result;

    if (!code)
        code = write_new(&to, &self->content->bytes);
    result = code ? vow__file_throw(&self->file, code) : file_finish(self, &to);
    close_destination(&to);
    return result;
}

static void write_free(void *data)
{
    vow__bytes_free(((writing *) data)->content);
    vow__file_free(data);
}

static const vow__errand write_errand = {"vow_file_write", write_run, write_free, VOW__LANE_USUAL, false};

/* A request with a copy of the bytes; NULL when there is no memory. */
static writing *file_writing_new(const char *path, const void *data, size_t size, const char *site)
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
    vow__check_bytes(data, size, "vow_file_write", site);
    if (!path)
        return vow__file_no_path(loop, &write_errand, site);
    return vow__file_begin(loop, file_writing_new(path, data, size, site));
}
