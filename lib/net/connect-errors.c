/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the error for when every address failed. */
#include <errno.h>
#include <string.h>

#include "base/text-private.h"
#include "core/error-private.h"
#include "net/connect-private.h"

#define REASONS_SIZE 600

/* Whether an error says only that this machine cannot reach the address, whoever is there. */
static bool is_no_way(int code)
{
    return code == ENETUNREACH || code == EHOSTUNREACH || code == EADDRNOTAVAIL || code == EAFNOSUPPORT;
}

/* The code of the first attempt that got anywhere; if none did, that of the first. */
static int code_of(const vow_list *errors)
{
    for (size_t i = 0; i < vow_list_length(errors); i++)
        if (!is_no_way(vow_error_code(vow__error_at(errors, i))))
            return vow_error_code(vow__error_at(errors, i));
    return vow_error_code(vow__error_at(errors, 0));
}

/* "[::1]:80: Connection refused; 127.0.0.1:80: Connection refused": the messages, without the function. */
static void add_reasons(vow__text *text, const vow_list *errors, const char *function)
{
    size_t prefix = strlen(function);

    for (size_t i = 0; i < vow_list_length(errors); i++) {
        const char *message = vow_error_message(vow__error_at(errors, i));
        bool has_prefix = strncmp(message, function, prefix) == 0;

        vow__text_add(text, "%s%s", i ? "; " : "", has_prefix ? message + prefix + strlen(": ") : message);
    }
}

vow_error *vow__connect_sum_up(vow_error *all, const char *name, const char *function, const char *site)
{
    char reasons[REASONS_SIZE] = "";
    vow__text text = {NULL, reasons, sizeof reasons, 0};
    const vow_list *errors;
    vow_error *cause;
    int code;

    if (!all)
        return &vow__error_no_memory;
    errors = vow_error_list(all);
    code = code_of(errors);
    add_reasons(&text, errors, function);
    cause = vow_error_ref(vow_list_length(errors) == 1 ? vow__error_at(errors, 0) : all);
    vow_error_unref(all);
    return vow_error_wrap_at(site, cause, code, "%s: %s: %s", function, name, reasons);
}
