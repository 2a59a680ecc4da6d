/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* Parses the first line of an HTTP request or answer, and the words of all lines. See http_parse.h. */
#include "http_parse.h"

#include <string.h>
#include <strings.h>

size_t http_token_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && text[n] > ' ' && text[n] < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", text[n]))
        n++;
    return n;
}

bool http_is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_visible(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

/* "HTTP/1.1" and the like: 0, or the status that answers it. */
static int parse_version(struct http_head *head, const char *text, size_t length)
{
    if (length != 8 || memcmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7]))
        return http_refuse(head, 400, "the HTTP version is malformed");
    if (text[5] != '1')
        return http_refuse(head, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    head->minor = text[7] - '0';
    return 0;
}

/* Keeps the path of a target, which stays empty for a target that has none ("*", "host:port"). */
static int store_path(struct http_head *head, const char *target, size_t length)
{
    const char *end = target + length;
    if (length >= 7 && strncasecmp(target, "http://", 7) == 0) { /* as sent to a proxy: pass over the host */
        for (target += 7; target < end && *target != '/' && *target != '?'; target++)
            continue;
        if (target == end || *target == '?')
            head->path[0] = '/';
    }
    const char *query = memchr(target, '?', (size_t) (end - target));
    size_t size = (size_t) ((query ? query : end) - target);
    if (size > HTTP_PATH_LIMIT)
        return http_refuse(head, 414, "the path is too long");
    if (size > 0 && target[0] == '/')
        memcpy(head->path, target, size); /* the zero after it is there already */
    return 0;
}

int http_request_line(struct http_head *head, const char *line, size_t length)
{
    size_t method = http_token_length(line, length);
    if (method == 0 || method == length || line[method] != ' ')
        return http_refuse(head, 400, "the request line does not begin with a method");
    const char *target = line + method + 1;
    size_t rest = length - method - 1;
    const char *space = memchr(target, ' ', rest);
    if (!space || space == target || !all_visible(target, (size_t) (space - target)))
        return http_refuse(head, 400, "the request line is not 'method target version'");
    int status = parse_version(head, space + 1, rest - (size_t) (space - target) - 1);
    if (status != 0)
        return status;
    if (method < sizeof head->method)
        memcpy(head->method, line, method);
    return store_path(head, target, (size_t) (space - target));
}

int http_status_line(struct http_head *head, const char *line, size_t length)
{
    if (length < 12 || line[8] != ' ' || (length > 12 && line[12] != ' '))
        return http_refuse(head, 400, "the status line is malformed");
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) || line[9] == '0')
        return http_refuse(head, 400, "the status is not a number of three digits");
    head->status = 100 * (line[9] - '0') + 10 * (line[10] - '0') + (line[11] - '0');
    return parse_version(head, line, 8);
}
