/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns how an error is printed. Causes and members lead to more of both. So this goes down a few levels only,
 * with a stack of its own, and prints some of each: it neither recurses nor goes on for ever.
 */
#include "core/error-print-private.h"

#include "base/misuse-private.h"

#define LEVELS 8
#define MAX 16

/* A list of errors, or a chain of causes, that is being printed. */
typedef struct level {
    const vow_list *list;
    const vow_error *cause;
    size_t done;
} level;

static void add_one(vow__text *text, const vow_error *error)
{
    const vow_domain *domain = error->domain;
    const char *meaning = domain->describe ? domain->describe(error->code) : NULL;

    vow__text_add(text, "%s (%s %d%s%s)", error->message,
                  domain->name ? domain->name : "a domain without a name", error->code, meaning ? ": " : "",
                  meaning ? meaning : "");
    for (size_t i = 0; vow_error_site(error, i); i++)
        vow__text_add(text, "%s%s", i ? ", " : "; the error passed ", vow_error_site(error, i));
}

static void add_line(vow__text *text, unsigned depth)
{
    vow__text_add(text, "\n%*s", (int) (4 * depth), "");
}

/* The next error of a level, or NULL; says what is left out. */
static const vow_error *print_next(vow__text *text, level *at, unsigned depth)
{
    const vow_error *error = NULL;

    if (at->list && at->done < at->list->length && at->done < MAX) {
        error = at->list->items[at->done].u.pointer;
        add_line(text, depth);
        vow__text_add(text, "[%zu] ", at->done++);
    } else if (at->list && at->done == MAX && at->list->length > MAX) {
        add_line(text, depth);
        vow__text_add(text, "and %zu more", at->list->length - MAX);
        at->done++;
    } else if (!at->list && at->cause && at->done < MAX) {
        error = at->cause;
        at->cause = error->cause;
        at->done++;
        add_line(text, depth);
        vow__text_add(text, "caused by: ");
    } else if (!at->list && at->cause) {
        at->cause = NULL;
        add_line(text, depth);
        vow__text_add(text, "and so on");
    }
    return error;
}

/* Pushes what an error leads to, its members on top of its causes. In a chain of causes only the members are
 * pushed: the level of the chain goes on with the causes. */
static unsigned push(level *levels, unsigned depth, const vow_error *error)
{
    if (error->cause && (depth == 0 || levels[depth - 1].list) && depth < LEVELS)
        levels[depth++] = (level){NULL, error->cause, 0};
    if (error->list && depth < LEVELS)
        levels[depth++] = (level){error->list, NULL, 0};
    return depth;
}

void vow__text_add_error(vow__text *text, const vow_error *error)
{
    level levels[LEVELS];
    unsigned depth;

    add_one(text, error);
    depth = push(levels, 0, error);
    while (depth) {
        const vow_error *inner = print_next(text, &levels[depth - 1], depth);

        if (!inner) {
            depth--;
            continue;
        }
        add_one(text, inner);
        depth = push(levels, depth, inner);
    }
}

void vow_error_print_at(const vow_error *error, FILE *stream, const char *site)
{
    vow__text text = {stream, NULL, 0, 0};

    if (!error)
        vow__misuse_null("vow_error_print", "error", site);
    if (!stream)
        vow__misuse_null("vow_error_print", "stream", site);
    vow__text_add_error(&text, error);
    vow__text_add(&text, "\n");
}
