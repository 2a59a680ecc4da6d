# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""Python's asyncio: asyncio_peer.py [--uvloop] <w1..w8|echo> [n]

Prints ns_per_op bytes_per_object checksum, as bench.h says; echo is the server of W9 and prints its port.
"""
import asyncio
import os
import socket
import sys
import time

SEED = 1


def random():  # as bench_random()
    global SEED
    SEED = (SEED * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
    return (SEED >> 33) / 0x80000000


def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Bench:
    elapsed = 0
    bytes = 0.0

    def begin(self):
        self.before = rss()
        self.began = time.process_time_ns()

    def alive(self, n):
        now = time.process_time_ns()
        self.bytes = (rss() - self.before) / n
        self.began += time.process_time_ns() - now

    def end(self):
        self.elapsed += time.process_time_ns() - self.began


def then(future, function):
    after = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda done: after.set_result(function(done.result())))
    return after


async def w1(bench, n):
    first = chain = asyncio.get_running_loop().create_future()
    bench.begin()
    for _ in range(n):
        chain = then(chain, lambda value: value + 1)
    bench.alive(n)
    first.set_result(0)
    checksum = await chain
    bench.end()
    return checksum


async def w2(bench, n):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left, checksum = n, 0

    def next_one(value):
        nonlocal left, checksum
        checksum += value
        left -= 1
        if not left:
            done.set_result(None)
            return
        future = loop.create_future()
        then(future, next_one)
        future.set_result(left)

    bench.begin()
    future = loop.create_future()
    then(future, next_one)
    future.set_result(left)
    await done
    bench.end()
    return checksum


async def w3(bench, n):
    loop = asyncio.get_running_loop()
    bench.begin()
    futures = [loop.create_future() for _ in range(n)]
    gathered = asyncio.gather(*futures)
    for i, future in enumerate(futures):
        future.set_result(i)
    bench.alive(n)
    checksum = sum(await gathered)
    bench.end()
    return checksum


async def w4(bench, n):
    checksum = 0
    bench.begin()
    for _ in range(n):
        await asyncio.sleep(0)  # an await of a settled future does not wait at all
        checksum += 3
    bench.end()
    return checksum


async def child(number):
    await asyncio.sleep(0)
    return number


async def w5(bench, n):
    bench.begin()
    tasks = [asyncio.create_task(child(i)) for i in range(n)]
    gathered = asyncio.gather(*tasks)
    bench.alive(n)
    checksum = sum(await gathered)
    bench.end()
    return checksum


async def w6(bench, n):
    delays = [random() * n / 1e6 for _ in range(n)]
    bench.begin()
    tasks = [asyncio.create_task(asyncio.sleep(delay)) for delay in delays]
    gathered = asyncio.gather(*tasks)
    await asyncio.sleep(0)
    bench.alive(n)
    checksum = len(await gathered)
    bench.end()
    return checksum


async def skynet(first, leaves):
    if leaves == 1:
        return first
    under = leaves // 10
    return sum(await asyncio.gather(*[skynet(first + i * under, under) for i in range(10)]))


async def w7(bench, n):
    bench.begin()
    checksum = await skynet(0, n)
    bench.end()
    return checksum


UNDER_WAY = []  # fake I/O that completes on the next turn


def complete():
    every, UNDER_WAY[:] = UNDER_WAY[:], []
    for future, value in every:
        future.set_result(value)


def fake_io(value):
    loop = asyncio.get_running_loop()
    if not UNDER_WAY:
        loop.call_soon(complete)
    future = loop.create_future()
    UNDER_WAY.append((future, value))
    return future


async def upload(number):
    blob, file = await asyncio.gather(fake_io(number + 1), fake_io(0))
    version = await fake_io(blob + 1)
    if not file:
        query = await fake_io(version + 1)
        file = await fake_io(query + 1)
    inserted = await fake_io(file + 1)
    return await fake_io(inserted + version)


async def w8(bench, n):
    bench.begin()
    for _ in range(max(1, n // 10000)):
        checksum = sum(await asyncio.gather(*[upload(i) for i in range(10000)]))
    bench.end()
    return checksum


async def serve(reader, writer):
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def echo():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(arguments):
    if arguments[0] == "--uvloop":
        import uvloop

        uvloop.install()
        arguments = arguments[1:]
    if arguments[0] == "echo":
        asyncio.run(echo())
        return
    bench, n = Bench(), int(arguments[1])
    checksum = asyncio.run(globals()[arguments[0]](bench, n))
    print(f"{bench.elapsed / n:.2f} {bench.bytes:.1f} {checksum}")


main(sys.argv[1:])
