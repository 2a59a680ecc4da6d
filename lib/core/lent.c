/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A handler points into a promise that keeps its content. What the handler returns is given away. So if it
 * returns a copy of that content, and not vow_take() of it, the content has two owners. Debug builds tell the
 * two apart for types of which the library knows how they are owned: a type of the program's own may count
 * references.
 */
#include "core/lent-private.h"

#include "base/misuse-private.h"

#ifdef VOW_DEBUG

static bool has_one_owner(const vow_type *type)
{
    return type == &vow_type_str || type == &vow_type_bytes || type == &vow_type_list || type == &vow_type_fd;
}

/* An error has as many owners as references. One is the promise's, so the value that was given needs
 * another. */
static bool is_borrowed(const vow_error *error)
{
    return error->size && atomic_load_explicit(&error->refs, memory_order_relaxed) < 2;
}

static bool has_two_owners(const vow_value *lent, vow_value given)
{
    if (given.u.pointer != lent->u.pointer)
        return false;
    if (lent->type == &vow_type_error)
        return (given.type == &vow_type_error || given.type == &vow__type_throw) &&
               is_borrowed(given.u.pointer);
    return given.type == lent->type && has_one_owner(given.type);
}

static bool is_item(const vow_list *list, vow_value given)
{
    for (size_t i = 0; i < list->length; i++)
        if (has_two_owners(vow__value_resolve((vow_value *) &list->items[i]), given))
            return true;
    return false;
}

void vow__check_given(const vow_value *lent, vow_value given, const vow_promise *promise,
                      const char *function)
{
    if (has_two_owners(lent, given) ||
        (lent->type == &vow_type_list && given.type && given.type->drop && is_item(lent->u.pointer, given)))
        vow__misuse(
            function, promise->site,
            "the %s that is given away is only lent: vow_take() moves it out, vow_error_ref() shares it",
            vow_value_type_name(lent));
}

#endif
