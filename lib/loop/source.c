/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns how long a source whose watchers are always active keeps ev_run() going. */
#include "loop/source-private.h"

void vow__source_hold(vow__line *line)
{
    ev_ref(vow__ev(line->object));
}

void vow__source_let_be(vow__line *line)
{
    ev_unref(vow__ev(line->object));
}
