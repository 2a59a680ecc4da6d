/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of an open file, read and written at an offset, and waiting until they are on the disk. */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <vow/file.h>

#include "file/file-private.h"

typedef struct piece {
    vow__file file;
    char *buffer;
    size_t size;
    off_t offset;
} piece;

_Static_assert(sizeof(off_t) == sizeof(int64_t), "files of any size");

typedef ssize_t (*piece_fn)(int fd, char *buffer, size_t size, off_t offset);

static ssize_t read_some(int fd, char *buffer, size_t size, off_t offset)
{
    return pread(fd, buffer, size, offset);
}

static ssize_t write_some(int fd, char *buffer, size_t size, off_t offset)
{
    return pwrite(fd, buffer, size, offset);
}

/* Moves all of a piece, or up to the end of the file. */
static vow_value transfer(const piece *self, piece_fn some)
{
    size_t done = 0;
    ssize_t count = 1;

    while (done < self->size && count) {
        size_t step = self->size - done < VOW__FILE_STEP ? self->size - done : VOW__FILE_STEP;

        if (vow_offload_is_cancelled())
            return vow__file_throw(&self->file, ECANCELED);
        count = some(self->file.fd, self->buffer + done, step, self->offset + (off_t) done);
        if (count < 0 && errno != EINTR)
            return vow__file_throw(&self->file, errno);
        done += count > 0 ? (size_t) count : 0;
    }
    return vow_int((int64_t) done);
}

static vow_value pread_run(void *data)
{
    return transfer(data, read_some);
}

static vow_value pwrite_run(void *data)
{
    return transfer(data, write_some);
}

static vow_value sync_run(void *data)
{
    const piece *self = data;
    int result;

    do
        result = fsync(self->file.fd);
    while (result && errno == EINTR);
    return result ? vow__file_throw(&self->file, errno) : vow_nil();
}

static const vow__errand pread_errand = {"vow_file_pread", pread_run, vow__file_free, VOW__LANE_USUAL, false};
static const vow__errand pwrite_errand = {"vow_file_pwrite", pwrite_run, vow__file_free, VOW__LANE_USUAL,
                                          false};
static const vow__errand sync_errand = {"vow_file_sync", sync_run, vow__file_free, VOW__LANE_USUAL, false};

/* A request with a descriptor; NULL when there is no memory. One pointer serves both directions, so the cast
 * takes the const away from what is to be written; pwrite(2) puts it back. */
static piece *piece_new(vow_loop *loop, const vow__errand *errand, int fd, const void *buffer, size_t size,
                        const char *site)
{
    piece *self;

    vow__check_loop(loop, errand->name, site);
    vow__check_bytes(buffer, size, errand->name, site);
    self = vow__file_new(sizeof *self, errand, NULL, site);
    if (!self)
        return NULL;
    self->file.fd = fd;
    self->buffer = (char *) buffer;
    self->size = size;
    return self;
}

static vow_promise *piece_begin(vow_loop *loop, piece *self, int64_t offset)
{
    if (self)
        self->offset = (off_t) offset;
    return vow__file_begin(loop, self);
}

vow_promise *vow_file_pread_at(vow_loop *loop, int fd, void *buffer, size_t size, int64_t offset,
                               const char *site)
{
    return piece_begin(loop, piece_new(loop, &pread_errand, fd, buffer, size, site), offset);
}

vow_promise *vow_file_pwrite_at(vow_loop *loop, int fd, const void *buffer, size_t size, int64_t offset,
                                const char *site)
{
    return piece_begin(loop, piece_new(loop, &pwrite_errand, fd, buffer, size, site), offset);
}

vow_promise *vow_file_sync_at(vow_loop *loop, int fd, const char *site)
{
    return vow__file_begin(loop, piece_new(loop, &sync_errand, fd, NULL, 0, site));
}
