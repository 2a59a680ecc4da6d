/* SPDX-License-Identifier: BSD-2-Clause */
/* See file-system-private.h. */
#include "os/system-private.h"

#include "os/file-system-private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int vow__folder_flags(void)
{
#if VOW__LINUX
    return O_PATH | O_DIRECTORY;
#elif defined O_SEARCH && !defined VOW_NO_LINUX_CALLS /* musl's O_SEARCH is O_PATH */
    return O_SEARCH | O_DIRECTORY;
#else
    return -1;
#endif
}

#if VOW__LINUX
#include <sys/xattr.h>

/* An access list says who may do what beside owner, group and others. In a file with a list, the bits of the
 * group limit what the list allows. */
#define ACCESS_LIST "system.posix_acl_access"
#define ACCESS_LIST_SIZE 4096

int vow__sync_names(int fd)
{
    return syncfs(fd) ? errno : 0;
}

bool vow__copy_access_list(int from, int to, bool has_group)
{
    char list[ACCESS_LIST_SIZE];
    ssize_t size = fgetxattr(from, ACCESS_LIST, list, sizeof list);

    if (size > 0)
        return has_group && !fsetxattr(to, ACCESS_LIST, list, (size_t) size, 0);
    if (size < 0 && errno != ENODATA)
        return errno == ENOTSUP;
    return !fremovexattr(to, ACCESS_LIST) || errno == ENODATA || errno == ENOTSUP;
}
#else
/* sync() may return before it is done. */
int vow__sync_names(int fd)
{
    (void) fd;
    sync();
    return 0;
}

bool vow__copy_access_list(int from, int to, bool has_group)
{
    (void) from;
    (void) to;
    (void) has_group;
    return true;
}
#endif
