/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026 the libvow authors */
/*
 * KJ, the promises of Cap'n Proto: kj <w1..w8|echo> <n>. A promise of its is lazy until it is asked for, so
 * what is to run by itself is evaluated eagerly.
 */
#include <kj/async-io.h>
#include <kj/async.h>
#include <kj/vector.h>

#include <cstdio>

#include "peer.h"

static kj::AsyncIoContext *io;
static uint64_t sum;

static kj::WaitScope &scope()
{
    return io->waitScope;
}

static void w1(struct bench *bench)
{
    bench_begin(bench);
    auto first = kj::newPromiseAndFulfiller<int64_t>();
    kj::Promise<int64_t> chain = kj::mv(first.promise);
    for (size_t i = 0; i < bench->n; i++)
        chain = chain.then([](int64_t value) { return value + 1; }).eagerlyEvaluate(nullptr);
    bench_alive(bench);
    first.fulfiller->fulfill(0);
    bench->checksum += (uint64_t) chain.wait(scope());
    bench_end(bench);
}

static void w2(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t i = bench->n; i > 0; i--) {
        auto pair = kj::newPromiseAndFulfiller<int64_t>();
        auto promise = pair.promise.then([](int64_t value) { sum += (uint64_t) value; });

        pair.fulfiller->fulfill((int64_t) i);
        promise.wait(scope());
    }
    bench_end(bench);
    bench->checksum += sum;
}

static void w3(struct bench *bench)
{
    bench_begin(bench);
    kj::Vector<kj::Own<kj::PromiseFulfiller<int64_t>>> fulfillers(bench->n);
    auto promises = kj::heapArrayBuilder<kj::Promise<int64_t>>(bench->n);
    for (size_t i = 0; i < bench->n; i++) {
        auto pair = kj::newPromiseAndFulfiller<int64_t>();

        promises.add(kj::mv(pair.promise));
        fulfillers.add(kj::mv(pair.fulfiller));
    }
    auto all = kj::joinPromises(promises.finish());
    for (size_t i = 0; i < bench->n; i++)
        fulfillers[i]->fulfill((int64_t) i);
    bench_alive(bench);
    for (auto value : all.wait(scope()))
        bench->checksum += (uint64_t) value;
    bench_end(bench);
}

static kj::Promise<void> await_again(size_t left)
{
    sum += 3;
    return left > 1 ? kj::evalLater([left]() { return await_again(left - 1); }) : kj::Promise<void>(kj::READY_NOW);
}

static void w4(struct bench *bench)
{
    sum = 0;
    bench_begin(bench);
    for (size_t left = bench->n; left > 0;) {
        size_t count = left < 1000 ? left : 1000; /* a longer chain of returned promises is slower */

        await_again(count).wait(scope());
        left -= count;
    }
    bench_end(bench);
    bench->checksum += sum;
}

static void w5(struct bench *bench)
{
    bench_begin(bench);
    auto promises = kj::heapArrayBuilder<kj::Promise<int64_t>>(bench->n);
    for (size_t i = 0; i < bench->n; i++)
        promises.add(kj::evalLater([i]() { return (int64_t) i; }));
    auto all = kj::joinPromises(promises.finish());
    bench_alive(bench);
    for (auto value : all.wait(scope()))
        bench->checksum += (uint64_t) value;
    bench_end(bench);
}

static void w6(struct bench *bench)
{
    uint64_t seed = 1;

    bench_begin(bench);
    auto promises = kj::heapArrayBuilder<kj::Promise<void>>(bench->n);
    for (size_t i = 0; i < bench->n; i++) {
        auto us = (int64_t) ((uint64_t) bench->n * bench_random(&seed) >> 31);

        promises.add(io->provider->getTimer().afterDelay(us * kj::MICROSECONDS));
    }
    auto all = kj::joinPromises(promises.finish());
    bench_alive(bench);
    all.wait(scope());
    bench_end(bench);
    bench->checksum += bench->n;
}

static kj::Promise<int64_t> skynet(int64_t first, size_t leaves)
{
    if (leaves == 1)
        return first;
    auto children = kj::heapArrayBuilder<kj::Promise<int64_t>>(10);
    for (size_t i = 0; i < 10; i++)
        children.add(skynet(first + (int64_t) (i * leaves / 10), leaves / 10));
    return kj::joinPromises(children.finish()).then([](kj::Array<int64_t> values) {
        int64_t total = 0;

        for (auto value : values)
            total += value;
        return total;
    });
}

static void w7(struct bench *bench)
{
    bench_begin(bench);
    auto root = skynet(0, bench->n);
    bench_alive(bench);
    bench->checksum += (uint64_t) root.wait(scope());
    bench_end(bench);
}

/* Fake I/O that completes on the next turn. */
struct under_way {
    kj::Own<kj::PromiseFulfiller<int64_t>> fulfiller;
    int64_t value;
};

static kj::Vector<under_way> operations;

static void complete_all()
{
    auto all = kj::mv(operations);

    operations = kj::Vector<under_way>();
    for (auto &operation : all)
        operation.fulfiller->fulfill(kj::mv(operation.value));
}

static kj::Promise<int64_t> fake_io(int64_t value)
{
    auto pair = kj::newPromiseAndFulfiller<int64_t>();

    if (operations.size() == 0)
        kj::evalLast([]() { complete_all(); }).detach([](kj::Exception &&) {});
    operations.add(under_way{kj::mv(pair.fulfiller), value});
    return kj::mv(pair.promise);
}

static kj::Promise<int64_t> upload(int64_t id)
{
    auto both = kj::heapArrayBuilder<kj::Promise<int64_t>>(2);

    both.add(fake_io(id + 1));
    both.add(fake_io(0));
    return kj::joinPromises(both.finish()).then([](kj::Array<int64_t> values) {
        int64_t file = values[1];

        return fake_io(values[0] + 1).then([file](int64_t version) {
            auto found = file ? kj::Promise<int64_t>(file) : fake_io(version + 1).then([](int64_t query) {
                return fake_io(query + 1);
            });

            return found.then([](int64_t file) { return fake_io(file + 1); }).then([version](int64_t inserted) {
                return fake_io(inserted + version);
            });
        });
    });
}

static void w8(struct bench *bench)
{
    bench_begin(bench);
    auto promises = kj::heapArrayBuilder<kj::Promise<int64_t>>(bench->n);
    for (size_t i = 0; i < bench->n; i++)
        promises.add(upload((int64_t) i).eagerlyEvaluate(nullptr));
    auto all = kj::joinPromises(promises.finish());
    bench_alive(bench);
    for (auto value : all.wait(scope()))
        bench->checksum += (uint64_t) value;
    bench_end(bench);
}

static kj::Promise<void> serve(kj::Own<kj::AsyncIoStream> stream)
{
    auto bytes = kj::heapArray<char>(1024);
    auto &at = *stream;

    return at.tryRead(bytes.begin(), 1, bytes.size()).then([stream = kj::mv(stream), bytes = kj::mv(bytes)](
                                                               size_t count) mutable -> kj::Promise<void> {
        if (count == 0)
            return kj::READY_NOW;
        auto written = stream->write(bytes.begin(), count);

        return written.then([stream = kj::mv(stream), bytes = kj::mv(bytes)]() mutable {
            return serve(kj::mv(stream));
        });
    });
}

static kj::Promise<void> accept_all(kj::ConnectionReceiver &listener)
{
    return listener.accept().then([&listener](kj::Own<kj::AsyncIoStream> stream) {
        int on = 1;

        stream->setsockopt(6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, &on, sizeof on);
        serve(kj::mv(stream)).detach([](kj::Exception &&) {});
        return accept_all(listener);
    });
}

static int echo()
{
    auto address = io->provider->getNetwork().parseAddress("127.0.0.1").wait(scope());
    auto listener = address->listen();

    printf("%u\n", listener->getPort());
    fflush(stdout);
    accept_all(*listener).wait(scope());
    return 1;
}

int main(int argc, char **argv)
{
    static const struct peer peers[] = {{"w1", w1}, {"w2", w2}, {"w3", w3}, {"w4", w4},        {"w5", w5},
                                        {"w6", w6}, {"w7", w7}, {"w8", w8}, {nullptr, nullptr}};
    auto context = kj::setupAsyncIo();

    io = &context;
    if (argc == 2 && strcmp(argv[1], "echo") == 0)
        return echo();
    return peer_main(argc, argv, peers);
}
