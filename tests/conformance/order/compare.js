// SPDX-License-Identifier: BSD-2-Clause
/*
 * Compares libvow with the JavaScript engine: the same random programs, run by both, must leave the same
 * traces. See the README for the options.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const fs = require('fs');
const os = require('os');
const {Worker, isMainThread, parentPort, workerData} = require('worker_threads');
const {generate} = require('./generate.js');
const {OPERATIONS, format, parse} = require('./program.js');
const {execute, CASES} = require('./run.js');
const {Runner} = require('./runner.js');
const {shrink} = require('./shrink.js');

const BATCH = 200;
const LONG = 300;    /* entries of a trace that are shown */
const ENOUGH = 1000; /* from so many programs on, every operation and case must have been met */

/* ---- Some programs ------------------------------------------------------------------------------------- */

/*
 * Runs programs on both sides: [{program, script, library, length, isDifferent}]. That ends at the `most`th
 * program that ends the runner.
 */
async function runBoth(runner, programs, counts, most) {
    const pending = runner.run(programs, most);
    const scripts = [];
    for (const program of programs)
        scripts.push(await execute(program, counts));
    const traces = await pending;
    return traces.map((trace, i) => {
        const {text: script, length} = scripts[i];
        return {program: programs[i], script, library: trace, length, isDifferent: script !== trace};
    });
}

/* ---- A worker: every so-many-th batch ------------------------------------------------------------------ */

async function work({path, programs, seed, jobs, job, stop}) {
    const runner = new Runner(path);
    const result = {programs: 0, longest: 0, calls: 0, counts: {}, different: null, trouble: ''};
    const isStopped = new Int32Array(stop);
    for (let first = job * BATCH; first < programs && !Atomics.load(isStopped, 0); first += jobs * BATCH) {
        const batch = [];
        for (let i = first; i < programs && i < first + BATCH; i++)
            batch.push(generate(`${seed}.${i}`));
        const runs = await runBoth(runner, batch, result.counts, 1);
        for (const {length} of runs) {
            result.longest = Math.max(result.longest, length);
            result.calls += length;
        }
        result.programs += runs.length;
        const different = runs.find(({isDifferent}) => isDifferent);
        if (different) {
            result.different = {...different, number: first + runs.indexOf(different)};
            Atomics.store(isStopped, 0, 1);
        }
    }
    result.trouble = await runner.stop();
    return result;
}

function startWorkers(options) {
    const stop = new SharedArrayBuffer(4);
    return Promise.all([...Array(options.jobs).keys()].map(job => new Promise((resolve, reject) => {
        const worker = new Worker(__filename, {workerData: {...options, job, stop}});
        worker.on('message', resolve);
        worker.on('error', reject);
        worker.on('exit', () => reject(new Error('a worker ended without a result')));
    })));
}

/* ---- What is printed ----------------------------------------------------------------------------------- */

/* A trace, of a long one what is near to a place. */
function near(entries, at) {
    if (entries.length <= LONG)
        return entries.join(' ');
    const from = Math.max(0, at - LONG / 2);
    const shown = entries.slice(from, from + LONG);
    return [from ? '...' : [], shown, from + LONG < entries.length ? '...' : []].flat().join(' ');
}

function showRun({program, script, library}) {
    const [ours, theirs] = [library.split(' '), script.split(' ')];
    const at = theirs.findIndex((entry, i) => entry !== ours[i]);
    console.log(format(program));
    console.log(`JavaScript: ${near(theirs, at)}`);
    console.log(`libvow:     ${near(ours, at)}`);
    if (script === library)
        console.log('the same');
    else if (at < 0)
        console.log('libvow has more');
    else
        console.log(`different from entry ${at + 1} on: ${theirs[at]} in JavaScript, ${ours[at]} in libvow`);
}

async function showShrunk(runner, found) {
    if (/ended with SIGALRM/.test(found.library)) {
        console.log('\nNot made smaller: it hangs.');
        return;
    }
    const shows = async programs => (await runBoth(runner, programs, {})).map(({isDifferent}) => isDifferent);
    if (!(await shows([found.program]))[0]) {
        console.log('\nNot made smaller: run alone it does not differ, so what ran before it matters.');
        return;
    }
    const {program, size} = await shrink(found.program, shows);
    console.log(`\nThe smallest program found from it, of ${size} lines:\n`);
    showRun((await runBoth(runner, [program], {}))[0]);
}

function showCounts(counts) {
    const table = names => names.map(name => `${name} ${counts[name] || 0}`).join(', ');
    console.log(`run of each instruction: ${table(Object.keys(OPERATIONS))}`);
    console.log(`cases: ${table(CASES)}`);
}

function merged(results) {
    const total = {programs: 0, longest: 0, calls: 0, counts: {}, found: [], troubles: []};
    for (const result of results) {
        total.programs += result.programs;
        total.longest = Math.max(total.longest, result.longest);
        total.calls += result.calls;
        for (const name in result.counts)
            total.counts[name] = (total.counts[name] || 0) + result.counts[name];
        if (result.different)
            total.found.push(result.different);
        if (result.trouble)
            total.troubles.push(result.trouble);
    }
    total.found.sort((a, b) => a.number - b.number);
    return total;
}

/* ---- What is asked for --------------------------------------------------------------------------------- */

async function compareMany(options) {
    const total = merged(await startWorkers(options));
    const missing = [...Object.keys(OPERATIONS), ...CASES].filter(name => !total.counts[name]);
    const isThin = options.programs >= ENOUGH && !total.found.length && missing.length > 0;
    showCounts(total.counts);
    for (const trouble of total.troubles)
        console.log(trouble);
    if (total.found.length) {
        const runner = new Runner(options.path);
        const [found] = total.found;
        console.log(`\nprogram ${found.program.name} (--replay ${found.program.name}) differs:\n`);
        showRun(found);
        await showShrunk(runner, found);
        await runner.stop();
        console.log('');
    }
    if (isThin)
        console.log(`never run: ${missing.join(', ')}`);
    console.log(`ecmascript order: ${total.programs} programs, ${total.found.length} different, ` +
        `longest trace ${total.longest} entries, ${total.calls} handler calls`);
    return !total.found.length && !total.troubles.length && !isThin && total.programs === options.programs;
}

async function compareOne(path, program) {
    const runner = new Runner(path);
    const [run] = await runBoth(runner, [program], {});
    showRun(run);
    if (run.isDifferent)
        await showShrunk(runner, run);
    const trouble = await runner.stop();
    if (trouble)
        console.log(trouble);
    return !run.isDifferent && !trouble;
}

const USAGE = `usage: node compare.js --runner FILE [--programs N] [--seed S] [--jobs N]
       node compare.js --runner FILE --replay SEED.NUMBER
       node compare.js --runner FILE --program FILE`;

function readOptions(words) {
    const options = {runner: null, programs: '100000', seed: '1', jobs: String(Math.min(os.cpus().length, 4)),
        replay: null, program: null};
    for (let i = 0; i < words.length; i += 2) {
        const name = words[i].replace(/^--/, '');
        if (!words[i].startsWith('--') || !(name in options) || words[i + 1] === undefined)
            return null;
        options[name] = words[i + 1];
    }
    const isNumber = text => /^[1-9]\d*$/.test(text);
    const isSeed = /^\w+$/.test(options.seed) && (!options.replay || /^\w+\.\d+$/.test(options.replay));
    return options.runner && isNumber(options.programs) && isNumber(options.jobs) && isSeed ? options : null;
}

async function main() {
    const options = readOptions(process.argv.slice(2));
    if (!options) {
        console.error(USAGE);
        return 2;
    }
    const {runner: path, programs, seed, jobs, replay, program} = options;
    if (replay)
        return await compareOne(path, generate(replay)) ? 0 : 1;
    if (program)
        return await compareOne(path, parse(fs.readFileSync(program, 'utf8'))) ? 0 : 1;
    return await compareMany({path, programs: Number(programs), seed, jobs: Number(jobs)}) ? 0 : 1;
}

/* run.js has unhandled rejections ignored: each promise here needs its catch. */
if (isMainThread) {
    process.exitCode = 2; /* until we know better */
    main().then(status => { process.exitCode = status; }, error => console.error(error));
} else {
    work(workerData).then(result => parentPort.postMessage(result), error => {
        console.error(error);
        process.exit(2);
    });
}
