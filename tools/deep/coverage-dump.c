/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into the programs that coverage.sh builds: a program that ends with abort(), as misuse does, would
 * take what was counted with it. The handler returns, and abort() then ends the program as ever.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include <gcov.h>
#include <signal.h>

static void dump(int number)
{
    (void) number;
    __gcov_dump();
}

__attribute__((constructor)) static void install(void)
{
    signal(SIGABRT, dump);
}
