/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Connects to a service on several hosts at once and prints which of them took the connection first: first
 * SERVICE HOST...
 *
 * Shows: vow_any(), which drops those that come later, and an error that says for each host why it failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

#define DEADLINE 10.0 /* seconds for all of them */

/* The name takes the place of the connection, which is closed. */
static vow_value name(vow_value *connection, void *host)
{
    (void) connection;
    return vow_ptr(host);
}

static vow_promise *connect_to_any(vow_loop *loop, const char *service, size_t count, char **hosts)
{
    vow_promise **attempts = calloc(count, sizeof *attempts);
    if (!attempts)
        return vow_rejected(loop, vow_error_new(ENOMEM, "no memory for %zu hosts", count));
    for (size_t i = 0; i < count; i++)
        attempts[i] = vow_then(vow_connect(loop, hosts[i], service), name, hosts[i]);
    vow_promise *any = vow_any(loop, count, attempts);
    free(attempts);
    return vow_timeout(any, DEADLINE);
}

/* When all have failed the error has a list of theirs. */
static void complain(const vow_error *error)
{
    const vow_list *each = vow_error_list(error);
    if (!each)
        fprintf(stderr, "first: %s\n", vow_error_message(error));
    for (size_t i = 0; i < vow_list_length(each); i++)
        fprintf(stderr, "first: %s\n", vow_error_message(vow_as_error(vow_list_at(each, i))));
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: first SERVICE HOST...\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_value host;
    vow_error *error = vow_run(connect_to_any(loop, argv[1], (size_t) argc - 2, argv + 2), &host);
    if (error)
        complain(error);
    else
        puts(vow_as_ptr(&host));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    vow_error_unref(vow_offload_shutdown(1)); /* a lookup that still hangs ends with the process */
    return status;
}
