/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the two files of prefork share: prefork.c is the parent, prefork_child.c is what each child does.
 */
#ifndef EXAMPLES_PREFORK_H
#define EXAMPLES_PREFORK_H

#include <vow.h>

/* Called in a new child, with the parent's loop, its signals and its listener, and the parent's process id.
 * Serves until a signal comes. Returns the exit status. */
int prefork_child(vow_loop *loop, vow_signals *end, vow_value listener, pid_t parent);

#endif
