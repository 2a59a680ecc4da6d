/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file vow/file.h
 * @brief Files, read and written on the pool's threads: see vow_offload().
 *
 * A file on a disk is always ready and may block all the same, so it cannot be watched. Each function here is
 * a job for the pool, and has its limits and errors (`EAGAIN` when the queue is full). A running job cannot
 * be stopped in the middle of a system call. If its promise is dropped or cancelled, it is in its clean-up
 * until the job has returned; what vow_attach() and vow_finally() do after it happens then.
 *
 * These functions are meant for regular files. Others may be read and written, but opening a FIFO or reading
 * a terminal, for example, keeps a thread of the pool waiting.
 */
#ifndef VOW_FILE_H
#define VOW_FILE_H

#include <vow/common.h>
#include <vow/promise.h>
#include <vow/value.h>

VOW_BEGIN_DECLS

/**
 * @brief Reads a whole file: fulfilled with its bytes, of type `vow_type_bytes`.
 *
 * It also reads files that do not say how long they are, such as those in /proc. If it is no longer wanted
 * while it runs, it ends after at most one MiB.
 *
 * @param loop  where the promise lives.
 * @param path  copied.
 * @param limit how many bytes at most; SIZE_MAX for any number.
 * @return the promise, the caller's.
 * @par Errors
 * `EFBIG` when there are more than `limit` bytes; open(2)'s and read(2)'s, such as `ENOENT`, `EACCES` and
 * `EISDIR`; `EINVAL` for a NULL path; vow_offload()'s; `ENOMEM`. The message names the file.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_read_at(vow_loop *loop, const char *path, size_t limit,
                                                    const char *site);
#define vow_file_read(...) vow_file_read_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Replaces the content of a file, or makes the file: fulfilled with the count of bytes when it is
 * done.
 *
 * Whoever opens the path meanwhile finds either the old content or the new one, each of them whole. The same
 * is true after a crash of the system. The bytes go to a new file in the same folder, and to the disk by
 * fsync(2). Then that file takes the name, by rename(2), and the folder goes to the disk. When this is
 * fulfilled, the new content is as safe as fsync(2) makes it. If it is rejected or ended on its way, the old
 * file is as it was, and the new one is removed. Only a crash on the way may leave a file whose name begins
 * with ".vow-". (If only the folder could not be written to the disk, the new content stands; the message
 * says so.)
 *
 * The system decides whether the process may write, as it does for open(2) with `O_WRONLY`. So it refuses a
 * file that is read-only, or somebody else's and not open to this process (`EACCES`), a symbolic link that
 * the kernel does not follow, such as a stranger's in /tmp (see proc(5), protected_symlinks), and a program
 * that runs (`ETXTBSY`). The process must also be allowed to make a file in the folder, and to replace the
 * old one there: in a folder with the sticky bit, only its owner is (`EPERM`). The folder need not be
 * readable. If it is not, the whole file system is brought to the disk in its place.
 *
 * Owner, group, permission bits and access list of the old file are kept as far as the process may set them.
 * Nobody gets a right that they did not have. If the owner cannot be set, the file is this process's. If the
 * owner or the group cannot be set, the set-user-ID and set-group-ID bits go. If the group cannot be set, its
 * bits go, and others keep only what the group had, too. If the access list cannot be set, only the owner's
 * bits stay. Other attributes and other hard links are not kept. A new file has the mode 0666 less the umask.
 * A symbolic link that leads to a file stays, and that file is replaced. A link that leads nowhere is refused
 * with `ENOENT`. The path must name a regular file or nothing.
 *
 * @param loop where the promise lives.
 * @param path copied.
 * @param data copied; may be NULL when `size` is 0.
 * @param size how many bytes.
 * @return the promise of an int, the caller's.
 * @par Errors
 * Those of open(2), write(2), fsync(2) and rename(2), such as `ENOSPC`, `EACCES` and `EROFS`; `EISDIR` for a
 * folder; `EINVAL` for anything else that is not a regular file, or a NULL path; `ESTALE` when others replace
 * the file faster than it can be looked at; vow_offload()'s; `ENOMEM`. The message names the file.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_write_at(vow_loop *loop, const char *path, const void *data,
                                                     size_t size, const char *site);
#define vow_file_write(...) vow_file_write_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Opens a file, as open(2) does: fulfilled with a descriptor, of type `vow_type_fd`.
 *
 * `O_CLOEXEC` and `O_NOCTTY` are added to the flags. vow_take_fd() makes the descriptor the caller's.
 *
 * @param loop  where the promise lives.
 * @param path  copied.
 * @param flags as for open(2).
 * @param mode  of a file that is made, less the umask.
 * @return the promise, the caller's.
 * @par Errors
 * open(2)'s; `EINVAL` for a NULL path; vow_offload()'s; `ENOMEM`. The message names the file.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_open_at(vow_loop *loop, const char *path, int flags,
                                                    unsigned mode, const char *site);
#define vow_file_open(...) vow_file_open_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Reads a piece of a file: fulfilled with the count of bytes, which is less than `size` only at the
 * file's end.
 *
 * The descriptor's own position is neither used nor changed, so several may be under way at once.
 *
 * Buffer and descriptor are lent until the promise is settled. If the promise is dropped or cancelled while
 * the job runs, they are lent until the job has returned. Unlike with vow_read(), that is not when
 * vow_unref() returns. So release or close them by vow_attach() or vow_finally(), or in the VOW_FINALLY
 * section of a task that awaits this. Several pieces may share a descriptor: a vow_all() of them settles only
 * when the jobs of those that it drops have returned.
 *
 * @param loop   where the promise lives.
 * @param fd     lent, see above; open for reading, and of a file that has positions.
 * @param buffer lent, see above.
 * @param size   how many bytes.
 * @param offset of the first one in the file.
 * @return the promise of an int, the caller's.
 * @par Errors
 * pread(2)'s, such as `EBADF`, and `ESPIPE` for a pipe or a socket; `EINVAL` for an offset below 0;
 * vow_offload()'s; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_pread_at(vow_loop *loop, int fd, void *buffer, size_t size,
                                                     int64_t offset, const char *site);
#define vow_file_pread(...) vow_file_pread_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Writes a piece of a file, all of it: fulfilled with `size`.
 *
 * The descriptor's own position is neither used nor changed. (But if the descriptor has `O_APPEND`, Linux
 * appends.) If this is rejected or dropped, some of the bytes may have been written.
 *
 * @param loop   where the promise lives.
 * @param fd     lent as with vow_file_pread(); open for writing, and of a file that has positions.
 * @param buffer lent as with vow_file_pread().
 * @param size   how many bytes.
 * @param offset of the first one in the file.
 * @return the promise of an int, the caller's.
 * @par Errors
 * pwrite(2)'s, such as `EBADF` and `ENOSPC`, and `ESPIPE` for a pipe or a socket; `EINVAL` for an offset
 * below 0; vow_offload()'s; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_pwrite_at(vow_loop *loop, int fd, const void *buffer, size_t size,
                                                      int64_t offset, const char *site);
#define vow_file_pwrite(...) vow_file_pwrite_at(__VA_ARGS__, VOW_HERE)

/**
 * @brief Waits until what was written to a file is on the disk, as fsync(2) does: fulfilled with nil.
 * @param loop where the promise lives.
 * @param fd   lent as with vow_file_pread().
 * @return the promise, the caller's.
 * @par Errors
 * fsync(2)'s, such as `EIO` and `EBADF`; vow_offload()'s; `ENOMEM`. The message names the descriptor.
 * @since 0.1
 */
VOW_API VOW_NODISCARD vow_promise *vow_file_sync_at(vow_loop *loop, int fd, const char *site);
#define vow_file_sync(...) vow_file_sync_at(__VA_ARGS__, VOW_HERE)

VOW_END_DECLS

#endif
