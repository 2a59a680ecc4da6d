/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Prints the addresses of a service on hosts, all looked up at once: resolve SERVICE HOST...
 *
 * Shows: lookups, each with a deadline; vow_all_settled(), for which a failure is a result like any other.
 * The exit code is 0 if every host has an address.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <vow.h>

#define DEADLINE 10.0 /* seconds for each */

static void print_addresses(const char *host, const vow_list *addresses)
{
    char text[VOW_ADDRESS_TEXT_SIZE];
    printf("%s", host);
    for (size_t i = 0; i < vow_list_length(addresses); i++)
        printf(" %s", vow_address_format(vow_as_address(vow_list_at(addresses, i)), text, sizeof text));
    putchar('\n');
}

/* How many of the hosts have no address. */
static int print_all(char **hosts, const vow_list *outcomes)
{
    int failed = 0;
    for (size_t i = 0; i < vow_list_length(outcomes); i++) {
        const vow_value *outcome = vow_list_at(outcomes, i);
        if (!vow_is_error(outcome)) {
            print_addresses(hosts[i], vow_as_list(outcome));
            continue;
        }
        fprintf(stderr, "resolve: %s\n", vow_error_message(vow_as_error(outcome)));
        failed++;
    }
    return failed;
}

static vow_promise *look_up_all(vow_loop *loop, const char *service, size_t count, char **hosts)
{
    vow_promise **lookups = calloc(count, sizeof *lookups);
    if (!lookups)
        return vow_rejected(loop, vow_error_new(ENOMEM, "no memory for %zu hosts", count));
    for (size_t i = 0; i < count; i++)
        lookups[i] = vow_timeout(vow_lookup(loop, hosts[i], service), DEADLINE);
    vow_promise *all = vow_all_settled(loop, count, lookups);
    free(lookups);
    return all;
}

static int resolve(vow_loop *loop, const char *service, size_t count, char **hosts)
{
    vow_value outcomes;
    vow_error *error = vow_run(look_up_all(loop, service, count, hosts), &outcomes);
    if (error) {
        fprintf(stderr, "resolve: %s\n", vow_error_message(error));
        vow_error_unref(error);
        return 1;
    }
    int failed = print_all(hosts, vow_as_list(&outcomes));
    vow_value_drop(outcomes);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: resolve SERVICE HOST...\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    int status = resolve(loop, argv[1], (size_t) argc - 2, argv + 2);
    vow_loop_free(loop);
    vow_error_unref(vow_offload_shutdown(1)); /* a lookup that still hangs ends with the process */
    return status;
}
