/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * The client of W9: w9_client <port> <connections> <seconds> <pid of the server>
 *
 * Each connection sends 64 bytes, waits until they have come back, and sends the next. Prints requests per
 * second, the server's CPU time for each in ns, and the sum of the bytes that were wrong, which is 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { MESSAGE = 64, EVENTS = 256 };

struct connection {
    int fd;
    size_t received; /* of the message that is under way */
    unsigned char number;
};

static int epoll;
static uint64_t requests, wrong;

static int64_t clock_of(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) < 0)
        bench_fail("the server is gone");
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static void send_message(struct connection *me)
{
    char bytes[MESSAGE];

    memset(bytes, ++me->number, sizeof bytes);
    if (send(me->fd, bytes, sizeof bytes, MSG_NOSIGNAL) != MESSAGE)
        bench_fail("cannot send");
}

static void receive(struct connection *me)
{
    unsigned char bytes[MESSAGE];
    ssize_t count = recv(me->fd, bytes, MESSAGE - me->received, 0);

    if (count < 0 && errno == EAGAIN)
        return;
    if (count <= 0)
        bench_fail("the server closed a connection");
    wrong += bytes[0] != me->number || bytes[count - 1] != me->number;
    me->received += (size_t) count;
    if (me->received < MESSAGE)
        return;
    me->received = 0;
    requests++;
    send_message(me);
}

static void begin(struct connection *me, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = me};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    me->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (me->fd < 0 || connect(me->fd, (struct sockaddr *) &address, sizeof address) < 0)
        bench_fail("cannot connect");
    setsockopt(me->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    epoll_ctl(epoll, EPOLL_CTL_ADD, me->fd, &event);
    send_message(me);
}

static void run_until(int64_t end)
{
    struct epoll_event events[EVENTS];

    while (clock_of(CLOCK_MONOTONIC) < end) {
        int count = epoll_wait(epoll, events, EVENTS, 100);

        for (int i = 0; i < count; i++)
            receive(events[i].data.ptr);
    }
}

static void measure(clockid_t server, double seconds)
{
    int64_t began, cpu;

    run_until(clock_of(CLOCK_MONOTONIC) + (int64_t) (seconds * 2e8)); /* a warm-up of a fifth */
    requests = 0;
    cpu = clock_of(server);
    began = clock_of(CLOCK_MONOTONIC);
    run_until(began + (int64_t) (seconds * 1e9));
    began = clock_of(CLOCK_MONOTONIC) - began;
    cpu = clock_of(server) - cpu;
    printf("%.0f %.1f %llu\n", (double) requests * 1e9 / (double) began, (double) cpu / (double) requests,
           (unsigned long long) wrong);
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    clockid_t server;

    if (argc != 5 || clock_getcpuclockid((pid_t) atoi(argv[4]), &server))
        bench_fail("usage: w9_client <port> <connections> <seconds> <pid of the server>");
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    size_t n = (size_t) atoi(argv[2]);
    struct connection *connections = calloc(n, sizeof *connections);
    if (!connections)
        bench_fail("out of memory");
    for (size_t i = 0; i < n; i++)
        begin(&connections[i], atoi(argv[1]));
    measure(server, atof(argv[3]));
    return wrong ? 1 : 0;
}
