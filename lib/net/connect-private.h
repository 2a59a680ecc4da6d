/* SPDX-License-Identifier: BSD-2-Clause */
/* Connects to one address, and to the best of several. */
#ifndef VOW_NET_CONNECT_PRIVATE_H
#define VOW_NET_CONNECT_PRIVATE_H

#include <vow/address.h>
#include <vow/error.h>
#include <vow/promise.h>

/* An error of a list of errors. */
static inline const vow_error *vow__error_at(const vow_list *errors, size_t i)
{
    return vow_as_error(vow_list_at(errors, i));
}

/* The promise of a connected stream socket; `function` is for messages. */
vow_promise *vow__connect_to(vow_loop *loop, const vow_address *address, const char *function,
                             const char *site);

/* The error when all attempts at a name have failed. `all` is the list of their errors, which is given; NULL
 * if there was no memory for it. */
vow_error *vow__connect_sum_up(vow_error *all, const char *name, const char *function, const char *site);

#endif
