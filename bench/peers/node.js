// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 the libvow authors
//
// Node's promises and async functions: node node.js <w1..w8> <n>
// Prints ns_per_op bytes_per_object checksum, as bench.h says.
'use strict';

let began, before, elapsed = 0, bytes = 0, checksum = 0;
const cpu = () => { const use = process.cpuUsage(); return (use.user + use.system) * 1000; };
const begin = () => { before = process.memoryUsage.rss(); began = cpu(); };
const end = () => { elapsed += cpu() - began; };
const alive = n => {
    const now = cpu();
    bytes = (process.memoryUsage.rss() - before) / n;
    began += cpu() - now;
};
let seed = 1n; // as bench_random()
const random = () => {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(seed >> 33n) / 0x80000000;
};

async function w1(n) {
    let first, chain = new Promise(resolve => { first = resolve; });
    begin();
    for (let i = 0; i < n; i++)
        chain = chain.then(value => value + 1);
    alive(n);
    first(0);
    checksum = await chain;
    end();
}

function w2(n) {
    return new Promise(done => {
        let left = n;
        const next = value => {
            checksum += value;
            if (--left)
                new Promise(resolve => resolve(left)).then(next);
            else
                done(end());
        };
        begin();
        new Promise(resolve => resolve(left)).then(next);
    });
}

async function w3(n) {
    const resolvers = new Array(n).fill(0), promises = new Array(n).fill(0);
    begin();
    for (let i = 0; i < n; i++)
        promises[i] = new Promise(resolve => { resolvers[i] = resolve; });
    const all = Promise.all(promises);
    for (let i = 0; i < n; i++)
        resolvers[i](i);
    alive(n);
    for (const value of await all)
        checksum += value;
    end();
}

async function w4(n) {
    const settled = Promise.resolve(3);
    begin();
    for (let i = 0; i < n; i++)
        checksum += await settled;
    end();
}

async function child(settled, number) {
    await settled;
    return number;
}

async function w5(n) {
    const settled = Promise.resolve(), tasks = new Array(n).fill(0);
    begin();
    for (let i = 0; i < n; i++)
        tasks[i] = child(settled, i);
    const all = Promise.all(tasks);
    alive(n);
    for (const value of await all)
        checksum += value;
    end();
}

async function w6(n) {
    const delays = Float64Array.from({ length: n }, () => random() * n / 1000), sleeps = new Array(n).fill(0);
    begin();
    for (let i = 0; i < n; i++)
        sleeps[i] = new Promise(resolve => setTimeout(resolve, delays[i]));
    const all = Promise.all(sleeps);
    alive(n);
    checksum = (await all).length;
    end();
}

const sum = values => values.reduce((a, b) => a + b, 0);

function skynet(first, leaves) {
    if (leaves === 1)
        return Promise.resolve(first);
    const children = new Array(10);
    for (let i = 0; i < 10; i++)
        children[i] = skynet(first + i * leaves / 10, leaves / 10);
    return Promise.all(children).then(sum);
}

async function w7(n) {
    begin();
    const root = skynet(0, n);
    alive(n);
    checksum = await root;
    end();
}

let underWay = []; // fake I/O that completes on the next turn
function io(value) {
    return new Promise(resolve => {
        if (!underWay.length)
            setImmediate(() => { const all = underWay; underWay = []; for (const [r, v] of all) r(v); });
        underWay.push([resolve, value]);
    });
}

async function upload(id) {
    let [blob, file] = await Promise.all([io(id + 1), io(0)]);
    const version = await io(blob + 1);
    if (!file) {
        const query = await io(version + 1);
        file = await io(query + 1);
    }
    const inserted = await io(file + 1);
    return io(inserted + version);
}

async function w8(n) {
    begin();
    for (let left = n; left > 0; left -= 10000) {
        const uploads = [];
        for (let i = 0; i < 10000; i++)
            uploads.push(upload(i));
        if (left === n)
            alive(10000);
        checksum = sum(await Promise.all(uploads));
    }
    end();
}

const n = Number(process.argv[3]);
({ w1, w2, w3, w4, w5, w6, w7, w8 })[process.argv[2]](n).then(() =>
    console.log((elapsed / n).toFixed(2), bytes.toFixed(1), checksum));
