/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * A client of Redis: redis [-p port | -s path] sends each line of its standard input as a command, without
 * waiting for the replies, and prints these as they come, in the style of redis-cli.
 *
 * Shows: a protocol of lines and counted bytes (RESP) on one stream, written and read at the same time; a
 * peer that breaks the protocol.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vow.h>

enum {
    INPUT_LIMIT = 1 << 20,  /* bytes of commands */
    WORD_LIMIT = 64,        /* words of one command */
    LINE_LIMIT = 65536,     /* bytes of a reply that is one line */
    STRING_LIMIT = 1 << 26, /* and of one that is counted */
    DEPTH_LIMIT = 8         /* of arrays in arrays */
};

/* ---- Commands ------------------------------------------------------------------------------------------ */

/* All commands as the server wants them, and how many they are. */
struct commands {
    char *bytes;
    size_t length;
    size_t count;
};

/* "GET x" as "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n". */
static void put_command(FILE *out, char *line, size_t *count)
{
    char *words[WORD_LIMIT], *rest = NULL;
    size_t n = 0;
    for (char *word = strtok_r(line, " \t\n", &rest); word && n < WORD_LIMIT;
         word = strtok_r(NULL, " \t\n", &rest))
        words[n++] = word;
    if (n == 0)
        return;
    fprintf(out, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
    (*count)++;
}

static bool read_commands(struct commands *commands, FILE *in)
{
    static char line[INPUT_LIMIT];
    FILE *out = open_memstream(&commands->bytes, &commands->length);
    if (!out)
        return false;
    while (fgets(line, sizeof line, in))
        put_command(out, line, &commands->count);
    return fclose(out) == 0;
}

/* ---- Replies ------------------------------------------------------------------------------------------- */

struct reply {
    vow_task task;
    vow_stream *stream;
    int depth;                   /* in how many arrays it is */
    long long left[DEPTH_LIMIT]; /* elements that are still to come, of each */
    long long length;
    char *text;
};

static void indent(const struct reply *me)
{
    printf("%*s", 2 * me->depth, "");
}

/* What is said in one line: a status, an error or a number. False when it is none of these. */
static bool print_line(const struct reply *me, const char *line)
{
    static const struct {
        char mark;
        const char *prefix;
    } kinds[] = {{'+', ""}, {'-', "(error) "}, {':', "(integer) "}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (line[0] == kinds[i].mark) {
            indent(me);
            printf("%s%s\n", kinds[i].prefix, line + 1);
            return true;
        }
    }
    return false;
}

/* The number of a line such as "$12"; false when it is not one, or too large. */
static bool parse_length(struct reply *me, const char *line, long long limit)
{
    char *end;
    me->length = strtoll(line + 1, &end, 10);
    return end != line + 1 && *end == '\0' && me->length >= -1 && me->length <= limit;
}

static void print_text(const struct reply *me)
{
    indent(me);
    putchar('"');
    fwrite(me->text, 1, (size_t) me->length, stdout);
    puts("\"");
}

static bool begin_array(struct reply *me)
{
    if (me->length <= 0) {
        indent(me);
        puts(me->length == 0 ? "(empty array)" : "(nil)");
        return true;
    }
    if (me->depth + 1 == DEPTH_LIMIT)
        return false;
    me->left[++me->depth] = me->length;
    return true;
}

static vow_error *malformed(void)
{
    return vow_error_new(EPROTO, "the server does not speak RESP");
}

/* Prints one reply, with all that is in it. */
VOW_ASYNC(reply, me)
{
    const char *line = NULL; /* good until the next await */

    VOW_BEGIN(me);
    me->left[0] = 1;
    while (me->depth > 0 || me->left[0] > 0) {
        if (me->left[me->depth] == 0) {
            me->depth--;
            continue;
        }
        me->left[me->depth]--;
        VOW_AWAIT(me, vow_stream_read_line(me->stream, LINE_LIMIT));
        if (vow_is_nil(VOW_RESULT(me)))
            VOW_THROW(me, vow_error_new_in(&vow_domain_vow, VOW_EOF, "the server has closed the connection"));
        line = vow_as_bytes(VOW_RESULT(me))->data;
        if (print_line(me, line))
            continue;
        if (!strchr("*$", line[0]) || !parse_length(me, line, STRING_LIMIT))
            VOW_THROW(me, malformed());
        if (line[0] == '*' || me->length < 0) {
            if (!begin_array(me))
                VOW_THROW(me, malformed());
            continue;
        }
        me->text = malloc((size_t) me->length + 2);
        if (!me->text)
            VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a reply"));
        VOW_AWAIT(me, vow_stream_read_exactly(me->stream, me->text, (size_t) me->length + 2));
        print_text(me);
        free(me->text);
        me->text = NULL;
    }
    VOW_FINALLY(me);
    free(me->text);
    VOW_END(me);
}

/* ---- The conversation ---------------------------------------------------------------------------------- */

struct talk {
    vow_task task;
    const char *port, *path;
    const struct commands *commands;
    vow_stream *stream;
    vow_promise *written;
    size_t answered;
};

VOW_ASYNC(talk, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, me->path ? vow_connect_unix(VOW_LOOP(me), me->path)
                           : vow_connect(VOW_LOOP(me), "127.0.0.1", me->port));
    me->stream = vow_stream_new(VOW_LOOP(me), vow_take_fd(VOW_RESULT(me)));
    if (!me->stream)
        VOW_THROW(me, vow_error_new(ENOMEM, "no memory for a stream"));
    me->written = vow_stream_write(me->stream, me->commands->bytes, me->commands->length);
    for (; me->answered < me->commands->count; me->answered++)
        VOW_AWAIT(me, vow_async(VOW_LOOP(me), reply, .stream = me->stream));
    VOW_AWAIT(me, vow_ref(me->written));
    VOW_FINALLY(me);
    vow_unref(me->written);
    vow_stream_free(me->stream);
    VOW_END(me);
}

static int usage(void)
{
    fprintf(stderr, "usage: redis [-p port | -s path of a socket] < commands\n");
    return 2;
}

static int run(const char *port, const char *path, const struct commands *commands)
{
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    vow_error *error = vow_run(vow_async(loop, talk, .port = port, .path = path, .commands = commands), NULL);
    if (error)
        fprintf(stderr, "redis: %s\n", vow_error_message(error));
    int status = error ? 1 : 0;
    vow_error_unref(error);
    vow_loop_free(loop);
    return status;
}

int main(int argc, char **argv)
{
    const char *port = "6379", *path = NULL;
    struct commands commands = {NULL, 0, 0};
    int option;
    while ((option = getopt(argc, argv, "p:s:")) != -1) {
        if (option == '?')
            return usage();
        *(option == 'p' ? &port : &path) = optarg;
    }
    if (argc != optind)
        return usage();
    if (!read_commands(&commands, stdin)) {
        perror("redis");
        return 1;
    }
    int status = run(port, path, &commands);
    free(commands.bytes);
    return status;
}
