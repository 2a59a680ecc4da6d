/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the memory of lists. It comes from malloc() and not from a pool, because a list may go to another
 * thread and be released there. A loop keeps short lists that come back to it for its next vow_all(): a
 * program that awaits a few things together does it again and again, in many tasks at a time (W8 of bench/).
 */
#include "core/list-private.h"

#include "base/allocator-private.h"

static size_t list_size_of(size_t length)
{
    return sizeof(vow_list) + length * sizeof(vow_value);
}

vow_list *vow__list_reserve(size_t length)
{
    vow_list *list;

    if (length > (SIZE_MAX - sizeof *list) / sizeof list->items[0])
        return NULL;
    list = vow__allocate(list_size_of(length));
    if (list) {
        list->container.is_bound = false;
        list->length = length;
    }
    return list;
}

void vow__list_release(vow_list *list)
{
    vow__release(list, list_size_of(list->length));
}

vow_list *vow__list_new(size_t length)
{
    vow_list *list = vow__list_reserve(length);

    for (size_t i = 0; list && i < length; i++)
        list->items[i] = vow_nil();
    return list;
}

size_t vow_list_length(const vow_list *list)
{
    return list ? list->length : 0;
}

vow_list *vow__list_obtain(vow__stash *stash, size_t length)
{
    vow_list *list = length <= VOW__STASH_LENGTH ? stash->lists[length] : NULL;

    if (!list)
        return vow__list_reserve(length);
    stash->lists[length] = list->container.next_list;
    stash->bytes -= list_size_of(length);
    return list;
}

void vow__list_give_back(vow__stash *stash, vow_list *list)
{
    if (list->length > VOW__STASH_LENGTH || stash->bytes + list_size_of(list->length) > stash->limit) {
        vow__list_release(list);
        return;
    }
    list->container.next_list = stash->lists[list->length];
    stash->lists[list->length] = list;
    stash->bytes += list_size_of(list->length);
}

void vow__stash_empty(vow__stash *stash)
{
    for (size_t length = 0; length <= VOW__STASH_LENGTH; length++)
        while (stash->lists[length])
            vow__list_release(vow__list_obtain(stash, length));
}
