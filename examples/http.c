/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Parses the head of an HTTP message, one line at a time. See http.h for what it supports.
 *
 * If a message could be read in two ways, this server and another program on the way could see different
 * requests in the same bytes. So it refuses such a message.
 */
#include "http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {418, "I'm a teapot"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *http_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

const vow_domain http_domain = {"HTTP", http_reason};

void http_head_init(struct http_head *head, bool is_response)
{
    memset(head, 0, sizeof *head);
    head->is_response = is_response;
    head->content_length = HTTP_UNKNOWN_LENGTH;
}

bool http_keeps_alive(const struct http_head *head)
{
    return !head->close && (head->minor > 0 || head->keep_alive);
}

static int refuse(struct http_head *head, int status, const char *problem)
{
    head->problem = problem;
    return status;
}

/* How many bytes of `text` are of a token (RFC 9110, 5.6.2). */
static size_t token_length(const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && text[n] > ' ' && text[n] < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", text[n]))
        n++;
    return n;
}

static bool all_visible(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1" and the like: 0, or the status that answers it. */
static int parse_version(struct http_head *head, const char *text, size_t length)
{
    if (length != 8 || memcmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7]))
        return refuse(head, 400, "the HTTP version is malformed");
    if (text[5] != '1')
        return refuse(head, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
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
        return refuse(head, 414, "the path is too long");
    if (size > 0 && target[0] == '/')
        memcpy(head->path, target, size); /* the zero after it is there already */
    return 0;
}

static int parse_request_line(struct http_head *head, const char *line, size_t length)
{
    size_t method = token_length(line, length);
    if (method == 0 || method == length || line[method] != ' ')
        return refuse(head, 400, "the request line does not begin with a method");
    const char *target = line + method + 1;
    size_t rest = length - method - 1;
    const char *space = memchr(target, ' ', rest);
    if (!space || space == target || !all_visible(target, (size_t) (space - target)))
        return refuse(head, 400, "the request line is not 'method target version'");
    int status = parse_version(head, space + 1, rest - (size_t) (space - target) - 1);
    if (status != 0)
        return status;
    if (method < sizeof head->method)
        memcpy(head->method, line, method);
    return store_path(head, target, (size_t) (space - target));
}

static int parse_status_line(struct http_head *head, const char *line, size_t length)
{
    if (length < 12 || line[8] != ' ' || (length > 12 && line[12] != ' '))
        return refuse(head, 400, "the status line is malformed");
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]) || line[9] == '0')
        return refuse(head, 400, "the status is not a number of three digits");
    head->status = 100 * (line[9] - '0') + 10 * (line[10] - '0') + (line[11] - '0');
    return parse_version(head, line, 8);
}

static int parse_length(struct http_head *head, const char *value, size_t length)
{
    if (head->content_length != HTTP_UNKNOWN_LENGTH)
        return refuse(head, 400, "there is more than one Content-Length");
    if (length == 0)
        return refuse(head, 400, "the Content-Length is empty");
    for (size_t i = 0; i < length; i++)
        if (!is_digit(value[i]))
            return refuse(head, 400, "the Content-Length is not a number");
    if (length > HTTP_LENGTH_DIGITS)
        return refuse(head, 413, "the Content-Length is beyond all measure");
    head->content_length = 0;
    for (size_t i = 0; i < length; i++)
        head->content_length = head->content_length * 10 + (value[i] - '0');
    return 0;
}

static int parse_host(struct http_head *head, const char *value, size_t length)
{
    head->hosts++;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char) value[i]) && !strchr("-._~%!$&'()*+;=:[]", value[i]))
            return refuse(head, 400, "the Host is malformed");
    return 0;
}

/* One of the comma-separated words of Connection. */
static void connection_option(struct http_head *head, const char *word, size_t length)
{
    if (length == 5 && strncasecmp(word, "close", 5) == 0)
        head->close = true;
    if (length == 10 && strncasecmp(word, "keep-alive", 10) == 0)
        head->keep_alive = true;
}

static int parse_connection(struct http_head *head, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t word = token_length(value + i, length - i);
        connection_option(head, value + i, word);
        i += word;
    }
    return 0;
}

static int parse_transfer_encoding(struct http_head *head, const char *value, size_t length)
{
    (void) value;
    (void) length;
    head->transfer_encoding = true; /* whether it is 400 or 501 depends on the other fields */
    return 0;
}

static int parse_expect(struct http_head *head, const char *value, size_t length)
{
    if (length == 12 && strncasecmp(value, "100-continue", 12) == 0)
        head->expects_continue = true;
    return 0;
}

static const struct {
    const char *name;
    int (*parse)(struct http_head *head, const char *value, size_t length);
} known_fields[] = {
    {"Content-Length", parse_length}, {"Transfer-Encoding", parse_transfer_encoding},
    {"Connection", parse_connection}, {"Host", parse_host},
    {"Expect", parse_expect},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int parse_field(struct http_head *head, const char *line, size_t length)
{
    size_t name = token_length(line, length);
    if (++head->fields > HTTP_FIELD_LIMIT)
        return refuse(head, 431, "there are too many header lines");
    if (is_blank(line[0]))
        return refuse(head, 400, "a header line is folded");
    if (name == 0 || name == length || line[name] != ':')
        return refuse(head, 400, "a header line is not 'name: value'");
    const char *value = line + name + 1, *end = line + length;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    for (const char *c = value; c < end; c++)
        if (((unsigned char) *c < ' ' && *c != '\t') || *c == 0x7f)
            return refuse(head, 400, "a header line contains a control character");
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++)
        if (strlen(known_fields[i].name) == name && strncasecmp(known_fields[i].name, line, name) == 0)
            return known_fields[i].parse(head, value, (size_t) (end - value));
    return 0;
}

static bool is_implemented(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

/* What can be said only when all fields are known. */
static int check_request(struct http_head *head)
{
    if (head->hosts > 1 || (head->minor > 0 && head->hosts == 0))
        return refuse(head, 400, "there is not exactly one Host");
    if (head->transfer_encoding && (head->content_length != HTTP_UNKNOWN_LENGTH || head->minor == 0))
        return refuse(head, 400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0");
    if (head->transfer_encoding)
        return refuse(head, 501, "a Transfer-Encoding is not supported in requests");
    if (head->content_length > HTTP_BODY_LIMIT)
        return refuse(head, 413, "the body is too large");
    if (!is_implemented(head->method))
        return refuse(head, 501, "only GET, HEAD and POST are implemented");
    if (head->path[0] != '/')
        return refuse(head, 400, "the target has no path");
    return 0;
}

static int check_response(struct http_head *head)
{
    if (head->transfer_encoding)
        return refuse(head, 501, "a Transfer-Encoding is not supported in answers");
    if (head->status < 200)
        return refuse(head, 501, "interim answers are not supported");
    return 0;
}

static int first_line(struct http_head *head, const char *line, size_t length)
{
    if (length == 0) /* a stray line end after the body before this is common */
        return head->blank_lines++ == 0 && !head->is_response ? 0
                                                              : refuse(head, 400, "there is no first line");
    head->started = true;
    return head->is_response ? parse_status_line(head, line, length) : parse_request_line(head, line, length);
}

static int last_line(struct http_head *head)
{
    head->complete = true;
    return head->is_response ? check_response(head) : check_request(head);
}

int http_head_line(struct http_head *head, const char *line, size_t length)
{
    head->size += length;
    if (head->size > HTTP_HEAD_LIMIT)
        return refuse(head, 431, "the header lines are too large");
    if (length < 2 || line[length - 2] != '\r' || line[length - 1] != '\n')
        return refuse(head, 400, "a line does not end in CR LF");
    length -= 2;
    if (!head->started)
        return first_line(head, line, length);
    return length == 0 ? last_line(head) : parse_field(head, line, length);
}
