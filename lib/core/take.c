/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks into values and takes them out, wherever they live. */
#include "base/misuse-private.h"
#include "core/error-private.h"
#include "core/promise-private.h"

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

static VOW__RARE vow_value *beyond(const vow_list *list, size_t index, const char *site)
{
    vow__misuse_at("vow_list_at", NULL, site, "index %zu in a list of %zu", index, vow_list_length(list));
}

vow_value *vow_list_at_at(const vow_list *list, size_t index, const char *site)
{
    if (VOW_UNLIKELY(!list || index >= list->length))
        return beyond(list, index, site);
    return vow__value_resolve((vow_value *) &list->items[index]);
}
