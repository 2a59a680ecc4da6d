// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes the random programs. A program depends on its seed alone, `SEED.NUMBER`, so that it can be made
 * again; within each hundred numbers the programs grow.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const {DROPS, HOLDS, OPERATIONS} = require('./program.js');

/* Four 32-bit words of a text, each a hash of all of it. */
function hash(text) {
    const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x85a308d3];
    for (let i = 0; i < text.length; i++)
        for (let j = 0; j < 4; j++) {
            words[j] = Math.imul(words[j] ^ (text.charCodeAt(i) + 131 * j), 0x01000193 + 2 * j);
            words[j] ^= words[j] >>> 15;
        }
    return words;
}

/* A generator of numbers below a bound: xorshift on 128 bits, warmed up. */
function numbers(seed) {
    let [x, y, z, w] = hash(seed);
    const next = () => {
        const t = x ^ (x << 11);
        x = y;
        y = z;
        z = w;
        w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) | 0;
        return Math.imul(w ^ (w >>> 16), 0x45d9f3b) >>> 0;
    };
    for (let i = 0; i < 12; i++)
        next();
    return bound => next() % bound;
}

/* A choice among the keys of `weights`, made ready to be drawn from. */
function choice(weights) {
    return Object.entries(weights).flatMap(([key, weight]) => Array(weight).fill(key));
}

/* How often each operation is chosen, in a block of each kind. */
const COMMON = {
    new: 10, resolved: 9, rejected: 5, try: 3, then: 16, catch: 8, then_catch: 6, finally: 9,
    all: 4, settled: 4, any: 4, race: 4, async: 8, resolve: 10, reject: 4, ticks: 4,
};
const OPERATION = {
    m: choice(COMMON),
    h: choice({...COMMON, resolve: 22, reject: 8}),
    a: choice({...COMMON, await: 45, try_await: 35}),
    c: choice({...COMMON, await: 45, try_await: 35}),
    t: choice({...COMMON, answer: 40, keep: 30, resolve: 16}),
};
/* What needs nothing that is there already. */
const FIRST = choice({new: 4, resolved: 3, rejected: 2, async: 1});
const OUTCOME = choice({value: 30, nil: 5, in: 12, error: 17, own: 3, follow: 24, thenable: 9});

const MAKES = new Set(Object.keys(OPERATIONS).filter(op => OPERATIONS[op].makes));
const NEEDS_HANDLER = OPERATIONS.finally.takes === 'ph';
const LENGTH = {h: 3, a: 6, c: 3, t: 3};
const RETURNS = {h: 75, a: 60, c: 20, t: 20}; /* of a hundred */

class Generator {
    constructor(name) {
        this.below = numbers(name);
        this.size = Number(name.split('.')[1] || 0) % 100;
        this.blocks = {};
        this.queue = []; /* blocks that are named and still have to be made: [name, promise they settle] */
        this.working = 0;
        this.count = {p: 0, h: 0, a: 0, t: 0, l: 0};
        const few = 1 + (this.size >> 5);
        this.most = {p: 5 + (this.size >> 2), h: 1 + (this.size >> 3), a: few, t: few};
        this.resolvers = [];
        this.known = 0; /* promises p0 to p(known - 1) can be named */
    }

    chance(percent) {
        return this.below(100) < percent;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    /* Where a new promise goes; seldom over one that is there. */
    destination() {
        if (this.known && (this.count.p >= this.most.p || this.chance(6)))
            return 'p' + this.below(this.known);
        return 'p' + this.count.p++;
    }

    /* One that is there, recent ones often, so that chains get long; seldom one that may come later. */
    promise() {
        if (!this.known || this.chance(3))
            return 'p' + this.below(this.known + 1);
        if (this.chance(30))
            return 'p' + (this.known - 1 - this.below(Math.min(3, this.known)));
        return 'p' + this.below(this.known);
    }

    error() {
        return '!' + (1 + this.below(9));
    }

    /*
     * A block of a kind, or null: a new one while there may be more, or one that is made later than the one
     * at work; seldom any, as blocks that start each other use a program up. `own` is the promise it settles.
     */
    block(kind, own) {
        const later = this.queue.slice(this.working).filter(([name]) => name[0] === kind);
        if (this.chance(4) && this.count[kind])
            return kind + this.below(this.count[kind]);
        if (later.length && (this.count[kind] >= this.most[kind] || this.chance(20)))
            return this.pick(later)[0];
        if (this.count[kind] >= this.most[kind])
            return null;
        this.queue.push([kind + this.count[kind], own]);
        return kind + this.count[kind]++;
    }

    outcome(own) {
        switch (this.pick(OUTCOME)) {
        case 'value': return String(this.below(100));
        case 'nil': return 'nil';
        case 'in': return 'in';
        case 'error': return this.error();
        case 'own': return '~' + (own || this.promise());
        case 'follow': return '~' + this.promise();
        default: return this.block('t', own) || 'nil';
        }
    }

    handler(own) {
        return (!this.chance(12) && this.block('h', own)) || '-';
    }

    inputs() {
        const inputs = [];
        for (let n = this.below(5); n > 0; n--)
            inputs.push(inputs.length && this.chance(15) ? this.pick(inputs) : this.promise());
        return inputs;
    }

    settling(resolver) {
        return [resolver, this.outcome('p' + resolver.slice(1))];
    }

    operands(op, to, own) {
        switch (op) {
        case 'resolved': return [this.outcome(null)];
        case 'rejected': return [this.error()];
        case 'try': return [this.block('h', null)];
        case 'then': case 'catch': return [this.promise(), this.handler(to)];
        case 'then_catch': return [this.promise(), this.handler(to), this.handler(to)];
        case 'finally': return [this.promise(), NEEDS_HANDLER ? this.block('h', to) : this.handler(to)];
        case 'all': case 'settled': case 'any': case 'race': return this.inputs();
        case 'async': return [this.block('a', to)];
        case 'resolve': return this.settling(this.pick(this.resolvers));
        case 'reject': return [this.pick(this.resolvers), this.error()];
        case 'ticks': return [String.fromCharCode(97 + this.count.l++ % 26), String(1 + this.below(6))];
        case 'await': case 'try_await': return [this.promise()];
        case 'answer': case 'return': return [this.outcome(own)];
        case 'keep': return ['r' + this.below(this.known)];
        default: return [];
        }
    }

    operation(kind) {
        const op = this.pick(this.known ? OPERATION[kind] : FIRST);
        return (op === 'resolve' || op === 'reject') && !this.resolvers.length ? 'new' : op;
    }

    instruction(kind, own) {
        let op = this.operation(kind);
        const to = MAKES.has(op) ? this.destination() : null;
        let operands = this.operands(op, to, own);
        if (operands.includes(null)) {
            op = 'then';
            operands = [this.promise(), '-'];
        }
        if (op === 'new')
            this.resolvers.push('r' + to.slice(1));
        if (op === 'keep')
            this.resolvers.push(operands[0]);
        this.known = this.count.p;
        return {op, to, with: operands};
    }

    body(kind, length, own) {
        const instructions = [];
        for (let i = 0; i < length; i++)
            instructions.push(this.instruction(kind, own));
        return instructions;
    }

    make([name, own]) {
        const kind = name[0];
        const block = this.body(kind, this.below(LENGTH[kind] + 1), own);
        if (kind === 't' && !block.some(({op}) => op === 'answer') && this.chance(70))
            block.push({op: 'answer', to: null, with: [this.outcome(own)]});
        if (this.chance(RETURNS[kind]))
            block.push({op: 'return', to: null, with: [this.outcome(own)]});
        this.blocks[name] = block;
        if (kind === 'a' && this.chance(40))
            this.make(['c' + name.slice(1), own]);
    }

    /* Most promises that are still pending are settled at the end, in any order. */
    settleRest(instructions) {
        const settled = instructions.map(({with: operands}) => operands[0]);
        const rest = [...new Set(this.resolvers)].filter(resolver => !settled.includes(resolver));
        while (rest.length) {
            const [resolver] = rest.splice(this.below(rest.length), 1);
            if (this.chance(70))
                instructions.push({op: 'resolve', to: null, with: this.settling(resolver)});
        }
    }

    program(name) {
        const phases = this.chance(75) ? 1 : 2 + this.below(2);
        const length = 2 + this.below(3) + Math.floor(this.size / 3);
        for (let i = 0; i < phases; i++)
            this.blocks['m' + i] = this.body('m', Math.ceil(length / phases), null);
        this.settleRest(this.blocks['m' + (phases - 1)]);
        while (this.working < this.queue.length)
            this.make(this.queue[this.working++]);
        return {name, hold: this.pick(HOLDS), drop: this.pick(DROPS), blocks: this.blocks};
    }
}

function generate(name) {
    return new Generator(name).program(name);
}

module.exports = {generate};
