/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Takes an http:// URL apart, and accepts only what can be connected to without asking for a name: a numeric
 * address, or "localhost". Nothing that it accepts can end a line of the request early.
 */
#include "http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The host of "host", "host:port" or "[host]:port". Returns what follows it; NULL when it is not numeric. */
static const char *parse_host(struct http_url *url)
{
    unsigned char address[sizeof(struct in6_addr)];
    bool is_ipv6 = url->authority[0] == '[';
    const char *text = url->authority + is_ipv6;
    size_t length = strcspn(text, is_ipv6 ? "]" : ":");
    if (length >= sizeof url->host)
        return NULL;
    memcpy(url->host, text, length);
    if (strcasecmp(url->host, "localhost") == 0)
        strcpy(url->host, "127.0.0.1");
    if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, url->host, address) != 1)
        return NULL;
    if (is_ipv6 && text[length] != ']')
        return NULL;
    return text + length + is_ipv6;
}

static bool parse_port(struct http_url *url, const char *text)
{
    if (*text == '\0')
        text = ":80";
    size_t length = strspn(text + 1, "0123456789");
    int port = length > 0 && length <= 5 ? atoi(text + 1) : 0;
    snprintf(url->port, sizeof url->port, "%d", port);
    return text[0] == ':' && text[1 + length] == '\0' && port > 0 && port <= 65535;
}

static bool parse_path(struct http_url *url, const char *text)
{
    size_t length = strcspn(text, "#"); /* a fragment is no part of a request */
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    const char *slash = length > 0 && text[0] == '/' ? "" : "/";
    int size = snprintf(url->path, sizeof url->path, "%s%.*s", slash, (int) length, text);
    return size >= 0 && size <= HTTP_PATH_LIMIT;
}

bool http_url_parse(struct http_url *url, const char *text)
{
    static const char scheme[] = "http://";
    memset(url, 0, sizeof *url);
    if (strncasecmp(text, scheme, strlen(scheme)) != 0)
        return false;
    const char *authority = text + strlen(scheme);
    size_t length = strcspn(authority, "/?#");
    if (length >= sizeof url->authority)
        return false;
    memcpy(url->authority, authority, length);
    const char *port = parse_host(url);
    return port && parse_port(url, port) && parse_path(url, authority + length);
}
