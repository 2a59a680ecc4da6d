/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the operations on files share. Each is a request: a struct that begins with a vow__file. It is made on
 * the loop's thread, worked off on a thread of the pool, and released wherever it ends.
 */
#ifndef VOW_FILE_FILE_PRIVATE_H
#define VOW_FILE_FILE_PRIVATE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "offload/offload-private.h"

/* How many bytes one system call is asked for. Between two calls a job sees that nobody waits any more. */
#define VOW__FILE_STEP ((size_t) 1 << 20)

typedef struct vow__file {
    const vow__errand *errand;
    const char *site;
    const char *path; /* behind the struct of the request; NULL for an operation on a descriptor */
    int fd;           /* of an operation on a descriptor */
    size_t size;      /* of the allocation */
} vow__file;

/* A request of `size` bytes, zeros but for the vow__file, with a copy of the path (may be NULL) behind it.
 * NULL when there is no memory. */
void *vow__file_new(size_t size, const vow__errand *errand, const char *path, const char *site);
/* Releases a request. Each errand here has this for its drop function, or one that calls it. */
void vow__file_free(void *request);
/* Offloads a request, which is given and may be NULL for want of memory. */
vow_promise *vow__file_begin(vow_loop *loop, void *request);
/* The rejected promise of an operation whose path is NULL. */
vow_promise *vow__file_no_path(vow_loop *loop, const vow__errand *errand, const char *site);

/* ---- On a thread of the pool ---- */

/* A throw of an errno value whose message names the function and the file. */
vow_value vow__file_throw(const vow__file *file, int code);
/* As openat(2), read(2) and write(2), again after EINTR. What is opened is close-on-exec and none of the
 * standard streams; at most VOW__FILE_STEP bytes are moved at once. */
int vow__file_openat(int folder, const char *path, int flags, mode_t mode);
ssize_t vow__file_read_some(int fd, void *buffer, size_t size);
ssize_t vow__file_write_some(int fd, const void *buffer, size_t size);
/* Gives the file `to`, which is to replace `from`, the owner, group, access list and mode of `from`, as far
 * as the process may. Nobody gets rights that he did not have. 0, or an errno value. */
int vow__file_copy_rights(int from, const struct stat *old, int to);

#endif
