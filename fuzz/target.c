/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model test as a libFuzzer target; `make fuzz` builds and runs it.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *wrong = model_run(data, size);

    if (!wrong)
        return 0;
    fputs(wrong, stderr);
    abort();
}
