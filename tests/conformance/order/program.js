// SPDX-License-Identifier: BSD-2-Clause
/*
 * The language of the random programs: what an instruction is made of, its text, and reading that text. The
 * README describes it. program.c reads the same text for libvow.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

/*
 * A program is {name, hold, drop, blocks}. `hold` and `drop` are for libvow's side: which promises are held,
 * and how they are dropped at the end. `blocks` maps a block's name to its instructions: m0, m1, ... are run
 * one after the other, each from a macrotask of its own; hN is a handler, aN an async body, cN what stands in
 * the `finally` of that body, tN the then() of a foreign thenable.
 *
 * An instruction is {op, to, with}: `to` the promise it makes, or null; `with` its operands, as text.
 */

/* The operands of each operation: one letter each, which says what may stand there. */
const OPERATIONS = {
    /* Make a promise. */
    new: {makes: true, takes: ''},
    resolved: {makes: true, takes: 'x'},
    rejected: {makes: true, takes: 'e'},
    try: {makes: true, takes: 'h'},
    then: {makes: true, takes: 'p?'},
    catch: {makes: true, takes: 'p?'},
    then_catch: {makes: true, takes: 'p??'},
    finally: {makes: true, takes: 'p?'},
    all: {makes: true, takes: '*'},
    settled: {makes: true, takes: '*'},
    any: {makes: true, takes: '*'},
    race: {makes: true, takes: '*'},
    async: {makes: true, takes: 'a'},
    /* Settle one. */
    resolve: {makes: false, takes: 'rx'},
    reject: {makes: false, takes: 're'},
    /* A chain that notes one entry a tick. */
    ticks: {makes: false, takes: 'ln'},
    /* End a block with an outcome. */
    return: {makes: false, takes: 'x'},
    /* In an async body and what stands in its `finally`. */
    await: {makes: false, takes: 'p'},
    try_await: {makes: false, takes: 'p'},
    /* In the then() of a thenable. */
    answer: {makes: false, takes: 'x'},
    keep: {makes: false, takes: 'r'},
};

/* What each letter stands for. */
const OPERANDS = {
    p: /^p\d+$/,                          /* a promise */
    r: /^r\d+$/,                          /* a resolver */
    h: /^h\d+$/,                          /* a handler */
    '?': /^(h\d+|-)$/,                    /* a handler, or none */
    a: /^a\d+$/,                          /* an async body */
    e: /^![1-9]$/,                        /* an error */
    x: /^(\d+|nil|in|![1-9]|~p\d+|t\d+)$/, /* an outcome: a value, the call's input, throw, follow */
    l: /^[a-z]$/,                         /* the name of a chain of ticks */
    n: /^\d+$/,
};

const HOLDS = ['all', 'named'];
const DROPS = ['forward', 'backward', 'cancel'];

function formatInstruction({op, to, with: operands}) {
    return (to ? `${to} = ` : '') + [op, ...operands].join(' ');
}

/* The blocks that can be reached from the main ones, in the order in which they are first named. */
function reachable(blocks) {
    const names = Object.keys(blocks).filter(name => name[0] === 'm').sort();
    const add = name => blocks[name] && !names.includes(name) && names.push(name);
    for (const name of names) /* grows meanwhile */
        for (const operand of blocks[name].flatMap(instruction => instruction.with)) {
            add(operand);
            if (operand[0] === 'a')
                add('c' + operand.slice(1));
        }
    return names;
}

function format({name, hold, drop, blocks}) {
    const lines = [`program ${name}`, `hold ${hold}`, `drop ${drop}`];
    for (const block of reachable(blocks))
        lines.push(`${block}:`, ...blocks[block].map(instruction => '    ' + formatInstruction(instruction)));
    lines.push('end', '');
    return lines.join('\n');
}

function check(condition, line) {
    if (!condition)
        throw new Error(`not an instruction: ${line}`);
}

function parseInstruction(line) {
    const words = line.split(/\s+/);
    const to = words[1] === '=' ? words.splice(0, 2)[0] : null;
    const [op, ...operands] = words;
    const known = OPERATIONS[op];
    check(known && known.makes === (to !== null) && (!to || OPERANDS.p.test(to)), line);
    const takes = known.takes === '*' ? 'p'.repeat(operands.length) : known.takes;
    check(operands.length === takes.length && operands.length <= 4, line);
    check(operands.every((operand, i) => OPERANDS[takes[i]].test(operand)), line);
    return {op, to, with: operands};
}

/* One program from its text. */
function parse(text) {
    const program = {name: 'unnamed', hold: HOLDS[0], drop: DROPS[0], blocks: {}};
    let block = null;
    for (const line of text.split('\n').map(each => each.replace(/#.*/, '').trim()).filter(each => each)) {
        const [first, second] = line.split(' ');
        if (first === 'end')
            break;
        if (first === 'program') {
            program.name = second;
        } else if (first === 'drop') {
            check(DROPS.includes(second), line);
            program.drop = second;
        } else if (first === 'hold') {
            check(HOLDS.includes(second), line);
            program.hold = second;
        } else if (/^(m\d|[hact]\d+):$/.test(line)) {
            block = program.blocks[line.slice(0, -1)] = [];
        } else {
            check(block, line);
            block.push(parseInstruction(line));
        }
    }
    return program;
}

/* The promises that some instruction names. */
function named({blocks}) {
    const operands = reachable(blocks).flatMap(name => blocks[name].flatMap(instruction => instruction.with));
    return new Set(operands.filter(operand => /^~?p/.test(operand)).map(operand => operand.replace('~', '')));
}

module.exports = {OPERATIONS, HOLDS, DROPS, format, parse, named, reachable};
