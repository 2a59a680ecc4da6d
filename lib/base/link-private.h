/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A doubly linked, circular, intrusive list. The head is a link like the others. So an element is taken out
 * in O(1) by somebody who does not know which list it is in, and a whole list is moved to the end of another
 * in O(1).
 */
#ifndef VOW_BASE_LINK_PRIVATE_H
#define VOW_BASE_LINK_PRIVATE_H

#include <stdbool.h>

typedef struct vow__link {
    struct vow__link *next;
    struct vow__link *prev;
} vow__link;

#define VOW__CONTAINER_OF(member_pointer, type, member) \
    ((type *) (void *) ((char *) (member_pointer) -offsetof(type, member)))

static inline void vow__list_init(vow__link *head)
{
    head->next = head;
    head->prev = head;
}

static inline bool vow__list_is_empty(const vow__link *head)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it takes what has left a list to be in it still */
    return head->next == head;
}

/* In this order, the two halves of `link` are stored apart. Otherwise compilers merge them into one store of
 * 16 bytes, and then it takes long to read one half back. */
static inline void vow__list_append(vow__link *head, vow__link *link)
{
    vow__link *last = head->prev;

    link->next = head;
    last->next = link;
    link->prev = last;
    head->prev = link;
}

static inline void vow__list_unlink(vow__link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* Takes the first link out of a list that is not empty. Need not look up what stands before it: that is the
 * head. */
static inline vow__link *vow__list_take_first(vow__link *head)
{
    vow__link *link = head->next;

    head->next = link->next;
    link->next->prev = head;
    return link;
}

/* Moves all of `from`, which must not be empty, to the end of `to`. `from` is not a list afterwards. */
static inline void vow__list_splice(vow__link *to, const vow__link *from)
{
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
}

#endif
