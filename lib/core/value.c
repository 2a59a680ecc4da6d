/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the plain types of values. */
#include "core/value-private.h"

#include <string.h>

#include "base/allocator-private.h"
#include "base/fd-ends-private.h"
#include "base/misuse-private.h"

static void drop_string(void *pointer)
{
    vow__release(pointer, strlen(pointer) + 1);
}

static void drop_fd(void *pointer)
{
    vow__fd_close((int) (intptr_t) pointer);
}

const vow_type vow_type_bool = {"bool", NULL};
const vow_type vow_type_int = {"int", NULL};
const vow_type vow_type_double = {"double", NULL};
const vow_type vow_type_ptr = {"ptr", NULL};
const vow_type vow_type_str = {"str", drop_string};
const vow_type vow_type_fd = {"fd", drop_fd};
vow_value vow_fd(int fd)
{
    return vow_own((void *) (intptr_t) fd, &vow_type_fd);
}

const char *vow_value_type_name_at(const vow_value *value, const char *site)
{
    if (!value)
        vow__misuse_null("vow_value_type_name", "value", site);
    if (!value->type)
        return "nil";
    return value->type->name ? value->type->name : "a type without a name";
}
