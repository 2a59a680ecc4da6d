/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a whole file. The size that the file says it has decides how large the buffer is at first. What
 * counts is how much there is to read: that may be more, and if the file gives no size, it is all.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vow/file.h>

#include "core/bytes-private.h"
#include "file/file-private.h"

#define FIRST_ROOM 4096 /* for a file that does not say how long it is */

typedef struct reading {
    vow__file file;
    size_t limit;
} reading;

/* Room for what the file says it holds; none if that is over the limit. */
static vow__bytes *first_room(const reading *self, int fd, int *code)
{
    struct stat status;
    size_t room = FIRST_ROOM;
    vow__bytes *bytes;

    if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0) {
        room = (uintmax_t) status.st_size > SIZE_MAX ? SIZE_MAX : (size_t) status.st_size;
        if (room > self->limit) {
            *code = EFBIG;
            return NULL;
        }
    }
    bytes = vow__bytes_new(room < self->limit ? room : self->limit);
    *code = bytes ? 0 : ENOMEM;
    return bytes;
}

/* Moves the bytes to twice the room, and puts one more behind them. */
static int add_byte(const reading *self, vow__bytes **bytes, char byte)
{
    size_t length = (*bytes)->bytes.length;
    size_t room = length < FIRST_ROOM / 2 ? FIRST_ROOM : length > SIZE_MAX / 2 ? SIZE_MAX : 2 * length;
    vow__bytes *larger;

    if (length == self->limit)
        return EFBIG;
    larger = vow__bytes_resize(*bytes, room < self->limit ? room : self->limit);
    if (!larger)
        return ENOMEM;
    larger->data[length] = byte;
    vow__bytes_set_length(larger, length + 1);
    *bytes = larger;
    return 0;
}

/* Reads once; false at the end and on failure. When the room is full, one byte on the stack shows whether
 * that was all. */
static bool read_once(const reading *self, int fd, vow__bytes **bytes, int *code)
{
    vow__bytes *to = *bytes;
    size_t room = to->capacity - to->bytes.length;
    char byte;
    ssize_t count = vow__file_read_some(fd, room ? to->data + to->bytes.length : &byte, room ? room : 1);

    if (count < 0)
        *code = errno;
    else if (count && room)
        vow__bytes_set_length(to, to->bytes.length + (size_t) count);
    else if (count)
        *code = add_byte(self, bytes, byte);
    return count > 0 && !*code;
}

static vow_value read_all(const reading *self, int fd)
{
    int code;
    vow__bytes *bytes = first_room(self, fd, &code);

    while (bytes && !code && read_once(self, fd, &bytes, &code))
        code = vow_offload_is_cancelled() ? ECANCELED : 0;
    if (!code)
        return vow__bytes_value(bytes);
    vow__bytes_free(bytes);
    return code == ENOMEM ? vow_throw(&vow__error_no_memory) : vow__file_throw(&self->file, code);
}

static vow_value read_run(void *data)
{
    const reading *self = data;
    int fd = vow__file_openat(AT_FDCWD, self->file.path, O_RDONLY, 0);
    vow_value result;

    if (fd < 0)
        return vow__file_throw(&self->file, errno);
    result = read_all(self, fd);
    close(fd);
    return result;
}

static const vow__errand read_errand = {"vow_file_read", read_run, vow__file_free, VOW__LANE_USUAL, false};

vow_promise *vow_file_read_at(vow_loop *loop, const char *path, size_t limit, const char *site)
{
    reading *self;

    vow__check_loop(loop, "vow_file_read", site);
    if (!path)
        return vow__file_no_path(loop, &read_errand, site);
    self = vow__file_new(sizeof *self, &read_errand, path, site);
    if (self)
        self->limit = limit;
    return vow__file_begin(loop, self);
}
