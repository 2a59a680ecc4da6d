/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Draws the timeline of timeline.h: with block characters if the locale has them, otherwise with plain ones;
 * with colours only on a terminal, and not if NO_COLOR is set.
 */
#define _POSIX_C_SOURCE 200809L
#include "timeline.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LABEL_WIDTH = 22, OUTCOME_WIDTH = 9, MARGINS = 4, MIN_BAR_WIDTH = 10, MAX_WIDTH = 400 };

struct style {
    const char *good, *bad; /* marks */
    const char *good_colour, *bad_colour, *plain;
    int width; /* of a bar, in columns */
};

static int columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < MAX_WIDTH ? size.ws_col : MAX_WIDTH;
    const char *text = getenv("COLUMNS");
    long given = text ? strtol(text, NULL, 10) : 0;
    return given > 0 && given < MAX_WIDTH ? (int) given : 80;
}

static struct style choose_style(void)
{
    setlocale(LC_CTYPE, "");
    bool blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    bool colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    int width = columns() - LABEL_WIDTH - OUTCOME_WIDTH - MARGINS;
    return (struct style){
        .good = blocks ? "\xe2\x96\x88" : "#", /* a full block */
        .bad = blocks ? "\xe2\x96\x92" : "x",  /* a shaded one */
        .good_colour = colours ? "\x1b[32m" : "",
        .bad_colour = colours ? "\x1b[31m" : "",
        .plain = colours ? "\x1b[0m" : "",
        .width = width > MIN_BAR_WIDTH ? width : MIN_BAR_WIDTH,
    };
}

static int column_of(double seconds, double total, int width)
{
    int column = total > 0 ? (int) (seconds / total * width) : 0;
    return column < 0 ? 0 : column < width ? column : width - 1;
}

static void print_row(const struct timeline_row *row, double total, const struct style *style)
{
    int first = column_of(row->start, total, style->width);
    int last = column_of(row->end, total, style->width);
    printf("%-*.*s %-*.*s |%*s", LABEL_WIDTH, LABEL_WIDTH, row->label, OUTCOME_WIDTH, OUTCOME_WIDTH,
           row->outcome, first, "");
    fputs(row->failed ? style->bad_colour : style->good_colour, stdout);
    for (int column = first; column <= last; column++)
        fputs(row->failed ? style->bad : style->good, stdout);
    printf("%s%*s|\n", style->plain, style->width - 1 - last, "");
}

void timeline_print(const struct timeline_row *rows, size_t count, double total)
{
    struct style style = choose_style();
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i], total, &style);
    printf("%*s0 s%*.2f s\n", LABEL_WIDTH + OUTCOME_WIDTH + 3, "", style.width - 5, total);
}
