/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of the model test's side that is libvow.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_MODEL_LIBRARY_H
#define VOW_TEST_MODEL_LIBRARY_H

#include "model.h"

/* What the wall clock of a run is ahead of its clock. */
#define MODEL_WALL_CLOCK 1000000000.

vow_loop *loop_of(const struct model_info *info);

void library_begin(struct model_world *world);
void library_end(struct model_world *world);
bool library_loop_new(struct model_world *world, int loop);
void library_loop_free(struct model_world *world, int loop);
int library_loop_live(struct model_world *world, int loop);
void library_loop_turn(struct model_world *world, int loop);
int library_loop_run(struct model_world *world, int loop, void *promise, model_value *value);

#endif
