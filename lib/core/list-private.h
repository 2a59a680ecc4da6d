/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists, and those that a loop keeps for later. */
#ifndef VOW_CORE_LIST_PRIVATE_H
#define VOW_CORE_LIST_PRIVATE_H

#include "core/value-private.h"

/* A list of nils; NULL when there is no memory. */
vow_list *vow__list_new(size_t length);
/* A list whose items are not set yet: the caller must set all of them. NULL when there is no memory. */
vow_list *vow__list_reserve(size_t length);
/* Releases a list whose items were not set. */
void vow__list_release(vow_list *list);

/* The length of the longest lists that are kept. */
#define VOW__STASH_LENGTH ((size_t) 8)

/* Zero-initialised it is empty. */
typedef struct vow__stash {
    vow_list *lists[VOW__STASH_LENGTH + 1]; /* by length, linked by `container.next_list` */
    size_t bytes;                           /* of all of them */
    size_t limit;                           /* of these; 0: none are kept */
} vow__stash;

/* As vow__list_reserve(), but takes a list that is kept, if there is one. That may be marked as bound. */
vow_list *vow__list_obtain(vow__stash *stash, size_t length);
/* As vow__list_release(), or keeps it. */
void vow__list_give_back(vow__stash *stash, vow_list *list);
/* Releases those that are kept. */
void vow__stash_empty(vow__stash *stash);

/* Whether no item is owned, so that releasing the list runs nothing. Long ones are not looked through. */
static inline bool vow__list_is_trivial(const vow_list *list)
{
    if (list->length > VOW__STASH_LENGTH)
        return false;
    for (size_t i = 0; i < list->length; i++)
        if (!vow__value_is_trivial(list->items[i]))
            return false;
    return true;
}

#endif
