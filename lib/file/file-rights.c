/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may use a file that takes the place of another, and how: those who might use the old one, or fewer, and
 * never anybody else.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file-private.h"
#include "os/file-system-private.h"

/* Whether owner and group are those of the old file. */
typedef struct kept {
    bool owner, group;
} kept;

static kept keep_owners(int fd, const struct stat *made, const struct stat *old)
{
    kept result = {made->st_uid == old->st_uid, made->st_gid == old->st_gid};

    if ((result.owner && result.group) || !fchown(fd, old->st_uid, old->st_gid))
        return (kept){true, true};
    result.group = result.group || !fchown(fd, (uid_t) -1, old->st_gid);
    return result;
}

/*
 * What is left of the mode. The bits that give the owner's or the group's rights to whoever executes a file
 * go if owner or group is not kept. If the access list is not copied, only the owner keeps his rights.
 * Members of a group that is not kept count among the others now, who get no more than the group had.
 */
static mode_t bits_left(mode_t mode, kept owners, bool is_copied)
{
    if (!owners.owner || !owners.group)
        mode &= 01777;
    if (!is_copied)
        return mode & ~(mode_t) (S_IRWXG | S_IRWXO);
    if (owners.group)
        return mode;
    return mode & ~(mode_t) S_IRWXG & (~(mode_t) S_IRWXO | (mode & S_IRWXG) >> 3);
}

/* The order matters. Setting the owner clears bits of the mode, and setting the list changes some, since its
 * mask is among them. So the mode comes last. */
int vow__file_copy_rights(int from, const struct stat *old, int to)
{
    struct stat made;
    kept owners;
    bool is_copied;

    if (fstat(to, &made))
        return errno;
    owners = keep_owners(to, &made, old);
    is_copied = vow__copy_access_list(from, to, owners.group);
    return fchmod(to, bits_left(old->st_mode & 07777, owners, is_copied)) ? errno : 0;
}
