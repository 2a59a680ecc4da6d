// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs programs with the promises of the JavaScript engine and gives their traces. With instruction.js it is
 * what machine.c, outcome.c, interpret.c, instruction.c and body.c are for libvow, to be read side by side.
 * An instruction that names a promise or a resolver that is not there is skipped, and a block that is not
 * there is empty, so that any part of a program can be left out.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const {SKIPPED, STEPS} = require('./instruction.js');
const {named} = require('./program.js');
const {showError, showValue} = require('./show.js');

/* After so many instructions no more are run: handlers that attach themselves again would go on for ever. */
const MOST_STEPS = 400;

/* One call of a block: how it came about, and what its outcome is for. */
class Call {
    constructor(block) {
        this.block = block;
        this.own = null;        /* the promise that its outcome settles */
        this.input = undefined; /* the value that it was called with */
        this.error = undefined; /* or the error: then hasError is true */
        this.hasError = false;
        this.isFinally = false;
        this.result = null;     /* of a body: the operand of the `return` that ended it */
        this.resolver = null;   /* of a thenable */
    }
}

class Machine {
    constructor(program, counts) {
        this.program = program;
        this.blocks = program.blocks;
        this.counts = counts;
        this.promises = {};
        this.resolvers = {};
        this.made = []; /* every promise that was ever named: [name, promise] */
        this.steps = 0;
        this.trace = []; /* one entry for each call of a handler, and each await that goes on */
    }

    call(block) {
        return new Call(block);
    }

    count(what) {
        this.counts[what] = (this.counts[what] || 0) + 1;
    }

    mayStep() {
        return this.steps++ < MOST_STEPS;
    }

    note(where, input) {
        this.trace.push(`${where}(${input})`);
    }

    keep(name, promise) {
        this.promises[name] = promise;
        this.made.push([name, promise]);
    }

    /* ---- Outcomes -------------------------------------------------------------------------------------- */

    /* `settled` is the promise that the outcome settles, where the program names it. */
    follow(name, call, settled) {
        const promise = this.promises[name];
        if (!promise)
            return undefined;
        if (promise === settled) {
            if (call.isFinally && settled === call.own)
                return undefined; /* see the README, "Where libvow differs" */
            this.count('follow itself');
        }
        this.count('follow');
        return promise;
    }

    /* The input of the call once more. Lists are not copied. */
    again(call) {
        if (call.hasError) {
            this.count('throw again');
            throw call.error;
        }
        return typeof call.input === 'number' ? call.input : undefined;
    }

    /* What an operand x stands for; throws what it throws. */
    outcome(x, call, settled) {
        switch (x[0]) {
        case '!':
            this.count('throw');
            throw Number(x.slice(1));
        case '~':
            return this.follow(x.slice(1), call, settled);
        case 't':
            this.count('follow a thenable');
            return {then: (resolve, reject) => this.subscribe(x, {resolve, reject})};
        case 'n':
            return undefined;
        case 'i':
            return this.again(call);
        default:
            return Number(x);
        }
    }

    settle(resolver, x, call) {
        let value;
        try {
            value = this.outcome(x, call, resolver.promise);
        } catch (error) {
            resolver.reject(error);
            return;
        }
        resolver.resolve(value);
    }

    /* ---- Blocks that cannot await ---------------------------------------------------------------------- */

    run(call) {
        for (const instruction of this.blocks[call.block] || []) {
            if (!this.mayStep())
                return undefined;
            if (instruction.op === 'return') {
                this.count('return');
                return this.outcome(instruction.with[0], call, call.own);
            }
            this.step(instruction, call);
        }
        return undefined;
    }

    onFulfilled(name, call) {
        if (name === '-')
            return undefined;
        return value => {
            call.block = name;
            call.input = value;
            this.note(name, showValue(value));
            return this.run(call);
        };
    }

    onRejected(name, call) {
        if (name === '-')
            return undefined;
        return error => {
            call.block = name;
            call.error = error;
            call.hasError = true;
            this.note(name, showError(error));
            return this.run(call);
        };
    }

    onFinally(name, call) {
        if (name === '-')
            return undefined;
        call.isFinally = true;
        return () => {
            this.note(name, '');
            const result = this.run(call);
            if (result && result.then)
                this.count('finally waits');
            return result;
        };
    }

    /* The then() of a thenable. */
    subscribe(name, resolver) {
        const call = this.call(name);
        call.resolver = resolver;
        this.note(name, '');
        try {
            this.run(call);
        } catch (error) {
            this.count('thenable throws');
            throw error;
        }
    }

    /* ---- Async bodies ---------------------------------------------------------------------------------- */

    /* The promise that an await waits for, or null if it is skipped: no body may await its own promise. */
    awaited(instruction, call) {
        const promise = this.promises[instruction.with[0]];
        if (!promise || promise === call.own)
            return null;
        this.count(instruction.op);
        return promise;
    }

    /* Runs the instructions of one section of a body, and stops at each await. */
    *section(name, call) {
        const block = this.blocks[name] || [];
        call.result = null;
        for (let i = 0; i < block.length && this.mayStep(); i++) {
            const instruction = block[i];
            const isTrying = instruction.op === 'try_await';
            if (instruction.op === 'return') {
                this.count('return');
                call.result = instruction.with[0];
                return;
            }
            if (isTrying || instruction.op === 'await') {
                const promise = this.awaited(instruction, call);
                if (promise)
                    yield {promise, isTrying, where: `${name}.${i}`};
            } else {
                this.step(instruction, call);
            }
        }
    }

    caught(wait, error) {
        if (!wait.isTrying)
            throw error;
        this.note(wait.where, showError(error));
    }

    async body(call) {
        const cleanUp = 'c' + call.block.slice(1);
        try {
            this.note(call.block, '');
            for (const wait of this.section(call.block, call)) {
                try {
                    this.note(wait.where, showValue(await wait.promise));
                } catch (error) {
                    this.caught(wait, error);
                }
            }
            if (call.result)
                return this.outcome(call.result, call, call.own);
        } finally {
            if (this.blocks[cleanUp]) {
                this.count('clean-up');
                this.note(cleanUp, '');
            }
            for (const wait of this.section(cleanUp, call)) {
                try {
                    this.note(wait.where, showValue(await wait.promise));
                } catch (error) {
                    this.caught(wait, error);
                }
            }
            if (call.result)
                return this.outcome(call.result, call, call.own);
        }
        return undefined;
    }

    /* ---- Instructions ---------------------------------------------------------------------------------- */

    step(instruction, call) {
        if (STEPS[instruction.op](this, instruction, call) !== SKIPPED)
            this.count(instruction.op);
    }

    ticks(label, n) {
        let promise = Promise.resolve();
        for (let i = 1; i <= n; i++)
            promise = promise.then(() => this.note(label, i));
    }

    start(phase) {
        this.run(this.call(phase));
    }

    /* The promises that an instruction could still name. */
    nameable() {
        const names = named(this.program);
        return Object.entries(this.promises).filter(([name]) => names.has(name))
            .sort(([a], [b]) => a.slice(1) - b.slice(1));
    }

    /* The states of the promises, which are there when the next microtasks have run. */
    watch() {
        const held = this.program.hold === 'all' ? this.made : this.nameable();
        const states = held.map(([name]) => name + '?');
        held.forEach(([name, promise], i) => {
            promise.then(value => { states[i] = `${name}=${showValue(value)}`; },
                error => { states[i] = name + showError(error); });
        });
        return states;
    }
}

/* ---- Running ------------------------------------------------------------------------------------------- */

/* One macrotask: when it is over, every microtask that it led to has run. */
function turn() {
    return new Promise(resolve => setImmediate(resolve));
}

/*
 * Runs a program. Each phase starts in a macrotask of its own, from setImmediate() and not from a microtask.
 */
async function execute(program, counts = {}) {
    const machine = new Machine(program, counts);
    for (const phase of Object.keys(program.blocks).filter(name => name[0] === 'm').sort()) {
        setImmediate(() => machine.start(phase));
        await turn();
    }
    setImmediate(() => { machine.states = machine.watch(); });
    await turn();
    if (machine.steps > MOST_STEPS)
        machine.count('out of steps');
    return {
        text: [...machine.trace, '|', ...machine.states].join(' '),
        length: machine.trace.length,
    };
}

/*
 * V8 looks for the awaits that led to an error when one is made, and where promises wait for each other in a
 * circle (1 of 150,000 programs) it goes round without end, taking memory.
 */
Error.stackTraceLimit = 0;

/* Expected: libvow's side ignores them too. */
process.on('unhandledRejection', () => {});
process.on('rejectionHandled', () => {});

/* What is counted, besides the operations. */
const CASES = [
    'follow', 'follow itself', 'follow a thenable', 'throw', 'throw again', 'settle again', 'thenable throws',
    'finally waits', 'clean-up', 'out of steps',
    ...['all', 'settled', 'any', 'race'].flatMap(op => [0, 1, 2, 3, 4].map(n => `${op} of ${n}`)),
];

module.exports = {execute, CASES};
