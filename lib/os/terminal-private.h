/* SPDX-License-Identifier: BSD-2-Clause */
/* What has an end besides its descriptors: pipes and terminals. */
#ifndef VOW_OS_TERMINAL_PRIVATE_H
#define VOW_OS_TERMINAL_PRIVATE_H

#include <stdbool.h>

/* Whether a descriptor is a terminal, and not the end that made one. */
bool vow__is_terminal(int fd);
/* Whether a descriptor is the end that made a pseudo-terminal, the master. */
bool vow__is_terminal_master(int fd);

#endif
