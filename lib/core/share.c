/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns what becomes of a value that several parties have.
 *
 * Within a loop they have aliases of the promise that holds it. That needs no memory, and an item that nobody
 * has looked at can still go back. A list with such aliases is bound to its loop, and so is a list with bound
 * lists.
 *
 * What is taken stands alone: vow_take() replaces each alias in a list by the value itself. If somebody else
 * still has the promise, the value has to be there twice: strings, bytes and lists are copied, errors count
 * their references, and whatever else is owned goes to a box, which counts those who have it, on any thread.
 * Both have an alias of the box from then on. So a list is never in a box, and belongs to one alone.
 *
 * Lists may be in one another to any depth: those that are still to be gone through are linked.
 */
#include <stdatomic.h>
#include <stddef.h>

#include "base/allocator-private.h"
#include "core/list-private.h"
#include "core/operations-private.h"

/* ---- Aliases ------------------------------------------------------------------------------------------- */

/* What several parties own. They may be on several threads. */
typedef struct box {
    const vow__kind *kind; /* NULL: no promise */
    vow_value content;     /* neither an alias nor a list */
    atomic_uint refs;
} box;

_Static_assert(offsetof(box, content) == offsetof(vow_promise, u), "a value lies behind a kind, or none");

static box *box_of(vow_value alias)
{
    return VOW__CONTAINER_OF(alias.u.pointer, box, content);
}

static bool is_boxed(vow_value alias)
{
    const vow__kind *const *kind = (const void *) ((const char *) alias.u.pointer - offsetof(box, content));

    return !*kind;
}

vow_promise *vow__alias_promise(vow_value alias)
{
    return is_boxed(alias) ? NULL : VOW__CONTAINER_OF(alias.u.pointer, vow_promise, u.value);
}

static void box_drop(box *self)
{
    vow_value content;

    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) != 1)
        return;
    content = self->content;
    vow__release(self, sizeof *self);
    vow_value_drop(content);
}

/* Whoever was given an alias was given the value. So an alias that goes marks its promise as looked at,
 * unless it goes with a promise that nobody has looked at. */
static void alias_drop(void *slot)
{
    vow_value alias = {&vow__type_alias, {.pointer = slot}};
    vow_promise *promise = vow__alias_promise(alias);

    if (!promise) {
        box_drop(box_of(alias));
        return;
    }
    if (!vow__loop_of(promise)->is_unseen)
        promise->flags |= VOW__SEEN;
    vow_unref(promise);
}

const vow_type vow__type_alias = {"alias", alias_drop};

/* Another alias of the same value. */
static vow_value alias_again(vow_value alias)
{
    vow_promise *promise = vow__alias_promise(alias);

    if (promise)
        vow__ref(promise);
    else
        atomic_fetch_add_explicit(&box_of(alias)->refs, 1, memory_order_relaxed);
    return alias;
}

static vow_value share_move(vow_value *slot)
{
    vow_value content = *slot;

    *slot = vow_nil();
    return content;
}

/* ---- Within a loop ------------------------------------------------------------------------------------- */

/* The promise that holds what a value is only an alias of, or NULL. */
static vow_promise *promise_behind(vow_value value)
{
    return value.type == &vow__type_alias ? vow__alias_promise(value) : NULL;
}

/* A look at a promise's value is also a look at the promise behind it, if the value is an alias. True for a
 * list that was looked at: it stays with its promise, so that the look counts for the items in it. */
static bool is_looked_at(const vow_promise *from)
{
    vow_promise *behind = promise_behind(from->u.value);

    if (!(from->flags & VOW__SEEN))
        return false;
    if (behind)
        behind->flags |= VOW__SEEN;
    return from->u.value.type == &vow_type_list;
}

vow_value vow__share_slowly(vow_promise *from)
{
    vow_value *own = &from->u.value;

    if (!vow__holds_item(from)) {
        if (vow__value_is_trivial(*own))
            return *own;
        if (!is_looked_at(from) && from->refs == 1)
            return share_move(own);
    }
    return alias_again(own->type == &vow__type_alias ? *own : vow_own(own, &vow__type_alias));
}

/* ---- On its own ---------------------------------------------------------------------------------------- */

/* Lists that are on their way out. Meanwhile nothing is freed that could run code, which might see a list
 * that is half done. */
typedef struct leaving {
    vow_list *bound;  /* to be gone through, linked by `container.next_list` */
    vow_list *copies; /* to be filled, linked the same way; the first item says with what: see copy_list() */
    vow_loop *loop;   /* whose promises are let go; NULL as long as there are none */
    vow_promise *base;
} leaving;

static void add_if_bound(leaving *self, vow_value value)
{
    vow_list *list = value.u.pointer;

    if (value.type != &vow_type_list || !list->container.is_bound)
        return;
    list->container.is_bound = false;
    list->container.next_list = self->bound;
    self->bound = list;
}

static vow_list *share_take_next(vow_list **first)
{
    vow_list *list = *first;

    *first = list->container.next_list;
    return list;
}

/* A copy of a list, to be filled later (an empty one is done), or nil. */
static vow_value copy_list(leaving *self, vow_list *list)
{
    vow_list *copy = vow__list_reserve(list->length);

    if (!copy)
        return vow_nil();
    if (copy->length) {
        copy->items[0] = vow_ptr(list);
        copy->container.next_list = self->copies;
        self->copies = copy;
    }
    return vow_own(copy, &vow_type_list);
}

static bool put_in_box(vow_value *slot)
{
    box *self = vow__allocate(sizeof *self);

    if (!self)
        return false;
    self->kind = NULL;
    self->content = *slot;
    atomic_init(&self->refs, 1);
    *slot = vow_own(&self->content, &vow__type_alias);
    return true;
}

/* A second value like the one in a slot, which is owned; nil, or a throw, when there is no memory. */
static vow_value repeat(leaving *self, vow_value *slot)
{
    const vow_bytes *bytes = slot->u.pointer;

    if (slot->type == &vow_type_str)
        return vow_strdup(slot->u.pointer);
    if (slot->type == &vow_type_bytes)
        return vow_bytes_copy(bytes->data, bytes->length);
    if (slot->type == &vow_type_error)
        return vow__value_of_error(vow_error_ref(slot->u.pointer));
    if (slot->type == &vow_type_list)
        return copy_list(self, slot->u.pointer);
    if (slot->type != &vow__type_alias && !put_in_box(slot))
        return vow_nil();
    return alias_again(*slot);
}

/* What is in a slot that somebody else has, too, so that both have it. Without memory it moves: the other one
 * sees nil, as after vow_take() of it. */
static vow_value split(leaving *self, vow_value *slot)
{
    vow_promise *behind = promise_behind(*slot);
    vow_value copy;

    if (behind) {
        behind->flags |= VOW__SEEN;
        slot = &behind->u.value;
    }
    if (vow__value_is_trivial(*slot))
        return *slot;
    copy = repeat(self, slot);
    return copy.type && copy.type != &vow__type_throw ? copy : share_move(slot);
}

/* Takes what an alias of a promise stood for, and lets the promise go. */
static vow_value share_take_from(leaving *self, vow_promise *promise)
{
    vow_value value;

    if (!self->loop) {
        self->loop = vow__loop_of(promise);
        self->base = self->loop->doomed;
    }
    promise->flags |= VOW__SEEN;
    value = promise->refs == 1 ? share_move(&promise->u.value) : split(self, &promise->u.value);
    vow__let_go(promise);
    return value;
}

static void unbind(leaving *self, vow_list *list)
{
    for (size_t i = 0; i < list->length; i++) {
        vow_promise *behind = promise_behind(list->items[i]);

        if (behind)
            list->items[i] = share_take_from(self, behind);
        add_if_bound(self, list->items[i]);
    }
}

static void share_fill(leaving *self, vow_list *copy)
{
    vow_list *list = copy->items[0].u.pointer;

    for (size_t i = 0; i < copy->length; i++) {
        copy->items[i] = split(self, &list->items[i]);
        add_if_bound(self, copy->items[i]); /* if it had to move */
    }
}

vow_value vow__list_unbind(vow_value value)
{
    leaving self = {NULL, NULL, NULL, NULL};

    add_if_bound(&self, value);
    while (self.bound || self.copies) {
        while (self.bound)
            unbind(&self, share_take_next(&self.bound));
        if (self.copies)
            share_fill(&self, share_take_next(&self.copies));
    }
    if (self.loop)
        vow__reap(self.loop, self.base);
    return value;
}
