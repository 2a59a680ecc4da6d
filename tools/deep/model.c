/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model test (fuzz/model.h) for machines where GLib cannot be had: plays the programs that it reads, one
 * a line in hexadecimal digits, then as many random ones as its argument says. Prints TAP; ends with 1 if
 * something is wrong.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "../../fuzz/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 192, LONGEST = 1024 };

static bool play(const uint8_t *data, size_t size, const char *kind, unsigned long number)
{
    char *wrong = model_run(data, size);

    if (!wrong)
        return true;
    printf("# %s program %lu: %s\n", kind, number, wrong);
    free(wrong);
    return false;
}

static size_t read_digits(const char *line, uint8_t *data)
{
    size_t length = 0;
    unsigned byte;

    while (length < LONGEST && sscanf(line + 2 * length, "%2x", &byte) == 1)
        data[length++] = (uint8_t) byte;
    return length;
}

static bool play_kept(void)
{
    char line[2 * LONGEST + 2];
    uint8_t data[LONGEST];
    unsigned long number = 0;
    bool is_right = true;

    while (is_right && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        number++;
        is_right = play(data, read_digits(line, data), "kept", number);
    }
    is_right = is_right && number > 0;
    printf("%s 1 - %lu kept programs\n", is_right ? "ok" : "not ok", number);
    return is_right;
}

static bool play_random(unsigned long count)
{
    uint8_t data[LENGTH];
    bool is_right = true;

    for (unsigned long i = 0; is_right && i < count; i++)
        is_right = play(data, model_random(i, data, sizeof data), "random", i);
    printf("%s 2 - %lu random programs\n", is_right ? "ok" : "not ok", count);
    return is_right;
}

int main(int argc, char **argv)
{
    bool is_right = play_kept();

    is_right = play_random(argc > 1 ? strtoul(argv[1], NULL, 10) : 1000) && is_right;
    puts("1..2");
    return !is_right;
}
