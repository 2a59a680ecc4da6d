/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of the chat server share: chat.c accepts clients, chat_client.c has a task for each of them,
 * chat_room.c knows who is there, chat_text.c has what is said.
 */
#ifndef EXAMPLES_CHAT_H
#define EXAMPLES_CHAT_H

#include <vow.h>

enum {
    NAME_LIMIT = 32,  /* bytes */
    LINE_LIMIT = 512, /* bytes */
    GRACE_SECONDS = 2 /* for clients to read what is left */
};

/* A text that may be lent to many streams. It goes when the last of them has written it. */
struct text;

/* Makes a text, as printf(3). NULL if there is no memory; the other functions take that for no text. */
VOW_PRINTF(1, 2) struct text *text_new(const char *format, ...);

/* Writes a text to a stream. If that fails, it is the stream's reader who finds out. */
void text_write(struct text *text, vow_stream *stream);

/* Gives a text up. */
void text_unref(struct text *text);

/* Somebody in the room. */
struct member {
    vow_stream *stream;
    unsigned missed; /* texts since it was last up to date */
    struct member *next;
};

void room_join(struct member *member);

/* Does nothing if the member is not in the room. */
void room_leave(const struct member *member);

/* Tells all but one, who may be NULL. The text is given away. */
void room_tell(const struct member *speaker, struct text *text);

/* Tells all that this is the end. Each gets what waits for it, then the end of its stream. */
void room_close(void);

/* Serves a client from its name to its end: the vow_serve_fn of the server. */
vow_promise *chat_client(vow_loop *loop, vow_value *connection, void *data);

#endif
