// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each instruction does: one function an operation, as in instruction.c. It is called with the machine,
 * the instruction and the call at work, and returns SKIPPED if it did nothing.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const SKIPPED = Symbol('skipped');

/* Makes a promise from the one that is named first. */
function chained(make) {
    return (machine, {to, with: operands}) => {
        const promise = machine.promises[operands[0]];
        if (!promise)
            return SKIPPED;
        const call = machine.call(operands[1]);
        call.own = make(machine, promise, operands, call);
        machine.keep(to, call.own);
        return undefined;
    };
}

function combined(combine) {
    return (machine, {op, to, with: operands}) => {
        const inputs = operands.map(name => machine.promises[name]).filter(promise => promise);
        machine.keep(to, combine(inputs));
        machine.count(`${op} of ${inputs.length}`);
    };
}

function used(resolver, machine) {
    if (resolver.isUsed)
        machine.count('settle again');
    resolver.isUsed = true;
}

const STEPS = {
    new(machine, {to}) {
        const resolver = {isUsed: false};
        resolver.promise = new Promise((resolve, reject) => Object.assign(resolver, {resolve, reject}));
        machine.resolvers['r' + to.slice(1)] = resolver;
        machine.keep(to, resolver.promise);
    },
    resolved(machine, {to, with: [x]}, call) {
        machine.keep(to, new Promise((resolve, reject) => machine.settle({resolve, reject}, x, call)));
    },
    rejected(machine, {to, with: [e]}) {
        machine.keep(to, Promise.reject(Number(e.slice(1))));
    },
    try(machine, {to, with: [name]}) {
        machine.keep(to, new Promise(resolve => {
            machine.note(name, '');
            resolve(machine.run(machine.call(name)));
        }));
    },
    then: chained((machine, promise, [, name], call) => promise.then(machine.onFulfilled(name, call))),
    catch: chained((machine, promise, [, name], call) => promise.catch(machine.onRejected(name, call))),
    then_catch: chained((machine, promise, [, first, second], call) =>
        promise.then(machine.onFulfilled(first, call), machine.onRejected(second, call))),
    finally: chained((machine, promise, [, name], call) => promise.finally(machine.onFinally(name, call))),
    all: combined(inputs => Promise.all(inputs)),
    settled: combined(inputs => Promise.allSettled(inputs)),
    any: combined(inputs => Promise.any(inputs)),
    race: combined(inputs => Promise.race(inputs)),
    async(machine, {to, with: [name]}) {
        const call = machine.call(name);
        call.own = machine.body(call);
        machine.keep(to, call.own);
    },
    resolve(machine, {with: [r, x]}, call) {
        const resolver = machine.resolvers[r];
        if (!resolver)
            return SKIPPED;
        used(resolver, machine);
        machine.settle(resolver, x, call);
        return undefined;
    },
    reject(machine, {with: [r, e]}) {
        const resolver = machine.resolvers[r];
        if (!resolver)
            return SKIPPED;
        used(resolver, machine);
        resolver.reject(Number(e.slice(1)));
        return undefined;
    },
    ticks(machine, {with: [label, n]}) {
        machine.ticks(label, Number(n));
    },
    answer(machine, {with: [x]}, call) {
        if (!call.resolver)
            return SKIPPED;
        used(call.resolver, machine);
        machine.settle(call.resolver, x, call);
        return undefined;
    },
    keep(machine, {with: [r]}, call) {
        if (!call.resolver)
            return SKIPPED;
        machine.resolvers[r] = call.resolver;
        return undefined;
    },
    await: () => SKIPPED,
    try_await: () => SKIPPED,
};

module.exports = {SKIPPED, STEPS};
