/* SPDX-License-Identifier: BSD-2-Clause */
/* What the operations on files share, and opening one. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include "file/file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vow/file.h>

#include "base/allocator-private.h"
#include "base/fd-ends-private.h"

void *vow__file_new(size_t size, const vow__errand *errand, const char *path, const char *site)
{
    size_t length = path ? strlen(path) + 1 : 0;
    vow__file *self = vow__allocate(size + length);

    if (!self)
        return NULL;
    memset(self, 0, size);
    self->errand = errand;
    self->site = site;
    self->size = size + length;
    if (path)
        self->path = memcpy((char *) self + size, path, length);
    return self;
}

void vow__file_free(void *request)
{
    vow__release(request, ((vow__file *) request)->size);
}

vow_promise *vow__file_begin(vow_loop *loop, void *request)
{
    const vow__file *file = request;

    return file ? vow__offload(loop, file->errand, request, file->site) : vow__refusal(loop);
}

vow_promise *vow__file_no_path(vow_loop *loop, const vow__errand *errand, const char *site)
{
    return vow_rejected_at(loop, vow_error_new_at(site, EINVAL, "%s: the path is NULL", errand->name), site);
}

/* ---- On a thread of the pool --------------------------------------------------------------------------- */

vow_value vow__file_throw(const vow__file *file, int code)
{
    char text[128];

    if (strerror_r(code, text, sizeof text))
        snprintf(text, sizeof text, "error %d", code);
    if (file->path)
        return vow_throwf_at(file->site, code, "%s: %s: %s", file->errand->name, file->path, text);
    return vow_throwf_at(file->site, code, "%s: descriptor %d: %s", file->errand->name, file->fd, text);
}

static size_t step(size_t size)
{
    return size < VOW__FILE_STEP ? size : VOW__FILE_STEP;
}

int vow__file_openat(int folder, const char *path, int flags, mode_t mode)
{
    int fd;

    do
        fd = openat(folder, path, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (fd < 0 && errno == EINTR);
    return vow__fd_above_stdio(fd);
}

ssize_t vow__file_read_some(int fd, void *buffer, size_t size)
{
    ssize_t count;

    do
        count = read(fd, buffer, step(size));
    while (count < 0 && errno == EINTR);
    return count;
}

ssize_t vow__file_write_some(int fd, const void *buffer, size_t size)
{
    ssize_t count;

    do
        count = write(fd, buffer, step(size));
    while (count < 0 && errno == EINTR);
    return count;
}

/* ---- Opening ------------------------------------------------------------------------------------------- */

typedef struct opening {
    vow__file file;
    int flags;
    mode_t mode;
} opening;

static vow_value open_run(void *data)
{
    const opening *self = data;
    int fd = vow__file_openat(AT_FDCWD, self->file.path, self->flags, self->mode);

    return fd < 0 ? vow__file_throw(&self->file, errno) : vow_fd(fd);
}

static const vow__errand open_errand = {"vow_file_open", open_run, vow__file_free, VOW__LANE_USUAL, false};

vow_promise *vow_file_open_at(vow_loop *loop, const char *path, int flags, unsigned mode, const char *site)
{
    opening *self;

    vow__check_loop(loop, "vow_file_open", site);
    if (!path)
        return vow__file_no_path(loop, &open_errand, site);
    self = vow__file_new(sizeof *self, &open_errand, path, site);
    if (self) {
        self->flags = flags;
        self->mode = (mode_t) mode;
    }
    return vow__file_begin(loop, self);
}
