/* SPDX-License-Identifier: BSD-2-Clause */
/* What systems have for files beyond POSIX. */
#ifndef VOW_OS_FILE_SYSTEM_PRIVATE_H
#define VOW_OS_FILE_SYSTEM_PRIVATE_H

#include <stdbool.h>

/* How a folder is opened that may be searched and not read: flags for open(2), -1 where there is no way. */
int vow__folder_flags(void);
/* Brings to the disk the names of the file system that a descriptor is on: 0, or an errno value. */
int vow__sync_names(int fd);
/* Gives a file the access list of another one, which is also about its group, or none if that has none: a
 * folder may give one to every new file. `has_group`: both have one group. False when it could not. Where the
 * system's access lists are not known, files are taken for having none. */
bool vow__copy_access_list(int from, int to, bool has_group);

#endif
