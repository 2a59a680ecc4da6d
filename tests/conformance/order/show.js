// SPDX-License-Identifier: BSD-2-Clause
/*
 * How values and errors are written in a trace: as machine.c does, to the letter.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

/* Lists are shown to this depth: lists of one another grow fast. */
const MOST_DEPTH = 3;

function showList(items, depth, show) {
    return depth ? `[${items.map(item => show(item, depth - 1)).join(',')}]` : '[..]';
}

function showError(error, depth = MOST_DEPTH) {
    if (typeof error === 'number')
        return '!' + error;
    if (error instanceof AggregateError)
        return '!any' + showList(error.errors, depth, showError);
    if (error instanceof TypeError && /cycle/.test(error.message))
        return '!self';
    throw error; /* a mistake in this file */
}

/* An outcome of allSettled() is shown as libvow holds it: the value, or the error as a value. */
function showValue(value, depth = MOST_DEPTH) {
    if (value === undefined)
        return 'nil';
    if (typeof value === 'number')
        return String(value);
    if (Array.isArray(value))
        return showList(value, depth, showValue);
    return value.status === 'fulfilled' ? showValue(value.value, depth) : showError(value.reason, depth);
}

module.exports = {showError, showValue};
