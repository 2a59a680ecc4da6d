/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * An HTTP server on the loopback interface: http_server [-t seconds] [-i seconds] [-g seconds] [port]
 *
 * Shows: a server for thousands of connections, and an orderly end on SIGINT and SIGTERM: idle connections
 * end at once, the others get some time.
 */
#define _POSIX_C_SOURCE 200809L
#include "http_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

double http_request_seconds = 10;
double http_idle_seconds = 60;
static double grace_seconds = 0.5; /* after SIGINT or SIGTERM: for what is under way */

static vow_error *serve(vow_loop *loop, const char *port)
{
    vow_value listener;
    vow_error *error = vow_run(vow_listen(loop, "127.0.0.1", port, 0), &listener);
    if (error)
        return error;
    vow_promise *end = vow_race_of(loop, vow_signal(loop, SIGINT), vow_signal(loop, SIGTERM));
    printf("listening on http://127.0.0.1:%d/\n", vow_socket_port(vow_as_fd(&listener)));
    fflush(stdout);
    vow_server server;
    vow_promise *served = vow_serve(loop, &server, listener, http_connection, NULL);
    error = vow_run(vow_race_of(loop, vow_ref(served), end), NULL);
    if (error) {
        vow_unref(served);
        return error;
    }
    http_connections_stop();
    vow_server_stop(&server, grace_seconds);
    return vow_run(served, NULL);
}

/* Each connection takes a descriptor, and the usual limit is a low one. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return *end == '\0' && *seconds > 0 && *seconds < 1e6;
}

static bool parse_option(int option)
{
    if (option == 't')
        return parse_seconds(optarg, &http_request_seconds);
    if (option == 'i')
        return parse_seconds(optarg, &http_idle_seconds);
    return option == 'g' && parse_seconds(optarg, &grace_seconds);
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "t:i:g:")) != -1 && parse_option(option))
        continue;
    if (option != -1 || argc - optind > 1) {
        fputs(
            "usage: http_server [-t seconds for a request] [-i idle seconds] [-g seconds of grace] [port]\n",
            stderr);
        return 2;
    }
    raise_descriptor_limit();
    struct ev_loop *ev = EV_DEFAULT;
    vow_loop *loop = ev ? vow_loop_new(ev) : NULL;
    if (!loop)
        return 1;
    vow_error *error = serve(loop, optind < argc ? argv[optind] : "8080");
    vow_loop_free(loop);
    ev_loop_destroy(ev);
    if (!error)
        return 0;
    fprintf(stderr, "http_server: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return 1;
}
