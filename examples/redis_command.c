/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Writes commands in the protocol of Redis: "GET x" is "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n". Nothing here waits.
 */
#define _POSIX_C_SOURCE 200809L
#include "redis.h"

#include <errno.h>
#include <string.h>

enum {
    LINE_LIMIT = 1 << 20, /* bytes of one command */
    WORD_LIMIT = 64       /* and words */
};

static void put_command(struct commands *commands, char *line, FILE *out)
{
    char *words[WORD_LIMIT], *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(line, " \t\n", &rest); word && count < WORD_LIMIT;
         word = strtok_r(NULL, " \t\n", &rest))
        words[count++] = word;
    if (count == 0)
        return;
    fprintf(out, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
    commands->count++;
}

int read_commands(struct commands *commands, FILE *in)
{
    static char line[LINE_LIMIT];
    commands->count = 0;
    FILE *out = open_memstream(&commands->bytes, &commands->length);
    if (!out)
        return errno;
    while (fgets(line, sizeof line, in))
        put_command(commands, line, out);
    return fclose(out) == 0 ? 0 : errno;
}
