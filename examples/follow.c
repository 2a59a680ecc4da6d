/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows growing files, as tail -F does: prints what is appended to each, from its end on (-b: from its
 * beginning), goes on when it is truncated or replaced, and waits for one that is not there.
 *
 *     follow [-b] FILE...
 *
 * There is one task for each file. It sleeps on a vow_watch, which misses no change between two awaits. It
 * finds out by looking what has changed: is this still the file of that name, is it shorter than what was
 * read of it? SIGINT and SIGTERM drop the tasks, whose VOW_FINALLY sections close what they hold.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vow.h>

struct follow {
    vow_task task;
    const char *path;
    bool from_beginning;
    vow_watch *watch;
    int fd;        /* -1 while there is no file */
    off_t read_to; /* how much of it was printed */
};

/* Whose bytes were printed last: with several files, each change of that has a headline. */
static const char *speaker;
static bool has_several;

static void print(const struct follow *me, const char *bytes, size_t size)
{
    if (has_several && speaker != me->path)
        printf("%s==> %s <==\n", speaker ? "\n" : "", me->path);
    speaker = me->path;
    fwrite(bytes, 1, size, stdout);
    fflush(stdout);
}

static void say(const struct follow *me, const char *what)
{
    fprintf(stderr, "follow: %s: %s\n", me->path, what);
}

/* Opens what has the name now. The beginning of a file that appears is news, too. */
static void open_file(struct follow *me, bool is_first)
{
    me->fd = open(me->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    me->read_to = 0;
    if (me->fd < 0 && (is_first || errno != ENOENT))
        say(me, strerror(errno));
    else if (me->fd >= 0 && is_first && !me->from_beginning)
        me->read_to = lseek(me->fd, 0, SEEK_END);
}

static void close_file(struct follow *me)
{
    if (me->fd >= 0)
        close(me->fd);
    me->fd = -1;
}

/* Whether what was opened is what has the name now. */
static bool is_same(const struct follow *me)
{
    struct stat opened, named;

    return me->fd >= 0 && fstat(me->fd, &opened) == 0 && stat(me->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static void begin_again_if_shorter(struct follow *me)
{
    struct stat status;

    if (fstat(me->fd, &status) == 0 && status.st_size < me->read_to) {
        say(me, "truncated");
        me->read_to = 0;
    }
}

/* Prints one piece more of the file; false at its end. */
static bool print_piece(struct follow *me)
{
    char bytes[16384];
    ssize_t count = me->fd < 0 ? 0 : pread(me->fd, bytes, sizeof bytes, me->read_to);

    if (count < 0)
        say(me, strerror(errno));
    if (count <= 0)
        return false;
    me->read_to += count;
    print(me, bytes, (size_t) count);
    return true;
}

/* A file that is replaced is printed to its end first: what was written to it last came before its successor.
 */
VOW_ASYNC(follow, me)
{
    VOW_BEGIN(me);
    me->fd = -1;
    me->watch = vow_watch_new(VOW_LOOP(me), me->path, 0);
    if (!me->watch)
        VOW_THROW(me, vow_error_new(errno, "%s: %s", me->path, strerror(errno)));
    open_file(me, true);
    for (;;) {
        if (me->fd >= 0)
            begin_again_if_shorter(me);
        while (print_piece(me))
            VOW_AWAIT(me, vow_yield(VOW_LOOP(me)));
        if (is_same(me)) {
            VOW_AWAIT(me, vow_watch_next(me->watch));
            continue;
        }
        if (me->fd < 0) {
            VOW_AWAIT(me, vow_watch_next(me->watch));
        } else {
            say(me, "replaced or removed");
            close_file(me);
        }
        if (vow_watch_stat(me->watch)->st_nlink)
            open_file(me, false);
    }
    VOW_FINALLY(me);
    close_file(me);
    vow_watch_free(me->watch);
    VOW_END(me);
}

static int usage(void)
{
    fputs("usage: follow [-b] FILE...\n", stderr);
    return 2;
}

/* All files at once, until a signal comes or one of them cannot be followed. */
static vow_error *follow_all(vow_loop *loop, vow_signals *end, char **paths, bool from_beginning)
{
    vow_promise *one = vow_signals_next(end);

    for (; *paths; paths++) {
        vow_promise *file = vow_async(loop, follow, .path = *paths, .from_beginning = from_beginning);
        one = vow_race_of(loop, one, file);
    }
    return vow_run(one, NULL);
}

int main(int argc, char **argv)
{
    bool from_beginning = argc > 1 && strcmp(argv[1], "-b") == 0;
    char **paths = argv + 1 + from_beginning;
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    vow_signals *end;
    vow_error *error;

    if (!*paths || (**paths == '-' && (*paths)[1]))
        return usage();
    end = loop ? vow_signals_of(loop, SIGINT, SIGTERM) : NULL;
    if (!end) {
        perror("follow");
        return 1;
    }
    has_several = paths[1] != NULL;
    error = follow_all(loop, end, paths, from_beginning);
    if (error)
        fprintf(stderr, "follow: %s\n", vow_error_message(error));
    vow_signals_free(end);
    vow_loop_free(loop);
    if (!error)
        return 0;
    vow_error_unref(error);
    return 1;
}
