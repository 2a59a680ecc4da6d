/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns errors. An error and its message are one allocation, and its references are counted for all threads.
 * Once it is shared, only the sites that it passes are added.
 */
#include "core/error-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "core/list-private.h"

static const char *describe_errno(int code)
{
    return strerror(code);
}

static const char *describe_vow(int code)
{
    switch (code) {
    case VOW_EOF:
        return "the stream ended too early";
    case VOW_EAGGREGATE:
        return "every promise was rejected";
    default:
        return NULL;
    }
}

const vow_domain vow_domain_errno = {"errno", describe_errno};
const vow_domain vow_domain_vow = {"vow", describe_vow};

vow_error vow__error_no_memory = {
    .domain = &vow_domain_errno, .refs = 1, .code = ENOMEM, .message = "out of memory"};
vow_error vow__error_self = {
    .domain = &vow_domain_errno, .refs = 1, .code = ELOOP, .message = "a promise cannot follow itself"};
vow_error vow__error_cancelled = {
    .domain = &vow_domain_errno, .refs = 1, .code = ECANCELED, .is_quiet = true, .message = "cancelled"};

/* Takes the first free place; if another thread is quicker, the next. A site is not noted twice in a row. */
void vow__error_pass(vow_error *error, const char *site)
{
    const char *last = NULL;

    if (!error->size || !site)
        return;
    for (size_t i = 0; i < VOW__ERROR_SITES; i++) {
        const char *here = atomic_load_explicit(&error->sites[i], memory_order_acquire);

        if (!here && last && strcmp(last, site) == 0)
            return;
        if (!here && atomic_compare_exchange_strong_explicit(&error->sites[i], &here, site,
                                                             memory_order_acq_rel, memory_order_acquire))
            return;
        last = here;
    }
}

/* An error with room for a message of `length` bytes, or NULL. */
static vow_error *error_alloc(const vow_domain *domain, int code, size_t length)
{
    size_t size = sizeof(vow_error) + length + 1;
    vow_error *error = vow__allocate(size);

    if (!error)
        return NULL;
    memset(error, 0, sizeof *error);
    error->domain = domain;
    error->size = size;
    atomic_init(&error->refs, 1);
    error->code = code;
    error->message = (char *) (error + 1);
    return error;
}

vow_error *vow__error_make(const char *function, const char *site, const vow_domain *domain, int code,
                           vow_error *cause, const char *format, va_list arguments)
{
    va_list measured;
    vow_error *error;
    int length;

    if (!domain)
        vow__misuse_null(function, "domain", site);
    if (!format)
        vow__misuse_null(function, "format", site);
    va_copy(measured, arguments);
    length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    error = error_alloc(domain, code, length < 0 ? 0 : (size_t) length);
    if (!error) {
        vow_error_unref(cause);
        return NULL;
    }
    vsnprintf((char *) (error + 1), error->size - sizeof *error, format, arguments);
    error->cause = cause;
    vow__error_pass(error, site);
    return error;
}

vow_error *vow__error_new_or(vow_error *fallback, const char *site, int code, const char *format, ...)
{
    va_list arguments;
    vow_error *error;

    va_start(arguments, format);
    error = vow__error_make("vow_error_new", site, &vow_domain_errno, code, NULL, format, arguments);
    va_end(arguments);
    return error ? error : fallback;
}

vow_error *vow_error_new_at(const char *site, int code, const char *format, ...)
{
    va_list arguments;
    vow_error *error;

    va_start(arguments, format);
    error = vow__error_make("vow_error_new", site, &vow_domain_errno, code, NULL, format, arguments);
    va_end(arguments);
    return error ? error : &vow__error_no_memory;
}

vow_error *vow_error_new_in_at(const char *site, const vow_domain *domain, int code, const char *format, ...)
{
    va_list arguments;
    vow_error *error;

    va_start(arguments, format);
    error = vow__error_make("vow_error_new_in", site, domain, code, NULL, format, arguments);
    va_end(arguments);
    return error ? error : &vow__error_no_memory;
}

vow_error *vow_error_wrap_at(const char *site, vow_error *cause, int code, const char *format, ...)
{
    va_list arguments;
    vow_error *error;

    va_start(arguments, format);
    error = vow__error_make("vow_error_wrap", site, &vow_domain_errno, code, cause, format, arguments);
    va_end(arguments);
    return error ? error : &vow__error_no_memory;
}

vow_error *vow__error_new_aggregate(const char *site, size_t length)
{
    static const char message[] = "every promise was rejected";
    vow_error *error = error_alloc(&vow_domain_vow, VOW_EAGGREGATE, sizeof message - 1);

    if (!error)
        return NULL;
    error->list = vow__list_new(length);
    if (!error->list) {
        vow_error_unref(error);
        return NULL;
    }
    memcpy(error + 1, message, sizeof message);
    vow__error_pass(error, site);
    return error;
}

static void check_error(const vow_error *error, const char *function, const char *site)
{
    if (VOW_UNLIKELY(!error))
        vow__misuse_null(function, "error", site);
}

vow_error *vow_error_ref_at(const vow_error *error, const char *site)
{
    vow_error *mine = (vow_error *) error;

    check_error(error, "vow_error_ref", site);
    if (!mine->size)
        return mine;
    if (VOW_UNLIKELY(atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed) >= VOW__REFS_MAX))
        vow__misuse_at("vow_error_ref", vow_error_site(mine, 0), site,
                       "the error has more references than can be counted");
    return mine;
}

void vow_error_unref(vow_error *error)
{
    if (error)
        vow_value_drop(vow__value_of_error(error));
}

bool vow_error_is_at(const vow_error *error, const vow_domain *domain, int code, const char *site)
{
    if (!domain)
        vow__misuse_null("vow_error_is", "domain", site);
    return error && error->domain == domain && error->code == code;
}

int vow_error_code_at(const vow_error *error, const char *site)
{
    check_error(error, "vow_error_code", site);
    return error->code;
}

const vow_domain *vow_error_domain_at(const vow_error *error, const char *site)
{
    check_error(error, "vow_error_domain", site);
    return error->domain;
}

const char *vow_error_message_at(const vow_error *error, const char *site)
{
    check_error(error, "vow_error_message", site);
    return error->message;
}

const vow_error *vow_error_cause_at(const vow_error *error, const char *site)
{
    check_error(error, "vow_error_cause", site);
    return error->cause;
}

const vow_list *vow_error_list_at(const vow_error *error, const char *site)
{
    check_error(error, "vow_error_list", site);
    return error->list;
}

const char *vow_error_site_at(const vow_error *error, size_t index, const char *site)
{
    check_error(error, "vow_error_site", site);
    return index < VOW__ERROR_SITES ? atomic_load_explicit(&error->sites[index], memory_order_acquire) : NULL;
}
