// SPDX-License-Identifier: BSD-2-Clause
/*
 * Talks to the process that runs programs with libvow (runner.c): programs in, traces out, in batches. When
 * it ends before its time (an abort, a sanitizer's report, a hang), this finds the program that did it, and
 * that program's trace says so.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const {spawn} = require('child_process');
const {format} = require('./program.js');

const MOST_NOISE = 20000; /* characters of stderr that are kept */

class Runner {
    constructor(path) {
        this.path = path;
        this.child = null;
    }

    start(...options) {
        const child = spawn(this.path, options, {stdio: 'pipe'});
        Object.assign(this, {child, lines: [], rest: '', noise: '', onLine: () => {}});
        child.stdout.setEncoding('latin1').on('data', text => {
            const lines = (this.rest + text).split('\n');
            this.rest = lines.pop();
            this.lines.push(...lines);
            this.onLine();
        });
        child.stderr.setEncoding('latin1').on('data', text => {
            this.noise = (this.noise + text).slice(0, MOST_NOISE);
        });
        child.stdin.on('error', () => {}); /* it ended: that is seen below */
        this.ended = new Promise((resolve, reject) => {
            child.on('error', reject);
            child.on('close', (status, signal) => {
                this.child = null;
                resolve(signal || `status ${status}`);
            });
        });
    }

    /* Its last words, on one line. */
    lastWords() {
        const lines = this.noise.split('\n').filter(line => line);
        const telling = lines.filter(line => /ERROR|SUMMARY|runtime error|libvow:/.test(line));
        return (telling.length ? telling : lines).slice(0, 2).join(' / ');
    }

    /* The traces of some programs, or the beginning of that when the process ends meanwhile. */
    async feed(programs) {
        this.lines = [];
        const answered = new Promise(resolve => {
            this.onLine = () => this.lines.length >= programs.length && resolve();
        });
        this.child.stdin.write(programs.map(format).join('') + 'flush\n');
        await Promise.race([answered, this.ended]);
        return this.lines;
    }

    /* The process ended somewhere in these: one by one up to that program. */
    async feedEach(programs) {
        const traces = [];
        this.start('-u');
        for (const program of programs) {
            const [trace] = await this.feed([program]);
            if (trace === undefined) {
                traces.push(`${this.rest}(ended with ${await this.ended}: ${this.lastWords()})`);
                break;
            }
            traces.push(trace);
        }
        await this.stop();
        return traces;
    }

    /* The traces of some programs; up to the `most`th that ended the process, as the rest can wait. */
    async run(programs, most = Infinity) {
        const traces = [];
        for (let ends = 0; traces.length < programs.length && ends < most; ) {
            const left = programs.slice(traces.length);
            if (!this.child)
                this.start();
            const got = await this.feed(left);
            traces.push(...got);
            if (got.length < left.length) {
                traces.push(...await this.feedEach(left.slice(got.length)));
                ends++;
            }
        }
        return traces;
    }

    /* Ends the process; gives what it said then, if that was not what it should say. */
    async stop() {
        if (!this.child)
            return '';
        this.child.stdin.end();
        const how = await this.ended;
        return how === 'status 0' ? '' : `the runner ended with ${how}: ${this.lastWords()}`;
    }
}

module.exports = {Runner};
