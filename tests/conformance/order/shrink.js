// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes a program small: leaves out and simplifies, greedily, for as long as it still shows what it is to
 * show.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const {OPERATIONS, reachable} = require('./program.js');

function withBlock(program, name, block) {
    return {...program, blocks: {...program.blocks, [name]: block}};
}

/* The program with one instruction replaced. */
function withInstruction(program, name, i, instruction) {
    const block = [...program.blocks[name]];
    block[i] = instruction;
    return withBlock(program, name, block);
}

function without(program, name) {
    const blocks = {...program.blocks};
    delete blocks[name];
    return {...program, blocks};
}

/* How many lines a program has between its head and its end. */
function size(program) {
    return reachable(program.blocks).reduce((sum, name) => sum + 1 + program.blocks[name].length, 0);
}

/* Whole blocks, then ever shorter runs of instructions. */
function* cuts(program) {
    const names = reachable(program.blocks);
    for (const name of names)
        yield without(program, name);
    for (let length = 32; length >= 1; length >>= 1)
        for (const name of names) {
            const block = program.blocks[name];
            for (let i = 0; i + length <= block.length; i += Math.max(1, length >> 1))
                yield withBlock(program, name, [...block.slice(0, i), ...block.slice(i + length)]);
        }
}

/* The instructions of the main blocks all in the first. */
function* merges(program) {
    const [first, second] = Object.keys(program.blocks).filter(name => name[0] === 'm').sort();
    if (second)
        yield withBlock(without(program, second), first, [...program.blocks[first], ...program.blocks[second]]);
}

/* Plainer outcomes than x. */
function plainer(x) {
    if (x === 'nil')
        return [];
    return /^(1|!1)$/.test(x) ? ['nil'] : ['nil', x[0] === '!' ? '!1' : '1'];
}

/* What means something only in its own block. */
const STAYING = new Set(['return', 'await', 'try_await', 'answer', 'keep']);

/* The name of a block that is not there, and so is empty. */
const EMPTY = 31;

/* p0 and p1 for p2. */
function earlier(operand) {
    const [kind, number] = operand.split('p');
    return [...Array(Number(number)).keys()].map(n => `${kind}p${n}`);
}

function* operands(program, instruction) {
    const {op, with: given} = instruction;
    const {takes} = OPERATIONS[op];
    const replaced = (i, operand) => ({...instruction, with: Object.assign([...given], {[i]: operand})});
    for (let i = 0; i < given.length; i++) {
        if (takes === '*')
            yield {...instruction, with: given.filter((each, j) => i !== j)};
        if (takes[i] === '?' && given[i] !== '-')
            yield replaced(i, '-');
        if (/^~?p/.test(given[i]))
            yield* earlier(given[i]).map(p => replaced(i, p));
        if (program.blocks[given[i]])
            yield replaced(i, given[i][0] + EMPTY);
        if (takes[i] === 'x')
            yield* plainer(given[i]).map(x => replaced(i, x));
        if (takes[i] === 'e' && given[i] !== '!1')
            yield replaced(i, '!1');
        if (takes[i] === 'n' && given[i] > 1)
            yield replaced(i, String(given[i] - 1));
    }
    if (OPERATIONS[op].makes && !['new', 'resolved', 'rejected'].includes(op)) {
        yield {...instruction, op: 'resolved', with: ['1']};
        yield {...instruction, op: 'rejected', with: ['!1']};
    }
    if (op === 'then_catch') {
        yield {...instruction, op: 'then', with: given.slice(0, 2)};
        yield {...instruction, op: 'catch', with: [given[0], given[2]]};
    }
}

/* What a block does done in place of the instruction that leads to it, if that makes the program shorter. */
function* hoists(program) {
    for (const name of reachable(program.blocks)) {
        const block = program.blocks[name];
        for (let i = 0; i < block.length; i++)
            for (const operand of block[i].with.filter(each => program.blocks[each])) {
                const inner = program.blocks[operand].filter(({op}) => !STAYING.has(op));
                const around = [...block.slice(0, i), ...inner, ...block.slice(i + 1)];
                const hoisted = withBlock(program, name, around);
                if (size(hoisted) < size(program))
                    yield hoisted;
            }
    }
}

function* simplifications(program) {
    if (program.drop !== 'forward')
        yield {...program, drop: 'forward'};
    if (program.hold !== 'all')
        yield {...program, hold: 'all'};
    yield* merges(program);
    yield* hoists(program);
    for (const name of reachable(program.blocks))
        for (let i = 0; i < program.blocks[name].length; i++)
            for (const instruction of operands(program, program.blocks[name][i]))
                yield withInstruction(program, name, i, instruction);
}

/* Promises, resolvers and blocks numbered in the order of their first mention. */
function renumber(program) {
    const names = {};
    const counts = {};
    const renamed = (kind, number) => {
        const family = kind === 'r' ? 'p' : kind === 'c' ? 'a' : kind; /* r1 goes with p1, c1 with a1 */
        const key = family + number;
        if (!(key in names))
            names[key] = counts[family] = (counts[family] ?? -1) + 1;
        return kind + names[key];
    };
    const operand = text => text.replace(/^(~?)([prhact])(\d+)$/,
        (all, tilde, kind, number) => tilde + renamed(kind, number));
    const blocks = {};
    for (const name of reachable(program.blocks))
        blocks[operand(name)] = program.blocks[name].map(instruction => ({
            ...instruction,
            to: instruction.to && operand(instruction.to),
            with: instruction.with.map(operand),
        }));
    return {...program, blocks};
}

/*
 * `shows(programs)` says for each of some programs whether it shows what is looked for. Gives the smallest
 * program found.
 */
async function shrink(program, shows) {
    const first = async candidates => {
        for (let i = 0; i < candidates.length; i += 64) {
            const some = candidates.slice(i, i + 64);
            const hit = (await shows(some)).indexOf(true);
            if (hit >= 0)
                return some[hit];
        }
        return null;
    };
    for (let smaller = program; smaller; ) {
        program = smaller;
        smaller = await first([...cuts(program)]) || await first([...simplifications(program)]);
    }
    const [same] = await shows([renumber(program)]);
    return {program: same ? renumber(program) : program, size: size(program)};
}

module.exports = {shrink};
