/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the knowledge of which values belong to a loop. It looks through lists, which may be in one another to
 * any depth: those that are still to be gone through are linked. A list has one owner, so nobody else uses
 * these links.
 */
#include "offload/movable-private.h"

#include <vow/process.h>
#include <vow/stream.h>
#include <vow/sync.h>

#include "base/misuse-private.h"
#include "core/promise-private.h"

static bool is_local(const vow_type *type)
{
    return type == &vow_type_stream || type == &vow_type_process || type == &vow_type_permit ||
           type == &vow_type_lock;
}

static void check_one(const vow_value *value, const char *function, const char *site)
{
    const vow_type *type = value->type;

    if (type == &vow__type_follow || type == &vow__type_foreign)
        vow__misuse(function, site, "a promise cannot be followed from another thread");
    if (type == &vow__type_alias && vow__alias_promise(*value))
        vow__misuse(function, site, "the list is only lent: vow_take() moves it out of its promise");
    value = vow__value_resolve((vow_value *) value);
    if (is_local(value->type))
        vow__misuse(function, site, "a value of type %s belongs to its loop, and cannot go to another thread",
                    vow_value_type_name(value));
}

static void add_list(vow_list **first, vow_value value)
{
    vow_list *list = value.u.pointer;

    if (value.type != &vow_type_list)
        return;
    list->container.next_list = *first;
    *first = list;
}

void vow__check_movable(vow_value value, const char *function, const char *site)
{
    vow_list *first = NULL;

    check_one(&value, function, site);
    add_list(&first, value);
    while (first) {
        vow_list *list = first;

        first = list->container.next_list;
        for (size_t i = 0; i < list->length; i++) {
            check_one(&list->items[i], function, site);
            add_list(&first, list->items[i]);
        }
    }
}
