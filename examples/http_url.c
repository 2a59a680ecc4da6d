/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Takes an http:// URL apart: its host is a numeric address or a name. Nothing that it accepts can end a line
 * of the request early.
 */
#include "http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Letters, digits, hyphens and dots, as host names have; what ends in a number is an address, or nothing. */
static bool is_name(const char *text)
{
    size_t length = strlen(text);
    const char *last = strrchr(text, '.');
    if (length == 0 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != length)
        return false;
    last = last ? last + 1 : text;
    return *last != '\0' && strspn(last, "0123456789") == 0;
}

/* The host of "host", "host:port" or "[host]:port". Returns what follows it; NULL when it can be none. */
static const char *parse_host(struct http_url *url)
{
    unsigned char address[sizeof(struct in6_addr)];
    bool is_ipv6 = url->authority[0] == '[';
    const char *text = url->authority + is_ipv6;
    size_t length = strcspn(text, is_ipv6 ? "]" : ":");
    if (length >= sizeof url->host)
        return NULL;
    memcpy(url->host, text, length);
    if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, url->host, address) != 1 && (is_ipv6 || !is_name(url->host)))
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
