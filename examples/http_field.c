/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/* Parses a header line of an HTTP message. See http_parse.h. */
#include "http_parse.h"

#include <ctype.h>
#include <string.h>

static int parse_length(struct http_head *head, const char *value, size_t length)
{
    if (head->content_length != HTTP_UNKNOWN_LENGTH)
        return http_refuse(head, 400, "there is more than one Content-Length");
    if (length == 0)
        return http_refuse(head, 400, "the Content-Length is empty");
    head->content_length = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char) value[i]))
            return http_refuse(head, 400, "the Content-Length is not a number");
        if (i < HTTP_LENGTH_DIGITS)
            head->content_length = head->content_length * 10 + (value[i] - '0');
    }
    return length > HTTP_LENGTH_DIGITS ? http_refuse(head, 413, "the Content-Length is beyond all measure")
                                       : 0;
}

static int parse_host(struct http_head *head, const char *value, size_t length)
{
    head->hosts++;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char) value[i]) && !strchr("-._~%!$&'()*+;=:[]", value[i]))
            return http_refuse(head, 400, "the Host is malformed");
    return 0;
}

/* The words are separated by commas. */
static int parse_connection(struct http_head *head, const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t word = http_token_length(value + i, length - i);
        if (http_is_word(value + i, word, "close"))
            head->close = true;
        if (http_is_word(value + i, word, "keep-alive"))
            head->keep_alive = true;
        i += word;
    }
    return 0;
}

static int parse_transfer_encoding(struct http_head *head, const char *value, size_t length)
{
    (void) value, (void) length;
    head->transfer_encoding = true; /* whether it is 400 or 501 depends on the other fields */
    return 0;
}

static int parse_expect(struct http_head *head, const char *value, size_t length)
{
    if (http_is_word(value, length, "100-continue"))
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

int http_field(struct http_head *head, const char *line, size_t length)
{
    size_t name = http_token_length(line, length);
    if (++head->fields > HTTP_FIELD_LIMIT)
        return http_refuse(head, 431, "there are too many header lines");
    if (is_blank(line[0]))
        return http_refuse(head, 400, "a header line is folded");
    if (name == 0 || name == length || line[name] != ':')
        return http_refuse(head, 400, "a header line is not 'name: value'");
    const char *value = line + name + 1, *end = line + length;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    for (const char *c = value; c < end; c++)
        if (((unsigned char) *c < ' ' && *c != '\t') || *c == 0x7f)
            return http_refuse(head, 400, "a header line contains a control character");
    for (size_t i = 0; i < sizeof known_fields / sizeof known_fields[0]; i++)
        if (http_is_word(line, name, known_fields[i].name))
            return known_fields[i].parse(head, value, (size_t) (end - value));
    return 0;
}
