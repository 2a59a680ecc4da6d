/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The clients of W12: w12_lines_client <port> <peers> <seconds>
 *
 * One client sends a line, waits for the answer, and sends the next: for so many seconds alone, and for as
 * many beside peers that send line feeds without end, and read what comes. Prints its median wait among them
 * and alone, in ns, and how often it was answered among them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { EVENTS = 64, CHUNK = 65536, WAITS_MAX = 1000000 };

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
        bench_fail("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* ---- The peers ----------------------------------------------------------------------------------------- */

/* As much as goes; what comes is thrown away. */
static void flood(int fd)
{
    static char feeds[CHUNK], answers[CHUNK];

    if (!feeds[0])
        memset(feeds, '\n', sizeof feeds);
    if (recv(fd, answers, sizeof answers, MSG_DONTWAIT) == 0)
        bench_fail("the server closed a connection");
    send(fd, feeds, sizeof feeds, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void flood_for_ever(int port, int peers, int told)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < peers; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.fd = connect_to(port)};

        epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        flood(event.data.fd);
    }
    if (write(told, "", 1) != 1)
        bench_fail("nobody waits for the flood");
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++)
            flood(events[i].data.fd);
    }
}

/* They are a process of their own, and have begun when this returns. */
static pid_t start_flood(int port, int peers)
{
    pid_t parent = getpid();
    int ends[2];
    char byte;
    pid_t child = -1;

    if (pipe(ends) || (child = fork()) < 0)
        bench_fail("cannot start the peers");
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            flood_for_ever(port, peers, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        bench_fail("the peers failed");
    close(ends[0]);
    return child;
}

/* ---- The client ---------------------------------------------------------------------------------------- */

static void ask(int fd)
{
    char answer[64];
    ssize_t count;

    if (send(fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
        bench_fail("cannot send");
    do
        count = recv(fd, answer, sizeof answer, 0);
    while (count > 0 && answer[count - 1] != '\n');
    if (count <= 0)
        bench_fail("the server closed a connection");
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *) a, other = *(const int64_t *) b;

    return (one > other) - (one < other);
}

/* The median; *count is how many there were, one at least. */
static int64_t measure(int fd, double seconds, int64_t *waits, size_t *count)
{
    int64_t end = now() + (int64_t) (seconds * 1e9);
    int64_t began = now();

    *count = 0;
    do {
        ask(fd);
        waits[*count] = now() - began;
        began += waits[(*count)++];
    } while (began < end && *count < WAITS_MAX);
    qsort(waits, *count, sizeof *waits, compare);
    return waits[*count / 2];
}

int main(int argc, char **argv)
{
    int64_t *waits = bench_array(WAITS_MAX, sizeof *waits);
    int64_t alone, among;
    size_t count;
    pid_t peers;
    int fd;

    if (argc != 4)
        bench_fail("usage: w12_lines_client <port> <peers> <seconds>");
    fd = connect_to(atoi(argv[1]));
    ask(fd);
    alone = measure(fd, atof(argv[3]), waits, &count);
    peers = start_flood(atoi(argv[1]), atoi(argv[2]));
    ask(fd); /* when all of them have been accepted */
    among = measure(fd, atof(argv[3]), waits, &count);
    kill(peers, SIGKILL);
    waitpid(peers, NULL, 0);
    free(waits);
    printf("%lld %lld %zu\n", (long long) among, (long long) alone, count);
    return 0;
}
