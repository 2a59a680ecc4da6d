/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * Boost.Asio's awaitables (C++20): asio <w4..w8|echo> <n>. It has no promise to chain, so there is no W1 to W3.
 */
#include <cstdio>
#include <memory>
#include <utility> /* before Asio, which forgets it in some versions */
#include <vector>

#include <boost/asio.hpp>

#include "peer.h"

namespace asio = boost::asio;
using asio::awaitable;
using asio::detached;
using asio::use_awaitable;
using asio::ip::tcp;

static asio::io_context context(1);
static uint64_t sum;

static void run()
{
    context.restart();
    context.run();
}

static awaitable<void> await_n(size_t n)
{
    for (; n > 0; n--) {
        co_await asio::post(use_awaitable);
        sum += 3;
    }
}

static void w4(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    asio::co_spawn(context, await_n(bench->n), detached);
    run();
    bench_end(bench);
    bench->checksum += sum;
}

static awaitable<int64_t> child(int64_t number)
{
    co_await asio::post(use_awaitable);
    co_return number;
}

static void w5(struct bench *bench)
{
    bench_begin(bench);
    std::vector<int64_t> values(bench->n);
    for (size_t i = 0; i < bench->n; i++)
        asio::co_spawn(context, child((int64_t) i),
                       [&values, i](std::exception_ptr, int64_t value) { values[i] = value; });
    bench_alive(bench);
    run();
    for (auto value : values)
        bench->checksum += (uint64_t) value;
    bench_end(bench);
}

static awaitable<void> sleep(int64_t us)
{
    asio::steady_timer timer(context, std::chrono::microseconds(us));

    co_await timer.async_wait(use_awaitable);
    sum++;
}

static void w6(struct bench *bench)
{
    uint64_t seed = 1;

    sum = 0;
    bench_begin(bench);
    for (size_t i = 0; i < bench->n; i++)
        asio::co_spawn(context, sleep((int64_t) ((uint64_t) bench->n * bench_random(&seed) >> 31)), detached);
    context.restart();
    asio::post(context, [bench]() { bench_alive(bench); });
    context.run();
    bench_end(bench);
    bench->checksum += sum;
}

struct node {
    node *parent;
    int64_t sum;
    int left;
};

/* A child of `parent` is done. */
static void add(node *parent, int64_t value)
{
    while (parent) {
        node *done = parent;

        done->sum += value;
        if (--done->left)
            return;
        value = done->sum;
        parent = done->parent;
        delete done;
    }
    sum = (uint64_t) value;
}

static awaitable<int64_t> leaf(int64_t number)
{
    co_return number;
}

static void skynet(node *parent, int64_t first, size_t leaves)
{
    if (leaves == 1) {
        asio::co_spawn(context, leaf(first), [parent](std::exception_ptr, int64_t value) { add(parent, value); });
        return;
    }
    auto me = new node{parent, 0, 10};
    for (size_t i = 0; i < 10; i++)
        skynet(me, first + (int64_t) (i * leaves / 10), leaves / 10);
}

static void w7(struct bench *bench)
{
    bench_begin(bench);
    skynet(nullptr, 0, bench->n);
    bench_alive(bench);
    run();
    bench_end(bench);
    bench->checksum += sum;
}

/* Fake I/O that completes on the next turn. */
struct operation {
    virtual ~operation() = default;
    virtual void complete() = 0;
};

template <typename Handler> struct operation_of : operation {
    Handler handler;
    int64_t value;

    operation_of(Handler &&h, int64_t v) : handler(std::move(h)), value(v)
    {
    }
    void complete() override
    {
        handler(value);
    }
};

static std::vector<std::unique_ptr<operation>> under_way;

static void complete_all()
{
    auto all = std::move(under_way);

    under_way.clear();
    for (auto &one : all)
        one->complete();
}

template <typename Token> static auto fake_io(int64_t value, Token &&token)
{
    return asio::async_initiate<Token, void(int64_t)>(
        [](auto handler, int64_t result) {
            if (under_way.empty())
                asio::post(context, complete_all);
            under_way.push_back(std::make_unique<operation_of<decltype(handler)>>(std::move(handler), result));
        },
        token, value);
}

static awaitable<int64_t> upload(int64_t id)
{
    int64_t blob = 0;

    fake_io(id + 1, [&blob](int64_t value) { blob = value; }); /* it completes before the one that is awaited */
    int64_t file = co_await fake_io(0, use_awaitable);
    int64_t version = co_await fake_io(blob + 1, use_awaitable);
    if (!file) {
        int64_t query = co_await fake_io(version + 1, use_awaitable);
        file = co_await fake_io(query + 1, use_awaitable);
    }
    int64_t inserted = co_await fake_io(file + 1, use_awaitable);
    co_return co_await fake_io(inserted + version, use_awaitable);
}

static void w8(struct bench *bench)
{
    bench_begin(bench);
    std::vector<int64_t> values(bench->n);
    for (size_t i = 0; i < bench->n; i++)
        asio::co_spawn(context, upload((int64_t) i),
                       [&values, i](std::exception_ptr, int64_t value) { values[i] = value; });
    bench_alive(bench);
    run();
    for (auto value : values)
        bench->checksum += (uint64_t) value;
    bench_end(bench);
}

static awaitable<void> serve(tcp::socket socket)
{
    char bytes[1024];

    socket.set_option(tcp::no_delay(true));
    for (;;) {
        size_t count = co_await socket.async_read_some(asio::buffer(bytes), use_awaitable);

        co_await asio::async_write(socket, asio::buffer(bytes, count), use_awaitable);
    }
}

static awaitable<void> listen()
{
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});

    printf("%u\n", acceptor.local_endpoint().port());
    fflush(stdout);
    for (;;)
        asio::co_spawn(context, serve(co_await acceptor.async_accept(use_awaitable)), detached);
}

int main(int argc, char **argv)
{
    static const struct peer peers[] = {{"w4", w4}, {"w5", w5}, {"w6", w6},
                                        {"w7", w7}, {"w8", w8}, {nullptr, nullptr}};

    if (argc == 2 && strcmp(argv[1], "echo") == 0) {
        asio::co_spawn(context, listen(), detached);
        context.run();
        return 1;
    }
    return peer_main(argc, argv, peers);
}
