// SPDX-License-Identifier: BSD-2-Clause
/*
 * The programs of test-order.c in the language whose order they must keep: `node tests/order.js` prints, for
 * each, the words that test-order.c compares with. Not run by `make check`.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

let words = [];
const note = word => words.push(word);
const show = v => v === undefined ? 'nil'
    : Array.isArray(v) ? '[' + v.map(show).join(',') + ']'
    : v && v.status === 'fulfilled' ? show(v.value)
    : v && v.status === 'rejected' ? '!' + v.reason
    : String(v);
const code = e => e instanceof AggregateError ? 'EAGGREGATE' : e instanceof TypeError ? 'ELOOP' : e;

/* The helpers of support.c. */
const watch = (p, name) => { p.then(v => note(`${name}=${show(v)}`), e => note(`${name}!${code(e)}`)); };
const good = v => Promise.resolve(v);
const bad = e => Promise.reject(e);
const follow = p => new Promise(resolve => resolve(p));
const pending = () => {
    const source = {};
    source.promise = new Promise((resolve, reject) => Object.assign(source, {resolve, reject}));
    return source;
};
/* Notes 1 to n, one a tick, from the next tick on. */
const ticks = n => {
    let p = good();
    for (let i = 1; i <= n; i++)
        p = p.then(() => note(String(i)));
};
const thenable = v => ({then(resolve) { note('then'); resolve(v); }});

const programs = {
    'then': () => {
        watch(good(1), 'a'); watch(good(2).then(), 'b'); watch(bad('EIO').then(), 'c'); ticks(3);
    },
    'chain': () => { ticks(5); watch(good(1).then(v => v).then(v => v).catch(() => 0), 'a'); },
    'throw': () => { ticks(4); watch(good(1).then(() => { throw 'EIO'; }).then(() => 0), 'a'); },
    'handlers': () => {
        const s = pending();
        watch(s.promise, '1'); watch(s.promise.then(v => v), '2'); watch(s.promise, '3');
        s.resolve(7);
        watch(s.promise, '4'); ticks(3);
    },
    'two-chains': () => {
        good().then(() => note('a1')).then(() => note('a2')).then(() => note('a3'));
        good().then(() => note('b1')).then(() => note('b2')).then(() => note('b3'));
    },
    'return-resolved': () => { watch(good().then(() => good(1)), 'a'); ticks(6); },
    'return-rejected': () => { watch(good().then(() => bad('EIO')), 'a'); ticks(6); },
    'return-pending': () => {
        const s = pending();
        watch(good().then(() => s.promise), 'a');
        good().then(() => 0).then(() => 0).then(() => 0).then(() => s.resolve(1));
        ticks(8);
    },
    'return-own': () => { const p = good().then(() => p); watch(p, 'a'); ticks(4); },
    'catch-returns': () => { watch(bad('EIO').catch(() => good(1)), 'a'); ticks(6); },
    'resolve-with-promise': () => { watch(follow(good(1)), 'a'); ticks(5); },
    'resolve-with-rejected': () => { watch(follow(bad('EIO')), 'a'); ticks(5); },
    'resolve-with-own': () => { const s = pending(); watch(s.promise, 'a'); s.resolve(s.promise); ticks(3); },
    'resolve-later': () => {
        const s = pending(), t = pending();
        watch(s.promise, 'a'); s.resolve(t.promise); t.resolve(1); watch(t.promise, 'b'); ticks(5);
    },
    'follow-chain': () => { watch(follow(follow(follow(good(1)))), 'a'); ticks(8); },
    'finally-fulfilled': () => { watch(good(1).finally(() => note('end')), 'a'); ticks(6); },
    'finally-rejected': () => { watch(bad('EIO').finally(() => note('end')), 'a'); ticks(6); },
    'finally-nothing': () => { watch(good(1).finally(), 'a'); ticks(3); },
    'finally-throws': () => { watch(good(1).finally(() => { throw 'EIO'; }), 'a'); ticks(6); },
    'finally-returns': () => { watch(good(1).finally(() => good(2)), 'a'); ticks(7); },
    'finally-returns-rejected': () => { watch(good(1).finally(() => bad('EIO')), 'a'); ticks(7); },
    'finally-returns-follow': () => { watch(bad('EIO').finally(() => follow(good(2))), 'a'); ticks(9); },
    'finally-twice': () => {
        watch(good(1).finally(() => note('in')).finally(() => note('out')), 'a'); ticks(9);
    },
    'all': () => { watch(Promise.all([good(1), good(2)]), 'a'); ticks(5); },
    'all-empty': () => { watch(Promise.all([]), 'a'); ticks(3); },
    'all-rejects': () => { watch(Promise.all([good(1), bad('EIO'), bad('EPROTO')]), 'a'); ticks(5); },
    'all-waits': () => {
        watch(Promise.all([good(1).then(v => v), good(2).then(v => v).then(v => v)]), 'a'); ticks(6);
    },
    'all-of-all': () => { watch(Promise.all([Promise.all([good(1)]), Promise.all([])]), 'a'); ticks(6); },
    'all-settled': () => { watch(Promise.allSettled([bad('EIO'), good(1)]), 'a'); ticks(5); },
    'all-settled-empty': () => { watch(Promise.allSettled([]), 'a'); ticks(3); },
    'any': () => { watch(Promise.any([bad('EIO'), good(1), good(2)]), 'a'); ticks(5); },
    'any-rejects': () => { watch(Promise.any([bad('EIO'), bad('EIO')]), 'a'); ticks(5); },
    'any-empty': () => { watch(Promise.any([]), 'a'); ticks(3); },
    'race': () => { watch(Promise.race([good(1).then(v => v), good(2)]), 'a'); ticks(5); },
    'race-rejects': () => { watch(Promise.race([good(1).then(v => v), bad('EIO')]), 'a'); ticks(5); },
    'combined-twice': () => {
        const p = good(1);
        watch(Promise.race([p]), 'race'); watch(p, 'p'); watch(Promise.all([p, p]), 'all');
        watch(Promise.any([p]), 'any'); watch(Promise.allSettled([p]), 'settled'); ticks(4);
    },
    'thenable': () => { watch(follow(thenable(1)), 'a'); ticks(4); },
    'thenable-from-handler': () => { watch(good().then(() => thenable(1)), 'a'); ticks(5); },
    'thenable-of-promise': () => { watch(follow(thenable(good(1))), 'a'); ticks(6); },
    'thenable-of-thenable': () => { watch(follow(thenable(thenable(1))), 'a'); ticks(6); },
    'await': () => {
        (async () => { note('in'); await good(); note('x'); await good(); note('y'); })();
        note('out'); ticks(4);
    },
    'await-fulfils': () => { watch((async () => { await good(); return 1; })(), 'a'); ticks(4); },
    'await-nothing': () => { watch((async () => 1)(), 'a'); ticks(2); },
    'await-rejected': () => { watch((async () => { await bad('EIO'); })(), 'a'); ticks(4); },
    'await-caught': () => {
        watch((async () => { try { await bad('EIO'); } catch (e) { note(e); } await good(); })(), 'a');
        ticks(5);
    },
    'await-finally': () => {
        watch((async () => {
            try { await bad('EIO'); } finally { note('f'); await good(); note('g'); }
        })(), 'a');
        ticks(5);
    },
    'await-follow': () => {
        watch((async () => { await follow(good(1)); note('x'); })(), 'a'); ticks(6);
    },
    'await-task': () => {
        const inner = async () => { await good(); return 1; };
        watch((async () => { note(show(await inner())); return 2; })(), 'a'); ticks(6);
    },
    'return-promise': () => { watch((async () => good(1))(), 'a'); ticks(6); },
    'return-promise-late': () => { watch((async () => { await good(); return good(1); })(), 'a'); ticks(7); },
    'throw-from-task': () => { watch((async () => { await good(); throw 'EIO'; })(), 'a'); ticks(4); },
    'try-follows': () => { watch(new Promise(resolve => resolve(good(1))), 'a'); ticks(5); },
};

process.on('unhandledRejection', () => {});
(async () => {
    for (const [name, program] of Object.entries(programs)) {
        words = [];
        program();
        await new Promise(resolve => setImmediate(resolve));
        console.log(`${name}: ${words.join(' ')}`);
    }
})();
