/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the release of values. Usually what a drop function drops goes before that function goes on. But once
 * many run inside one another, the innermost keeps lists of what is to go, on its own stack: calls of drop
 * functions, containers (lists and errors) and settled promises. What is dropped from then on is added to
 * these lists, and goes when the drop function that runs has returned.
 *
 * Containers and promises are linked by members of their own. A call can only be kept in an array. When that
 * is full and there is no memory for a larger one, the newest half is worked off early.
 */
#include "core/drop-private.h"

#include <string.h>

#include "base/allocator-private.h"
#include "core/error-private.h"
#include "core/list-private.h"

typedef struct drop_call {
    void (*drop)(void *pointer);
    void *pointer;
} drop_call;

/* How many drop functions run inside one another at most, as long as there is memory. */
#define NESTED 64
#define CALLS_INSIDE 16

struct vow__drops {
    vow__container *dying;          /* linked by `next` */
    vow__link *first, *last;        /* of settled promises, linked by `next`, in order */
    void (*pass)(vow__link *link);  /* called with each of them */
    drop_call *calls;               /* a stack */
    size_t count, capacity;         /* of `calls` */
    drop_call inside[CALLS_INSIDE]; /* where `calls` begins */
};

static _Thread_local vow__drops *drops_current; /* the innermost function's, if what is dropped is put off */
static _Thread_local unsigned nested;

/* Calls are taken from the end. So those that one call has added are reversed, to be made in the order in
 * which it added them. */
static void reverse(drop_call *calls, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        drop_call other = calls[i];

        calls[i] = calls[count - 1 - i];
        calls[count - 1 - i] = other;
    }
}

static void call(vow__drops *self, void (*drop)(void *pointer), void *pointer)
{
    size_t base = self->count;

    nested++;
    drop(pointer);
    nested--;
    if (self->count > base)
        reverse(self->calls + base, self->count - base);
}

static void call_last(vow__drops *self)
{
    drop_call last = self->calls[--self->count];

    call(self, last.drop, last.pointer);
}

static void free_calls(const vow__drops *self)
{
    if (self->calls != self->inside)
        vow__release(self->calls, self->capacity * sizeof *self->calls);
}

static bool grow(vow__drops *self)
{
    drop_call *larger = vow__allocate(2 * self->capacity * sizeof *larger);

    if (!larger)
        return false;
    memcpy(larger, self->calls, self->count * sizeof *larger);
    free_calls(self);
    self->calls = larger;
    self->capacity *= 2;
    return true;
}

static void add_call(vow__drops *self, void (*drop)(void *pointer), void *pointer)
{
    if (self->count == self->capacity && !grow(self))
        while (self->count > self->capacity / 2)
            call_last(self);
    self->calls[self->count++] = (drop_call){drop, pointer};
}

static void add_container(vow__drops *self, vow_value value)
{
    vow__container *container = value.u.pointer;

    container->is_error = value.type == &vow_type_error;
    container->next = self->dying;
    self->dying = container;
}

/* Whether a value is the last to hold what it stands for. If it is a reference to an error that others refer
 * to, too, gives that reference up. */
static bool is_last(vow_value value)
{
    return value.type != &vow_type_error || vow__error_is_last(value.u.pointer);
}

/* Drops a value inside a container that goes. */
static void drop_inner(vow__drops *self, vow_value value)
{
    if (vow__value_is_trivial(value) || !is_last(value))
        return;
    if (value.type->drop == vow__drop_container) {
        add_container(self, value);
        return;
    }
    call(self, value.type->drop, value.u.pointer);
    while (self->count)
        call_last(self);
}

static void list_release(vow__drops *self, vow_list *list)
{
    for (size_t i = 0; i < list->length; i++)
        drop_inner(self, list->items[i]);
    vow__list_release(list);
}

static void error_release(vow__drops *self, vow_error *error)
{
    if (error->cause)
        drop_inner(self, vow__value_of_error(error->cause));
    if (error->list)
        drop_inner(self, vow_own(error->list, &vow_type_list));
    vow__release(error, error->size);
}

static void release_container(vow__drops *self)
{
    vow__container *container = self->dying;

    self->dying = container->next;
    if (container->is_error)
        error_release(self, (vow_error *) container);
    else
        list_release(self, (vow_list *) container);
}

static void pass_first(vow__drops *self)
{
    vow__link *link = self->first;

    self->first = link->next;
    self->pass(link);
}

/* May run any drop function. */
static void work_off(vow__drops *self)
{
    for (;;) {
        if (self->count)
            call_last(self);
        else if (self->dying)
            release_container(self);
        else if (self->first)
            pass_first(self);
        else
            break;
    }
}

static void drops_begin(vow__drops *self)
{
    self->dying = NULL;
    self->first = NULL;
    self->calls = self->inside;
    self->count = 0;
    self->capacity = CALLS_INSIDE;
    if (nested >= NESTED)
        drops_current = self;
}

static void drops_end(vow__drops *self)
{
    work_off(self);
    drops_current = NULL;
    free_calls(self);
}

void vow__drop_call(void (*drop)(void *pointer), void *pointer)
{
    vow__drops self;

    if (drops_current) {
        add_call(drops_current, drop, pointer);
        return;
    }
    drops_begin(&self);
    call(&self, drop, pointer);
    drops_end(&self);
}

static void drop_container(vow_value value)
{
    vow__drops self;

    if (drops_current) {
        add_container(drops_current, value);
        return;
    }
    drops_begin(&self);
    add_container(&self, value);
    drops_end(&self);
}

const vow_type vow_type_list = {"list", vow__drop_container};
const vow_type vow_type_error = {"error", vow__drop_container};

void vow_value_drop(vow_value value)
{
    if (vow__value_is_trivial(value) || !is_last(value))
        return;
    if (value.type->drop == vow__drop_container)
        drop_container(value);
    else
        vow__drop_call(value.type->drop, value.u.pointer);
}

void vow__drop_container(void *container)
{
    (void) container;
}

bool vow__is_dropping(void)
{
    return drops_current != NULL;
}

void vow__drop_later(vow__link *link, void (*pass)(vow__link *link))
{
    vow__drops *self = drops_current;

    link->next = NULL;
    if (self->first)
        self->last->next = link;
    else
        self->first = link;
    self->last = link;
    self->pass = pass;
}

vow__drops *vow__drops_pause(void)
{
    vow__drops *self = drops_current;

    if (self)
        work_off(self);
    drops_current = NULL;
    return self;
}

void vow__drops_go_on(vow__drops *paused)
{
    drops_current = paused;
}
