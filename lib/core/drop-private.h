/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Releases values, which may own one another to any depth: lists, errors, promises, and what programs made
 * with vow_own(). When many drop functions run inside one another, what they drop is noted, and goes when the
 * innermost has returned. So no chain needs a larger stack than that.
 */
#ifndef VOW_CORE_DROP_PRIVATE_H
#define VOW_CORE_DROP_PRIVATE_H

#include "base/link-private.h"
#include "core/value-private.h"

/* Calls a drop function of the program now; or, many levels deep, once the drop function that runs has
 * returned. */
void vow__drop_call(void (*drop)(void *pointer), void *pointer);

/* Whether what is dropped on this thread is put off. */
bool vow__is_dropping(void);
/* To be called only then: `link` stands for something that is to go, and is passed to `pass` in its turn.
 * That must always be the same function. */
void vow__drop_later(vow__link *link, void (*pass)(vow__link *link));

typedef struct vow__drops vow__drops;

/* Drops now all that was noted, for what cannot wait: the end of a loop, or a vow_run() inside a drop
 * function. What is dropped until vow__drops_go_on(), which is given the result, does not wait for the drop
 * function that runs, either. */
vow__drops *vow__drops_pause(void);
void vow__drops_go_on(vow__drops *paused);

/* vow_type.drop of lists and errors. It does nothing: vow_value_drop() knows them by it, and releases them
 * itself. */
void vow__drop_container(void *container);

#endif
