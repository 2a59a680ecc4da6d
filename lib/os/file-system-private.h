/* SPDX-License-Identifier: BSD-2-Clause */
/* What systems have for files beyond POSIX. */
#ifndef VOW_OS_FILE_SYSTEM_PRIVATE_H
#define VOW_OS_FILE_SYSTEM_PRIVATE_H

#include <stdbool.h>

/* Flags for open(2), for a folder that may be searched but not read; -1 where there is no way. */
int vow__folder_flags(void);
/* Brings the names of a file system, the one that a descriptor is on, to the disk: 0, or an errno value. */
int vow__sync_names(int fd);
/* Gives the file `to` the access list of `from`, or none if that has none: its folder may have given `to` one
 * when it was made. `has_group`: both have the same group. Without that a list cannot be copied, since it is
 * also about the group. False when it could not be done. Where the system's access lists are not known, files
 * are taken to have none. */
bool vow__copy_access_list(int from, int to, bool has_group);

#endif
