/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * What the files of the redis example share: redis_command.c writes commands in the protocol of Redis (RESP),
 * redis_reply.c reads replies in it and prints them, redis.c has the conversation.
 */
#ifndef EXAMPLES_REDIS_H
#define EXAMPLES_REDIS_H

#include <stdio.h>
#include <vow.h>

/* All commands as the server wants them, and how many they are. */
struct commands {
    char *bytes; /* to be released with free(3) */
    size_t length;
    size_t count;
};

/* Reads commands, one from each line. Returns 0, or an errno value. */
int read_commands(struct commands *commands, FILE *in);

/* Reads one reply, with all that is in it, and prints it. The stream is lent. Rejects with EPROTO what is no
 * reply, and with VOW_EOF when there is none. */
VOW_NODISCARD vow_promise *print_reply(vow_loop *loop, vow_stream *stream);

#endif
