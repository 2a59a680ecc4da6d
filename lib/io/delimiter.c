/* SPDX-License-Identifier: BSD-2-Clause */
/* Says what can be a delimiter, and sets one up. */
#include "io/delimiter-private.h"

#include <errno.h>
#include <string.h>

vow_error *vow__delimiter_error(const char *text, const char *function, const char *site)
{
    size_t length = text ? strlen(text) : 0;

    if (length && length <= VOW__DELIMITER_MAX)
        return NULL;
    return vow_error_new_at(site, EINVAL, "%s: a delimiter of %zu bytes, not 1 to %d", function, length,
                            VOW__DELIMITER_MAX);
}

void vow__delimiter_init(vow__delimiter *self, const char *text, size_t limit)
{
    self->limit = limit;
    self->scanned = 0;
    self->length = strlen(text);
    memcpy(self->text, text, self->length);
}
