/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source is what a program subscribes to: something that happens again and again. It is an object with a
 * line (core/line-private.h) whose watchers are armed while somebody waits, or are always active.
 */
#ifndef VOW_LOOP_SOURCE_PRIVATE_H
#define VOW_LOOP_SOURCE_PRIVATE_H

#include "core/line-private.h"
#include "loop/loop-private.h"

/* arm() and disarm() of a line whose watchers are always active, but keep ev_run() going only while somebody
 * waits. */
void vow__source_hold(vow__line *line);
void vow__source_let_be(vow__line *line);

#endif
