// SPDX-License-Identifier: BSD-2-Clause
/*
 * What promises-aplus-tests asks of an implementation, answered by the add-on. APLUS_BUILD is the folder that
 * it was built in.
 *
 * Copyright (c) 2026 the libvow authors
 */
'use strict';

const path = require('path');
const { deferred, resolved, rejected } = require(path.resolve(process.env.APLUS_BUILD, 'aplus.node'));

module.exports = { deferred, resolved, rejected };
