/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the types of values that the library knows, and what is asked of any value. */
#include "core/value-private.h"

#include <string.h>

#include "base/allocator-private.h"
#include "base/fd-ends-private.h"
#include "base/misuse-private.h"
#include "core/drop-private.h"
#include "core/error-private.h"
#include "core/list-private.h"
#include "core/promise-private.h"
#include "core/thenable-private.h"

static void drop_string(void *pointer)
{
    vow__release(pointer, strlen(pointer) + 1);
}

static void drop_fd(void *pointer)
{
    vow__fd_close((int) (intptr_t) pointer);
}

static void drop_follow(void *pointer)
{
    vow_unref(pointer);
}

static void drop_throw(void *pointer)
{
    vow_error_unref(pointer);
}

const vow_type vow_type_bool = {"bool", NULL};
const vow_type vow_type_int = {"int", NULL};
const vow_type vow_type_double = {"double", NULL};
const vow_type vow_type_ptr = {"ptr", NULL};
const vow_type vow_type_str = {"str", drop_string};
const vow_type vow_type_list = {"list", vow__drop_container};
const vow_type vow_type_error = {"error", vow__drop_container};
const vow_type vow_type_fd = {"fd", drop_fd};
const vow_type vow__verbs[] = {
    {"follow", drop_follow}, {"throw", drop_throw}, {"thenable", vow__foreign_drop}};

vow_value vow_strdup(const char *string)
{
    char *copy;

    if (!string)
        return vow_nil();
    copy = vow__allocate(strlen(string) + 1);
    if (!copy)
        return vow_throw(&vow__error_no_memory);
    return vow_own(strcpy(copy, string), &vow_type_str);
}

vow_value vow_fd(int fd)
{
    return vow_own((void *) (intptr_t) fd, &vow_type_fd);
}

vow_value vow_follow_at(vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_follow", site);
    return vow_own(promise, &vow__type_follow);
}

vow_value vow_throw_at(vow_error *error, const char *site)
{
    if (!error)
        vow__misuse_null("vow_throw", "error", site);
    return vow_own(error, &vow__type_throw);
}

static bool is_bound_list(vow_value value)
{
    return value.type == &vow_type_list && ((const vow_list *) value.u.pointer)->container.is_bound;
}

static VOW__RARE vow_value take_error(vow_error *error)
{
    return vow__value_of_error(vow_error_ref(error));
}

vow_value vow_take(vow_value *value)
{
    vow_value content;

    if (!value)
        return vow_nil();
    content = *value;
    if (content.type == &vow_type_error)
        return take_error(content.u.pointer);
    *value = vow_nil();
    return VOW_UNLIKELY(is_bound_list(content)) ? vow__list_unbind(content) : content;
}

int vow_as_fd_at(const vow_value *value, const char *site)
{
    if (!value || value->type != &vow_type_fd)
        vow__value_mismatch(value, "vow_as_fd", &vow_type_fd, site);
    return (int) (intptr_t) value->u.pointer;
}

int vow_take_fd_at(vow_value *value, const char *site)
{
    if (!value || value->type != &vow_type_fd)
        vow__value_mismatch(value, "vow_take_fd", &vow_type_fd, site);
    return (int) (intptr_t) vow_take(value).u.pointer;
}

const char *vow_value_type_name_at(const vow_value *value, const char *site)
{
    if (!value)
        vow__misuse_null("vow_value_type_name", "value", site);
    if (!value->type)
        return "nil";
    return value->type->name ? value->type->name : "a type without a name";
}

void vow__value_mismatch(const vow_value *value, const char *function, const vow_type *wanted,
                         const char *site)
{
    const char *name = wanted && wanted->name ? wanted->name : "of another type";
    const char *at = site ? ", at " : "";
    const char *place = site ? site : "";

    if (!value && !wanted)
        vow__misuse(function, NULL, "what it is given is NULL%s%s", at, place);
    if (!value)
        vow__misuse(function, NULL, "the value is NULL, where %s is wanted%s%s", name, at, place);
    vow__misuse(function, vow__site_of_value(value), "the value is %s, where %s is wanted%s%s",
                vow_value_type_name(value), name, at, place);
}
