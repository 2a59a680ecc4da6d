/* SPDX-License-Identifier: BSD-2-Clause */
/* Says which library the program runs with. */
#include <vow/version.h>

const char *vow_version(void)
{
    return VOW_VERSION;
}
