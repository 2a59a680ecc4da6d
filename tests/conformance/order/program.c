/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads programs, a line at a time.
 *
 * Copyright (c) 2026 the libvow authors
 */
#include "program.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const operations[OPERATIONS] = {
    "new",     "resolved", "rejected", "try",   "then",      "catch",  "then_catch",
    "finally", "all",      "settled",  "any",   "race",      "async",  "resolve",
    "reject",  "ticks",    "return",   "await", "try_await", "answer", "keep"};

static const char kinds[] = "mhact";

static void refuse(const char *what, const char *word)
{
    fprintf(stderr, "runner: %s: %s\n", what, word ? word : "nothing");
    exit(2);
}

static operation parse_operation(const char *word)
{
    for (int op = 0; word && op < OPERATIONS; op++)
        if (strcmp(word, operations[op]) == 0)
            return (operation) op;
    refuse("not an operation", word);
    return OPERATIONS;
}

static int parse_number(const char *word, long limit)
{
    char *end;
    long number = strtol(word, &end, 10);

    if (end == word || *end || number < 0 || number >= limit)
        refuse("not a number in the range", word);
    return (int) number;
}

static operand parse_operand(const char *word)
{
    if (strcmp(word, "-") == 0 || strcmp(word, "nil") == 0 || strcmp(word, "in") == 0)
        return (operand){*word, 0};
    if (isdigit((unsigned char) *word))
        return (operand){'v', parse_number(word, 1000)};
    if (strncmp(word, "~p", 2) == 0)
        return (operand){'~', parse_number(word + 2, SLOTS)};
    if (*word == '!')
        return (operand){'!', parse_number(word + 1, 1000)};
    if (strchr("pr", *word))
        return (operand){*word, parse_number(word + 1, SLOTS)};
    if (!word[1])
        return (operand){'l', *word};
    if (!strchr("hact", *word))
        refuse("not an operand", word);
    return (operand){*word, parse_number(word + 1, BLOCKS)};
}

/* `p1 = then p0 h0`, or `resolve r0 7` */
static instruction parse_instruction(char *line)
{
    instruction in = {.op = OPERATIONS};
    char *word = strtok(line, " ");

    if (word && word[0] == 'p') {
        in.to = parse_number(word + 1, SLOTS);
        strtok(NULL, " "); /* the = */
        word = strtok(NULL, " ");
    }
    in.op = parse_operation(word);
    while ((word = strtok(NULL, " "))) {
        if (in.count == OPERANDS)
            refuse("too many operands", word);
        in.with[in.count++] = parse_operand(word);
    }
    return in;
}

const struct block *program_block(const struct program *program, char kind, int number)
{
    return &program->blocks[strchr(kinds, kind) - kinds][number];
}

static struct block *begin_block(struct program *program, const char *line)
{
    struct block *block;

    if (!strchr(kinds, *line))
        refuse("not a block", line);
    block = &program->blocks[strchr(kinds, *line) - kinds][parse_number(line + 1, BLOCKS)];
    block->is_there = true;
    block->code = &program->code[program->length];
    return block;
}

static enum drop parse_drop(const char *word)
{
    if (strcmp(word, "forward") == 0)
        return DROP_FORWARD;
    if (strcmp(word, "backward") == 0)
        return DROP_BACKWARD;
    if (strcmp(word, "cancel") != 0)
        refuse("not a way to drop promises", word);
    return DROP_CANCEL;
}

static bool parse_hold(const char *word)
{
    if (strcmp(word, "all") != 0 && strcmp(word, "named") != 0)
        refuse("not what to hold", word);
    return *word == 'a';
}

static void add_instruction(struct program *program, struct block *block, char *line)
{
    instruction *in;

    if (!block || program->length == CODE)
        refuse("no place for an instruction", line);
    in = &program->code[program->length++];
    *in = parse_instruction(line);
    block->length++;
    for (size_t i = 0; i < in->count; i++)
        if (in->with[i].kind == 'p' || in->with[i].kind == '~')
            program->is_named[in->with[i].number] = true;
}

/* The next line without the space around it, or NULL; a line `flush` is obeyed. */
static char *read_line(char *buffer, int size, FILE *from)
{
    for (;;) {
        char *line = fgets(buffer, size, from);

        if (!line)
            return NULL;
        line += strspn(line, " ");
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "flush") != 0)
            return line;
        fflush(stdout);
    }
}

bool program_read(struct program *program, FILE *from)
{
    char buffer[256], *line;
    struct block *block = NULL;

    memset(program->blocks, 0, sizeof program->blocks);
    memset(program->is_named, 0, sizeof program->is_named);
    program->length = 0;
    while ((line = read_line(buffer, sizeof buffer, from))) {
        size_t length = strlen(line);

        if (strcmp(line, "end") == 0)
            return true;
        if (strncmp(line, "program ", 8) == 0 || !length)
            continue;
        if (strncmp(line, "drop ", 5) == 0) {
            program->drop = parse_drop(line + 5);
        } else if (strncmp(line, "hold ", 5) == 0) {
            program->holds_all = parse_hold(line + 5);
        } else if (line[length - 1] == ':') {
            line[length - 1] = '\0';
            block = begin_block(program, line);
        } else {
            add_instruction(program, block, line);
        }
    }
    return false;
}
