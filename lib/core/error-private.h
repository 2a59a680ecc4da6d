/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of an error, and the errors that need no memory. Those who have an error may be on several
 * threads. So what is written after it was shared is atomic: the count of its references and the sites it
 * passed.
 */
#ifndef VOW_CORE_ERROR_PRIVATE_H
#define VOW_CORE_ERROR_PRIVATE_H

#include <stdarg.h>
#include <stdatomic.h>

#include <vow/error.h>

#include "core/value-private.h"

#define VOW__ERROR_SITES 6

struct vow_error {
    vow__container container;
    const vow_domain *domain;
    vow_error *cause;
    vow_list *list;
    size_t
        size; /* of the allocation; 0 for a static error, which is shared by threads and never written to */
    atomic_uint refs;
    int code;
    bool is_quiet;                                 /* made by cancelling: never reported as unhandled */
    _Atomic(const char *) sites[VOW__ERROR_SITES]; /* NULL behind the last one */
    const char *message;                           /* behind the struct, unless static */
};

extern vow_error vow__error_no_memory; /* ENOMEM */
extern vow_error vow__error_self;      /* ELOOP: a promise that was to follow itself */
extern vow_error vow__error_cancelled; /* ECANCELED, by vow_cancel() or by freeing the loop */

/* Notes a place that the error passed. Places that do not fit are left out. Other threads may do the same at
 * the same time. */
void vow__error_pass(vow_error *error, const char *site);
/* An aggregate without errors yet, and room for `length`; NULL when there is no memory. */
vow_error *vow__error_new_aggregate(const char *site, size_t length);
/* As vow_error_new(), but gives `fallback` when there is no memory. */
vow_error *vow__error_new_or(vow_error *fallback, const char *site, int code, const char *format, ...)
    VOW_PRINTF(4, 5);
/* An error on behalf of a public function. NULL when there is no memory, and then the cause is let go. */
vow_error *vow__error_make(const char *function, const char *site, const vow_domain *domain, int code,
                           vow_error *cause, const char *format, va_list arguments) VOW_PRINTF(6, 0);
/* Gives up a reference, and says whether it was the last. If it is the only one, no other thread can use the
 * error, so the count can stay as it is. */
static inline bool vow__error_is_last(vow_error *error)
{
    return error->size && (atomic_load_explicit(&error->refs, memory_order_acquire) == 1 ||
                           atomic_fetch_sub_explicit(&error->refs, 1, memory_order_acq_rel) == 1);
}

#endif
