/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Replaces a text in files, as sed -i does, and says how often: replace OLD NEW FILE...
 *
 * Shows: files that are read and written on threads. Whoever opens a file meanwhile finds the old content or
 * the new one, whole; the same is true after a failure or a crash.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vow.h>

enum { SIZE_LIMIT = 1 << 28 };

struct change {
    const char *from, *to;
};

/* Bytes of any kind, with every `from` in them replaced; NULL when there is no memory. */
static char *substitute(const vow_bytes *old, const struct change *change, size_t *length, int *count)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (!out)
        return NULL;
    const char *at = old->data, *end = old->data + old->length, *hit;
    size_t skip = strlen(change->from);
    for (*count = 0; (hit = memmem(at, (size_t) (end - at), change->from, skip)); ++*count) {
        fwrite(at, 1, (size_t) (hit - at), out);
        fputs(change->to, out);
        at = hit + skip;
    }
    fwrite(at, 1, (size_t) (end - at), out);
    bool has_failed = ferror(out);
    if (fclose(out) == 0 && !has_failed)
        return text;
    free(text);
    return NULL;
}

struct replace {
    vow_task task;
    const struct change *change;
    const char *path;
    int count;
};

VOW_ASYNC(replace, me)
{
    VOW_BEGIN(me);
    VOW_AWAIT(me, vow_file_read(VOW_LOOP(me), me->path, SIZE_LIMIT));
    size_t length;
    char *text = substitute(vow_as_bytes(VOW_RESULT(me)), me->change, &length, &me->count);
    if (!text)
        VOW_THROW(me, vow_error_new(ENOMEM, "%s: no memory for its new text", me->path));
    vow_promise *written = me->count ? vow_file_write(VOW_LOOP(me), me->path, text, length)
                                     : vow_resolved(VOW_LOOP(me), vow_nil());
    free(text); /* it was copied */
    VOW_AWAIT(me, written);
    printf("%s: %d\n", me->path, me->count);
    VOW_END(me);
}

/* Prints the error, if there is one. True if there is none. */
static bool is_fine(vow_error *error)
{
    if (!error)
        return true;
    fprintf(stderr, "replace: %s\n", vow_error_message(error));
    vow_error_unref(error);
    return false;
}

/* One file after the other. If one fails, the others are changed nevertheless. */
int main(int argc, char **argv)
{
    if (argc < 4 || !*argv[1]) {
        fputs("usage: replace OLD NEW FILE...\n", stderr);
        return 2;
    }
    vow_loop *loop = vow_loop_new(EV_DEFAULT);
    if (!loop)
        return 1;
    const struct change change = {argv[1], argv[2]};
    bool all_fine = true;
    for (char **path = argv + 3; *path; path++)
        if (!is_fine(vow_run(vow_async(loop, replace, .change = &change, .path = *path), NULL)))
            all_fine = false;
    vow_loop_free(loop);
    if (!is_fine(vow_offload_shutdown(5)))
        all_fine = false;
    return all_fine ? 0 : 1;
}
