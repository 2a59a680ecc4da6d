/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Who is in the room of the chat server. Shows: a slow reader, who holds up nobody and costs no more than a
 * fixed amount of memory. It misses what would be too much, and is told how much that was.
 */
#include "chat.h"

enum { WAITING_LIMIT = 65536 }; /* bytes that may wait for one member, see vow_stream_queued() */

static struct member *members;

void room_join(struct member *member)
{
    member->next = members;
    members = member;
}

void room_leave(const struct member *member)
{
    for (struct member **place = &members; *place; place = &(*place)->next) {
        if (*place == member) {
            *place = member->next;
            return;
        }
    }
}

static void tell_what_was_missed(struct member *member)
{
    struct text *text = text_new("* you have missed %u lines\n", member->missed);
    member->missed = 0;
    text_write(text, member->stream);
    text_unref(text);
}

static void tell(struct member *member, struct text *text)
{
    if (vow_stream_queued(member->stream) > WAITING_LIMIT) {
        member->missed++;
        return;
    }
    if (member->missed)
        tell_what_was_missed(member);
    text_write(text, member->stream);
}

void room_tell(const struct member *speaker, struct text *text)
{
    for (struct member *member = members; member; member = member->next)
        if (member != speaker)
            tell(member, text);
    text_unref(text);
}

void room_close(void)
{
    room_tell(NULL, text_new("* goodbye\n"));
    for (struct member *member = members; member; member = member->next)
        vow_forget(vow_stream_shutdown(member->stream));
}
