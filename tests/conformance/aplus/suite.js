// SPDX-License-Identifier: BSD-2-Clause
/*
 * Runs promises-aplus-tests with the adapter and prints TAP: a point for each section of the suite, then what
 * the library had to say when the loop was freed, at the exit of the process.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const path = require('path');
const build = path.resolve(process.env.APLUS_BUILD);
const addon = require(path.join(build, 'aplus.node'));
const run = require(path.join(build, 'node_modules', 'promises-aplus-tests'));

const TESTS = 872; // in version 2.1.2: that none is left out is a test of its own
const TIMEOUT = 5000; // milliseconds: ends a test that hangs; the longest of them waits for 150
const FAILURES = 30; // with so many, the rest are not worth their time

const sections = new Map();
const total = { passing: 0, failing: 0, pending: 0 };
let points = 0;
let isComplete = false;

function sectionOf(test) {
    let suite = test.parent || test;
    while (suite.parent && !suite.parent.root)
        suite = suite.parent;
    if (!sections.has(suite.title))
        sections.set(suite.title, { passing: 0, why: [] });
    return sections.get(suite.title);
}

// A reporter in mocha's sense.
function Collector(runner) {
    runner.on('pass', test => {
        total.passing++;
        sectionOf(test).passing++;
    });
    runner.on('fail', (test, error) => {
        if (++total.failing === FAILURES)
            runner.abort();
        sectionOf(test).why.push(test.fullTitle(), String(error && error.stack || error));
    });
    runner.on('pending', () => total.pending++);
}

function point(isOk, text, why = []) {
    points++;
    console.log(`${isOk ? 'ok' : 'not ok'} ${points} - ${text.replace(/#/g, '\\#')}`);
    if (!isOk)
        for (const line of why.join('\n').split('\n'))
            console.log(`# ${line}`);
    return isOk;
}

function printSections() {
    let isOk = true;
    for (const [title, { passing, why }] of sections)
        isOk = point(!why.length, `${title} (${passing} passing)`, why) && isOk;
    const ran = total.passing + total.failing;
    return point(isComplete && ran === TESTS && !total.pending, `all ${TESTS} tests ran`,
        [`${ran} ran, ${total.pending} were left out, ${isComplete ? 'to' : 'and not to'} the end`]) && isOk;
}

function printLoop(counts) {
    console.log(`# ${counts.carried} values, handlers and thenables went through the library; ` +
        `${counts.unhandled} rejections were left unhandled by the tests`);
    const isOk = point(counts.carried > 0 && counts.held === 0, 'the library dropped all that it was given',
        [`${counts.held} of ${counts.carried} were not dropped, or, if negative, dropped twice`]);
    return point(counts.leaks === 0, 'vow_loop_free() had no leak to report',
        [`${counts.leaks} leaks`]) && isOk;
}

process.on('exit', code => {
    const isOk = [printSections(), printLoop(addon.close())].every(Boolean);
    console.log(`1..${points}`);
    console.log(`promises-aplus-tests: ${total.passing} passing, ${total.failing} failing`);
    if (!isOk || code)
        process.exitCode = 1;
});

run(require('./adapter.js'), { reporter: Collector, timeout: TIMEOUT }, () => { isComplete = true; });
