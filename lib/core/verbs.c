/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a handler may return besides a plain value: to follow a promise, to throw an error. Also the values
 * that need memory, since without memory they are a throw.
 */
#include <stdarg.h>
#include <string.h>

#include "base/allocator-private.h"
#include "base/misuse-private.h"
#include "core/bytes-private.h"
#include "core/error-private.h"
#include "core/promise-private.h"
#include "core/thenable-private.h"

static void drop_follow(void *pointer)
{
    vow_unref(pointer);
}

static void drop_throw(void *pointer)
{
    vow_error_unref(pointer);
}

const vow_type vow__verbs[] = {
    {"follow", drop_follow}, {"throw", drop_throw}, {"thenable", vow__foreign_drop}};

vow_value vow_follow_at(vow_promise *promise, const char *site)
{
    vow__check_promise(promise, "vow_follow", site);
    return vow_own(promise, &vow__type_follow);
}

vow_value vow_throw_at(vow_error *error, const char *site)
{
    if (!error)
        vow__misuse_null("vow_throw", "error", site);
    return vow_own(error, &vow__type_throw);
}

vow_value vow_throwf_at(const char *site, int code, const char *format, ...)
{
    va_list arguments;
    vow_error *error;

    va_start(arguments, format);
    error = vow__error_make("vow_throwf", site, &vow_domain_errno, code, NULL, format, arguments);
    va_end(arguments);
    return vow_throw(error ? error : &vow__error_no_memory);
}

vow_value vow_strdup(const char *string)
{
    char *copy;

    if (!string)
        return vow_nil();
    copy = vow__allocate(strlen(string) + 1);
    if (!copy)
        return vow_throw(&vow__error_no_memory);
    return vow_own(strcpy(copy, string), &vow_type_str);
}

vow_value vow_bytes_copy_at(const void *data, size_t size, const char *site)
{
    vow__bytes *bytes;

    vow__check_bytes(data, size, "vow_bytes_copy", site);
    bytes = vow__bytes_new(size);
    if (!bytes)
        return vow_throw(&vow__error_no_memory);
    if (size)
        memcpy(bytes->data, data, size);
    vow__bytes_set_length(bytes, size);
    return vow__bytes_value(bytes);
}
