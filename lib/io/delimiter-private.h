/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a read looks for in the bytes that have come: a delimiter that ends within a limit. It remembers how
 * far it has looked, so that no byte is looked at twice. Where the bytes are is for its user to know.
 */
#ifndef VOW_IO_DELIMITER_PRIVATE_H
#define VOW_IO_DELIMITER_PRIVATE_H

#include <vow/error.h>

#define VOW__DELIMITER_MAX 16

typedef struct vow__delimiter {
    size_t limit;   /* how many bytes at most, the delimiter included */
    size_t scanned; /* the delimiter begins at none of this many first bytes */
    size_t length;  /* of the text */
    char text[VOW__DELIMITER_MAX];
} vow__delimiter;

/* Where the delimiter begins in `bytes`, at `from` or later; `end` if no whole one comes before `end`. */
typedef size_t (*vow__find_fn)(const void *bytes, size_t from, size_t end, const vow__delimiter *delimiter);

/* The error when a text cannot be a delimiter; NULL if it can. */
vow_error *vow__delimiter_error(const char *text, const char *function, const char *site);
void vow__delimiter_init(vow__delimiter *self, const char *text, size_t limit);

/* How many of `length` bytes there are up to the delimiter's end; 0 if it has not come within the limit. */
static inline size_t vow__delimiter_end(vow__delimiter *self, const void *bytes, size_t length,
                                        vow__find_fn find)
{
    size_t end = length < self->limit ? length : self->limit;
    size_t at;

    if (end < self->length)
        return 0;
    at = find(bytes, self->scanned, end, self);
    if (at < end)
        return at + self->length;
    self->scanned = end - self->length + 1;
    return 0;
}

#endif
