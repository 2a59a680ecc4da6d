/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of connecting by name share: addresses where nobody answers, addresses where everybody is
 * refused, and a record of which addresses the library has tried.
 *
 * Copyright (c) 2026 the libvow authors
 */
#ifndef VOW_TEST_ATTEMPTS_H
#define VOW_TEST_ATTEMPTS_H

#include "support.h"

/* A port that nobody listens on, at whatever address, and the system says so at once. */
int refusing_port(void);
/* A listener at one address, with such a port: the other addresses refuse it. */
int listen_alone(fixture *f, const char *host, int *port);

/* A listener whose queue is full: who connects waits. */
struct silent {
    int listener, port;
    vow_promise *queued[4];
};

void open_silent(fixture *f, struct silent *silent, const char *host, int port);
void close_silent(struct silent *silent);

/* From now on, the addresses that connect(2) is called for are noted in the log of the fixture, without their
 * port; with NULL no longer. */
void note_attempts(fixture *f);

/* The next socket that is connected to an IP address has got that for its own: what the system may choose
 * where nobody has it. */
void connect_next_to_itself(void);

#endif
