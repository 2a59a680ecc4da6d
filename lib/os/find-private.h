/* SPDX-License-Identifier: BSD-2-Clause */
/* Searches memory. */
#ifndef VOW_OS_FIND_PRIVATE_H
#define VOW_OS_FIND_PRIVATE_H

#include <stddef.h>

/* Where the needle begins for the first time, or NULL. The needle is not empty. */
const char *vow__find_bytes(const char *hay, size_t hay_length, const char *needle, size_t needle_length);

#endif
